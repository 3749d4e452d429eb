import type { Clock } from "#ports/clock/index.ts";

/**
 * What comes seldom is looked at right away; what comes in a stream is looked at together, a pace apart. A look costs the
 * same for one event and for a hundred, and readers of a lively topic are many.
 */
export interface Pace {
  /** Before each look: waits until a pace after the one before it began, or until somebody is in a hurry. */
  next(signal: AbortSignal): Promise<void>;
  /** Somebody waits for this reader; who is not waiting itself looks soon enough. */
  hurry(): void;
}

export function createPace(clock: Clock, pace_ms: number): Pace {
  let looked_at = Number.NEGATIVE_INFINITY;
  let hurry = () => {};
  return {
    async next(signal) {
      const wait_ms = looked_at + pace_ms - clock.monotonic();
      if (wait_ms > 0) {
        const hurried = new AbortController();
        hurry = () => hurried.abort();
        // Cut short it is over as well.
        await clock.sleep(wait_ms, AbortSignal.any([signal, hurried.signal])).catch(() => {});
        hurry = () => {};
      }
      looked_at = clock.monotonic();
    },
    hurry: () => hurry(),
  };
}
