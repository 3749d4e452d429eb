import type { PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ladder } from "../encode/ladder.ts";
import type { Place } from "../places.ts";
import type { Held, StorageClass, StoredKind } from "./contract.ts";

/** Every byte that a row knows of: whose, where, and what. What is deleted is on its way out and not in it. */
export const HELD = `
  SELECT u.owner_id, CASE WHEN v.id IS NULL THEN u.space_id ELSE v.space_id END AS space_id, v.id AS video_id, CASE WHEN v.id IS NULL THEN 'upload' ELSE 'source' END AS kind, '' AS name, u.size_bytes AS bytes
    FROM media_uploads u LEFT JOIN media_videos v ON v.upload_id = u.id WHERE u.state <> 'freeing'
  UNION ALL
  SELECT v.owner_id, v.space_id, v.id, CASE r.kind WHEN 'audio' THEN 'sound' ELSE 'rung' END, CASE r.kind WHEN 'audio' THEN '' ELSE r.rung END, r.bytes
    FROM media_rungs r JOIN media_videos v ON v.id = r.video_id WHERE v.deleted_at IS NULL
  UNION ALL
  SELECT owner_id, space_id, id, 'poster', '', poster_bytes FROM media_videos WHERE deleted_at IS NULL AND poster_bytes IS NOT NULL
  UNION ALL
  SELECT v.owner_id, v.space_id, v.id, 'storyboard', '', s.bytes
    FROM media_storyboards s JOIN media_videos v ON v.id = s.video_id WHERE v.deleted_at IS NULL
  UNION ALL
  SELECT v.owner_id, v.space_id, v.id, 'captions', '', octet_length(c.content)::bigint
    FROM media_captions c JOIN media_videos v ON v.id = c.video_id WHERE v.deleted_at IS NULL AND c.published_file IS NOT NULL
  UNION ALL
  SELECT owner_id, space_id, NULL, 'picture', '', bytes FROM media_images WHERE deleted_at IS NULL
  UNION ALL
  SELECT owner_id, NULL, NULL, 'sound', '', bytes FROM media_sounds WHERE deleted_at IS NULL AND bytes > 0`;

export type By = "person" | "space";
const OWNER = { person: "owner_id", space: "space_id" } as const;

/** Largest first. */
export async function heldIn(q: Query, of: { by: By; id: string } | null): Promise<Held[]> {
  const rows = await q<Held[]>`SELECT kind, name, sum(bytes)::float8 AS bytes FROM (${q.unsafe(HELD)}) held
    WHERE ${of === null} OR ${q.unsafe(OWNER[of?.by ?? "person"])} = ${of?.id ?? "0"}::bigint
    GROUP BY kind, name HAVING sum(bytes) > 0 ORDER BY bytes DESC, kind, name`;
  return rows;
}

export interface OwnerSum {
  id: string;
  bytes: number;
  held: Held[];
}

/** Who takes how much, the most first; after a sum and an id. */
export async function listOwners(
  q: Query,
  asked: { by: By; after: { bytes: number; id: string } | null; limit: number },
): Promise<OwnerSum[]> {
  const column = q.unsafe(OWNER[asked.by]);
  return q<OwnerSum[]>`
    WITH kinds AS (
      SELECT ${column} AS id, kind, name, sum(bytes)::bigint AS bytes FROM (${q.unsafe(HELD)}) held
      WHERE ${column} IS NOT NULL GROUP BY 1, 2, 3
    )
    SELECT id, sum(bytes)::float8 AS bytes,
      jsonb_agg(jsonb_build_object('kind', kind, 'name', name, 'bytes', bytes) ORDER BY bytes DESC, kind, name) FILTER (WHERE bytes > 0) AS held
    FROM kinds GROUP BY id
    HAVING sum(bytes) > 0 AND (${asked.after === null} OR (sum(bytes), id) < (${asked.after?.bytes ?? 0}::numeric, ${asked.after?.id ?? "0"}::bigint))
    ORDER BY sum(bytes) DESC, id DESC LIMIT ${asked.limit}`;
}

export interface LargeVideo {
  id: VideoId;
  title: string;
  bytes: number;
  held: Held[];
}

