import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { ImageId, VideoId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { IMAGE_WAIT_MS_MAX } from "../bounds.ts";
import { findImage } from "../images/store.ts";
import { lockVideo, markPosterChosen, type VideoRow } from "../videos/store.ts";
import { MAKE_THUMBNAIL } from "./make.ts";

export type ThumbnailChoice = { at_ms: number } | { image_id: ImageId } | { automatic: true };

const POLL_MS = 40;

/**
 * Has the chosen picture made and waits for it as long as somebody waits for an answer.
 * @returns whether it is there already
 * @throws Problem 409 `thumbnail.not_ready`, `media.source_gone`; 422 `thumbnail.beyond`, `thumbnail.no_picture`; 404 `image.not_found`
 */
export async function chooseThumbnail(
  { sql, jobs, clock }: { sql: Sql; jobs: Jobs; clock: Clock },
  video_id: VideoId,
  choice: ThumbnailChoice,
  signal: AbortSignal,
): Promise<boolean> {
  const job_id = await sql.tx(async (tx) => {
    const video = await lockVideo(tx, video_id);
    if (!video) throw notFound("video");
    await check(tx, video, choice);
    // Never the moment of the choice before, so that each has a name.
    const chosen_at = new Date(Math.max(clock.now(), (video.poster_chosen_at?.getTime() ?? 0) + 1));
    await markPosterChosen(tx, video_id, chosen_at);
    const payload = { ...choice, video_id, chosen_at: chosen_at.toISOString() };
    return jobs.enqueue(tx, MAKE_THUMBNAIL, payload, { tenant: video.owner_id });
  });
  const until_ms = clock.monotonic() + IMAGE_WAIT_MS_MAX;
  for (;;) {
    const state = (await jobs.get(job_id))?.state;
    if (state === "done") return true;
    if (state === "dead") {
      throw new Problem(422, "thumbnail.no_picture", "No picture could be made of this. Choose another moment.");
    }
    if (signal.aborted || clock.monotonic() >= until_ms) return false;
    await clock.sleep(POLL_MS);
  }
}

async function check(tx: Query, video: VideoRow, choice: ThumbnailChoice): Promise<void> {
  if ("image_id" in choice) {
    const image = await findImage(tx, choice.image_id);
    // Another person's picture does not exist here, whoever may see it.
    if (image?.owner_id !== video.owner_id) throw notFound("image");
    if (image.status !== "ready") throw conflict("thumbnail.not_ready", "This picture is not ready. Wait a moment.");
    return;
  }
  if (!video.source || video.early || video.status === "failed") {
    throw conflict("thumbnail.not_ready", "This video cannot be looked into yet. Wait until it plays.");
  }
  if (video.upload_id === null) {
    throw conflict("media.source_gone", "The file of this video is not there any more. Choose a picture of yours.");
  }
  if ("at_ms" in choice && choice.at_ms >= video.source.duration_ms) {
    throw new Problem(422, "thumbnail.beyond", "The film has ended by then. Choose an earlier moment.");
  }
}
