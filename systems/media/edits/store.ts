import type { PersonId, UploadId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Place } from "../places.ts";
import type { EditId, EditStatus } from "./contract.ts";

export interface EditRow {
  id: EditId;
  video_id: VideoId;
  owner_id: PersonId;
  kind: "trim" | "replace";
  save_as: "replace" | "new";
  status: EditStatus;
  start_ms: number | null;
  end_ms: number | null;
  cut_start_ms: number | null;
  cut_end_ms: number | null;
  title: string | null;
  keep_texts: boolean;
  upload_id: UploadId;
  shadow_id: VideoId | null;
  new_video_id: VideoId | null;
  failure_code: string | null;
  failure_detail: string | null;
  created_at: Date;
  ended_at: Date | null;
}

const COLUMNS = `id, video_id, owner_id, kind, save_as, status, start_ms, end_ms, cut_start_ms, cut_end_ms, title, keep_texts, upload_id,
  shadow_id, new_video_id, failure_code, failure_detail, created_at, ended_at`;

/** @returns false when another one is under way for this film */
export async function insertEdit(
  q: Query,
  row: Omit<
    EditRow,
    "cut_start_ms" | "cut_end_ms" | "shadow_id" | "new_video_id" | "failure_code" | "failure_detail" | "ended_at"
  >,
): Promise<boolean> {
  const made =
    await q`INSERT INTO media_edits (id, video_id, owner_id, kind, save_as, status, start_ms, end_ms, title, keep_texts,
      upload_id, created_at)
    VALUES (${row.id}, ${row.video_id}, ${row.owner_id}, ${row.kind}, ${row.save_as}, ${row.status}, ${row.start_ms}, ${row.end_ms},
      ${row.title}, ${row.keep_texts}, ${row.upload_id}, ${row.created_at})
    ON CONFLICT (video_id) WHERE ended_at IS NULL DO NOTHING`;
  return made.count === 1;
}

export async function findEdit(q: Query, id: EditId): Promise<EditRow | null> {
  const [row] = await q<EditRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_edits WHERE id = ${id}`;
  return row ?? null;
}

/** Only while it is under way; held until the transaction ends. */
export async function lockOpenEdit(q: Query, id: EditId): Promise<EditRow | null> {
  const [row] = await q<EditRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_edits
    WHERE id = ${id} AND ended_at IS NULL FOR UPDATE`;
  return row ?? null;
}

/** The one that a film is being prepared for, if it is. */
export async function editOfShadow(q: Query, shadow_id: VideoId): Promise<EditRow | null> {
  const [row] = await q<EditRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_edits WHERE shadow_id = ${shadow_id}`;
  return row ?? null;
}

/** What of a film that was deleted is still under way. */
export async function openEditOf(q: Query, video_id: VideoId): Promise<EditRow | null> {
  const [row] = await q<EditRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_edits
    WHERE video_id = ${video_id} AND ended_at IS NULL`;
  return row ?? null;
}

export async function listEdits(q: Query, video_id: VideoId, limit: number): Promise<EditRow[]> {
  return q<
    EditRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_edits WHERE video_id = ${video_id} ORDER BY id DESC LIMIT ${limit}`;
}

/** The film has gone, and what was done to it with it. */
export async function deleteEnded(q: Query, video_id: VideoId): Promise<void> {
  await q`DELETE FROM media_edits WHERE video_id = ${video_id} AND ended_at IS NOT NULL`;
}

export async function setCut(q: Query, id: EditId, cut: { start_ms: number; end_ms: number }): Promise<void> {
  await q`UPDATE media_edits SET cut_start_ms = ${cut.start_ms}, cut_end_ms = ${cut.end_ms} WHERE id = ${id}`;
}

export async function setShadow(q: Query, id: EditId, shadow_id: VideoId): Promise<void> {
  await q`UPDATE media_edits SET status = 'preparing', shadow_id = ${shadow_id} WHERE id = ${id}`;
}

export async function markDone(q: Query, id: EditId, at: Date, new_video_id: VideoId | null): Promise<void> {
  await q`UPDATE media_edits SET status = 'done', ended_at = ${at}, new_video_id = ${new_video_id} WHERE id = ${id}`;
}

export async function markFailed(
  q: Query,
  id: EditId,
  failure: { code: string; detail: string },
  at: Date,
): Promise<void> {
  await q`UPDATE media_edits SET status = 'failed', ended_at = ${at}, failure_code = ${failure.code},
    failure_detail = ${failure.detail.slice(0, 500)} WHERE id = ${id}`;
}

// ---- two films that change places

/**
 * What belongs to the page of a film and not to its file: it stays when the file changes. Every other column goes with the
 * file, also one that is added later.
 */
export const OF_THE_PAGE = [
  "id",
  "owner_id",
  "title",
  "description",
  "holder",
  "audience",
  "space_id",
  "hidden_at",
  "view_count",
  "views_before",
  "downloads",
  "embedding",
  "created_at",
  "deleted_at",
  "version",
  "lists_version",
];

/** What hangs on a film's file, besides its own row. */
const OF_THE_FILE = ["media_rungs", "media_storyboards"];

/**
 * The film gets the file of its shadow: place, plan, rungs, segments, poster. The shadow's row goes, and with it all that was
 * only the shadow's. Both rows are locked by the caller.
 */
export async function takeOver(q: Query, video_id: VideoId, shadow_id: VideoId): Promise<void> {
  const columns = await q<{ name: string }[]>`SELECT column_name AS name FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = 'media_videos' ORDER BY ordinal_position`;
  const names = columns.map(({ name }) => name).filter((name) => !OF_THE_PAGE.includes(name));
  if (names.length === 0) throw new Error("media_videos has no columns here");
  for (const table of OF_THE_FILE) await q`DELETE FROM ${q.unsafe(table)} WHERE video_id = ${video_id}`;
  // Whoever makes a segment of the old file finds that it is theirs no more.
  await q`DELETE FROM media_making_leases WHERE video_id = ${video_id}`;
  for (const table of OF_THE_FILE)
    await q`UPDATE ${q.unsafe(table)} SET video_id = ${video_id} WHERE video_id = ${shadow_id}`;
  // One statement: two rows may not name one source or one place, and the shadow's is gone when the film takes them.
  const list = q.unsafe(names.join(", "));
  await q`WITH gone AS (DELETE FROM media_videos WHERE id = ${shadow_id} RETURNING *)
    UPDATE media_videos SET (${list}) = (SELECT ${list} FROM gone) WHERE id = ${video_id}`;
}

/** Nobody stands beyond the end. */
export async function clipPositions(q: Query, video_id: VideoId, duration_ms: number): Promise<void> {
  await q`UPDATE media_positions SET position_ms = ${duration_ms}
    WHERE video_id = ${video_id} AND position_ms > ${duration_ms}`;
}

export async function isPlace(q: Query, place: Place): Promise<boolean> {
  const rows = await q`SELECT FROM media_videos WHERE place = ${place}`;
  return rows.length > 0;
}