export async function largestVideos(q: Query, of: { by: By; id: string }, limit: number): Promise<LargeVideo[]> {
  return q<LargeVideo[]>`
    WITH kinds AS (
      SELECT video_id, kind, name, sum(bytes)::bigint AS bytes FROM (${q.unsafe(HELD)}) held
      WHERE ${q.unsafe(OWNER[of.by])} = ${of.id} AND video_id IS NOT NULL GROUP BY 1, 2, 3
    ), videos AS (
      SELECT video_id, sum(bytes)::float8 AS bytes,
        jsonb_agg(jsonb_build_object('kind', kind, 'name', name, 'bytes', bytes) ORDER BY bytes DESC, kind, name) AS held
      FROM kinds WHERE bytes > 0 GROUP BY video_id
    )
    SELECT v.id, v.title, videos.bytes, videos.held FROM videos JOIN media_videos v ON v.id = videos.video_id
    ORDER BY videos.bytes DESC, v.id DESC LIMIT ${limit}`;
}

// ---- walks through the store

export interface Walk {
  id: string;
  began_at: Date;
  ended_at: Date | null;
  after_name: string;
  rows_said: Held[] | null;
}

/** Goes on with the one that is open, or begins one. */
export async function openWalk(q: Query, at: Date): Promise<Walk> {
  await q`INSERT INTO media_stock_walks (began_at) SELECT ${at}::timestamptz
    WHERE NOT EXISTS (SELECT FROM media_stock_walks WHERE ended_at IS NULL) ON CONFLICT DO NOTHING`;
  const [walk] = await q<
    Walk[]
  >`SELECT id, began_at, ended_at, after_name, rows_said FROM media_stock_walks WHERE ended_at IS NULL`;
  if (!walk) throw new Error("a walk through the store was ended by another run");
  return walk;
}

export interface Stocked {
  owner_id: PersonId | "0";
  space_id: SpaceId | "0";
  kind: StoredKind;
  name: string;
  blobs: number;
  bytes: number;
}

export async function addStock(q: Query, walk_id: string, stocked: Stocked[], after_name: string): Promise<void> {
  await q`INSERT INTO media_stock AS s (walk_id, owner_id, space_id, kind, name, blobs, bytes)
    SELECT ${walk_id}::bigint, owner_id, space_id, kind, name, blobs, bytes
    FROM jsonb_to_recordset(${JSON.stringify(stocked)}::text::jsonb) AS t(owner_id bigint, space_id bigint, kind text, name text, blobs bigint, bytes bigint)
    ON CONFLICT (walk_id, owner_id, space_id, kind, name) DO UPDATE SET blobs = s.blobs + excluded.blobs, bytes = s.bytes + excluded.bytes`;
  await q`UPDATE media_stock_walks SET after_name = ${after_name} WHERE id = ${walk_id}`;
}

export async function endWalk(q: Query, walk_id: string, at: Date, kept: number): Promise<void> {
  const said = await heldIn(q, null);
  await q`UPDATE media_stock_walks SET ended_at = ${at}, rows_said = ${JSON.stringify(said)}::text::jsonb WHERE id = ${walk_id}`;
  await q`DELETE FROM media_stock_walks WHERE id NOT IN (SELECT id FROM media_stock_walks ORDER BY id DESC LIMIT ${kept})`;
}

export interface StockSum {
  kind: StoredKind;
  name: string;
  blobs: number;
  bytes: number;
}

export async function lastWalk(q: Query): Promise<{ walk: Walk; found: StockSum[] } | null> {
  const [walk] = await q<
    Walk[]
  >`SELECT id, began_at, ended_at, after_name, rows_said FROM media_stock_walks WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1`;
  if (!walk) return null;
  const found = await q<StockSum[]>`SELECT kind, name, sum(blobs)::float8 AS blobs, sum(bytes)::float8 AS bytes
    FROM media_stock WHERE walk_id = ${walk.id} GROUP BY kind, name ORDER BY bytes DESC, kind, name`;
  return { walk, found };
}

// ---- who names a blob

export interface KnownVideo {
  id: VideoId;
  owner_id: PersonId;
  space_id: SpaceId | null;
  place: Place;
  ladder: Ladder | null;
  poster_file: string | null;
  poster_bytes: number | null;
  storyboard: string | null;
  texts: string[];
}

