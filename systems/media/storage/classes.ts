import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { MediaLimits } from "../limits.ts";
import { wantRungs } from "../making/fill.ts";
import { dayOf } from "../playback/fold.ts";
import { CLASSIFIED_AT_ONCE, CLASSIFY_EVERY_MS, PRIORITY_BASE, PRIORITY_MAX, RECENT_DAYS } from "./bounds.ts";
import type { StorageClass } from "./contract.ts";
import * as store from "./store.ts";

export interface Decided {
  class: StorageClass;
  /** For people. */
  because: string;
}

/** Hot is what is watched a lot now, cold what nobody has watched for long. */
export function classify(
  facts: { views_recent: number; last_watched_at: Date | null; ready_at: Date },
  { hot_views, cold_after_ms }: Pick<MediaLimits, "hot_views" | "cold_after_ms">,
  now_ms: number,
): Decided {
  const { views_recent, last_watched_at, ready_at } = facts;
  if (views_recent >= hot_views) {
    return { class: "hot", because: `${views_recent} views in the last ${RECENT_DAYS} days; ${hot_views} are enough` };
  }
  const idle_ms = now_ms - (last_watched_at ?? ready_at).getTime();
  const days = Math.floor(idle_ms / DAY_MS);
  if (idle_ms >= cold_after_ms) {
    const since = last_watched_at
      ? `nobody has watched it for ${days} days`
      : `nobody has watched it in its ${days} days`;
    return { class: "cold", because: `${since}; ${Math.floor(cold_after_ms / DAY_MS)} are enough` };
  }
  return { class: "warm", because: last_watched_at ? "it was watched not long ago" : "it is new" };
}

/** Ahead of others in the line of what is filled, the more it is watched. */
export const fillPriority = (views_recent: number): number =>
  Math.min(PRIORITY_MAX, Math.floor(Math.log(Math.max(1, views_recent)) / Math.log(PRIORITY_BASE)));

/** Decides anew how each video is kept, and has the upper rungs made of what is watched. */
export function classifyVideosJob(needs: { sql: Sql; jobs: Jobs; clock: Clock; limits: MediaLimits }): JobKind {
  const { sql, jobs, clock, limits } = needs;
  return {
    name: "media.classify_videos",
    class: "maintenance",
    tries_max: 3,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: CLASSIFY_EVERY_MS,
    async handle(_payload, run) {
      const now_ms = clock.now();
      const asked = {
        recent_since: dayOf(now_ms - (RECENT_DAYS - 1) * DAY_MS),
        hot_views: limits.hot_views,
        cold_before: new Date(now_ms - limits.cold_after_ms),
        limit: CLASSIFIED_AT_ONCE,
      };
      for (;;) {
        run.signal.throwIfAborted();
        const changing = await store.changingClasses(sql.pool, asked);
        for (const video of changing) {
          const { class: to, because } = classify(video, limits, now_ms);
          await run.fenced(async (tx) => {
            const at = new Date(now_ms);
            await store.putClass(tx, video, { class: to, because, since: at, decided_by: run.id });
            if (to === "hot") await wantRungs(tx, jobs, video.id, at, fillPriority(video.views_recent));
          });
        }
        if (changing.length < CLASSIFIED_AT_ONCE) return;
      }
    },
  };
}
