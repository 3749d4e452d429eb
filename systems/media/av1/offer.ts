import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { FfmpegTools } from "../encode/tools.ts";
import type { MediaLimits } from "../limits.ts";
import { dayOf } from "../playback/fold.ts";
import { RECENT_DAYS } from "../storage/bounds.ts";
import { fillPriority } from "../storage/classes.ts";
import { OFFER_EVERY_MS, OFFERED_AT_ONCE } from "./bounds.ts";
import { fillLater } from "./fill.ts";
import * as store from "./store.ts";

export interface OfferNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  limits: MediaLimits;
  tools: FfmpegTools | null;
}

/** Has AV1 made of what is watched much, where the house wants that and this node's ffmpeg can. */
export function offerAv1Job({ sql, jobs, clock, limits, tools }: OfferNeeds): JobKind {
  return {
    name: "media.offer_av1",
    class: "maintenance",
    tries_max: 3,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: OFFER_EVERY_MS,
    async handle(_payload, run) {
      const views_min = limits.av1_views_min ?? 0;
      if (views_min <= 0 || !tools?.can_av1) return;
      const now_ms = clock.now();
      const offers = await store.wantingAv1(sql.pool, {
        recent_since: dayOf(now_ms - (RECENT_DAYS - 1) * DAY_MS),
        views_min,
        limit: OFFERED_AT_ONCE,
      });
      for (const offer of offers) {
        run.signal.throwIfAborted();
        const before = offer.job_id === null ? null : await jobs.get(offer.job_id);
        if (before?.state === "queued" || before?.state === "running") continue;
        await run.fenced(async (tx) => {
          await store.noteOffer(tx, offer, new Date(now_ms));
          await fillLater(tx, jobs, offer, fillPriority(offer.views_recent));
        });
      }
    },
  };
}
