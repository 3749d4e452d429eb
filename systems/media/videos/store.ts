import type { PersonId, SpaceId, UploadId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { VideoStatus } from "../contract.ts";
import type { Ladder } from "../encode/ladder.ts";
import type { Probe } from "../encode/probe.ts";
import type { Place } from "../places.ts";

export interface VideoRow {
  id: VideoId;
  owner_id: PersonId;
  upload_id: UploadId | null;
  title: string;
  description: string;
  holder: string | null;
  audience: Audience;
  space_id: SpaceId | null;
  hidden_at: Date | null;
  status: VideoStatus;
  failure_code: string | null;
  failure_detail: string | null;
  failure_can_retry: boolean;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  placeholder: string | null;
  source: Probe | null;
  ladder: Ladder | null;
  place: Place;
  poster_bytes: number | null;
  /** Its name below the place. */
  poster_file: string | null;
  poster_chosen_at: Date | null;
  downloads: "nobody" | "viewers";
  embedding: "nobody" | "anywhere";
  job_id: string | null;
  playable_at: Date | null;
  /** Its source is still being uploaded. */
  early: boolean;
  view_count: number;
  created_at: Date;
  ready_at: Date | null;
  version: number;
  lists_version: number;
  wanted_at: Date | null;
}

const COLUMNS = `id, owner_id, upload_id, title, description, holder, audience, space_id, hidden_at, status, failure_code, failure_detail,
  failure_can_retry, duration_ms, width, height, placeholder, source, ladder, place, poster_bytes::float8 AS poster_bytes, poster_file, poster_chosen_at,
  downloads, embedding, job_id,
  playable_at, early, view_count::float8 AS view_count, created_at, ready_at, version::float8 AS version,
  lists_version::float8 AS lists_version, wanted_at`;

export async function insertVideo(
  q: Query,
  row: Pick<
    VideoRow,
    "id" | "owner_id" | "upload_id" | "title" | "description" | "audience" | "space_id" | "place" | "created_at"
  > &
    Partial<Pick<VideoRow, "early" | "hidden_at">>,
): Promise<void> {
  await q`INSERT INTO media_videos (id, owner_id, upload_id, title, description, audience, space_id, status, place, early, hidden_at, created_at)
    VALUES (${row.id}, ${row.owner_id}, ${row.upload_id}, ${row.title}, ${row.description}, ${row.audience}, ${row.space_id},
      'processing', ${row.place}, ${row.early ?? false},
      ${row.hidden_at ?? null}::timestamptz, ${row.created_at})`;
}

export async function findVideo(q: Query, id: VideoId): Promise<VideoRow | null> {
  const [row] = await q<
    VideoRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_videos WHERE id = ${id} AND deleted_at IS NULL`;
  return row ?? null;
}

/** Held until the transaction ends. Whoever writes a state, a place or a segment takes this first. */
export async function lockVideo(q: Query, id: VideoId): Promise<VideoRow | null> {
  const [row] = await q<
    VideoRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_videos WHERE id = ${id} AND deleted_at IS NULL FOR UPDATE`;
  return row ?? null;
}

export async function findVideos(q: Query, ids: VideoId[]): Promise<VideoRow[]> {
  if (ids.length === 0) return [];
  return q<
    VideoRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_videos WHERE id = ANY(${q.array(ids, "BIGINT")}) AND deleted_at IS NULL`;
}

export async function listVideos(
  q: Query,
  asked: {
    owner_id: PersonId;
    status: VideoStatus | null;
    audience: string | null;
    q: string | null;
    before: string | null;
    limit: number;
  },
): Promise<VideoRow[]> {
  return q<VideoRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_videos
    WHERE owner_id = ${asked.owner_id} AND deleted_at IS NULL
      -- What is being prepared to take another film's place is none yet.
      AND (holder IS NULL OR holder NOT LIKE 'edit:%')
      AND (${asked.before}::bigint IS NULL OR id < ${asked.before}::bigint)
      AND (${asked.status}::text IS NULL OR status = ${asked.status}::text)
      AND (${asked.audience}::text IS NULL OR audience = ${asked.audience}::text)
      -- One person's titles, read in the order of the answer: no pattern of theirs is run.
      AND (${asked.q}::text IS NULL OR strpos(lower(title), lower(${asked.q}::text)) > 0)
    ORDER BY id DESC LIMIT ${asked.limit}`;
}

/** Ready, upright and at most 90 s, newest first. What a viewer may see of them is for the caller to decide. */
export async function listShorts(q: Query, before: VideoId | null, limit: number): Promise<VideoId[]> {
  const rows = await q<{ id: VideoId }[]>`SELECT id FROM media_videos
    WHERE status = 'ready' AND deleted_at IS NULL AND duration_ms <= 90000 AND height > width
      AND (${before}::bigint IS NULL OR id < ${before}::bigint)
    ORDER BY id DESC LIMIT ${limit}`;
  return rows.map((row) => row.id);
}

export async function setPlan(
  q: Query,
  id: VideoId,
  plan: { source: Probe; ladder: Ladder; duration_ms: number; width: number; height: number },
): Promise<void> {
  await q`UPDATE media_videos SET source = ${JSON.stringify(plan.source)}::text::json, ladder = ${JSON.stringify(plan.ladder)}::text::json,
    duration_ms = ${plan.duration_ms}, width = ${plan.width}, height = ${plan.height} WHERE id = ${id}`;
}

/** The same film, planned anew. */
export async function setLadder(q: Query, id: VideoId, ladder: Ladder): Promise<void> {
  await q`UPDATE media_videos SET ladder = ${JSON.stringify(ladder)}::text::json WHERE id = ${id}`;
}

export async function setJob(q: Query, id: VideoId, job_id: string | null): Promise<void> {
  await q`UPDATE media_videos SET job_id = ${job_id} WHERE id = ${id}`;
}

/** What is gone has none. */
export async function versionsOf(q: Query, ids: VideoId[]): Promise<Map<VideoId, number>> {
  const rows = await q<{ id: VideoId; version: number }[]>`SELECT id, version::float8 AS version FROM media_videos
    WHERE id = ANY(${q.array(ids, "BIGINT")}) AND deleted_at IS NULL`;
  return new Map(rows.map((row) => [row.id, row.version]));
}

/** @returns the version that its lists have to have; null for what is not there */
export async function wantLists(q: Query, id: VideoId): Promise<number | null> {
  const [row] = await q<{ lists_version: number }[]>`UPDATE media_videos SET lists_version = lists_version + 1
    WHERE id = ${id} AND deleted_at IS NULL RETURNING lists_version::float8 AS lists_version`;
  return row?.lists_version ?? null;
}

export async function setWanted(q: Query, id: VideoId, at: Date | null): Promise<void> {
  await q`UPDATE media_videos SET wanted_at = ${at} WHERE id = ${id}`;
}

export async function giveUpWanted(q: Query, id: VideoId): Promise<void> {
  await q`UPDATE media_videos SET wanted_at = NULL, job_id = NULL WHERE id = ${id} AND status = 'ready'`;
}

/** There are news of it, though not in its row. */
export async function touch(q: Query, id: VideoId): Promise<void> {
  await q`UPDATE media_videos SET version = version WHERE id = ${id}`;
}

export async function setPoster(
  q: Query,
  id: VideoId,
  poster: { file: string; bytes: number; placeholder: string | null },
): Promise<void> {
  await q`UPDATE media_videos SET poster_file = ${poster.file}, poster_bytes = ${poster.bytes}, placeholder = ${poster.placeholder}
    WHERE id = ${id}`;
}

/** From now on it is not the house that finds one. */
export async function markPosterChosen(q: Query, id: VideoId, at: Date): Promise<void> {
  await q`UPDATE media_videos SET poster_chosen_at = ${at} WHERE id = ${id}`;
}

/** Nothing of it can be shown any more. */
export async function clearShown(q: Query, id: VideoId): Promise<void> {
  await q`UPDATE media_videos SET playable_at = NULL, poster_bytes = NULL, poster_file = NULL, poster_chosen_at = NULL,
    placeholder = NULL WHERE id = ${id}`;
}

/** All of its source is there. */
export async function setWhole(q: Query, id: VideoId): Promise<void> {
  await q`UPDATE media_videos SET early = false WHERE id = ${id}`;
}

/** @returns true for the call that made it playable */
export async function markPlayable(q: Query, id: VideoId, at: Date): Promise<boolean> {
  const first = await q`UPDATE media_videos SET playable_at = ${at} WHERE id = ${id} AND playable_at IS NULL`;
  return first.count === 1;
}

export async function markReady(q: Query, id: VideoId, at: Date): Promise<void> {
  await q`UPDATE media_videos SET status = 'ready', ready_at = ${at}, playable_at = coalesce(playable_at, ${at}), job_id = NULL
    WHERE id = ${id} AND status = 'processing'`;
}

export async function markFailed(
  q: Query,
  id: VideoId,
  failure: { code: string; detail: string; can_retry: boolean },
  at: Date,
): Promise<boolean> {
  const failed =
    await q`UPDATE media_videos SET status = 'failed', failure_code = ${failure.code}, failure_detail = ${failure.detail},
      failure_can_retry = ${failure.can_retry}, failed_at = ${at}, job_id = NULL
    WHERE id = ${id} AND status = 'processing' AND deleted_at IS NULL`;
  return failed.count === 1;
}

export async function markProcessing(q: Query, id: VideoId): Promise<void> {
  await q`UPDATE media_videos SET status = 'processing', failure_code = NULL, failure_detail = NULL, failure_can_retry = false,
    failed_at = NULL WHERE id = ${id}`;
}

export async function clearSource(q: Query, id: VideoId): Promise<void> {
  await q`UPDATE media_videos SET upload_id = NULL, failure_can_retry = false WHERE id = ${id}`;
}

export async function changeVideo(
  q: Query,
  id: VideoId,
  to: Pick<VideoRow, "title" | "description" | "audience" | "space_id" | "downloads" | "embedding">,
): Promise<void> {
  await q`UPDATE media_videos SET title = ${to.title}, description = ${to.description}, audience = ${to.audience}, space_id = ${to.space_id},
    downloads = ${to.downloads}, embedding = ${to.embedding} WHERE id = ${id}`;
}

/** Its audience follows what shows it. */
export async function setHolder(
  q: Query,
  id: VideoId,
  held: { holder: string | null; audience: Audience; space_id: SpaceId | null },
): Promise<void> {
  await q`UPDATE media_videos SET holder = ${held.holder}, audience = ${held.audience}, space_id = ${held.space_id} WHERE id = ${id}`;
}

/** What a post shows, without holding it. */
export async function heldNow(q: Query, holder: string): Promise<VideoRow | null> {
  const [row] = await q<VideoRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_videos
    WHERE holder = ${holder} AND deleted_at IS NULL ORDER BY id LIMIT 1`;
  return row ?? null;
}

export async function heldBy(q: Query, holder: string): Promise<VideoRow[]> {
  return q<VideoRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_videos
    WHERE holder = ${holder} AND deleted_at IS NULL ORDER BY id FOR UPDATE`;
}

/** @returns those whose place may be wrong now */
export async function setHidden(q: Query, owner_id: PersonId, hidden_at: Date | null): Promise<VideoId[]> {
  const rows = await q<{ id: VideoId; audience: Audience }[]>`UPDATE media_videos SET hidden_at = ${hidden_at}
    WHERE owner_id = ${owner_id} AND deleted_at IS NULL RETURNING id, audience`;
  return rows.filter((row) => row.audience === "public").map((row) => row.id);
}

export async function lockOfOwner(q: Query, owner_id: PersonId, limit: number): Promise<VideoRow[]> {
  return q<VideoRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_videos
    WHERE owner_id = ${owner_id} AND deleted_at IS NULL ORDER BY id LIMIT ${limit} FOR UPDATE`;
}

/** The film that lies there; null where none does. */
export async function filmAt(q: Query, place: Place): Promise<VideoId | null> {
  const [row] = await q<{ id: VideoId }[]>`SELECT id FROM media_videos WHERE place = ${place} AND deleted_at IS NULL`;
  return row?.id ?? null;
}

/** Moves only from the place that was copied: whoever was first has won. */
export async function setPlace(q: Query, id: VideoId, from: Place, to: Place): Promise<boolean> {
  const moved =
    await q`UPDATE media_videos SET place = ${to} WHERE id = ${id} AND place = ${from} AND deleted_at IS NULL`;
  return moved.count === 1;
}

export async function markDeleted(q: Query, id: VideoId, at: Date): Promise<void> {
  await q`UPDATE media_videos SET deleted_at = ${at}, upload_id = NULL, job_id = NULL WHERE id = ${id}`;
}

export async function findDeleted(q: Query, id: VideoId): Promise<{ place: Place } | null> {
  const [row] = await q<{ place: Place }[]>`SELECT place FROM media_videos WHERE id = ${id} AND deleted_at IS NOT NULL`;
  return row ?? null;
}

export async function deleteVideo(q: Query, id: VideoId): Promise<void> {
  await q`DELETE FROM media_videos WHERE id = ${id} AND deleted_at IS NOT NULL`;
}

/** Failed ones whose source waits for a retry that nobody asked for. */
export async function lockFailedWithSource(q: Query, before: Date, limit: number): Promise<VideoRow[]> {
  return q<VideoRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_videos
    WHERE status = 'failed' AND upload_id IS NOT NULL AND failed_at < ${before} AND deleted_at IS NULL
    ORDER BY failed_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
}

/** The places of these ids, deleted ones too: their job is still to come. */
export async function placesOf(q: Query, ids: VideoId[]): Promise<Map<VideoId, Place>> {
  if (ids.length === 0) return new Map();
  const rows = await q<
    { id: VideoId; place: Place }[]
  >`SELECT id, place FROM media_videos WHERE id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row.place]));
}
