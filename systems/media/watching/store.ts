import type { PersonId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { CollectionId } from "../collections/contract.ts";

export async function positionOf(
  q: Query,
  person_id: PersonId,
  video_id: VideoId,
): Promise<{ position_ms: number; at: Date } | null> {
  const [row] = await q<{ position_ms: number; at: Date }[]>`
    SELECT position_ms, at FROM media_positions WHERE person_id = ${person_id} AND video_id = ${video_id}`;
  return row ?? null;
}

export async function positionsOf(q: Query, person_id: PersonId, video_ids: VideoId[]): Promise<Map<VideoId, number>> {
  if (video_ids.length === 0) return new Map();
  const rows = await q<{ video_id: VideoId; position_ms: number }[]>`
    SELECT video_id, position_ms FROM media_positions
    WHERE person_id = ${person_id} AND video_id = ANY(${q.array(video_ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.video_id, row.position_ms]));
}

/**
 * The later call wins, also when two devices' calls overtake one another. Never beyond the film's end, and nothing at
 * all while the person's history is paused. A collection that is not there is not noted.
 */
export async function putPosition(
  q: Query,
  person_id: PersonId,
  video_id: VideoId,
  { position_ms, collection_id, at }: { position_ms: number; collection_id: CollectionId | null; at: Date },
): Promise<void> {
  await q`INSERT INTO media_positions (person_id, video_id, position_ms, at, collection_id)
    SELECT ${person_id}::bigint, v.id, least(${position_ms}::int, v.duration_ms), ${at}::timestamptz,
      (SELECT i.collection_id FROM media_collection_items i
        WHERE i.collection_id = ${collection_id}::bigint AND i.video_id = v.id)
    FROM media_videos v
    WHERE v.id = ${video_id} AND NOT EXISTS (SELECT FROM media_history_pauses WHERE person_id = ${person_id})
    ON CONFLICT (person_id, video_id) DO UPDATE
      SET position_ms = excluded.position_ms, at = excluded.at, collection_id = excluded.collection_id
    WHERE media_positions.at <= excluded.at`;
}

/** Notes a view unless this viewer or this session has one already. */
export async function noteView(
  q: Query,
  view: { video_id: VideoId; viewer: string; session: string; at: Date; since: Date },
): Promise<void> {
  await q`INSERT INTO media_views (video_id, viewer, session, at)
    SELECT ${view.video_id}::bigint, ${view.viewer}, ${view.session}, ${view.at}::timestamptz
    WHERE NOT EXISTS (SELECT FROM media_views
      WHERE video_id = ${view.video_id} AND viewer = ${view.viewer} AND at > ${view.since})
    ON CONFLICT DO NOTHING`;
}

/** Adds what came in to the videos' counts; a row is counted in the same statement that adds it, so never twice. */
export async function countViews(q: Query, now: Date, limit: number): Promise<number> {
  const [row] = await q<{ views: number }[]>`
    WITH new AS (
      UPDATE media_views SET counted_at = ${now} WHERE (video_id, viewer, session) IN (
        SELECT video_id, viewer, session FROM media_views WHERE counted_at IS NULL LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING video_id
    ), sums AS (
      SELECT video_id, count(*) AS views FROM new GROUP BY video_id
    ), added AS (
      UPDATE media_videos v SET view_count = v.view_count + s.views FROM sums s WHERE v.id = s.video_id RETURNING 1
    )
    SELECT (SELECT count(*) FROM new)::int AS views, (SELECT count(*) FROM added) AS videos`;
  return row?.views ?? 0;
}

/** Counted views serve no more once the time is over in which they would be counted again. */
export async function forgetViews(q: Query, before: Date, limit: number): Promise<number> {
  const gone = await q`DELETE FROM media_views WHERE (video_id, viewer, session) IN (
    SELECT video_id, viewer, session FROM media_views WHERE at < ${before} AND counted_at IS NOT NULL LIMIT ${limit})`;
  return gone.count;
}
