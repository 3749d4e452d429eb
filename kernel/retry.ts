import { type Deadline, leftMs, NO_DEADLINE } from "./deadline.ts";
import { type Nature, natureOf, retryAfterMs } from "./errors.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface RetryBounds {
  tries_max: number;
  base_ms: number;
  delay_ms_max: number;
}

export interface RetryNeeds {
  random: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** `natureOf` where nothing is said. */
  nature?: (error: unknown) => Nature;
  /** Nothing is tried again that would begin after it, and a pause ends when who asked leaves. Needs `monotonic`. */
  deadline?: Deadline;
  monotonic?: () => number;
  /** Asked before each further try; the first is told to it. Needs `monotonic`. */
  budget?: RetryBudget;
}

/**
 * Exponential backoff with full jitter: uniform in [0, min(cap, base·2^attempt)).
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * @param attempt 0 for the first retry
 * @param random in [0, 1)
 */
export function backoffMs(attempt: number, bounds: Omit<RetryBounds, "tries_max">, random: () => number): number {
  return Math.floor(random() * Math.min(bounds.delay_ms_max, bounds.base_ms * 2 ** Math.min(attempt, 30)));
}

/**
 * Tries `work` again while it fails in a way that may pass, as long as tries, budget and deadline allow. Anything else is
 * thrown at once, and so is the last failure: nobody waits for a try that would come too late.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  bounds: RetryBounds,
  needs: RetryNeeds,
): Promise<T> {
  const { deadline = NO_DEADLINE, monotonic = () => 0, budget } = needs;
  budget?.first(monotonic());
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const nature = (needs.nature ?? natureOf)(error);
      if ((nature !== "transient" && nature !== "throttled") || attempt + 1 >= bounds.tries_max) throw error;
      if (deadline.signal?.aborted) throw error;
      // What the other side asked for, and the jitter on top: who was sent away together must not come back together.
      const wished_ms = retryAfterMs(error);
      const delay_ms = wished_ms + backoffMs(attempt, bounds, needs.random);
      // A longer wish is for whoever can put the whole work off, not for one who holds a place while waiting.
      if (wished_ms > bounds.delay_ms_max || delay_ms >= leftMs(deadline, monotonic())) throw error;
      if (budget && !budget.again(monotonic())) throw error;
      await needs.sleep(delay_ms, deadline.signal ?? undefined);
    }
  }
}
