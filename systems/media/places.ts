import { randomBytes } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import { DAY_MS } from "#kernel/time.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { MOVED_KEPT_MS, URL_GRID_MS, URL_MARGIN_MS } from "./bounds.ts";

/**
 * Where the blobs of a video, picture or sound lie: one folder each, below `public/` only while everyone may see it. The folder's
 * name has 128 random bits, so that an address that was once given away says nothing about the next place.
 */
export type Place = string;

const PUBLIC = "public/";

export const newPlace = (kind: "videos" | "images" | "sounds", id: string, open: boolean): Place =>
  `${open ? PUBLIC : ""}${kind}/${id}/${randomBytes(16).toString("hex")}/`;

export const isPublicPlace = (place: Place): boolean => place.startsWith(PUBLIC);

/** What stands in a space may be for its members only, whatever its audience says, so it never lies in the open. */
export const belongsInPublic = (thing: {
  audience: Audience;
  space_id: string | null;
  hidden_at: Date | null;
}): boolean => thing.audience === "public" && thing.space_id === null && thing.hidden_at === null;

export interface Addresses {
  url(file: string): string;
  /** ms since 1970 until which the URLs work for sure. */
  until_ms: number;
}

/**
 * Addresses of what is in a place. The end of a signature lies on a grid, so that one page load and the next get the same
 * URLs and a browser keeps what it has.
 * @param length_ms how long the thing plays: a signature outlasts one viewing
 */
export function addressesOf(
  place: Place,
  length_ms: number,
  { blobs, clock }: { blobs: Blobs; clock: Clock },
): Addresses {
  const now_ms = clock.now();
  if (isPublicPlace(place)) return { url: (file) => blobs.urlPublic(place + file), until_ms: onGrid(now_ms + DAY_MS) };
  const until_ms = onGrid(now_ms + length_ms + URL_MARGIN_MS);
  const base = blobs.urlSignedPrefix(place, until_ms);
  return { url: (file) => base + file, until_ms };
}

const onGrid = (ms: number) => Math.ceil(ms / URL_GRID_MS) * URL_GRID_MS;

export const DELETE_PLACE = "media.delete_place";
/** The same after a while; a kind of its own, so that waiting for the other does not mean waiting for hours. */
export const DELETE_PLACE_LATER = "media.delete_place_later";

/** Copies every blob below one place to another. Done again after a crash it writes the same names once more. */
export async function copyPlace(blobs: Blobs, from: Place, to: Place, signal: AbortSignal | null): Promise<void> {
  for await (const name of namesIn(blobs, from)) await copy(blobs, name, to + name.slice(from.length), signal);
}

/** Copies what has no copy yet. */
export async function copyMissing(blobs: Blobs, from: Place, to: Place, signal: AbortSignal | null): Promise<void> {
  const there = new Set<string>();
  for await (const name of namesIn(blobs, to)) there.add(name.slice(to.length));
  for await (const name of namesIn(blobs, from)) {
    const file = name.slice(from.length);
    if (!there.has(file)) await copy(blobs, name, to + file, signal);
  }
}

async function* namesIn(blobs: Blobs, place: Place): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const { names, next_after } = await blobs.list(place, after === undefined ? {} : { after });
    yield* names;
    if (next_after === null) return;
    after = next_after;
  }
}

async function copy(blobs: Blobs, name: string, to: string, signal: AbortSignal | null): Promise<void> {
  signal?.throwIfAborted();
  const found = await blobs.get(name).catch((error: unknown) => {
    // It was given back or collected since it was listed: nobody names it.
    if (error instanceof Problem && error.code === "blob.not_found") return null;
    throw error;
  });
  if (!found) return;
  const { head, body } = found;
  const cache_control = /\.(?:m3u8|mpd)$/.test(name) ? "no-cache" : "immutable";
  await blobs.put(to, body, { media_type: head.media_type, cache_control });
}

/**
 * The old place goes at once when fewer may see it now. When more may, it stays as long as an address that was just given
 * out is worth something, or every page that is open would show holes.
 */
export async function leavePlace(tx: Query, jobs: Jobs, old: Place): Promise<void> {
  if (isPublicPlace(old)) await jobs.enqueue(tx, DELETE_PLACE, { place: old });
  else await jobs.enqueue(tx, DELETE_PLACE_LATER, { place: old }, { delay_ms: MOVED_KEPT_MS });
}
