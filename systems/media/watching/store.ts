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

export interface SeenView {
  video_id: VideoId;
  viewer: string;
  session: string;
  at: Date;
}

/** Notes views, in the order of their time, but for those of who has one already that is younger than `again_ms`. */
export async function noteViews(q: Query, views: SeenView[], again_ms: number): Promise<void> {
  const ordered = views.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const noted = await q<{ video_id: VideoId; viewer: string; at: Date }[]>`
    SELECT video_id, viewer, max(at) AS at FROM media_views WHERE (video_id, viewer) IN (
      SELECT video_id, viewer FROM jsonb_to_recordset(${JSON.stringify(ordered)}::text::jsonb) AS t(video_id bigint, viewer text))
    GROUP BY video_id, viewer`;
  const last = new Map(noted.map((row) => [`${row.video_id}:${row.viewer}`, row.at.getTime()]));
  const fresh = ordered.filter(({ video_id, viewer, at }) => {
    const key = `${video_id}:${viewer}`;
    if (at.getTime() - (last.get(key) ?? Number.NEGATIVE_INFINITY) < again_ms) return false;
    last.set(key, at.getTime());
    return true;
  });
  await q`INSERT INTO media_views (video_id, viewer, session, at)
    SELECT video_id, viewer, session, at
    FROM jsonb_to_recordset(${JSON.stringify(fresh)}::text::jsonb) AS t(video_id bigint, viewer text, session text, at timestamptz)
    ON CONFLICT DO NOTHING`;
}

/** Adds what came in to the videos' counts and days; a row is counted in the same statement that adds it, so never twice. */
export async function countViews(q: Query, now: Date, limit: number): Promise<number> {
  const [row] = await q<{ views: number }[]>`
    WITH new AS (
      UPDATE media_views SET counted_at = ${now}, day = (at AT TIME ZONE 'UTC')::date WHERE (video_id, viewer, session) IN (
        SELECT video_id, viewer, session FROM media_views WHERE counted_at IS NULL LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING video_id, day
    ), sums AS (
      SELECT video_id, count(*) AS views FROM new GROUP BY video_id
    ), added AS (
      UPDATE media_videos v SET view_count = v.view_count + s.views FROM sums s WHERE v.id = s.video_id RETURNING 1
    ), days AS (
      INSERT INTO media_video_days AS d (video_id, day, views) SELECT video_id, day, count(*) FROM new GROUP BY video_id, day
      ON CONFLICT (video_id, day) DO UPDATE SET views = d.views + excluded.views RETURNING 1
    )
    SELECT (SELECT count(*) FROM new)::int AS views, (SELECT count(*) FROM added) AS videos, (SELECT count(*) FROM days) AS days`;
  return row?.views ?? 0;
}

/**
 * Sets right what drifted: the days from `since` on by the views that are there as rows, and each sum by its days.
 * @returns how many days and sums were wrong
 */
export async function recountViews(q: Query, since: string): Promise<{ days: number; videos: number }> {
  const days = await q`
    WITH truth AS (
      SELECT video_id, day, count(*) AS views FROM media_views WHERE day >= ${since}::date GROUP BY video_id, day
    )
    INSERT INTO media_video_days AS d (video_id, day, views)
    SELECT coalesce(t.video_id, old.video_id), coalesce(t.day, old.day), coalesce(t.views, 0)
    FROM truth t FULL JOIN (SELECT video_id, day, views FROM media_video_days WHERE day >= ${since}::date) old
      ON old.video_id = t.video_id AND old.day = t.day
    WHERE coalesce(t.views, 0) <> coalesce(old.views, 0)
    ON CONFLICT (video_id, day) DO UPDATE SET views = excluded.views`;
  const videos = await q`
    UPDATE media_videos v SET view_count = v.views_before + sums.views
    FROM (SELECT video_id, sum(views) AS views FROM media_video_days GROUP BY video_id) sums
    WHERE sums.video_id = v.id AND v.view_count <> v.views_before + sums.views`;
  return { days: days.count, videos: videos.count };
}

/** Counted views serve no more once the time is over in which they would be counted again. */
export async function forgetViews(q: Query, before: Date, limit: number): Promise<number> {
  const gone = await q`DELETE FROM media_views WHERE (video_id, viewer, session) IN (
    SELECT video_id, viewer, session FROM media_views WHERE at < ${before} AND counted_at IS NOT NULL LIMIT ${limit})`;
  return gone.count;
}
