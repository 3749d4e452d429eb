import type { Clock } from "#ports/clock/index.ts";

import { QUIET_MS_MAX } from "../bounds.ts";

/** Whether somebody waits for pictures in this process right now; work that nobody waits for begins when nobody does. */
export interface Quiet {
  /** Somebody waits, until disposal. */
  disturb(): Disposable;
  /** Resolves when nobody waits, and after `QUIET_MS_MAX` in any case: nothing is put off for ever. */
  wait(signal: AbortSignal): Promise<void>;
}

export function createQuiet({ clock }: { clock: Clock }): Quiet {
  let busy = 0;
  let calm = Promise.withResolvers<void>();
  return {
    disturb() {
      busy += 1;
      let over = false;
      return {
        [Symbol.dispose]() {
          if (over) return;
          over = true;
          busy -= 1;
          if (busy > 0) return;
          calm.resolve();
          calm = Promise.withResolvers();
        },
      };
    },
    async wait(signal) {
      signal.throwIfAborted();
      if (busy === 0) return;
      const enough = new AbortController();
      const stop = AbortSignal.any([signal, enough.signal]);
      await Promise.race([calm.promise, clock.sleep(QUIET_MS_MAX, stop).catch(() => {})]);
      enough.abort();
      signal.throwIfAborted();
    },
  };
}
