import type { UploadId, VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { lookBeside } from "../beside.ts";
import { MediaRefusal } from "../encode/tools.ts";
import type { Tell } from "../events.ts";
import { FILL_VIDEO } from "../making/fill.ts";
import type { EarlyVideos } from "../uploads/index.ts";
import { videoOfUpload } from "../uploads/store.ts";
import { orFail } from "../videos/fail.ts";
import { startWork } from "../videos/index.ts";
import { MAKE_POSTER } from "../videos/poster.ts";
import { findVideo, lockVideo, setWhole } from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";

export interface ArriveNeeds {
  jobs: Jobs;
  tell: Tell;
}

export const END_EARLY = "media.end_early";

export function createEarly({ jobs, tell }: ArriveNeeds): EarlyVideos {
  const lockOf = async (tx: Query, upload_id: UploadId) => {
    const id = await videoOfUpload(tx, upload_id);
    return id === null ? null : lockVideo(tx, id);
  };
  return {
    async lock(tx, upload_id) {
      await lockOf(tx, upload_id);
    },
    async arrived(tx, upload_id) {
      const video = await lockOf(tx, upload_id);
      if (!video?.early) return;
      const { id, owner_id } = video;
      await setWhole(tx, id);
      // What waited for it begins. One that is not planned yet is filled by its plan.
      if (video.status === "processing" && video.ladder) {
        await startWork(tx, jobs, id, owner_id, FILL_VIDEO);
        if (video.poster_bytes === null) await jobs.enqueue(tx, MAKE_POSTER, { video_id: id }, { tenant: owner_id });
        await lookBeside(tx, jobs, id);
      }
      await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: id, owner_id } });
    },
    async end(tx, upload_id) {
      const id = await videoOfUpload(tx, upload_id);
      if (id === null) return false;
      await jobs.enqueue(tx, END_EARLY, { video_id: id }, { unique_key: `${END_EARLY}:${id}`, class: "interactive" });
      return true;
    },
  };
}

/** The upload was given up, ran out, or was another size than announced: its video ends with that reason. */
export function endEarlyJob(needs: WorkNeeds): JobKind {
  return {
    name: END_EARLY,
    class: "interactive",
    tries_max: 10,
    lease_ms: MINUTE_MS,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 4,
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const video = await findVideo(needs.sql.pool, id);
      if (!video?.early) return;
      await orFail(id, run, needs, async () => {
        throw new MediaRefusal(
          "video.upload_gone",
          "The upload of this video was given up before its end. Upload it again.",
        );
      });
    },
  };
}
