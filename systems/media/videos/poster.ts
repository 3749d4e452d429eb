import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind } from "#ports/jobs/index.ts";

import { keepPoster } from "../thumbnail/keep.ts";
import { ofFilm } from "../thumbnail/make.ts";
import type { WorkNeeds } from "../work.ts";
import { findVideo, type VideoRow } from "./store.ts";

export const MAKE_POSTER = "media.poster";

/** A picture of the video and a blur of it. Without one the video plays all the same, so its failure fails nothing else. */
export function posterJob(needs: WorkNeeds): JobKind {
  return {
    name: MAKE_POSTER,
    class: "interactive",
    tries_max: 3,
    lease_ms: 20_000,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 2,
    async handle(payload, run) {
      // Whoever waits for the first frame has the machine to himself for that long.
      await needs.making.quiet.wait(run.signal);
      const id = String(payload.video_id) as VideoId;
      const is_wanted = (now: VideoRow) => now.poster_bytes === null && now.poster_chosen_at === null;
      const video = await findVideo(needs.sql.pool, id);
      if (!video?.source || video.upload_id === null || video.status === "failed" || !is_wanted(video)) return;
      const made = await ofFilm(video, undefined, run, needs);
      if (made) await keepPoster(id, made, is_wanted, run, needs);
    },
  };
}
