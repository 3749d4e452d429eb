import { Problem } from "#kernel/errors.ts";
import type { UploadId } from "#kernel/ids.ts";
import type { Blobs, ByteRange, PartialFile } from "#ports/blobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { copyRanges, type Movie, type Movies, planOf, spanRanges } from "../encode/copy/index.ts";
import { segmentSeconds, startOf } from "../encode/grid.ts";
import type { Ladder } from "../encode/ladder.ts";
import { copiedOf, isSound, trackOf } from "../encode/playlist.ts";
import type { Probe } from "../encode/probe.ts";
import type { Sources } from "../making/sources.ts";
import { uploadBlob } from "../uploads/index.ts";
import { findUpload, type UploadRow } from "../uploads/store.ts";
import type { VideoRow } from "../videos/store.ts";

/** An encoder of sound reads one segment of history (`leadFrames`); one frame of each track is enough for an init. */
const LEAD_SEGMENTS = 1;
const INIT_S = 0.5;

export interface ViewNeeds {
  sql: Sql;
  blobs: Blobs;
  movies: Movies;
}

/** What has arrived of an upload: null when all has, or it is gone. */
export async function partialOf(
  { blobs }: Pick<ViewNeeds, "blobs">,
  upload: Pick<UploadRow, "id" | "multipart_id">,
): Promise<PartialFile | null> {
  return blobs.multipart.partial(uploadBlob(upload.id), upload.multipart_id);
}

/**
 * Where the bytes lie that a segment (or with `k` null, an init) of a track is made of. null where only the whole file would
 * do, because the index does not say.
 */
export function rangesFor(
  movie: Movie,
  source: Probe,
  ladder: Ladder,
  track: string,
  k: number | null,
): ByteRange[] | null {
  if (copiedOf(ladder, track)) return k === null ? [] : copyRanges(movie, planOf(ladder, track), k);
  const { grid } = ladder;
  const found = trackOf(ladder, track);
  const stream = "stream" in found ? found.stream : source.video.stream;
  if (k === null) return spanRanges(movie, source, [stream], 0, INIT_S);
  const from = isSound(ladder, track) ? Math.max(0, k - LEAD_SEGMENTS) : k;
  return spanRanges(movie, source, [stream], startOf(grid, from), startOf(grid, k) + segmentSeconds(grid, k));
}

/** Whether all of these bytes are in what has arrived. */
export const isThere = (ranges: ByteRange[], arrived: ByteRange[]): boolean =>
  ranges.every(({ start, end_exclusive }) =>
    arrived.some((have) => have.start <= start && have.end_exclusive >= end_exclusive),
  );

/**
 * Before anything is made of a video whose file is still arriving: are its bytes there?
 * @throws Problem 503 `video.not_there_yet`, which players take for "ask again"
 */
export async function checkThere(
  needs: ViewNeeds,
  video: Pick<VideoRow, "upload_id" | "source" | "ladder">,
  track: string,
  k: number | null,
): Promise<void> {
  const { upload_id, source, ladder } = video;
  const upload = upload_id === null ? null : await findUpload(needs.sql.pool, upload_id);
  if (!upload || upload.state !== "open" || !source || !ladder) return;
  const view = await partialOf(needs, upload);
  // All of it arrived in this moment, or it was given up: then whoever makes it finds that out.
  if (!view) return;
  const movie = await needs.movies.of(view.path);
  const ranges = rangesFor(movie, source, ladder, track, k);
  if (!ranges || !isThere(ranges, view.ranges)) throw notThereYet();
}

const notThereYet = () =>
  new Problem(503, "video.not_there_yet", "This part of the video is still being uploaded. Ask again in a moment.", {
    retry_after_s: 3,
  });

/** A source as a file: itself, or what has arrived of it. */
export async function borrowSource(
  { sql, blobs, sources }: Pick<ViewNeeds, "sql" | "blobs"> & { sources: Pick<Sources, "borrow"> },
  { upload_id, early }: { upload_id: UploadId; early: boolean },
): Promise<AsyncDisposable & { path: string; partial: PartialFile | null }> {
  const upload = early ? await findUpload(sql.pool, upload_id) : null;
  const partial = upload?.state === "open" ? await partialOf({ blobs }, upload) : null;
  if (partial) return { path: partial.path, partial, [Symbol.asyncDispose]: async () => {} };
  const file = await sources.borrow(uploadBlob(upload_id));
  return { path: file.path, partial: null, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
}

export async function isWhole(
  { sql }: Pick<ViewNeeds, "sql">,
  { upload_id }: { upload_id: UploadId },
): Promise<boolean> {
  return (await findUpload(sql.pool, upload_id))?.state !== "open";
}
