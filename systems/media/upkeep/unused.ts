import { MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { EXPIRE_EVERY_MS, IMAGE_UNUSED_MS } from "../bounds.ts";
import type { Tell } from "../events.ts";
import { removeImage } from "../images/index.ts";
import * as images from "../images/store.ts";
import type { MediaLimits } from "../limits.ts";
import { DELETE_PLACE } from "../places.ts";
import { removeSound } from "../sounds/index.ts";
import * as sounds from "../sounds/store.ts";
import type { Uploads } from "../uploads/index.ts";
import { dropHalf } from "../videos/fail.ts";
import * as videos from "../videos/store.ts";

const AT_ONCE = 100;

export interface UnusedNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  tell: Tell;
  uploads: Uploads;
  limits: MediaLimits;
}

/** Frees pictures and sounds that nothing shows and the sources of failed videos that nobody tried again. */
export function freeUnusedJob(needs: UnusedNeeds): JobKind {
  const { sql, clock } = needs;
  return {
    name: "media.free_unused",
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: EXPIRE_EVERY_MS,
    async handle(_payload, run) {
      const now_ms = clock.now();
      while ((await freeImages(new Date(now_ms - IMAGE_UNUSED_MS))) === AT_ONCE && !run.signal.aborted);
      while ((await freeSounds(new Date(now_ms - IMAGE_UNUSED_MS))) === AT_ONCE && !run.signal.aborted);
      while ((await freeSources(new Date(now_ms - needs.limits.upload_kept_ms))) === AT_ONCE && !run.signal.aborted);
    },
  };

  function freeImages(before: Date) {
    return sql.tx(async (tx) => {
      const unused = await images.lockUnused(tx, before, AT_ONCE);
      for (const image of unused) await removeImage(tx, image, image.owner_id, needs);
      return unused.length;
    });
  }

  function freeSounds(before: Date) {
    return sql.tx(async (tx) => {
      const unused = await sounds.lockUnused(tx, before, AT_ONCE);
      for (const sound of unused) await removeSound(tx, sound, sound.owner_id, needs);
      return unused.length;
    });
  }

  function freeSources(before: Date) {
    return sql.tx(async (tx) => {
      const failed = await videos.lockFailedWithSource(tx, before, AT_ONCE);
      for (const video of failed) {
        // Nobody goes on with it, so its half-made rungs are of no use either.
        for (const place of await dropHalf(tx, video)) await needs.jobs.enqueue(tx, DELETE_PLACE, { place });
        await videos.clearSource(tx, video.id);
        if (video.upload_id !== null) await needs.uploads.release(tx, video.upload_id);
      }
      return failed.length;
    });
  }
}
