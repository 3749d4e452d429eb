import { expect, test } from "bun:test";

import { barsOf, type Cost, rateOf, shortOf, spentOf } from "./cost-words.ts";

const cost = (reads: number, writes: number, database: number): Cost => ({
  strategy: "pull",
  us_per_s: reads + writes + database,
  reads_us_per_s: reads,
  writes_us_per_s: writes,
  database_us_per_s: database,
  bytes: 0,
  bytes_max: 0,
});

test("WEB110: what is spent and how often is told in the unit that fits, no more exact than it is worth", () => {
  expect([0, 0.000_3, 0.42, 7.77, 420, 3_140, 1_200_000].map(spentOf)).toEqual([
    "0",
    "< 0.01 µs",
    "0.42 µs",
    "7.8 µs",
    "420 µs",
    "3.1 ms",
    "1.2 s",
  ]);
  expect([0, 1234.5, 9.96].map(shortOf)).toEqual(["0", "1,235", "10"]);
  expect([0, 12, 0.01, 2 / 86_400].map(rateOf)).toEqual(["none", "12 a second", "36 an hour", "2 a day"]);
});

test("WEB111: bars of the ways stand beside each other, and a small part is seen too", () => {
  const costs = [cost(10, 0, 90), cost(1, 0, 0), cost(0, 0, 0), cost(10_000, 0, 0)];
  expect(barsOf(costs[3]!, costs)).toEqual({ reads: 1, writes: 0, database: 0 });
  const small = barsOf(costs[0]!, costs);
  expect([small.reads, small.writes, small.database].map((width) => width.toFixed(3))).toEqual([
    "0.010",
    "0.000",
    "0.090",
  ]);
  expect(barsOf(costs[2]!, costs)).toEqual({ reads: 0, writes: 0, database: 0 });
  expect(barsOf(cost(1, 999, 0), costs).reads).toBe(0.004);
});
