import type { ImageId, VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { DELETE_IMAGE } from "../images/index.ts";
import * as images from "../images/store.ts";
import { DELETE_PLACE, DELETE_PLACE_LATER } from "../places.ts";
import { DELETE_SOUND } from "../sounds/index.ts";
import * as sounds from "../sounds/store.ts";
import { DELETE_VIDEO } from "../videos/index.ts";
import * as videos from "../videos/store.ts";

const KIND = {
  class: "maintenance",
  tries_max: 20,
  lease_ms: MINUTE_MS,
  run_ms_max: 10 * MINUTE_MS,
  concurrency_max: 2,
} as const;

/** Blobs first, then the row that names them: a crash in between leaves the row, and the job comes again. */
export function deleteVideoJob({ sql, blobs }: { sql: Sql; blobs: Blobs }): JobKind {
  return {
    ...KIND,
    name: DELETE_VIDEO,
    async handle(payload) {
      const id = String(payload.video_id) as VideoId;
      const video = await videos.findDeleted(sql.pool, id);
      if (!video) return;
      await blobs.deletePrefix(video.place);
      await videos.deleteVideo(sql.pool, id);
    },
  };
}

export function deleteImageJob({ sql, blobs }: { sql: Sql; blobs: Blobs }): JobKind {
  return {
    ...KIND,
    name: DELETE_IMAGE,
    async handle(payload) {
      const id = String(payload.image_id) as ImageId;
      const image = await images.findDeleted(sql.pool, id);
      if (!image) return;
      await blobs.deletePrefix(image.place);
      await images.deleteImage(sql.pool, id);
    },
  };
}

export function deleteSoundJob({ sql, blobs }: { sql: Sql; blobs: Blobs }): JobKind {
  return {
    ...KIND,
    name: DELETE_SOUND,
    async handle(payload) {
      const id: sounds.SoundId = String(payload.sound_id);
      const sound = await sounds.findDeleted(sql.pool, id);
      if (!sound) return;
      await blobs.deletePrefix(sound.place);
      await sounds.deleteSoundRow(sql.pool, id);
    },
  };
}

/** Places that something has moved out of. */
export function deletePlaceJobs({ blobs }: { blobs: Blobs }): JobKind[] {
  return [DELETE_PLACE, DELETE_PLACE_LATER].map((name) => ({
    ...KIND,
    name,
    async handle(payload) {
      await blobs.deletePrefix(String(payload.place));
    },
  }));
}
