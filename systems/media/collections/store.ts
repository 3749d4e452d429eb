import type { PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { CollectionId, CollectionKind } from "./contract.ts";

export interface CollectionRow {
  id: CollectionId;
  owner_id: PersonId;
  kind: CollectionKind;
  title: string;
  description: string;
  audience: Audience;
  space_id: SpaceId | null;
  version: number;
  numbering: number;
  created_at: Date;
  changed_at: Date;
}

/** A film in a collection, with what says who may see it. */
export interface ItemRow {
  video_id: VideoId;
  /** Exact, as text. */
  position: string;
  added_at: Date;
  owner_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
}

/** Films of one collection that the same people may see. */
export interface ClassRow {
  collection_id: CollectionId;
  owner_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
  videos: number;
  duration_ms: number;
  /** The first of them that has a picture. */
  first_id: VideoId | null;
  first_position: string | null;
}

const COLUMNS =
  "id, owner_id, kind, title, description, audience, space_id, version, numbering, created_at, changed_at";

export async function insertCollection(
  q: Query,
  row: Omit<CollectionRow, "version" | "numbering" | "changed_at">,
): Promise<boolean> {
  const made = await q`INSERT INTO media_collections
      (id, owner_id, kind, title, description, audience, space_id, created_at, changed_at)
    VALUES (${row.id}, ${row.owner_id}, ${row.kind}, ${row.title}, ${row.description}, ${row.audience}, ${row.space_id},
      ${row.created_at}, ${row.created_at})
    ON CONFLICT (owner_id) WHERE kind = 'watch_later' DO NOTHING`;
  return made.count === 1;
}

/** One at a time for a person, so that two calls at once cannot both take the last place. */
export async function countOwn(q: Query, owner_id: PersonId): Promise<number> {
  await q`SELECT pg_advisory_xact_lock(hashtextextended(${`media_collections:${owner_id}`}, 0))`;
  const [row] = await q<{ n: number }[]>`SELECT count(*)::int AS n FROM media_collections WHERE owner_id = ${owner_id}`;
  return row?.n ?? 0;
}

export async function findCollection(q: Query, id: CollectionId): Promise<CollectionRow | null> {
  const [row] = await q<CollectionRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_collections WHERE id = ${id}`;
  return row ?? null;
}

/** Held until the transaction ends. Whoever changes what is in it takes this first. */
export async function lockCollection(q: Query, id: CollectionId): Promise<CollectionRow | null> {
  const [row] = await q<
    CollectionRow[]
  >`SELECT ${q.unsafe(COLUMNS)} FROM media_collections WHERE id = ${id} FOR UPDATE`;
  return row ?? null;
}

export async function findWatchLater(q: Query, owner_id: PersonId): Promise<CollectionRow | null> {
  const [row] = await q<CollectionRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_collections
    WHERE owner_id = ${owner_id} AND kind = 'watch_later'`;
  return row ?? null;
}

export async function listPlaylists(
  q: Query,
  owner_id: PersonId,
  before: string | null,
  limit: number,
): Promise<CollectionRow[]> {
  return q<CollectionRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_collections
    WHERE owner_id = ${owner_id} AND kind = 'playlist' AND (${before}::bigint IS NULL OR id < ${before}::bigint)
    ORDER BY id DESC LIMIT ${limit}`;
}

export async function changeCollection(
  q: Query,
  id: CollectionId,
  to: Pick<CollectionRow, "title" | "description" | "audience" | "space_id">,
  at: Date,
): Promise<void> {
  await q`UPDATE media_collections SET title = ${to.title}, description = ${to.description}, audience = ${to.audience},
      space_id = ${to.space_id}, version = version + 1, changed_at = ${at} WHERE id = ${id}`;
}

/** @returns the new version */
export async function touchCollection(q: Query, id: CollectionId, at: Date): Promise<number> {
  const [row] = await q<{ version: number }[]>`UPDATE media_collections SET version = version + 1, changed_at = ${at}
    WHERE id = ${id} RETURNING version`;
  return row?.version ?? 0;
}

export async function deleteCollection(q: Query, id: CollectionId): Promise<void> {
  await q`DELETE FROM media_collections WHERE id = ${id}`;
}

/** Some of what a person who left had; their own films go by themselves. */
export async function lockCollectionsOf(q: Query, owner_id: PersonId, limit: number): Promise<CollectionRow[]> {
  return q<CollectionRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_collections
    WHERE owner_id = ${owner_id} ORDER BY id LIMIT ${limit} FOR UPDATE`;
}

/** Some of those of a space that has closed: each is its owner's alone from now on. @returns them */
export async function closeCollectionsOf(
  q: Query,
  space_id: SpaceId,
  at: Date,
  limit: number,
): Promise<Pick<CollectionRow, "id" | "owner_id">[]> {
  return q<Pick<CollectionRow, "id" | "owner_id">[]>`UPDATE media_collections
    SET audience = 'private', space_id = NULL, version = version + 1, changed_at = ${at}
    WHERE id IN (SELECT id FROM media_collections WHERE space_id = ${space_id} ORDER BY id LIMIT ${limit} FOR UPDATE)
    RETURNING id, owner_id`;
}

// ---- what is in them

/** All films from a position on; at most `ITEMS_MAX` are ever in one. */
export async function itemsOf(q: Query, id: CollectionId, after: string | null): Promise<ItemRow[]> {
  return q<ItemRow[]>`SELECT i.video_id, i.position::text AS position, i.added_at, v.owner_id, v.audience, v.space_id
    FROM media_collection_items i JOIN media_videos v ON v.id = i.video_id
    WHERE i.collection_id = ${id} AND v.deleted_at IS NULL AND (${after}::numeric IS NULL OR i.position > ${after}::numeric)
    ORDER BY i.position`;
}

/** What is in these collections, by who may see it: as many rows as there are kinds of audience and not as films. */
export async function classesOf(q: Query, ids: CollectionId[]): Promise<ClassRow[]> {
  if (ids.length === 0) return [];
  return q<ClassRow[]>`SELECT i.collection_id, v.owner_id, v.audience, v.space_id, count(*)::int AS videos,
      coalesce(sum(v.duration_ms), 0)::float8 AS duration_ms,
      (array_agg(i.video_id ORDER BY i.position) FILTER (WHERE v.poster_bytes IS NOT NULL))[1]::text AS first_id,
      (min(i.position) FILTER (WHERE v.poster_bytes IS NOT NULL))::text AS first_position
    FROM media_collection_items i JOIN media_videos v ON v.id = i.video_id
    WHERE i.collection_id = ANY(${q.array(ids, "BIGINT")}) AND v.deleted_at IS NULL
    GROUP BY i.collection_id, v.owner_id, v.audience, v.space_id`;
}

/** Which of these collections have the film. */
export async function holding(q: Query, ids: CollectionId[], video_id: VideoId): Promise<Set<CollectionId>> {
  if (ids.length === 0) return new Set();
  const rows = await q<{ collection_id: CollectionId }[]>`SELECT collection_id FROM media_collection_items
    WHERE video_id = ${video_id} AND collection_id = ANY(${q.array(ids, "BIGINT")})`;
  return new Set(rows.map((row) => row.collection_id));
}

export async function countItems(q: Query, id: CollectionId): Promise<number> {
  const [row] = await q<
    { n: number }[]
  >`SELECT count(*)::int AS n FROM media_collection_items WHERE collection_id = ${id}`;
  return row?.n ?? 0;
}

export async function positionIn(q: Query, id: CollectionId, video_id: VideoId): Promise<string | null> {
  const [row] = await q<{ position: string }[]>`SELECT position::text AS position FROM media_collection_items
    WHERE collection_id = ${id} AND video_id = ${video_id}`;
  return row?.position ?? null;
}

/**
 * A position behind `after` (null: before all) and before whatever follows it. `but` is the film that moves: it is not
 * in its own way.
 */
export async function positionBehind(
  q: Query,
  id: CollectionId,
  after: string | null,
  but: VideoId,
): Promise<{ position: string; scale: number }> {
  const [row] = await q<{ position: string; scale: number }[]>`
    WITH next AS (SELECT min(position) AS position FROM media_collection_items
      WHERE collection_id = ${id} AND video_id <> ${but} AND (${after}::numeric IS NULL OR position > ${after}::numeric)),
    found AS (SELECT trim_scale(CASE
        WHEN ${after}::numeric IS NULL THEN floor(coalesce(next.position, 1)) - 1
        WHEN next.position IS NULL THEN floor(${after}::numeric) + 1
        ELSE (${after}::numeric + next.position) * 0.5 END) AS position FROM next)
    SELECT position::text AS position, scale(position) AS scale FROM found`;
  return row ?? { position: "0", scale: 0 };
}

export async function lastPosition(q: Query, id: CollectionId): Promise<string | null> {
  const [row] = await q<{ position: string | null }[]>`SELECT max(position)::text AS position
    FROM media_collection_items WHERE collection_id = ${id}`;
  return row?.position ?? null;
}

/** Gives whole numbers to all, in the order that they have. */
export async function numberAnew(q: Query, id: CollectionId): Promise<void> {
  await q`UPDATE media_collection_items i SET position = n.position
    FROM (SELECT video_id, row_number() OVER (ORDER BY position) AS position
      FROM media_collection_items WHERE collection_id = ${id}) n
    WHERE i.collection_id = ${id} AND i.video_id = n.video_id`;
  await q`UPDATE media_collections SET numbering = numbering + 1 WHERE id = ${id}`;
}

export async function insertItem(
  q: Query,
  item: { collection_id: CollectionId; video_id: VideoId; position: string; added_at: Date },
): Promise<void> {
  await q`INSERT INTO media_collection_items (collection_id, video_id, position, added_at)
    VALUES (${item.collection_id}, ${item.video_id}, ${item.position}::numeric, ${item.added_at})`;
}

export async function setPosition(q: Query, id: CollectionId, video_id: VideoId, position: string): Promise<void> {
  await q`UPDATE media_collection_items SET position = ${position}::numeric
    WHERE collection_id = ${id} AND video_id = ${video_id}`;
}

export async function deleteItem(q: Query, id: CollectionId, video_id: VideoId): Promise<boolean> {
  const gone = await q`DELETE FROM media_collection_items WHERE collection_id = ${id} AND video_id = ${video_id}`;
  return gone.count === 1;
}
