import { afterAll, expect, test } from "bun:test";

import { type Crash, crashRun } from "./crash-points.ts";

/** `bun tests/long/crash.ts 100` kills a hundred times. */
const POINTS = 4;
const MINUTES = 60_000;
const seed = Date.now() % 1_000_000;
const run = await crashRun(seed);
afterAll(() => run[Symbol.asyncDispose]());
const crashes: Crash[] = [];

test(
  `CR6: killed at ${POINTS} random moments of uploads, encodes and publications (seed ${seed}) it loses nothing acknowledged, and all comes to its end`,
  async () => {
    for (let point = 1; point <= POINTS; point++) crashes.push(await run.crash(point));
    expect(crashes.filter(({ faults }) => faults.length > 0)).toEqual([]);
  },
  5 * MINUTES,
);

test("CR7: no kill makes more than one segment again for each job that ran", () => {
  expect(crashes).toHaveLength(POINTS);
  for (const { redone, jobs_running } of crashes) expect(redone).toBeLessThanOrEqual(jobs_running);
});

test(
  "CR9: collected, nothing is left that no row names; and with the films deleted, nothing at all",
  async () => {
    expect(await run.leftovers()).toEqual([]);
  },
  3 * MINUTES,
);
