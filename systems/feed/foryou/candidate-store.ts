import type { PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import * as b from "./bounds.ts";
import type { PostFacts } from "./features.ts";
import type { Act, Neighbour } from "./profile.ts";

const ids = (db: Query, of: readonly string[]) => db.array([...of], "BIGINT");
const idsOf = (rows: { id: PostId }[]): PostId[] => rows.map((row) => row.id);

interface ActRow extends Omit<Act, "tags" | "at_ms"> {
  hashtags: string[];
  at: Date;
}

const actOf = ({ hashtags, at, ...act }: ActRow): Act => ({ ...act, tags: hashtags, at_ms: at.getTime() });

/** The latest that somebody liked, passed on and answered, of each kind so many; deleted posts and their own are missing. */
export async function actsOf(db: Query, person_id: PersonId): Promise<Act[]> {
  const rows = (await db`
    SELECT a.kind, a.post_id, p.author_id, p.hashtags, a.at FROM (
      (SELECT 'like' AS kind, post_id, at FROM feed_likes WHERE person_id = ${person_id} ORDER BY at DESC, post_id DESC LIMIT ${b.ACTS_PER_KIND_MAX})
      UNION ALL
      (SELECT 'repost', post_id, at FROM feed_reposts WHERE person_id = ${person_id} ORDER BY at DESC, post_id DESC LIMIT ${b.ACTS_PER_KIND_MAX})
      UNION ALL
      (SELECT 'reply', post_id, created_at FROM feed_comments
        WHERE author_id = ${person_id} AND purged_at IS NULL AND deleted_at IS NULL ORDER BY id DESC LIMIT ${b.ACTS_PER_KIND_MAX})
    ) a JOIN feed_posts p ON p.id = a.post_id
    WHERE p.deleted_at IS NULL AND p.author_id <> ${person_id}`) as ActRow[];
  return rows.map(actOf);
}

/** Whether they liked or passed on anything since: then a list of before does not know what they like. */
export async function actedSince(db: Query, person_id: PersonId, since: Date): Promise<boolean> {
  const [row] = (await db`
    SELECT EXISTS (SELECT FROM feed_likes WHERE person_id = ${person_id} AND at > ${since})
      OR EXISTS (SELECT FROM feed_reposts WHERE person_id = ${person_id} AND at > ${since}) AS acted`) as {
    acted: boolean;
  }[];
  return row!.acted;
}

/** The newest post of each film, by others and for others; who watched the film knows that post. */
export async function postsOfFilms(
  db: Query,
  person_id: PersonId,
  video_ids: readonly VideoId[],
): Promise<Map<VideoId, { post_id: PostId; author_id: PersonId; hashtags: string[] }>> {
  const rows = (await db`
    SELECT DISTINCT ON (video_id) video_id, id AS post_id, author_id, hashtags FROM feed_posts
    WHERE video_id = ANY(${ids(db, video_ids)}) AND deleted_at IS NULL AND audience <> 'private' AND author_id <> ${person_id}
    ORDER BY video_id, id DESC`) as {
    video_id: VideoId;
    post_id: PostId;
    author_id: PersonId;
    hashtags: string[];
  }[];
  return new Map(rows.map((row) => [row.video_id, row]));
}

/** What these people liked lately, each their latest few. */
export async function likedByFriends(db: Query, friends: readonly PersonId[], since: Date): Promise<PostId[]> {
  const rows = (await db`
    SELECT l.post_id AS id FROM unnest(${ids(db, friends)}) AS f (id)
    CROSS JOIN LATERAL (
      SELECT k.post_id FROM feed_likes k JOIN feed_posts p ON p.id = k.post_id
      WHERE k.person_id = f.id AND k.at > ${since} AND p.author_id <> f.id
      ORDER BY k.at DESC, k.post_id DESC LIMIT ${b.LIKES_PER_FRIEND_MAX}) l`) as { id: PostId }[];
  return idsOf(rows);
}

export async function neighboursOf(db: Query, post_ids: readonly PostId[], since: Date): Promise<Neighbour[]> {
  const rows = (await db`
    SELECT post_id, other_id, weight::float8 AS weight, at FROM feed_for_you_pairs
    WHERE post_id = ANY(${ids(db, post_ids)}) AND at > ${since}`) as (Omit<Neighbour, "at_ms"> & { at: Date })[];
  return rows.map(({ at, ...row }) => ({ ...row, at_ms: at.getTime() }));
}

/** What moves in these spaces: of the newest of each, those with the most reactions for their age. */
export async function risingInSpaces(
  db: Query,
  space_ids: readonly SpaceId[],
  above: string,
  now: Date,
): Promise<PostId[]> {
  return idsOf(
    await db`
    SELECT n.id FROM unnest(${ids(db, space_ids)}) AS s (id)
    CROSS JOIN LATERAL (
      SELECT id, created_at FROM feed_posts WHERE space_id = s.id AND deleted_at IS NULL AND id > ${above}::bigint
      ORDER BY id DESC LIMIT ${b.POSTS_PER_SPACE_MAX}) n
    LEFT JOIN feed_counts c ON c.subject_id = n.id
    ORDER BY (1 + coalesce(c.likes + 2 * c.reposts + 2 * c.comments, 0)) / (2 + extract(epoch FROM ${now}::timestamptz - n.created_at) / 3600) DESC, n.id DESC
    LIMIT ${b.TRENDING_POSTS_MAX}`,
  );
}

export interface Newest {
  id: PostId;
  author_id: PersonId;
  author_posts: number;
  heat: number;
}

/** The newest for everybody, each with how it moves and how much its author has written. */
export async function newestPublic(db: Query, above: string, now: Date): Promise<Newest[]> {
  return (await db`
    WITH newest AS MATERIALIZED (
      SELECT id, author_id, created_at FROM feed_posts
      WHERE audience = 'public' AND deleted_at IS NULL AND id > ${above}::bigint ORDER BY id DESC LIMIT ${b.NEWEST_POSTS_LOOKED_AT_MAX}
    ), authors AS MATERIALIZED (
      SELECT a.author_id, (SELECT count(*)::int FROM (
        SELECT FROM feed_posts p WHERE p.author_id = a.author_id AND p.deleted_at IS NULL LIMIT ${b.NEW_VOICE_AUTHOR_POSTS_MAX + 1}) x) AS author_posts
      FROM (SELECT DISTINCT author_id FROM newest) a
    )
    SELECT n.id, n.author_id, a.author_posts,
      coalesce(c.likes + 2 * c.reposts + 2 * c.comments, 0)::float8 / (2 + extract(epoch FROM ${now}::timestamptz - n.created_at)::float8 / 3600) AS heat
    FROM newest n JOIN authors a USING (author_id) LEFT JOIN feed_counts c ON c.subject_id = n.id
    ORDER BY n.id DESC`) as Newest[];
}

export interface FactsRow extends PostFacts {
  audience: Audience;
}

/** What features are made of, for living posts by others. */
export async function factsOf(db: Query, person_id: PersonId, post_ids: readonly PostId[]): Promise<FactsRow[]> {
  const rows = (await db`
    WITH posts AS MATERIALIZED (
      SELECT p.id, p.author_id, p.audience, p.space_id, p.hashtags, p.video_id, p.image_ids, p.created_at,
        coalesce(c.likes, 0)::int AS likes, coalesce(c.reposts, 0)::int AS reposts, coalesce(c.comments, 0)::int AS comments
      FROM feed_posts p LEFT JOIN feed_counts c ON c.subject_id = p.id
      WHERE p.id = ANY(${ids(db, post_ids)}) AND p.deleted_at IS NULL AND p.author_id <> ${person_id} AND p.audience <> 'private' AND p.hidden_at IS NULL
    ), authors AS MATERIALIZED (
      SELECT a.author_id, (SELECT count(*)::int FROM (
        SELECT FROM feed_posts p WHERE p.author_id = a.author_id AND p.deleted_at IS NULL LIMIT ${b.NEW_VOICE_AUTHOR_POSTS_MAX + 1}) x) AS author_posts
      FROM (SELECT DISTINCT author_id FROM posts) a
    )
    SELECT p.id AS post_id, p.author_id, p.audience, p.space_id, p.hashtags AS tags, p.created_at, p.likes, p.reposts, p.comments,
      p.video_id IS NOT NULL AS has_film, p.image_ids <> '{}' AS has_pictures, a.author_posts
    FROM posts p JOIN authors a USING (author_id)`) as (Omit<FactsRow, "at_ms"> & { created_at: Date })[];
  return rows.map(({ created_at, ...row }) => ({ ...row, at_ms: created_at.getTime() }));
}
