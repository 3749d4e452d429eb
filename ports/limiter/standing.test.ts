import { expect, test } from "bun:test";

import { LIMIT_WAIT_MS_MAX, type LimitRule, quotaOf, shareOf } from "./index.ts";
import { standAnew } from "./standing.ts";
import { termsOf } from "./terms.ts";

const HOUR_MS = 3_600_000;
const RULES: LimitRule[] = [
  { name: "bucket", burst_tokens: 10, tokens_per_s: 10 },
  { kind: "gcra", name: "gcra", tokens: 10, window_ms: 1_000, burst_tokens: 10 },
  { kind: "fixed", name: "fixed", tokens: 10, window_ms: 1_000 },
  { kind: "log", name: "log", tokens: 10, window_ms: 1_000 },
  { kind: "counter", name: "counter", tokens: 10, window_ms: 1_000, slices: 10 },
  { kind: "slots", name: "slots", slots: 10, hold_ms: 1_000 },
];
const make = (rule: LimitRule, now: number) => standAnew(termsOf(rule), now);

test.each(RULES.map((rule) => [rule.name, rule] as const))(
  "LI22: while time stands still %s gives its tokens once",
  (_, rule) => {
    const standing = make(rule, 5_000);
    let granted = 0;
    for (let i = 0; i < 50; i++) {
      if (standing.wait(1, 5_000) > 0) continue;
      standing.spend(1, 5_000, "hold");
      granted++;
    }
    expect(granted).toBe(10);
  },
);

test.each(RULES.map((rule) => [rule.name, rule] as const))(
  "LI22: time that goes back forgives nothing in %s, and nobody waits longer than from then on",
  (_, rule) => {
    const then = 10 * HOUR_MS;
    const standing = make(rule, then);
    standing.spend(10, then, "hold");
    expect(standing.wait(1, then - HOUR_MS)).toBeGreaterThan(0);
    expect(standing.wait(10, then - HOUR_MS)).toBeLessThanOrEqual(1_100);
    expect(standing.wait(10, then - HOUR_MS + 1_100)).toBe(0);

    const shortly = make(rule, then);
    shortly.spend(10, then, "hold");
    expect(shortly.wait(1, then - 200)).toBeGreaterThan(0);
    expect(shortly.wait(10, then - 200)).toBeLessThanOrEqual(LIMIT_WAIT_MS_MAX + 1_100);
  },
);

test("LI22: time that jumps ahead by years gives one full limit, and no number overflows", () => {
  for (const rule of [...RULES, { name: "wide", burst_tokens: 1e9, tokens_per_s: 1e9 } as const]) {
    const standing = make(rule, 0);
    standing.spend(1, 0, "hold");
    expect([rule.name, standing.left(10 * 365 * 24 * HOUR_MS)]).toEqual([rule.name, termsOf(rule).capacity]);
    expect(standing.reset(10 * 365 * 24 * HOUR_MS)).toBe(0);
  }
});

test("LI24: the parts of a limit on its nodes are together no more than the limit, and none is below one token", () => {
  for (const nodes of [1, 2, 3, 7, 10]) {
    for (const rule of RULES) {
      const share = shareOf(rule, nodes);
      expect(termsOf(share).capacity).toBe(Math.floor(10 / nodes));
      const all = quotaOf(rule);
      const one = quotaOf(share);
      // As much a second in all, or less.
      if (all.window_ms !== null)
        expect((nodes * one.tokens) / one.window_ms!).toBeLessThanOrEqual((all.tokens / all.window_ms) * 1.000_001);
    }
  }
  expect(shareOf(RULES[2]!, 50)).toMatchObject({ tokens: 1 });
});

test("LI29: a counter of few tokens that is told no slices decides as the log; of more, or told, by slices", () => {
  const kindOf = (tokens: number, slices?: number) =>
    termsOf({ kind: "counter", name: "c", tokens, window_ms: 60_000, ...(slices && { slices }) }).kind;
  expect([kindOf(128), kindOf(129), kindOf(10, 60)]).toEqual(["log", "counter", "counter"]);
  const counter = make({ kind: "counter", name: "c", tokens: 3, window_ms: 60_000 }, 0);
  for (const at of [0, 500, 900]) counter.spend(1, at, "hold");
  // By slices of a second two of them would leave bit by bit.
  expect([counter.wait(1, 59_999), counter.wait(1, 60_000), counter.left(60_499), counter.left(60_500)]).toEqual([
    1, 0, 1, 2,
  ]);
  expect(shareOf({ kind: "counter", name: "c", tokens: 150, window_ms: 60_000 }, 2)).toMatchObject({ slices: 60 });
  expect(termsOf(shareOf({ kind: "counter", name: "c", tokens: 90, window_ms: 60_000 }, 2)).kind).toBe("log");
});

test("LI26: what a header says of a rule is how much passes at once, and in how long that comes back", () => {
  expect(RULES.map(quotaOf)).toEqual([
    { tokens: 10, window_ms: 1_000 },
    { tokens: 10, window_ms: 1_000 },
    { tokens: 10, window_ms: 1_000 },
    { tokens: 10, window_ms: 1_000 },
    { tokens: 10, window_ms: 1_000 },
    { tokens: 10, window_ms: null },
  ]);
});