/** Deleted ones too: their job is still to come. */
export async function knownVideos(q: Query, ids: string[]): Promise<Map<string, KnownVideo>> {
  const rows = await q<
    KnownVideo[]
  >`SELECT v.id, v.owner_id, v.space_id, v.place, v.ladder, v.poster_file, v.poster_bytes::float8 AS poster_bytes,
      (SELECT folder FROM media_storyboards s WHERE s.video_id = v.id) AS storyboard,
      ARRAY(SELECT unnest(ARRAY[c.file, c.published_file]) FROM media_captions c WHERE c.video_id = v.id
        UNION SELECT unnest(ARRAY[h.file, h.published_file]) FROM media_chapters h WHERE h.video_id = v.id) AS texts
    FROM media_videos v WHERE v.id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row]));
}

export interface KnownThing {
  id: string;
  owner_id: PersonId;
  space_id: SpaceId | null;
  place: Place;
}

export async function knownImages(q: Query, ids: string[]): Promise<Map<string, KnownThing>> {
  const rows = await q<
    KnownThing[]
  >`SELECT id, owner_id, space_id, place FROM media_images WHERE id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row]));
}

export async function knownUploads(
  q: Query,
  ids: string[],
): Promise<Map<string, { id: string; owner_id: PersonId; space_id: SpaceId | null; used: boolean }>> {
  const rows = await q<{ id: string; owner_id: PersonId; space_id: SpaceId | null; used: boolean }[]>`
    SELECT u.id, u.owner_id, v.space_id, v.id IS NOT NULL AS used
    FROM media_uploads u LEFT JOIN media_videos v ON v.upload_id = u.id WHERE u.id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.id, row]));
}

export interface SegmentName {
  video_id: string;
  rung: string;
  k: number;
}

export const segmentKey = ({ video_id, rung, k }: SegmentName) => `${video_id}/${rung}/${k}`;

/** Those of these that a row says are stored. */
export async function knownSegments(q: Query, names: SegmentName[]): Promise<Set<string>> {
  const rows = await q<SegmentName[]>`SELECT video_id, rung, k FROM media_segments WHERE (video_id, rung, k) IN (
    SELECT video_id, rung, k FROM jsonb_to_recordset(${JSON.stringify(names)}::text::jsonb) AS t(video_id bigint, rung text, k integer))`;
  return new Set(rows.map(segmentKey));
}

// ---- classes

export interface ClassRow {
  video_id: VideoId;
  class: StorageClass;
  since: Date;
  because: string;
  decided_by: string;
  views_recent: number;
  last_watched_at: Date | null;
  evicted_at: Date | null;
  evicted_rungs: string[];
  evicted_bytes: number;
}

export async function classesOf(q: Query, ids: VideoId[]): Promise<Map<VideoId, ClassRow>> {
  if (ids.length === 0) return new Map();
  const rows = await q<
    ClassRow[]
  >`SELECT video_id, class, since, because, decided_by, views_recent::float8 AS views_recent, last_watched_at,
      evicted_at, evicted_rungs, evicted_bytes::float8 AS evicted_bytes
    FROM media_video_classes WHERE video_id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.video_id, row]));
}

export async function classSums(q: Query): Promise<{ class: StorageClass; videos: number; bytes: number }[]> {
  return q<{ class: StorageClass; videos: number; bytes: number }[]>`
    SELECT c.class, count(DISTINCT c.video_id)::int AS videos, coalesce(sum(h.bytes), 0)::float8 AS bytes
    FROM media_video_classes c LEFT JOIN (${q.unsafe(HELD)}) h ON h.video_id = c.video_id GROUP BY c.class ORDER BY bytes DESC`;
}

/** Noted with the playings, so that it is known to the minute and not to the day. */
export async function noteWatched(q: Query, watched: { video_id: VideoId; at: Date }[]): Promise<void> {
  await q`INSERT INTO media_video_classes AS c (video_id, class, since, because, decided_by, views_recent, last_watched_at)
    SELECT video_id, 'warm', max(at), 'it was watched for the first time', 'media.count_views', 0, max(at)
    FROM jsonb_to_recordset(${JSON.stringify(watched)}::text::jsonb) AS t(video_id bigint, at timestamptz)
    GROUP BY video_id ORDER BY video_id
    ON CONFLICT (video_id) DO UPDATE SET last_watched_at = greatest(c.last_watched_at, excluded.last_watched_at)`;
}

