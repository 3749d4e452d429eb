import type { ImageId, VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { JobKind, JobRun, Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { Tell } from "../events.ts";
import { MOVE_IMAGE } from "../images/index.ts";
import * as images from "../images/store.ts";
import { belongsInPublic, copyMissing, copyPlace, isPublicPlace, leavePlace, newPlace, type Place } from "../places.ts";
import { MOVE_VIDEO } from "../videos/index.ts";
import * as videos from "../videos/store.ts";

export interface MoveNeeds {
  sql: Sql;
  jobs: Jobs;
  blobs: Blobs;
  tell: Tell;
}

const KIND = {
  class: "interactive",
  tries_max: 10,
  lease_ms: MINUTE_MS,
  run_ms_max: 60 * MINUTE_MS,
  concurrency_max: 2,
} as const;

export function moveImageJob(needs: MoveNeeds): JobKind {
  return {
    ...KIND,
    name: MOVE_IMAGE,
    async handle(payload, run) {
      const id = String(payload.image_id) as ImageId;
      const image = await images.findImage(needs.sql.pool, id);
      // While it is being made its maker looks at the place when it is done.
      if (!image || image.status === "processing") return;
      const { owner_id } = image;
      await move(image, newPlace("images", id, belongsInPublic(image)), run, needs, async (tx, to) => {
        const now = await images.lockImage(tx, id);
        if (!now || belongsInPublic(now) !== isPublicPlace(to) || !(await images.setPlace(tx, id, image.place, to)))
          return false;
        await needs.tell(tx, { type: "media.image_changed", version: 1, data: { image_id: id, owner_id } });
        return true;
      });
    },
  };
}

export function moveVideoJob(needs: MoveNeeds): JobKind {
  return {
    ...KIND,
    name: MOVE_VIDEO,
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const video = await videos.findVideo(needs.sql.pool, id);
      if (video) await moveVideo(video, run, needs);
    },
  };
}

/** Also while it is made: whoever stores a segment looks where, with the video's row locked as it is here. */
async function moveVideo(video: videos.VideoRow, run: JobRun, needs: MoveNeeds): Promise<void> {
  const { id, owner_id } = video;
  await move(video, newPlace("videos", id, belongsInPublic(video)), run, needs, async (tx, to) => {
    const now = await videos.lockVideo(tx, id);
    if (!now || now.place !== video.place || belongsInPublic(now) !== isPublicPlace(to)) return false;
    // What came to the old place while the rest was copied: few, and nobody adds to them any more.
    await copyMissing(needs.blobs, video.place, to, run.signal);
    if (!(await videos.setPlace(tx, id, video.place, to))) return false;
    await needs.tell(tx, { type: "media.video_changed", version: 1, data: { video_id: id, owner_id } });
    return true;
  });
}

async function move(
  thing: Pick<images.ImageRow, "place" | "audience" | "space_id" | "hidden_at">,
  to: Place,
  run: JobRun,
  { blobs, jobs }: MoveNeeds,
  settle: (tx: Query, to: Place) => Promise<boolean>,
): Promise<void> {
  const from = thing.place;
  if (belongsInPublic(thing) === isPublicPlace(from)) return;
  let settled = false;
  try {
    await copyPlace(blobs, from, to, run.signal);
    settled = await run.fenced(async (tx) => {
      const done = await settle(tx, to);
      if (done) await leavePlace(tx, jobs, from);
      return done;
    });
  } finally {
    // Its audience changed again, it was deleted, or the lease is lost: what was copied is nobody's.
    if (!settled) await blobs.deletePrefix(to);
  }
}
