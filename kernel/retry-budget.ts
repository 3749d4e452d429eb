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
const SLICES = 10;

/**
 * In every window extra tries are at most max(`floor`, `percent_max` % of first ones). A first try pays for its share once,
 * for it leaves the window before what it paid for does: so over any time in which the share is above the floor, all tries
 * together are at most 1 + `percent_max` / 100 of the first ones.
 */
export function createRetryBudget({
  percent_max,
  floor,
  window_ms = BUDGET_WINDOW_MS,
}: RetryBudgetBounds): RetryBudget {
  const slice_ms = window_ms / SLICES;
  const firsts = new Array<number>(SLICES).fill(0);
  const agains = new Array<number>(SLICES).fill(0);
  let newest = -1;
  let in_window = { firsts: 0, agains: 0 };
  const all = { firsts: 0, agains: 0, refused: 0 };

  /** Forgets what left the window. @returns the place of this moment */
  function at(now_ms: number): number {
    const slice = Math.max(newest, Math.floor(now_ms / slice_ms));
    if (newest < 0 || slice - newest >= SLICES) {
      firsts.fill(0);
      agains.fill(0);
      in_window = { firsts: 0, agains: 0 };
    } else {
      for (let old = newest + 1; old <= slice; old++) {
        const place = old % SLICES;
        in_window.firsts -= firsts[place]!;
        in_window.agains -= agains[place]!;
        firsts[place] = 0;
        agains[place] = 0;
      }
    }
    newest = slice;
    return slice % SLICES;
  }

  return {
    first(now_ms) {
      firsts[at(now_ms)]! += 1;
      in_window.firsts += 1;
      all.firsts += 1;
    },
    again(now_ms) {
      const place = at(now_ms);
      if (in_window.agains + 1 > Math.max(floor, Math.floor((in_window.firsts * percent_max) / 100))) {
        all.refused += 1;
        return false;
      }
      agains[place]! += 1;
      in_window.agains += 1;
      all.agains += 1;
      return true;
    },
    counts: () => ({ ...all }),
  };
}