export interface Classed {
  id: VideoId;
  views_recent: number;
  last_watched_at: Date | null;
  ready_at: Date;
}

/** Videos whose class is not what the facts say, the most watched first. */
export async function changingClasses(
  q: Query,
  asked: { recent_since: string; hot_views: number; cold_before: Date; limit: number },
): Promise<Classed[]> {
  return q<Classed[]>`
    WITH recent AS (
      SELECT video_id, sum(views) AS views FROM media_video_days WHERE day >= ${asked.recent_since}::date GROUP BY video_id
    ), facts AS (
      SELECT v.id, v.ready_at, c.last_watched_at, c.class, coalesce(r.views, 0)::float8 AS views_recent,
        CASE WHEN coalesce(r.views, 0) >= ${asked.hot_views} THEN 'hot'
          WHEN coalesce(c.last_watched_at, v.ready_at) <= ${asked.cold_before} THEN 'cold' ELSE 'warm' END AS now_class
      FROM media_videos v LEFT JOIN media_video_classes c ON c.video_id = v.id LEFT JOIN recent r ON r.video_id = v.id
      WHERE v.status = 'ready' AND v.deleted_at IS NULL
    )
    SELECT id, views_recent, last_watched_at, ready_at FROM facts WHERE class IS DISTINCT FROM now_class
    ORDER BY views_recent DESC, id DESC LIMIT ${asked.limit}`;
}

export async function putClass(
  q: Query,
  { id, views_recent }: Classed,
  decided: { class: StorageClass; because: string; since: Date; decided_by: string },
): Promise<void> {
  await q`INSERT INTO media_video_classes AS c (video_id, class, since, because, decided_by, views_recent)
    SELECT v.id, ${decided.class}, ${decided.since}, ${decided.because}, ${decided.decided_by}, ${views_recent}
    FROM media_videos v WHERE v.id = ${id} AND v.deleted_at IS NULL FOR KEY SHARE
    ON CONFLICT (video_id) DO UPDATE SET class = excluded.class, since = excluded.since, because = excluded.because,
      decided_by = excluded.decided_by, views_recent = excluded.views_recent,
      evicted_at = CASE WHEN excluded.class <> 'hot' THEN c.evicted_at END, evicted_rungs = CASE WHEN excluded.class = 'hot' THEN '{}' ELSE c.evicted_rungs END,
      evicted_bytes = CASE WHEN excluded.class = 'hot' THEN 0 ELSE c.evicted_bytes END`;
}

// ---- letting go

export interface Idle {
  id: VideoId;
  idle_since: Date;
}

/** Ready ones that have a rung to let go, those watched longest ago first; after one of them. */
export async function idleVideos(
  q: Query,
  asked: { idle_before: Date; after: Idle | null; limit: number },
): Promise<Idle[]> {
  return q<Idle[]>`
    SELECT v.id, coalesce(c.last_watched_at, v.ready_at) AS idle_since
    FROM media_videos v LEFT JOIN media_video_classes c ON c.video_id = v.id
    WHERE v.status = 'ready' AND v.deleted_at IS NULL AND v.upload_id IS NOT NULL AND v.ladder IS NOT NULL AND v.job_id IS NULL
      AND coalesce(c.last_watched_at, v.ready_at) < ${asked.idle_before}
      AND (${asked.after === null} OR (coalesce(c.last_watched_at, v.ready_at), v.id) > (${asked.after?.idle_since ?? asked.idle_before}::timestamptz, ${asked.after?.id ?? "0"}::bigint))
      AND EXISTS (SELECT FROM media_rungs r WHERE r.video_id = v.id AND r.kind = 'video' AND r.segments_done > 0
        AND r.position > (SELECT min(position) FROM media_rungs l WHERE l.video_id = v.id AND l.kind = 'video'))
    ORDER BY 2, 1 LIMIT ${asked.limit}`;
}

export async function isIdle(q: Query, id: VideoId, before: Date): Promise<boolean> {
  const rows =
    await q`SELECT FROM media_video_classes WHERE video_id = ${id} AND last_watched_at IS NOT NULL AND last_watched_at >= ${before}`;
  return rows.length === 0;
}

