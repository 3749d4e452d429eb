import { expect, test } from "bun:test";

import { barsOf, percentOf, signed } from "./terms.ts";

const term = (feature: string, contribution: number) => ({
  feature,
  contribution,
  value: 1,
  weights: {},
  sentence: feature,
});

test("WEB65: bars add up to the score, the small ones in one, and the longest is as wide as there is room", () => {
  const features = [term("follows", 0.4), term("less_of_author", -0.2), term("fresh", 0.001), term("film", 0.002)];
  const bars = barsOf({ base: 0.05, features });
  expect(bars.map((bar) => bar.key)).toEqual(["follows", "less_of_author", "base", "rest"]);
  expect(bars.reduce((sum, bar) => sum + bar.amount, 0)).toBeCloseTo(0.253, 9);
  expect(bars[0]!.share).toBe(1);
  expect(bars[1]!.share).toBe(-0.5);
  expect(barsOf({ base: 0, features: [] })).toMatchObject([{ key: "base", share: 0 }]);
});

test("WEB66: small chances are not told as none, and what takes away has its sign", () => {
  expect([percentOf(0.00001), percentOf(0.034), percentOf(0.5)]).toEqual(["< 0.1 %", "3.4 %", "50 %"]);
  expect([signed(0.4), signed(-0.02), signed(0)]).toEqual(["+0.40", "−0.020", "+0.000"]);
});
