import { expect, test } from "bun:test";

import { AHEAD_MS_MAX, leftOf, localValue, momentOf, presets, whenProblem } from "./when.ts";

/** A Saturday afternoon, wherever this runs. */
const NOW = new Date(2026, 10, 21, 15, 3, 20).getTime();
const HOUR = 3_600_000;

test("WEB72: what is no moment, has passed, or is too far off is said in words", () => {
  for (const value of [
    "",
    "tomorrow",
    "2026-13-01T00:00",
    localValue(NOW - HOUR),
    localValue(NOW),
    localValue(NOW + AHEAD_MS_MAX + HOUR),
  ]) {
    expect(whenProblem(value, NOW), value).not.toBeNull();
  }
  expect(whenProblem(localValue(NOW + HOUR), NOW)).toBeNull();
});

test("WEB72: moments are chosen in one's own time zone, to the minute", () => {
  expect(localValue(NOW)).toBe("2026-11-21T15:03");
  expect(momentOf(localValue(NOW))).toBe(NOW - 20_000);
});

test("WEB72: what is offered is to come, once each, the nearest first", () => {
  for (const now of [NOW, new Date(2026, 10, 22, 8, 59).getTime(), new Date(2026, 10, 23, 18, 45).getTime()]) {
    const all = presets(now).map(({ at_ms }) => at_ms);
    expect(all.length).toBeGreaterThan(1);
    expect(all.every((at_ms) => whenProblem(localValue(at_ms), now) === null)).toBe(true);
    expect(new Set(all).size).toBe(all.length);
  }
  expect(presets(NOW).at(-1)?.at_ms).toBe(new Date(2026, 10, 23, 9).getTime());
});

test("WEB72: what is left is said in the largest unit that tells something", () => {
  expect([30_000, 5 * 60_000, HOUR, 47 * HOUR, 49 * HOUR].map((ms) => leftOf(NOW + ms, NOW))).toEqual([
    "seconds left",
    "5 min left",
    "1 h left",
    "47 h left",
    "2 d left",
  ]);
});
