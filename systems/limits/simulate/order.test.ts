import { describe, expect, test } from "bun:test";

import type { LogEntry } from "./entry.ts";
import { inOrder, nothingOrdered } from "./order.ts";

const at = (at_ms: number, whole_s = false): LogEntry => ({
  at_ms,
  method: "GET",
  path: "/",
  status: 200,
  cost_tokens: null,
  person_id: null,
  token_id: null,
  space_id: null,
  address: "",
  took_ms: null,
  whole_s,
});

async function ordered(times: number[], held_max?: number, whole_s = false) {
  const seen = nothingOrdered();
  const came: number[] = [];
  const batches = (async function* batches() {
    for (let i = 0; i < times.length; i += 7) yield times.slice(i, i + 7).map((ms) => at(ms, whole_s));
  })();
  for await (const entries of inOrder(batches, seen, held_max)) came.push(...entries.map(({ at_ms }) => at_ms));
  return { seen, came };
}

describe("the order of requests", () => {
  test("LM51: what stands too far from its place is taken when its turn is, and told; time never goes back", async () => {
    const { seen, came } = await ordered([10, 20, 30, 40, 50, 60, 15, 70, 80], 4);
    expect(came).toEqual([10, 20, 30, 40, 40, 50, 60, 70, 80]);
    expect(seen).toMatchObject({ disordered: 1, late: 1, late_ms_max: 25 });
  });

  test("LM51: lines that stand out of order are brought into it", async () => {
    const seed = Math.floor(Math.random() * 1e9);
    let state = seed;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const times = Array.from({ length: 5_000 }, (_, i) => i * 10 + Math.floor(random() * 1_000));
    const { seen, came } = await ordered(times, 512);
    expect([seed, came]).toEqual([seed, times.toSorted((a, b) => a - b)]);
    expect(seen.late).toBe(0);
    expect(seen.disordered).toBeGreaterThan(100);
  });

  test("LM51: one line with a year of its own moves nothing but itself", async () => {
    const times = Array.from({ length: 50 }, (_, i) => i);
    const { seen, came } = await ordered([4e12, ...times], 8);
    expect([came, seen.late]).toEqual([[...times, 4e12], 0]);
  });

  test("LM51: where a log knows whole seconds only, its requests are spread evenly over each, also over one that is longer than what is held", async () => {
    const { seen, came } = await ordered([1_000, 1_000, 1_000, 1_000, 2_000, 3_000, 3_000], 4, true);
    expect(came).toEqual([1_000, 1_250, 1_500, 1_750, 2_000, 3_000, 3_500]);
    expect(seen).toMatchObject({ whole_seconds: true, late: 0 });
    const long = await ordered(
      Array.from({ length: 40 }, () => 5_000),
      8,
      true,
    );
    expect(long.came.at(-1)).toBeLessThan(6_000);
    expect(long.seen.late_ms_max).toBeLessThan(1_000);
  });
});
