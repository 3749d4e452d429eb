import { expect, test } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";
import type { Wait } from "#systems/jobs/index.ts";

import { createJobsCheck } from "./jobs-check.ts";

const wait = (of: Wait["class"], oldest_wait_s: number, wait_s_max: number): Wait => ({
  class: of,
  oldest_wait_s,
  wait_s_max,
  is_starving: oldest_wait_s > wait_s_max,
});

test("JP16: what starves is named with how long it waits; what does not is not", async () => {
  const clock = createSystemClock();
  const waits = async () => [wait("interactive", 3, 120), wait("batch", 7_200, 3_600), wait("maintenance", 0, 21_600)];
  const { name, state, because } = await createJobsCheck({ clock, waits })();
  expect([name, state]).toEqual(["jobs", "degraded"]);
  expect(because).toContain("batch jobs wait for 120 min, where 60 are the most");
  expect(because).not.toMatch(/interactive|maintenance/);
});

test("JP16: many who ask at once or within 5 s are one look; a database that is away is said elsewhere", async () => {
  let now_ms = 1_000;
  const clock = { ...createSystemClock(), monotonic: () => now_ms };
  let looks = 0;
  const check = createJobsCheck({
    clock,
    async waits() {
      looks += 1;
      if (looks === 2) throw new Error("away");
      return [wait("interactive", looks === 1 ? 500 : 0, 120)];
    },
  });
  const asked = await Promise.all(Array.from({ length: 50 }, check));
  expect([looks, ...new Set(asked.map(({ state }) => state))]).toEqual([1, "degraded"]);
  now_ms += 4_999;
  expect([(await check()).state, looks]).toEqual(["degraded", 1]);
  now_ms += 1;
  expect([(await check()).state, looks]).toEqual(["ok", 2]);
  now_ms += 5_000;
  expect([(await check()).because, looks]).toEqual(["", 3]);
});
