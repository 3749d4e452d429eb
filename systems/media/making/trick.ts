import type { Blobs } from "#ports/blobs/index.ts";

import { keySegment } from "../encode/boxes.ts";
import type { Trick } from "../encode/ladder.ts";
import { namesOf } from "../encode/playlist.ts";
import type { Made } from "./index.ts";
import type { Makeable } from "./run.ts";

/**
 * A picture to show while somebody winds: the key frame of the rung's own segment, cut out in a moment, each time. To store
 * it would keep the same bytes twice.
 * @param make for the rung's segment, where that is missing
 */
export async function cutTrick(
  blobs: Pick<Blobs, "head" | "get">,
  make: (name: string, signal: AbortSignal) => Promise<Made | null>,
  video: Makeable,
  { trick, k }: { trick: Trick; k: number | null },
  signal: AbortSignal,
): Promise<Made | null> {
  const names = namesOf(video.ladder);
  const name = video.place + (k === null ? names.init(trick.of) : names.segment(trick.of, k));
  const made = (await blobs.head(name)) ? ("stored" as const) : await make(name, signal);
  if (made === null) return null;
  const bytes = made === "stored" ? await new Response((await blobs.get(name)).body).bytes() : made.bytes;
  return { bytes: k === null ? bytes : new Uint8Array(keySegment(bytes, k + 1)), media_type: "video/mp4" };
}
