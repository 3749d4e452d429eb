import { expect, test } from "bun:test";

import fc from "fast-check";

import { deadlineIn, isOver, keepingBack, leftMs, NO_DEADLINE, untilGone, within } from "./deadline.ts";

test("KT1: whatever is made of a deadline is never later than it, and ends with its signal", () => {
  const ms = fc.integer({ min: -1_000, max: 10_000 });
  fc.assert(
    fc.property(
      ms,
      fc.array(fc.tuple(fc.constantFrom("within", "keeping"), ms, ms), { maxLength: 8 }),
      (whole, steps) => {
        const left = new AbortController();
        let deadline = deadlineIn(500, whole, left.signal);
        for (const [how, at, of] of steps) {
          const before = deadline.at_ms;
          deadline = how === "within" ? within(deadline, at, of) : keepingBack(deadline, of);
          expect(deadline.at_ms).toBeLessThanOrEqual(before);
          if (how === "within") expect(deadline.at_ms).toBeLessThanOrEqual(at + Math.max(0, of));
          expect(deadline.signal).toBe(left.signal);
        }
        left.abort();
        expect(isOver(deadline, -Infinity)).toBe(true);
      },
    ),
  );
});

test("KT1: a signal that is made when it is first read stays unmade until somebody reads it", () => {
  let made = 0;
  const lazy = {
    at_ms: 1_000,
    get signal() {
      made += 1;
      return new AbortController().signal;
    },
  };
  const last = keepingBack(within(lazy, 0, 500), 10);
  expect([last.at_ms, leftMs(last, 0), made]).toEqual([490, 490, 0]);
  expect([last.signal?.aborted, made]).toEqual([false, 1]);
});

test("KT2: what is left is never below 0, and without a deadline it never runs out", () => {
  expect([leftMs(deadlineIn(100, 50), 120), leftMs(deadlineIn(100, 50), 151)]).toEqual([30, 0]);
  expect(leftMs(NO_DEADLINE, 1e15)).toBe(Infinity);
  expect([isOver(NO_DEADLINE, 1e15), isOver(deadlineIn(0, 5), 5), isOver(deadlineIn(0, 5), 4)]).toEqual([
    false,
    true,
    false,
  ]);
  expect(keepingBack(NO_DEADLINE, 500)).toBe(NO_DEADLINE);
  const gone = new AbortController();
  const until = untilGone(gone.signal);
  expect(isOver(until, 0)).toBe(false);
  gone.abort();
  expect([isOver(until, 0), untilGone(null), untilGone(undefined)]).toEqual([true, NO_DEADLINE, NO_DEADLINE]);
});
