import { createWindow } from "./window.ts";

/**
 * How much may be tried again. What is away fails for everybody at once, and three tries each would make three times the
 * load of what is already too much; so extra tries are a share of the first ones, whatever fails.
 * After the retry throttling of gRPC (gRFC A6) and Finagle's RetryBudget; counted in a window, so that what was saved in
 * good times is not spent on a bad day.
 */
export interface RetryBudget {
  /** A call is tried for the first time. */
  first(now_ms: number): void;
  /** Whether it may be tried once more now; if so, it counts. */
  again(now_ms: number): boolean;
  counts(): { firsts: number; agains: number; refused: number };
}

export interface RetryBudgetBounds {
  /** Extra tries for each hundred first ones of the window. */
  percent_max: number;
  /** Extra tries in a window that are allowed however few first ones there were: a call an hour may still be tried again. */
  floor: number;
  /** `BUDGET_WINDOW_MS` where nothing is said. */
  window_ms?: number;
}

export const BUDGET_WINDOW_MS = 10_000;
const FIRST = 0;
const AGAIN = 1;

/**
 * In every window extra tries are at most max(`floor`, `percent_max` % of first ones). A first try pays for its share once,
 * for it leaves the window before what it paid for does: so over any time in which the share is above the floor, all tries
 * together are at most 1 + `percent_max` / 100 of the first ones.
 */
export function createRetryBudget(bounds: RetryBudgetBounds): RetryBudget {
  const { percent_max, floor, window_ms = BUDGET_WINDOW_MS } = bounds;
  const window = createWindow(window_ms, 2);
  const all = { firsts: 0, agains: 0, refused: 0 };
  return {
    first(now_ms) {
      window.add(now_ms, FIRST);
      all.firsts += 1;
    },
    again(now_ms) {
      const share = Math.floor((window.sum(now_ms, FIRST) * percent_max) / 100);
      if (window.sum(now_ms, AGAIN) + 1 > Math.max(floor, share)) {
        all.refused += 1;
        return false;
      }
      window.add(now_ms, AGAIN);
      all.agains += 1;
      return true;
    },
    counts: () => ({ ...all }),
  };
}
