import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { deadlineIn, untilGone } from "./deadline.ts";
import {
  DeadlinePassed,
  type Nature,
  natureOf,
  Permanent,
  Problem,
  retryAfterMs,
  Throttled,
  Transient,
} from "./errors.ts";
import { retryAfterOf } from "./retry-after.ts";
import { createRetryBudget } from "./retry-budget.ts";
import { retry } from "./retry.ts";

describe("failures", () => {
  test("KT3: each has one nature, and what nobody foresaw is a bug", () => {
    const of: [unknown, Nature][] = [
      [new Error("?"), "bug"],
      [new TypeError("x is undefined"), "bug"],
      ["a string", "bug"],
      [null, "bug"],
      [new Problem(500, "internal", "-"), "permanent"],
      [new Problem(404, "post.not_found", "-"), "permanent"],
      [new Permanent("no"), "permanent"],
      [new Problem(429, "limit.reached", "-"), "throttled"],
      [new Throttled("slow down"), "throttled"],
      [new Problem(503, "house.unavailable", "-"), "transient"],
      [new Transient("away"), "transient"],
      [new DeadlinePassed("late"), "transient"],
    ];
    for (const [error, nature] of of) expect([error, natureOf(error)]).toEqual([error, nature]);
  });

  test("KT4: a failure may say before when trying again is in vain", () => {
    expect(retryAfterMs(new Throttled("-", { retry_after_ms: 1_500 }))).toBe(1_500);
    expect(retryAfterMs(new Problem(503, "a.b", "-", { retry_after_s: 2 }))).toBe(2_000);
    expect([retryAfterMs(new Transient("-")), retryAfterMs(new Error("-")), retryAfterMs(null)]).toEqual([0, 0, 0]);
    const cause = new Error("why");
    expect(new Transient("-", { cause }).cause).toBe(cause);
  });

  test("KT4: `Retry-After` is seconds or a date, and nonsense says nothing", () => {
    const now_ms = Date.UTC(2026, 0, 1);
    const at = (ms: number) => new Date(now_ms + ms).toUTCString();
    expect([retryAfterOf("120", now_ms), retryAfterOf(" 0 ", now_ms)]).toEqual([120_000, 0]);
    expect([retryAfterOf(at(30_000), now_ms), retryAfterOf(at(-30_000), now_ms)]).toEqual([30_000, 0]);
    for (const nonsense of [null, undefined, "", "soon", "-5", "1e3", "9".repeat(20), "x".repeat(5_000)])
      expect(retryAfterOf(nonsense, now_ms)).toBeNull();
  });
});

describe("trying again", () => {
  const bounds = { tries_max: 5, base_ms: 100, delay_ms_max: 1_000 };
  /** A clock that a sleep moves. */
  const hand = (random = 0.5) => {
    let now = 0;
    const slept: number[] = [];
    return {
      slept,
      random: () => random,
      monotonic: () => now,
      sleep: async (ms: number) => {
        slept.push(ms);
        now += ms;
      },
    };
  };
  const failing = (error: Error) => {
    let tries = 0;
    return { work: async () => (tries++, Promise.reject(error)), tries: () => tries };
  };
  const thrown = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

  test("KT5: it waits as long as the other side asked, and a full jitter on top", async () => {
    const needs = hand();
    const { work, tries } = failing(new Throttled("later", { retry_after_ms: 700 }));
    await thrown(retry(work, bounds, needs));
    expect([tries(), needs.slept]).toEqual([5, [750, 800, 900, 1_100]]);
  });

  test("KT5: a wish beyond the longest pause is not waited for", async () => {
    const needs = hand();
    const error = new Throttled("tomorrow", { retry_after_ms: 1_001 });
    const { work, tries } = failing(error);
    expect(await thrown(retry(work, bounds, needs))).toBe(error);
    expect([tries(), needs.slept]).toEqual([1, []]);
  });

  test("KT6: nothing begins after the deadline; the last failure comes at once", async () => {
    const needs = hand();
    const error = new Transient("away");
    const { work, tries } = failing(error);
    // Pauses of 50, 100 and 200 ms: the third would end at 350.
    expect(await thrown(retry(work, bounds, { ...needs, deadline: deadlineIn(0, 350) }))).toBe(error);
    expect([tries(), needs.slept]).toEqual([3, [50, 100]]);
  });

  test("KT6: nor for who has left", async () => {
    const gone = new AbortController();
    const { work, tries } = failing(new Transient("away"));
    gone.abort(new Error("left"));
    await thrown(retry(work, bounds, { ...hand(), deadline: untilGone(gone.signal) }));
    expect(tries()).toBe(1);
  });

  test("KT7: without budget the last failure comes at once", async () => {
    const budget = createRetryBudget({ percent_max: 0, floor: 2 });
    const { work, tries } = failing(new Transient("away"));
    await thrown(retry(work, bounds, { ...hand(), budget }));
    expect([tries(), budget.counts()]).toEqual([3, { firsts: 1, agains: 2, refused: 1 }]);
    await thrown(retry(work, bounds, { ...hand(), budget }));
    expect(tries()).toBe(4);
  });
});

