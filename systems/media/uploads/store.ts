import type { PersonId, SpaceId, UploadId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { MediaKind } from "../contract.ts";
import { heldIn } from "../storage/store.ts";

/** How it comes: parts to signed addresses, tus, S3's own protocol, or fetched by us. */
export type DoorKind = "parts" | "tus" | "s3" | "import";

/** What an upload becomes by itself when it is whole. */
export interface Becomes {
  title: string;
  description: string;
  audience: Audience;
  space_id: SpaceId | null;
}

export interface UploadRow {
  id: UploadId;
  owner_id: PersonId;
  kind: MediaKind;
  filename: string;
  media_type: string;
  size_bytes: number;
  part_size_bytes: number;
  part_count: number;
  multipart_id: string;
  state: "open" | "importing" | "complete" | "failed" | "freeing";
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
  door: DoorKind;
  /** False while nobody knows the length: then `size_bytes` is what came or is promised so far, and there is no cut. */
  sized: boolean;
  /** Of what comes in order: every byte below is durable. */
  offset_bytes: number;
  space_id: SpaceId | null;
  becomes: Becomes | null;
  told: Record<string, string | null> | null;
  object_key: string | null;
  source_url: string | null;
  source_etag: string | null;
  job_id: string | null;
  failure_code: string | null;
  failure_detail: string | null;
}

/** Sizes come as float8, which is a number that is exact up to 2^53. */
const COLUMNS = `id, owner_id, kind, filename, media_type, size_bytes::float8 AS size_bytes, part_size_bytes, part_count,
  multipart_id, state, created_at, expires_at, used_at, door, sized, offset_bytes::float8 AS offset_bytes, space_id, becomes, told,
  object_key, source_url, source_etag, job_id, failure_code, failure_detail`;

export async function insertUpload(q: Query, row: UploadRow): Promise<void> {
  await q`INSERT INTO media_uploads (id, owner_id, kind, filename, media_type, size_bytes, part_size_bytes, part_count,
      multipart_id, state, created_at, expires_at, door, sized, space_id, becomes, told, object_key, source_url)
    VALUES (${row.id}, ${row.owner_id}, ${row.kind}, ${row.filename}, ${row.media_type}, ${row.size_bytes},
      ${row.part_size_bytes}, ${row.part_count}, ${row.multipart_id}, ${row.state}, ${row.created_at}, ${row.expires_at},
      ${row.door}, ${row.sized}, ${row.space_id}, ${json(row.becomes)}::text::json, ${json(row.told)}::text::json, ${row.object_key}, ${row.source_url})`;
}

const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

/** Whatever its owner; not what is being freed. */
export async function findUpload(q: Query, id: UploadId): Promise<UploadRow | null> {
  const [row] = await q<
    UploadRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_uploads WHERE id = ${id} AND state <> 'freeing'`;
  return row ?? null;
}

/** The same, held until the transaction ends: who changes its state takes this first. */
export async function lockUpload(q: Query, id: UploadId): Promise<UploadRow | null> {
  const [row] = await q<UploadRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_uploads
    WHERE id = ${id} AND state <> 'freeing' FOR UPDATE`;
  return row ?? null;
}

export async function findFreeing(q: Query, id: UploadId): Promise<UploadRow | null> {
  const [row] = await q<
    UploadRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_uploads WHERE id = ${id} AND state = 'freeing'`;
  return row ?? null;
}

export async function listUnused(
  q: Query,
  owner_id: PersonId,
  before: string | null,
  limit: number,
): Promise<UploadRow[]> {
  return q<UploadRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_uploads
    WHERE owner_id = ${owner_id} AND state <> 'freeing' AND used_at IS NULL AND (${before}::bigint IS NULL OR id < ${before}::bigint)
    ORDER BY id DESC LIMIT ${limit}`;
}

/** Serialises whatever counts against one person's room, so that two calls at once cannot both fit. */
export async function lockRoom(q: Query, owner_id: PersonId): Promise<void> {
  await q`SELECT pg_advisory_xact_lock(hashtextextended('media.room:' || ${owner_id}::text, 0))`;
}

export interface RoomUsed {
  /** Sources, rungs, sounds, posters, storyboards, captions and pictures, with what is promised to open uploads. */
  used_bytes: number;
  open_bytes: number;
  open_uploads: number;
}

export async function roomUsed(q: Query, owner_id: PersonId): Promise<RoomUsed> {
  const held = await heldIn(q, { by: "person", id: owner_id });
  const [row] = await q<Omit<RoomUsed, "used_bytes">[]>`
    SELECT coalesce(sum(size_bytes), 0)::float8 AS open_bytes, count(*)::int AS open_uploads
    FROM media_uploads WHERE owner_id = ${owner_id} AND state IN ('open', 'importing')`;
  return {
    used_bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
    open_bytes: row?.open_bytes ?? 0,
    open_uploads: row?.open_uploads ?? 0,
  };
}

export async function extendUpload(q: Query, id: UploadId, expires_at: Date): Promise<void> {
  await q`UPDATE media_uploads SET expires_at = ${expires_at} WHERE id = ${id} AND state IN ('open', 'importing')`;
}

/** @returns false when it is no longer open: somebody else completed or freed it */
export async function markComplete(q: Query, id: UploadId, at: Date): Promise<boolean> {
  const done =
    await q`UPDATE media_uploads SET state = 'complete', completed_at = ${at} WHERE id = ${id} AND state IN ('open', 'importing')`;
  return done.count === 1;
}

export async function markUsed(q: Query, id: UploadId, at: Date): Promise<void> {
  await q`UPDATE media_uploads SET used_at = ${at} WHERE id = ${id}`;
}

export async function markFreeing(q: Query, id: UploadId): Promise<void> {
  await q`UPDATE media_uploads SET state = 'freeing' WHERE id = ${id}`;
}

export async function deleteUpload(q: Query, id: UploadId): Promise<void> {
  await q`DELETE FROM media_uploads WHERE id = ${id} AND state = 'freeing'`;
}

/** What ran out before all of it came, though a video was begun with it. */
export async function expiredEarly(q: Query, now: Date, limit: number): Promise<UploadId[]> {
  const rows = await q<{ id: UploadId }[]>`SELECT id FROM media_uploads
    WHERE used_at IS NOT NULL AND state = 'open' AND expires_at <= ${now} ORDER BY expires_at LIMIT ${limit}`;
  return rows.map((row) => row.id);
}

/** Begins to free what ran out unused, a batch at a time. @returns their ids */
export async function takeExpired(q: Query, now: Date, limit: number): Promise<UploadId[]> {
  const rows = await q<{ id: UploadId }[]>`
    UPDATE media_uploads SET state = 'freeing' WHERE id IN (
      SELECT id FROM media_uploads WHERE used_at IS NULL AND state <> 'freeing' AND expires_at <= ${now}
      ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING id`;
  return rows.map((row) => row.id);
}

/** Which of these are known; the rest of what the store has under such names is nobody's. */
export async function knownUploads(q: Query, ids: UploadId[]): Promise<Set<UploadId>> {
  if (ids.length === 0) return new Set();
  const rows = await q<{ id: UploadId }[]>`SELECT id FROM media_uploads WHERE id = ANY(${q.array(ids, "BIGINT")})`;
  return new Set(rows.map((row) => row.id));
}

// ---- who writes, where bytes come in order

/** @returns false while somebody else holds it, or when it takes no more */
export async function takeLease(q: Query, id: UploadId, writer: string, now: Date, until: Date): Promise<boolean> {
  const taken = await q`UPDATE media_uploads SET writer = ${writer}, written_until = ${until}
    WHERE id = ${id} AND state IN ('open', 'importing') AND (writer IS NULL OR written_until <= ${now})`;
  return taken.count === 1;
}

export async function renewLease(q: Query, id: UploadId, writer: string, until: Date): Promise<boolean> {
  const held = await q`UPDATE media_uploads SET written_until = ${until} WHERE id = ${id} AND writer = ${writer}`;
  return held.count === 1;
}

export async function dropLease(q: Query, id: UploadId, writer: string): Promise<void> {
  await q`UPDATE media_uploads SET writer = NULL, written_until = NULL WHERE id = ${id} AND writer = ${writer}`;
}

/** Moves the acknowledged end on. @returns false when the writer has lost it: then nothing of the call counts */
export async function advance(
  q: Query,
  id: UploadId,
  writer: string,
  offset_bytes: number,
  expires_at: Date,
): Promise<boolean> {
  const moved = await q`UPDATE media_uploads SET offset_bytes = ${offset_bytes}, expires_at = ${expires_at}
    WHERE id = ${id} AND writer = ${writer} AND state IN ('open', 'importing')`;
  return moved.count === 1;
}

/** Now it is known how long it is. */
export async function setSize(
  q: Query,
  id: UploadId,
  size: { size_bytes: number; part_size_bytes: number; part_count: number },
): Promise<void> {
  await q`UPDATE media_uploads SET sized = true, size_bytes = ${size.size_bytes}, part_size_bytes = ${size.part_size_bytes},
    part_count = ${size.part_count} WHERE id = ${id}`;
}

/** It will not become a thing by itself after all; it waits like others, and says why. */
export async function setBecomesNothing(q: Query, id: UploadId, code: string, detail: string): Promise<void> {
  await q`UPDATE media_uploads SET becomes = NULL, failure_code = ${code.slice(0, 64)}, failure_detail = ${detail.slice(0, 500)} WHERE id = ${id}`;
}

export async function videoOfUpload(q: Query, id: UploadId): Promise<VideoId | null> {
  const [row] = await q<{ id: VideoId }[]>`SELECT id FROM media_videos WHERE upload_id = ${id} AND deleted_at IS NULL`;
  return row?.id ?? null;
}