/** All pictures but the lowest, the highest first; also those that have nothing, so that a step is always a rung. */
export async function evictableRungs(q: Query, id: VideoId): Promise<{ rung: string; codecs: string }[]> {
  return q<
    { rung: string; codecs: string }[]
  >`SELECT rung, codecs FROM media_rungs WHERE video_id = ${id} AND kind = 'video'
      AND position > (SELECT min(position) FROM media_rungs WHERE video_id = ${id} AND kind = 'video')
    ORDER BY position DESC`;
}

export interface HeldSegments {
  video_id: VideoId;
  rung: string;
  token: string;
}

const KEEP_OFF = "clock_timestamp() + interval '1 ms' *";

/** Keeps makers away from stored segments of a rung. @returns which they are */
export async function holdStored(
  q: Query,
  { video_id, rung, token }: HeldSegments,
  limit: number,
  lease_ms: number,
): Promise<number[]> {
  const rows = await q<{ k: number }[]>`
    INSERT INTO media_making_leases (video_id, rung, k, token, for_viewer, storing, until)
    SELECT video_id, rung, k, ${token}, false, true, ${q.unsafe(KEEP_OFF)} ${lease_ms}
    FROM media_segments WHERE video_id = ${video_id} AND rung = ${rung} ORDER BY k LIMIT ${limit}
    ON CONFLICT (video_id, rung, k) DO NOTHING RETURNING k`;
  return rows.map((row) => row.k);
}

/** The same for segments that no row names. @returns those that nobody was making */
export async function holdUnnamed(
  q: Query,
  names: SegmentName[],
  token: string,
  lease_ms: number,
): Promise<SegmentName[]> {
  return q<SegmentName[]>`
    INSERT INTO media_making_leases (video_id, rung, k, token, for_viewer, storing, until)
    SELECT t.video_id, t.rung, t.k, ${token}, false, true, ${q.unsafe(KEEP_OFF)} ${lease_ms}
    FROM jsonb_to_recordset(${JSON.stringify(names)}::text::jsonb) AS t(video_id bigint, rung text, k integer)
    JOIN media_videos v ON v.id = t.video_id AND v.deleted_at IS NULL
    ORDER BY t.video_id, t.rung, t.k
    FOR KEY SHARE OF v
    ON CONFLICT (video_id, rung, k) DO NOTHING RETURNING video_id, rung, k`;
}

/** In the order in which everybody takes them, so that nobody waits in a circle. */
export async function endHold(q: Query, { video_id, token }: { video_id: VideoId; token: string }): Promise<void> {
  await q`DELETE FROM media_making_leases WHERE (video_id, rung, k) IN (
    SELECT video_id, rung, k FROM media_making_leases WHERE video_id = ${video_id} AND token = ${token} ORDER BY rung, k FOR UPDATE)`;
}

/** @returns the bytes that they had */
export async function dropSegments(
  q: Query,
  { video_id, rung, ks }: { video_id: VideoId; rung: string; ks: number[] },
): Promise<number> {
  const [row] = await q<{ bytes: number }[]>`
    WITH gone AS (
      DELETE FROM media_segments WHERE video_id = ${video_id} AND rung = ${rung} AND k = ANY(${q.array(ks, "INT4")}) RETURNING bytes
    ), sums AS (SELECT count(*)::int AS segments, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone)
    UPDATE media_rungs r SET segments_done = r.segments_done - sums.segments, bytes = r.bytes - sums.bytes, complete_at = NULL
    FROM sums WHERE r.video_id = ${video_id} AND r.rung = ${rung} RETURNING sums.bytes::float8 AS bytes`;
  return row?.bytes ?? 0;
}

/** Rungs of one eviction are noted together; those of an older one are forgotten. */
export async function noteEvicted(q: Query, id: VideoId, rung: string, bytes: number, at: Date): Promise<void> {
  await q`INSERT INTO media_video_classes AS c (video_id, class, since, because, decided_by, views_recent, evicted_at, evicted_rungs, evicted_bytes)
    VALUES (${id}, 'cold', ${at}, 'its upper rungs made room', 'media.evict', 0, ${at}, ARRAY[${rung}], ${bytes})
    ON CONFLICT (video_id) DO UPDATE SET evicted_at = excluded.evicted_at,
      evicted_rungs = CASE WHEN ${rung} = ANY(c.evicted_rungs) THEN c.evicted_rungs ELSE (c.evicted_rungs || ${rung}::text)[1:16] END,
      evicted_bytes = c.evicted_bytes + excluded.evicted_bytes`;
}
