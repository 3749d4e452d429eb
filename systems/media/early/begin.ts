import { Problem } from "#kernel/errors.ts";

import { EARLY_S } from "../bounds.ts";
import { fileSource, readMovie, spanRanges } from "../encode/copy/index.ts";
import type { UploadRow } from "../uploads/store.ts";
import { isThere, partialOf, type ViewNeeds } from "./view.ts";

/**
 * Whether a video can be begun with what has arrived of its file: the index is there and can be read, and so are the first
 * seconds of every track. Costs a read of the index.
 * @throws Problem 409 `upload.too_early` with what is missing; the upload goes on as ever
 */
export async function checkEarly(needs: Pick<ViewNeeds, "blobs">, upload: UploadRow): Promise<void> {
  if (upload.door !== "parts") throw tooEarly("it comes by a protocol that sends it from front to end");
  const view = await partialOf(needs, upload);
  if (!view) throw tooEarly("its parts cannot be read before they are joined");
  if (view.ranges.at(-1)?.end_exclusive !== upload.size_bytes) throw tooEarly("its last part is not there yet");
  await using file = await fileSource(view.path);
  const source = {
    size_bytes: upload.size_bytes,
    read(start: number, end: number) {
      if (!isThere([{ start, end_exclusive: end }], view.ranges)) throw tooEarly("its index is not there yet");
      return file.read(start, end);
    },
  };
  const movie = await readMovie(source);
  if ("because" in movie) throw tooEarly(movie.because);
  const streams = movie.tracks.flatMap(({ kind }, stream) => (kind === "other" ? [] : [stream]));
  const ranges = streams.length === 0 ? null : spanRanges(movie, {}, streams, 0, EARLY_S);
  if (!ranges) throw tooEarly("its index does not say where its pictures are");
  if (!isThere(ranges, view.ranges)) throw tooEarly("its beginning is not there yet");
}

const tooEarly = (because: string) =>
  new Problem(
    409,
    "upload.too_early",
    `A video cannot be made of this upload before all of it is there: ${because}. Go on sending, and complete it first.`,
  );
