import { temperOf } from "./errors.ts";

export interface RetryBounds {
  tries_max: number;
  base_ms: number;
  delay_ms_max: number;
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

/** Tries `work` again while it fails transiently. Anything else is thrown at once, and so is the last failure. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  bounds: RetryBounds,
  needs: {
    random: () => number;
    sleep: (ms: number) => Promise<void>;
    temper?: (error: unknown) => "transient" | "throttled" | "permanent" | "bug";
  },
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const temper = (needs.temper ?? temperOf)(error);
      if ((temper !== "transient" && temper !== "throttled") || attempt + 1 >= bounds.tries_max) throw error;
      await needs.sleep(backoffMs(attempt, bounds, needs.random));
    }
  }
}
