import { createRetryBudget } from "#kernel/retry-budget.ts";

import { Away, mayRetry, Refusal } from "./client.ts";

/**
 * When a read that failed is asked for again, without anybody pressing anything. A house that refuses has too much to do, and a page is ten
 * reads: so it waits for as long as it was told, not in step with other pages, and all of the page's reads share a budget. What is
 * left out shows with its button to try again.
 */
export interface Again {
  /** A read goes out. */
  asked(): void;
  /** @param failures of this read until now, the last one not counted */
  may(failures: number, error: unknown): boolean;
  /** Ms until it is asked again. */
  waitMs(failures: number, error: unknown): number;
}

export const TRIES_AGAIN_MAX = 2;
/** Who is told to come later than this finds a sentence that says when. */
export const WAIT_S_MAX = 20;
/** Of the page's refused reads in ten seconds, asked again: so many, or a tenth of all that went out. */
export const AGAIN_FLOOR = 4;
const AGAIN_PERCENT = 10;
const AWAY_MS = 1_000;

export function createAgain(needs: { now: () => number; random: () => number }): Again {
  const budget = createRetryBudget({ percent_max: AGAIN_PERCENT, floor: AGAIN_FLOOR });
  return {
    asked: () => budget.first(needs.now()),
    may(failures, error) {
      if (!mayRetry(error) || failures >= TRIES_AGAIN_MAX) return false;
      // Where nobody answers nobody is kept from work.
      if (error instanceof Away) return true;
      if (error instanceof Refusal && (error.retry_after_s ?? 0) > WAIT_S_MAX) return false;
      return budget.again(needs.now());
    },
    waitMs(failures, error) {
      const told_ms = error instanceof Refusal ? (error.retry_after_s ?? 0) * 1_000 : 0;
      // Never before it was told to, and up to as long again after it.
      const base_ms = Math.max(told_ms, AWAY_MS * 2 ** failures);
      return told_ms > 0 ? told_ms + base_ms * needs.random() : base_ms * (0.5 + needs.random());
    },
  };
}
