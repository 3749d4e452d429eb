import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { Permanent } from "#kernel/errors.ts";
import type { ImageId, VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";

import { makeImage } from "../encode/images.ts";
import { makePoster } from "../encode/poster.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { findImage } from "../images/store.ts";
import { openScratch } from "../scratch.ts";
import { uploadBlob } from "../uploads/index.ts";
import { findVideo, type VideoRow } from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import { keepPoster, type Poster } from "./keep.ts";

export const MAKE_THUMBNAIL = "media.thumbnail";
/** Wide enough for a card that fills a screen. */
const POSTER_WIDTH_PX = 1280;

/** What its owner chose. Of two choices the later stands, in whatever order they are made. */
export function thumbnailJob(needs: WorkNeeds): JobKind {
  return {
    name: MAKE_THUMBNAIL,
    class: "interactive",
    tries_max: 3,
    lease_ms: 20_000,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 2,
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const video = await findVideo(needs.sql.pool, id);
      const is_wanted = (now: VideoRow) => now.poster_chosen_at?.toISOString() === payload.chosen_at;
      if (!video || video.status === "failed" || !is_wanted(video)) return;
      const made =
        typeof payload.image_id === "string"
          ? await ofPicture(video, payload.image_id as ImageId, needs)
          : await ofFilm(video, typeof payload.at_ms === "number" ? payload.at_ms : undefined, run, needs);
      if (!made) throw new Permanent("no picture could be made of this moment");
      await keepPoster(id, made, is_wanted, run, needs);
    },
  };
}

/** A copy of the picture's size that fits: the picture stays its owner's, and may go. */
async function ofPicture(video: VideoRow, image_id: ImageId, { sql, blobs }: WorkNeeds): Promise<Poster | null> {
  const image = await findImage(sql.pool, image_id);
  const variant = image?.variants.find(({ width }) => width >= POSTER_WIDTH_PX) ?? image?.variants.at(-1);
  if (!image || image.owner_id !== video.owner_id || !variant) return null;
  const { body } = await blobs.get(image.place + variant.file);
  return { bytes: await new Response(body).bytes(), media_type: "image/webp", placeholder: image.placeholder };
}

/**
 * @param at_ms the moment; without one, what shows most
 * @returns null where the file has no such picture
 */
export async function ofFilm(
  video: VideoRow,
  at_ms: number | undefined,
  run: JobRun,
  needs: WorkNeeds,
): Promise<Poster | null> {
  const { blobs, sandbox, clock, tools } = needs;
  if (!tools) throw new Error("there is no ffmpeg on this node");
  if (!video.source || video.upload_id === null) return null;
  await using scratch = await openScratch(needs.scratch_folder, run);
  await using file = await blobs.localFile(uploadBlob(video.upload_id));
  const folder = join(scratch.path, "poster");
  const sizes = join(scratch.path, "sizes");
  await mkdir(folder);
  await mkdir(sizes);
  const { signal } = run;
  try {
    const poster = await makePoster({ sandbox, clock, tools }, file.path, video.source, folder, {
      signal,
      ...(at_ms === undefined ? {} : { at_ms }),
    });
    const { placeholder } = await makeImage({ sandbox }, poster.path, sizes, { signal });
    return { bytes: await Bun.file(poster.path).bytes(), media_type: "image/jpeg", placeholder };
  } catch (error) {
    // What is wrong with the file is said by the transcoding, which looks at all of it.
    if (error instanceof MediaRefusal && error.lasting) return null;
    throw error;
  }
}
