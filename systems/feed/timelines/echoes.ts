import type { Clock } from "#ports/clock/index.ts";

/**
 * What was done here comes back by the log a moment later. If the same entry has changed here again meanwhile, its older
 * change must not be done once more: the post that was deleted and brought back would be gone until the log has told all of it.
 */
export interface Echoes {
  /** Done here, after its commit. */
  own(entry_id: string): void;
  /** The log tells it. @returns false when something newer was done here that it has not told yet */
  logged(entry_id: string): boolean;
}

/** Where the log is so far behind, everything is done again as it comes; the end is the same. */
export const ECHOES_MAX = 10_000;
/**
 * The log may tell of a change an instant before its writer does, and nothing comes back for that one any more. It is not
 * waited for longer than this, so that it never hides what another node changes later.
 */
export const ECHO_WAIT_MS_MAX = 10_000;

export function createEchoes({ clock }: { clock: Clock }): Echoes {
  const waiting = new Map<string, { times: number; since_ms: number }>();
  return {
    own(entry_id) {
      if (waiting.size >= ECHOES_MAX) waiting.clear();
      const now_ms = clock.monotonic();
      const before = waiting.get(entry_id);
      const times = before && now_ms - before.since_ms <= ECHO_WAIT_MS_MAX ? before.times + 1 : 1;
      waiting.set(entry_id, { times, since_ms: now_ms });
    },
    logged(entry_id) {
      const echo = waiting.get(entry_id);
      if (echo && echo.times > 1 && clock.monotonic() - echo.since_ms <= ECHO_WAIT_MS_MAX) {
        echo.times -= 1;
        return false;
      }
      waiting.delete(entry_id);
      return true;
    },
  };
}
