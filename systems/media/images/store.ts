import type { ImageId, PersonId, SpaceId, UploadId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { VideoStatus } from "../contract.ts";
import type { Place } from "../places.ts";

export interface StoredVariant {
  /** Name below the place. */
  file: string;
  width: number;
  height: number;
  bytes: number;
}

export interface ImageRow {
  id: ImageId;
  owner_id: PersonId;
  upload_id: UploadId | null;
  alt: string;
  status: VideoStatus;
  failure_code: string | null;
  failure_detail: string | null;
  width: number | null;
  height: number | null;
  placeholder: string | null;
  variants: StoredVariant[];
  place: Place;
  holder: string | null;
  audience: Audience;
  space_id: SpaceId | null;
  hidden_at: Date | null;
  created_at: Date;
}

const COLUMNS = `id, owner_id, upload_id, alt, status, failure_code, failure_detail, width, height, placeholder, variants,
  place, holder, audience, space_id, hidden_at, created_at`;

export async function insertImage(
  q: Query,
  row: Pick<ImageRow, "id" | "owner_id" | "upload_id" | "alt" | "place" | "hidden_at" | "created_at">,
): Promise<void> {
  await q`INSERT INTO media_images (id, owner_id, upload_id, alt, status, place, hidden_at, created_at)
    VALUES (${row.id}, ${row.owner_id}, ${row.upload_id}, ${row.alt}, 'processing', ${row.place}, ${row.hidden_at}::timestamptz,
      ${row.created_at})`;
}

export async function findImage(q: Query, id: ImageId): Promise<ImageRow | null> {
  const [row] = await q<
    ImageRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_images WHERE id = ${id} AND deleted_at IS NULL`;
  return row ?? null;
}

export async function lockImage(q: Query, id: ImageId): Promise<ImageRow | null> {
  const [row] = await q<ImageRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_images
    WHERE id = ${id} AND deleted_at IS NULL FOR UPDATE`;
  return row ?? null;
}

export async function findImages(q: Query, ids: ImageId[]): Promise<ImageRow[]> {
  if (ids.length === 0) return [];
  return q<
    ImageRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_images WHERE id = ANY(${q.array(ids, "BIGINT")}) AND deleted_at IS NULL`;
}

/** In the order of their ids, so that two claims at once wait for one another and never in a circle. */
export async function lockImages(q: Query, ids: ImageId[]): Promise<ImageRow[]> {
  if (ids.length === 0) return [];
  return q<ImageRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_images
    WHERE id = ANY(${q.array(ids, "BIGINT")}) AND deleted_at IS NULL ORDER BY id FOR UPDATE`;
}

export async function heldBy(q: Query, holder: string): Promise<ImageRow[]> {
  return q<ImageRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_images
    WHERE holder = ${holder} AND deleted_at IS NULL ORDER BY id FOR UPDATE`;
}

export async function markReady(
  q: Query,
  id: ImageId,
  made: { width: number; height: number; placeholder: string | null; variants: StoredVariant[]; at: Date },
): Promise<void> {
  const bytes = made.variants.reduce((sum, variant) => sum + variant.bytes, 0);
  await q`UPDATE media_images SET status = 'ready', upload_id = NULL, width = ${made.width}, height = ${made.height},
      placeholder = ${made.placeholder}, variants = ${JSON.stringify(made.variants)}::text::jsonb, bytes = ${bytes}, ready_at = ${made.at}
    WHERE id = ${id}`;
}

export async function markFailed(q: Query, id: ImageId, code: string, detail: string): Promise<void> {
  await q`UPDATE media_images SET status = 'failed', upload_id = NULL, failure_code = ${code}, failure_detail = ${detail} WHERE id = ${id}`;
}

export async function setHolder(
  q: Query,
  id: ImageId,
  held: { holder: string | null; audience: Audience; space_id: SpaceId | null },
  now: Date,
): Promise<void> {
  await q`UPDATE media_images SET holder = ${held.holder}, audience = ${held.audience}, space_id = ${held.space_id},
    released_at = ${held.holder === null ? now : null} WHERE id = ${id}`;
}

export async function showAgain(tx: Query, id: ImageId): Promise<void> {
  await tx`UPDATE media_images SET hidden_at = NULL WHERE id = ${id}`;
}

/** @returns those whose place may be wrong now */
export async function setHidden(
  q: Query,
  owner_id: PersonId,
  { things_at, face_at }: { things_at: Date | null; face_at: Date | null },
): Promise<ImageId[]> {
  const rows = await q<{ id: ImageId; audience: Audience }[]>`UPDATE media_images
    SET hidden_at = CASE WHEN holder LIKE 'person:%' THEN ${face_at}::timestamptz ELSE ${things_at}::timestamptz END
    WHERE owner_id = ${owner_id} AND deleted_at IS NULL RETURNING id, audience`;
  return rows.filter((row) => row.audience === "public").map((row) => row.id);
}

export async function lockOfOwner(q: Query, owner_id: PersonId, limit: number): Promise<ImageRow[]> {
  return q<ImageRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_images
    WHERE owner_id = ${owner_id} AND deleted_at IS NULL ORDER BY id LIMIT ${limit} FOR UPDATE`;
}

export async function setAlt(q: Query, id: ImageId, alt: string): Promise<void> {
  await q`UPDATE media_images SET alt = ${alt} WHERE id = ${id}`;
}

/** Moves only from the place that was copied: whoever was first has won. */
export async function setPlace(q: Query, id: ImageId, from: Place, to: Place): Promise<boolean> {
  const moved =
    await q`UPDATE media_images SET place = ${to} WHERE id = ${id} AND place = ${from} AND deleted_at IS NULL`;
  return moved.count === 1;
}

export async function markDeleted(q: Query, id: ImageId, at: Date): Promise<void> {
  await q`UPDATE media_images SET deleted_at = ${at}, holder = NULL, upload_id = NULL WHERE id = ${id}`;
}

export async function findDeleted(q: Query, id: ImageId): Promise<{ place: Place } | null> {
  const [row] = await q<{ place: Place }[]>`SELECT place FROM media_images WHERE id = ${id} AND deleted_at IS NOT NULL`;
  return row ?? null;
}

export async function deleteImage(q: Query, id: ImageId): Promise<void> {
  await q`DELETE FROM media_images WHERE id = ${id} AND deleted_at IS NOT NULL`;
}

/** Pictures that nothing showed for a while: never posted, or released. */
export async function lockUnused(q: Query, before: Date, limit: number): Promise<ImageRow[]> {
  return q<ImageRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_images
    WHERE holder IS NULL AND deleted_at IS NULL AND created_at < ${before} AND (released_at IS NULL OR released_at < ${before})
    ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
}

/** The places of these ids, deleted ones too: their job is still to come. */
export async function placesOf(q: Query, ids: ImageId[]): Promise<Map<ImageId, Place>> {
  if (ids.length === 0) return new Map();
  const rows = await q<
    { id: ImageId; place: Place }[]
  >`SELECT id, place FROM media_images WHERE id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row.place]));
}
