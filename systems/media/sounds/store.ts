import type { Id, PersonId, UploadId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Place } from "../places.ts";

export type SoundId = Id<"sound">;

export interface SoundRow {
  id: SoundId;
  owner_id: PersonId;
  upload_id: UploadId | null;
  status: "processing" | "ready" | "failed";
  failure_code: string | null;
  failure_detail: string | null;
  duration_ms: number | null;
  waveform: number[];
  bytes: number;
  place: Place;
  holder: string | null;
  created_at: Date;
}

const COLUMNS = `id, owner_id, upload_id, status, failure_code, failure_detail, duration_ms, waveform, bytes::float8 AS bytes,
  place, holder, created_at`;

export async function insertSound(
  q: Query,
  row: Pick<SoundRow, "id" | "owner_id" | "upload_id" | "place" | "created_at">,
): Promise<void> {
  await q`INSERT INTO media_sounds (id, owner_id, upload_id, status, place, created_at)
    VALUES (${row.id}, ${row.owner_id}, ${row.upload_id}, 'processing', ${row.place}, ${row.created_at})`;
}

export async function findSounds(q: Query, ids: readonly SoundId[]): Promise<SoundRow[]> {
  if (ids.length === 0) return [];
  return q<
    SoundRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_sounds WHERE id = ANY(${q.array([...ids], "BIGINT")}) AND deleted_at IS NULL`;
}

export const findSound = async (q: Query, id: SoundId): Promise<SoundRow | null> =>
  (await findSounds(q, [id]))[0] ?? null;

export async function lockSound(tx: Query, id: SoundId): Promise<SoundRow | null> {
  const [row] = await tx<SoundRow[]>`SELECT ${tx.unsafe(COLUMNS)} FROM media_sounds
    WHERE id = ${id} AND deleted_at IS NULL FOR UPDATE`;
  return row ?? null;
}

export async function heldBy(tx: Query, holder: string): Promise<SoundRow[]> {
  return tx<SoundRow[]>`SELECT ${tx.unsafe(COLUMNS)} FROM media_sounds
    WHERE holder = ${holder} AND deleted_at IS NULL ORDER BY id FOR UPDATE`;
}

export async function setHolder(tx: Query, id: SoundId, holder: string): Promise<void> {
  await tx`UPDATE media_sounds SET holder = ${holder} WHERE id = ${id}`;
}

export async function markReady(
  tx: Query,
  id: SoundId,
  made: { duration_ms: number; waveform: readonly number[]; bytes: number; at: Date },
): Promise<void> {
  await tx`UPDATE media_sounds SET status = 'ready', upload_id = NULL, duration_ms = ${made.duration_ms},
    waveform = ${JSON.stringify(made.waveform)}::text::jsonb, bytes = ${made.bytes}, ready_at = ${made.at} WHERE id = ${id}`;
}

export async function markFailed(tx: Query, id: SoundId, code: string, detail: string): Promise<void> {
  await tx`UPDATE media_sounds SET status = 'failed', upload_id = NULL, failure_code = ${code}, failure_detail = ${detail}
    WHERE id = ${id}`;
}

export async function markDeleted(tx: Query, id: SoundId, at: Date): Promise<void> {
  await tx`UPDATE media_sounds SET deleted_at = ${at}, holder = NULL, upload_id = NULL WHERE id = ${id}`;
}

export async function findDeleted(q: Query, id: SoundId): Promise<{ place: Place } | null> {
  const [row] = await q<{ place: Place }[]>`SELECT place FROM media_sounds WHERE id = ${id} AND deleted_at IS NOT NULL`;
  return row ?? null;
}

export async function deleteSoundRow(q: Query, id: SoundId): Promise<void> {
  await q`DELETE FROM media_sounds WHERE id = ${id} AND deleted_at IS NOT NULL`;
}

/** Those that no message took. */
export async function lockUnused(tx: Query, before: Date, limit: number): Promise<SoundRow[]> {
  return tx<SoundRow[]>`SELECT ${tx.unsafe(COLUMNS)} FROM media_sounds
    WHERE holder IS NULL AND deleted_at IS NULL AND created_at < ${before} ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
}

export async function lockOfOwner(tx: Query, owner_id: PersonId, limit: number): Promise<SoundRow[]> {
  return tx<SoundRow[]>`SELECT ${tx.unsafe(COLUMNS)} FROM media_sounds
    WHERE owner_id = ${owner_id} AND deleted_at IS NULL ORDER BY id LIMIT ${limit} FOR UPDATE`;
}

/** The places of these ids, deleted ones too: their job is still to come. */
export async function placesOf(q: Query, ids: SoundId[]): Promise<Map<SoundId, Place>> {
  if (ids.length === 0) return new Map();
  const rows = await q<
    { id: SoundId; place: Place }[]
  >`SELECT id, place FROM media_sounds WHERE id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row.place]));
}

/** Whose they are, and where they lie. They stand in no space. */
export async function knownSounds(
  q: Query,
  ids: string[],
): Promise<Map<string, Pick<SoundRow, "id" | "owner_id" | "place"> & { space_id: null }>> {
  const rows = await q<(Pick<SoundRow, "id" | "owner_id" | "place"> & { space_id: null })[]>`
    SELECT id, owner_id, NULL AS space_id, place FROM media_sounds WHERE id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row]));
}
