import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { Attempt } from "./attempt.ts";
import { GRACE_MS, PROGRESS_MS } from "./bounds.ts";
import * as store from "./store.ts";

/** Looks after the attempts of a node: their leases, their time and their progress. */
export interface Beats {
  /** Renews what is due, or everything, and hears who was asked to stop. */
  renew(all: boolean): Promise<void>;
  /** Tells those that ran too long, and leaves those that did not heed it. */
  watch(): void;
  /** Ms until somebody's time is over, at most `most` and at least 1. */
  nextMs(most: number): number;
  /** At most once in `PROGRESS_MS`. */
  storeProgress(): Promise<void>;
}

export function createBeats(needs: {
  sql: Sql;
  clock: Clock;
  attempts: ReadonlyMap<Attempt, unknown>;
  onError: (error: unknown) => void;
}): Beats {
  const { sql, clock, attempts, onError } = needs;
  const array = (values: (string | number)[], type: "INT" | "BIGINT" | "REAL") => sql.pool.array(values, type);
  let progressed_at = Number.NEGATIVE_INFINITY;
  return {
    async renew(all) {
      const now = clock.monotonic();
      const due = [...attempts.keys()].filter((a) => all || now - a.renewed_at >= a.kind.lease_ms / 3);
      if (due.length === 0) return;
      const ids = due.map((a) => a.claimed.id);
      const tokens = due.map((a) => a.claimed.token);
      const leases = due.map((a) => a.kind.lease_ms);
      try {
        const rows = await store.beat(sql.pool, array(ids, "BIGINT"), array(tokens, "BIGINT"), array(leases, "INT"));
        const mine = new Map(rows.map((row) => [row.token, row.stop]));
        for (const attempt of due) {
          const stop = mine.get(attempt.claimed.token);
          // One that has just settled is not there either; to stop it changes nothing.
          if (stop === undefined) attempt.stop("lost");
          else if (stop) attempt.stop("cancelled");
          attempt.renewed_at = now;
        }
      } catch (error) {
        onError(error);
        for (const attempt of due) if (now - attempt.renewed_at > attempt.kind.lease_ms) attempt.stop("lost");
      }
    },

    watch() {
      const now = clock.monotonic();
      for (const attempt of attempts.keys()) {
        if (attempt.stopped_at === null && now - attempt.began_at >= attempt.kind.run_ms_max) attempt.stop("timeout");
        if (attempt.stopped_at !== null && now - attempt.stopped_at >= GRACE_MS) attempt.leave();
      }
    },

    nextMs(most) {
      const now = clock.monotonic();
      let next = most;
      for (const attempt of attempts.keys())
        if (attempt.stopped_at === null) next = Math.min(next, attempt.began_at + attempt.kind.run_ms_max - now);
      return Math.max(1, next);
    },

    async storeProgress() {
      if (clock.monotonic() - progressed_at < PROGRESS_MS) return;
      progressed_at = clock.monotonic();
      const moved = [...attempts.keys()].filter((a) => a.progress !== null);
      if (moved.length === 0) return;
      const ids = moved.map((a) => a.claimed.id);
      const fractions = moved.map((a) => a.progress!);
      for (const attempt of moved) attempt.progress = null;
      await store.updateProgress(sql.pool, array(ids, "BIGINT"), array(fractions, "REAL")).catch(onError);
    },
  };
}
