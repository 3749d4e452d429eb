import type { PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ladder } from "../encode/ladder.ts";
import type { Place } from "../places.ts";
import type { Held, StorageClass, StoredKind } from "./contract.ts";

/** Every byte that a row knows of: whose, where, and what. What is deleted is on its way out and not in it. */
const HELD = `
  SELECT u.owner_id, v.space_id, v.id AS video_id, CASE WHEN v.id IS NULL THEN 'upload' ELSE 'source' END AS kind, '' AS name, u.size_bytes AS bytes
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
  SELECT owner_id, space_id, NULL, 'picture', '', bytes FROM media_images WHERE deleted_at IS NULL`;

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