describe("a budget of tries", () => {
  const WINDOW_MS = 1_000;
  const steps = fc.array(fc.record({ ms: fc.nat(300), firsts: fc.nat(40), agains: fc.nat(20) }), {
    minLength: 1,
    maxLength: 120,
  });
  const bounds = fc.record({ percent_max: fc.integer({ min: 0, max: 50 }), floor: fc.nat(5) });

  test("KT7: in every window extra tries are at most max(floor, share of first ones)", () => {
    fc.assert(
      fc.property(steps, bounds, (all, { percent_max, floor }) => {
        const budget = createRetryBudget({ percent_max, floor, window_ms: WINDOW_MS });
        const slice = (ms: number) => Math.floor(ms / (WINDOW_MS / 10));
        const seen: { slice: number; again: boolean }[] = [];
        let now = 0;
        for (const { ms, firsts, agains } of all) {
          now += ms;
          for (let i = 0; i < firsts; i++) {
            budget.first(now);
            seen.push({ slice: slice(now), again: false });
          }
          for (let i = 0; i < agains; i++) {
            const window = seen.filter((one) => one.slice > slice(now) - 10);
            const before = window.filter((one) => one.again).length;
            const may = before + 1 <= Math.max(floor, Math.floor(((window.length - before) * percent_max) / 100));
            expect(budget.again(now)).toBe(may);
            if (may) seen.push({ slice: slice(now), again: true });
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("KT8: over any time they are at most the share of all first ones, and one floor for each window", () => {
    fc.assert(
      fc.property(steps, bounds, (all, { percent_max, floor }) => {
        const budget = createRetryBudget({ percent_max, floor, window_ms: WINDOW_MS });
        let now = 0;
        for (const { ms, firsts, agains } of all) {
          now += ms;
          for (let i = 0; i < firsts; i++) budget.first(now);
          for (let i = 0; i < agains; i++) budget.again(now);
        }
        const { firsts, agains } = budget.counts();
        expect(agains).toBeLessThanOrEqual((firsts * percent_max) / 100 + floor * (Math.floor(now / WINDOW_MS) + 2));
        if (floor === 0) expect(agains).toBeLessThanOrEqual((firsts * percent_max) / 100);
      }),
      { numRuns: 200 },
    );
  });

  test("KT9: what was not used is forgotten", () => {
    const budget = createRetryBudget({ percent_max: 10, floor: 1, window_ms: WINDOW_MS });
    for (let i = 0; i < 10_000; i++) budget.first(0);
    const now = 3 * WINDOW_MS;
    for (let i = 0; i < 50; i++) budget.first(now);
    expect(Array.from({ length: 7 }, () => budget.again(now))).toEqual([true, true, true, true, true, false, false]);
    // A clock that is read late by one caller takes nothing back.
    budget.first(now - 500);
    expect(budget.again(now)).toBe(false);
  });
});
