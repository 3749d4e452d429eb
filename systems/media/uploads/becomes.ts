import { z } from "zod";

import { Problem } from "#kernel/errors.ts";
import { zAudience, zId, zText } from "#kernel/wire.ts";

import { DESCRIPTION_CHARS_MAX, FILENAME_CHARS_MAX, TITLE_CHARS_MAX } from "../bounds.ts";
import { IMAGE_TYPES, type MediaKind, SOUND_TYPES, VIDEO_TYPES } from "../contract.ts";
import type { Becomes } from "./store.ts";

/** What a client of another protocol may say of its file, in the protocol's own way of carrying words. */
const zSaid = z.object({
  title: zText(TITLE_CHARS_MAX, 1).optional(),
  description: zText(DESCRIPTION_CHARS_MAX).default(""),
  audience: zAudience.default("private"),
  space_id: zId<"space">().optional(),
  as: z.enum(["video"]).optional(),
});

/**
 * The video that is made by itself when the file is whole: with a title, or with `as=video` and then named after the file.
 * Without an audience it is private.
 * @throws Problem 400 `request.invalid`
 */
export function becomesOf(
  said: Record<string, string | null | undefined>,
  kind: MediaKind,
  filename: string,
): Becomes | null {
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== undefined));
  const parsed = zSaid.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Problem(
      400,
      "request.invalid",
      `The metadata is not as it should be: ${issue?.path.join(".")} ${issue?.message}`.slice(0, 300),
    );
  }
  const { title, description, audience, space_id, as } = parsed.data;
  if (kind !== "video" || (title === undefined && as === undefined)) return null;
  return { title: title ?? titleOf(filename), description, audience, space_id: space_id ?? null };
}

/** `My film.mp4` → `My film` */
export function titleOf(filename: string): string {
  const stem = filename.replace(/\.[^.]{1,8}$/, "").trim();
  const title = zText(TITLE_CHARS_MAX, 1).safeParse(stem.slice(0, TITLE_CHARS_MAX));
  return title.success ? title.data : "Video";
}

const TYPES: Record<string, string> = {
  mp4: "video/mp4",
  m4v: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
  mkv: "video/x-matroska",
  avi: "video/x-msvideo",
  mpg: "video/mpeg",
  mpeg: "video/mpeg",
  ts: "video/mp2t",
  mts: "video/mp2t",
  "3gp": "video/3gpp",
  ogv: "video/ogg",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  bmp: "image/bmp",
  weba: "audio/webm",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  opus: "audio/ogg",
  m4a: "audio/mp4",
  aac: "audio/aac",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  flac: "audio/flac",
};

/** The type that was told, where it is one of ours; else the one that the name has. Both are only what somebody says. */
export function typeOf(told: string | null | undefined, filename: string): string {
  const plain = (told ?? "").toLowerCase().split(";", 1)[0]!.trim();
  if (([...VIDEO_TYPES, ...IMAGE_TYPES, ...SOUND_TYPES] as string[]).includes(plain)) return plain;
  const vague = plain === "" || plain === "application/octet-stream" || plain === "binary/octet-stream";
  const byName = TYPES[filename.toLowerCase().split(".").at(-1) ?? ""];
  return vague && byName ? byName : plain;
}

/** A name for people, whatever came: one line, no path, of a length that is stored. */
export function filenameOf(name: string | null | undefined): string {
  const last = (name ?? "")
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .split(/[/\\]/)
    .at(-1)!
    .trim();
  return last.slice(0, FILENAME_CHARS_MAX) || "file";
}

/** The last word of an address, as people read it. */
export function nameIn(href: string): string {
  const last = new URL(href).pathname.split("/").findLast((word) => word !== "") ?? "";
  try {
    return filenameOf(decodeURIComponent(last));
  } catch {
    return filenameOf(last);
  }
}
