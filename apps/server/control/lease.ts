import type { Clock } from "#ports/clock/index.ts";

/** Something that ends by itself unless it is extended. It runs by the monotonic clock, so no step of the time moves it. */
export interface Lease {
  extend(ms: number): void;
  /** Without calling back. */
  drop(): void;
}

export function createLease(clock: Clock, onEnd: () => void): Lease {
  let waiting: AbortController | null = null;
  const drop = () => {
    waiting?.abort(new Error("dropped"));
    waiting = null;
  };
  return {
    extend(ms) {
      drop();
      const own = (waiting = new AbortController());
      clock.sleep(ms, own.signal).then(
        () => {
          if (waiting === own) waiting = null;
          onEnd();
        },
        () => {},
      );
    },
    drop,
  };
}
