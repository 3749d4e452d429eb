import { describe, expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";

import { createBudget } from "./budget.ts";
import type { JobKind } from "./index.ts";

const kindOf = (name: string, retry_budget?: JobKind["retry_budget"]): JobKind => ({
  name,
  class: "batch",
  tries_max: 3,
  lease_ms: 5_000,
  run_ms_max: 30_000,
  concurrency_max: 8,
  handle: async () => {},
  ...(retry_budget ? { retry_budget } : {}),
});

describe("the retry budget", () => {
  test("JB28: beyond its allowance a kind's retries wait their turn at its pace, and those of another kind do not", () => {
    const budget = createBudget(createVirtualClock());
    const kind = kindOf("a", { part: 0.2, per_minute_min: 10 });
    expect(Array.from({ length: 10 }, () => budget.retry(kind))).toEqual(Array.from({ length: 10 }, () => 0));
    // One each 6 s from then on.
    expect([budget.retry(kind), budget.retry(kind), budget.retry(kind)]).toEqual([6_000, 12_000, 18_000]);
    expect(budget.retry(kindOf("b"))).toBe(0);
  });

  test("JB28: a fifth of the first tries of the last minute may be retried, and they count no longer than that", async () => {
    const clock = createVirtualClock();
    const budget = createBudget(clock);
    const kind = kindOf("a", { part: 0.2, per_minute_min: 1 });
    for (let n = 0; n < 500; n++) budget.first(kind, clock.monotonic());
    const at_once = () => {
      let n = 0;
      while (budget.retry(kind) === 0) n++;
      return n;
    };
    expect(at_once()).toBe(100);
    await clock.advance(120_000);
    expect(at_once()).toBe(1);
  });

  test("JB28: over any time no more begin than the burst and the pace allow", async () => {
    const clock = createVirtualClock();
    const budget = createBudget(clock);
    const kind = kindOf("a", { per_minute_min: 30 });
    const starts: number[] = [];
    for (let s = 0; s < 600; s++) {
      for (let n = 0; n < 5; n++) {
        const wait_ms = budget.retry(kind);
        if (wait_ms !== null) starts.push(clock.monotonic() + wait_ms);
      }
      await clock.advance(1_000);
    }
    const first = starts[0]!;
    for (const minutes of [1, 3, 10])
      expect(starts.filter((at) => at < first + minutes * 60_000).length).toBeLessThanOrEqual(30 * (1 + minutes));
  });

  test("JB29: a retry that would wait longer than the kind lets it is refused and takes nothing", () => {
    const budget = createBudget(createVirtualClock());
    const kind = kindOf("a", { per_minute_min: 60, wait_ms_max: 2_000 });
    for (let n = 0; n < 60; n++) expect(budget.retry(kind)).toBe(0);
    expect([budget.retry(kind), budget.retry(kind), budget.retry(kind), budget.retry(kind)]).toEqual([
      1_000,
      2_000,
      null,
      null,
    ]);
  });
});
