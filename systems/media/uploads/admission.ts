import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { IMAGE_SPACE_FACTOR, SOUND_SPACE_FACTOR, UPLOADS_OPEN_MAX, VIDEO_SPACE_FACTOR } from "../bounds.ts";
import { IMAGE_TYPES, type MediaKind, SOUND_TYPES, VIDEO_TYPES } from "../contract.ts";
import { bytesMaxOf, type MediaLimits } from "../limits.ts";
import { lockRoom, roomUsed } from "./store.ts";

/** What the house takes at this moment, and why not. */
export interface Acceptance {
  accepted: boolean;
  because: string;
}

/** @throws Problem 415 `upload.type_refused` */
export function kindOf(media_type: string): MediaKind {
  const plain = media_type.toLowerCase().split(";", 1)[0]!.trim();
  if ((VIDEO_TYPES as readonly string[]).includes(plain)) return "video";
  if ((IMAGE_TYPES as readonly string[]).includes(plain)) return "image";
  if ((SOUND_TYPES as readonly string[]).includes(plain)) return "sound";
  throw new Problem(
    415,
    "upload.type_refused",
    `Files of this type are not taken. Send one of ${[...VIDEO_TYPES, ...IMAGE_TYPES, ...SOUND_TYPES].join(", ")}.`,
  );
}

/** @throws Problem 422 `upload.empty`, 413 `upload.too_large` */
export function checkSize(kind: MediaKind, size_bytes: number, limits: MediaLimits): void {
  if (size_bytes === 0) throw new Problem(422, "upload.empty", "This file is empty. Choose another one.");
  const bytes_max = bytesMaxOf(kind, limits);
  if (size_bytes > bytes_max) {
    throw new Problem(
      413,
      "upload.too_large",
      `A ${kind} may have ${sizeText(bytes_max)} at most; this one has ${sizeText(size_bytes)}.`,
    );
  }
}

/**
 * Room of the person. Runs in the transaction that inserts the upload, with the person's room locked.
 * @throws Problem 409 `upload.too_many_open`, 413 `upload.quota_exceeded`
 */
export async function checkQuota(
  tx: Query,
  owner_id: PersonId,
  size_bytes: number,
  /** Of this person, as it was before the transaction (`roomOf`). */
  bytes_max: number,
  limits: Pick<MediaLimits, "person_bytes_max">,
  /** One that grows is among the open ones already. */
  { begun = false }: { begun?: boolean } = {},
): Promise<void> {
  await lockRoom(tx, owner_id);
  const room = await roomUsed(tx, owner_id);
  if (!begun && room.open_uploads >= UPLOADS_OPEN_MAX) {
    throw new Problem(
      409,
      "upload.too_many_open",
      `You have ${UPLOADS_OPEN_MAX} unfinished uploads. Finish or delete some first.`,
    );
  }
  if (room.used_bytes + size_bytes > bytes_max) {
    const left = Math.max(0, bytes_max - room.used_bytes);
    throw new Problem(
      413,
      "upload.quota_exceeded",
      `You have ${sizeText(left)} of ${sizeText(bytes_max)} left, and this needs ${sizeText(size_bytes)}. ${bytes_max < limits.person_bytes_max ? "Your room grows while you are here." : "Delete something first."}`,
    );
  }
}

const SPACE_FACTORS = { video: VIDEO_SPACE_FACTOR, image: IMAGE_SPACE_FACTOR, sound: SOUND_SPACE_FACTOR };

/**
 * Room of the house, before the first byte: what is made of the file must fit too, and so must the person's other open
 * uploads. Others' open uploads are not reserved, or ten people could close the house with promises.
 * @throws Problem 507 `upload.no_space`
 */
export async function checkSpace(
  q: Query,
  blobs: Blobs,
  owner_id: PersonId,
  kind: MediaKind,
  size_bytes: number,
  limits: MediaLimits,
): Promise<void> {
  const free = await blobs.freeBytes();
  if (free === null) return;
  const { open_bytes } = await roomUsed(q, owner_id);
  const needed = size_bytes * SPACE_FACTORS[kind] + open_bytes;
  if (free - needed >= limits.free_bytes_reserve) return;
  throw new Problem(
    507,
    "upload.no_space",
    `The house's disk is nearly full: ${sizeText(Math.max(0, free - limits.free_bytes_reserve))} can be used, and this needs about ${sizeText(needed)}. Everything that is here can still be seen; tell whoever runs the house.`,
  );
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** 1,500,000 → `1.5 MB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
