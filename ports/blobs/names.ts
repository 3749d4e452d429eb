import { Problem } from "#kernel/errors.ts";

import { MEDIA_TYPE_CHARS_MAX, NAME_CHARS_MAX, NAME_SEGMENT_CHARS_MAX, NAME_SEGMENTS_MAX } from "./bounds.ts";

/** What only this prefix has is served without a signature. */
export const PUBLIC_PREFIX = "public/";

const SEGMENT = `[a-z0-9][a-z0-9._-]{0,${NAME_SEGMENT_CHARS_MAX - 1}}`;
/** One expression without a choice to come back to: every request runs it, in about 0.2 µs. */
const NAME = new RegExp(`^${SEGMENT}(?:/${SEGMENT}){0,${NAME_SEGMENTS_MAX - 1}}$`);

/** Lower case only, so that a file system that ignores case cannot join two names. */
export const isName = (name: string): boolean =>
  name.length <= NAME_CHARS_MAX && NAME.test(name) && !name.includes("..");

/** Names come from our own code, so a wrong one is a bug there and not an answer for a caller. */
export function checkName(name: string): string {
  if (!isName(name)) throw new RangeError(`not a blob's name: ${JSON.stringify(name.slice(0, 100))}`);
  return name;
}

/** A folder: segments, each ending in `/`. */
export function checkPrefix(prefix: string): string {
  if (!prefix.endsWith("/") || !isName(prefix.slice(0, -1))) {
    throw new RangeError(`not a prefix of blobs (it must end in "/"): ${JSON.stringify(prefix.slice(0, 100))}`);
  }
  return prefix;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*(?:; charset=utf-8)?$/;

/** `type/subtype`, perhaps with `; charset=utf-8`; in lower case. @throws Problem 422 `blob.media_type` */
export function checkMediaType(media_type: string): string {
  const plain = media_type.toLowerCase().replace(/\s*;\s*/, "; ");
  if (plain.length <= MEDIA_TYPE_CHARS_MAX && MEDIA_TYPE.test(plain)) return plain;
  throw new Problem(422, "blob.media_type", "Give a media type such as video/mp4, without parameters.");
}
