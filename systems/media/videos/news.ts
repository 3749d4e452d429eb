import { Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { NEWS_LOOK_MS, NEWS_WAITERS_MAX, NEWS_WAITERS_OF_ONE_MAX } from "../bounds.ts";
import { versionsOf } from "./store.ts";

/** Whoever wants to know how far a video is waits for it instead of asking again and again. */
export interface News {
  /**
   * Resolves when the video has another version than `known`, is gone, or the wait is over. One query in `NEWS_LOOK_MS`
   * serves all who wait in this process, on whatever node the change was made.
   * @param who counts for the bound on one caller
   * @throws Problem 429 `video.too_many_waits`
   */
  wait(id: VideoId, known: number, asked: { who: string; wait_ms: number; signal: AbortSignal }): Promise<void>;
}

interface Waiter {
  id: VideoId;
  known: number;
  wake(): void;
}

export function createNews({ sql, clock }: { sql: Sql; clock: Clock }): News {
  const waiters = new Set<Waiter>();
  const ofOne = new Map<string, number>();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    while (waiters.size > 0) {
      const ids = [...new Set([...waiters].map(({ id }) => id))];
      // A database that is away for a moment makes them wait longer, and no more.
      const versions = await versionsOf(sql.pool, ids).catch(() => null);
      for (const waiter of waiters) if (versions && versions.get(waiter.id) !== waiter.known) waiter.wake();
      await clock.sleep(NEWS_LOOK_MS);
    }
    looking = null;
  }

  return {
    async wait(id, known, { who, wait_ms, signal }) {
      const own = ofOne.get(who) ?? 0;
      if (own >= NEWS_WAITERS_OF_ONE_MAX || waiters.size >= NEWS_WAITERS_MAX)
        throw new Problem(429, "video.too_many_waits", "You wait for too many videos at once. Ask without waiting.", {
          retry_after_s: 2,
        });
      ofOne.set(who, own + 1);
      const over = new AbortController();
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter: Waiter = { id, known, wake: resolve };
      waiters.add(waiter);
      signal.addEventListener("abort", () => resolve(), { once: true, signal: over.signal });
      // Owned by `looking`; it ends when nobody waits.
      looking ??= onOwnTime(look);
      try {
        await Promise.race([promise, clock.sleep(wait_ms, over.signal).catch(() => {})]);
      } finally {
        over.abort();
        waiters.delete(waiter);
        const left = (ofOne.get(who) ?? 1) - 1;
        if (left === 0) ofOne.delete(who);
        else ofOne.set(who, left);
      }
    },
  };
}
