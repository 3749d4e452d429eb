import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** Lists of ids, newest first; `below` is the last id that was seen, null at the top. */
const TOP = "9223372036854775807";

const idsOf = (rows: { id: PostId }[]): PostId[] => rows.map((row) => row.id);

export async function postsOf(
  db: Query,
  author_id: PersonId,
  only: "posts" | "media" | "videos",
  below: string | null,
  posts_max: number,
): Promise<PostId[]> {
  if (only === "posts") {
    return idsOf(
      await db`SELECT id FROM feed_entries
      WHERE actor_id = ${author_id} AND id = post_id AND id < ${below ?? TOP}::bigint ORDER BY id DESC LIMIT ${posts_max}`,
    );
  }
  return idsOf(
    await db`SELECT id FROM feed_posts
    WHERE author_id = ${author_id} AND id < ${below ?? TOP}::bigint AND deleted_at IS NULL
      AND (video_id IS NOT NULL OR image_ids <> '{}') AND (${only} = 'media' OR video_id IS NOT NULL)
    ORDER BY id DESC LIMIT ${posts_max}`,
  );
}

export async function postsInSpace(
  db: Query,
  space_id: SpaceId,
  below: string | null,
  posts_max: number,
): Promise<PostId[]> {
  return idsOf(
    await db`SELECT id FROM feed_posts
    WHERE space_id = ${space_id} AND deleted_at IS NULL AND id < ${below ?? TOP}::bigint ORDER BY id DESC LIMIT ${posts_max}`,
  );
}

export async function postsWithTag(db: Query, tag: string, below: string | null, posts_max: number): Promise<PostId[]> {
  return idsOf(
    await db`SELECT post_id AS id FROM feed_hashtags
    WHERE tag = ${tag} AND post_id < ${below ?? TOP}::bigint ORDER BY post_id DESC LIMIT ${posts_max}`,
  );
}

export async function publicPosts(db: Query, below: string | null, posts_max: number): Promise<PostId[]> {
  return idsOf(
    await db`SELECT id FROM feed_posts
    WHERE audience = 'public' AND deleted_at IS NULL AND id < ${below ?? TOP}::bigint ORDER BY id DESC LIMIT ${posts_max}`,
  );
}

/** @param folder null for all, `unfiled`, or a folder's id; what is in a deleted folder counts as unfiled */
export async function bookmarksOf(
  db: Query,
  person_id: PersonId,
  folder: string | null,
  below: string | null,
  posts_max: number,
): Promise<{ entry_id: string; post_id: PostId }[]> {
  if (folder !== null && folder !== "unfiled") {
    return (await db`SELECT b.entry_id, b.post_id FROM feed_bookmarks b JOIN feed_folders f ON f.id = b.folder_id
      WHERE b.folder_id = ${folder}::bigint AND f.person_id = ${person_id} AND f.deleted_at IS NULL
        AND b.entry_id < ${below ?? TOP}::bigint ORDER BY b.entry_id DESC LIMIT ${posts_max}`) as {
      entry_id: string;
      post_id: PostId;
    }[];
  }
  if (folder === "unfiled") {
    return (await db`SELECT b.entry_id, b.post_id FROM feed_bookmarks b
      WHERE b.person_id = ${person_id} AND b.entry_id < ${below ?? TOP}::bigint AND (b.folder_id IS NULL
        OR NOT EXISTS (SELECT FROM feed_folders f WHERE f.id = b.folder_id AND f.deleted_at IS NULL))
      ORDER BY b.entry_id DESC LIMIT ${posts_max}`) as { entry_id: string; post_id: PostId }[];
  }
  return (await db`SELECT entry_id, post_id FROM feed_bookmarks
    WHERE person_id = ${person_id} AND entry_id < ${below ?? TOP}::bigint ORDER BY entry_id DESC LIMIT ${posts_max}`) as {
    entry_id: string;
    post_id: PostId;
  }[];
}

export async function shortsBelow(
  db: Query,
  below: { rank_ms: string; post_id: string } | null,
  posts_max: number,
): Promise<{ rank_ms: string; post_id: PostId }[]> {
  const { rank_ms, post_id } = below ?? { rank_ms: TOP, post_id: TOP };
  return (await db`SELECT rank_ms, post_id FROM feed_shorts
    WHERE (rank_ms, post_id) < (${rank_ms}::bigint, ${post_id}::bigint) ORDER BY rank_ms DESC, post_id DESC LIMIT ${posts_max}`) as {
    rank_ms: string;
    post_id: PostId;
  }[];
}

interface Reacted {
  person_id: PersonId;
  at: Date;
}

/** Latest first, below (at, person). */
export async function likersOf(
  db: Query,
  post_id: PostId,
  below: { at: Date; person_id: string } | null,
  people_max: number,
): Promise<Reacted[]> {
  return (await db`SELECT person_id, at FROM feed_likes
    WHERE post_id = ${post_id} AND (at, person_id) < (${below?.at ?? "infinity"}::timestamptz, ${below?.person_id ?? TOP}::bigint)
    ORDER BY at DESC, person_id DESC LIMIT ${people_max}`) as Reacted[];
}

export async function repostersOf(
  db: Query,
  post_id: PostId,
  below: { at: Date; person_id: string } | null,
  people_max: number,
): Promise<Reacted[]> {
  return (await db`SELECT person_id, at FROM feed_reposts
    WHERE post_id = ${post_id} AND (at, person_id) < (${below?.at ?? "infinity"}::timestamptz, ${below?.person_id ?? TOP}::bigint)
    ORDER BY at DESC, person_id DESC LIMIT ${people_max}`) as Reacted[];
}

interface Passer {
  post_id: PostId;
  person_id: PersonId;
  entry_id: string;
}

/** Who passed each of these on, the latest first, at most so many of each. */
export async function newestPassers(db: Query, post_ids: readonly PostId[], per_post: number): Promise<Passer[]> {
  return (await db`
    SELECT r.post_id, r.person_id, r.entry_id FROM unnest(${db.array([...post_ids], "BIGINT")}) AS p (id)
    CROSS JOIN LATERAL (
      SELECT post_id, person_id, entry_id FROM feed_reposts WHERE post_id = p.id ORDER BY entry_id DESC LIMIT ${per_post}
    ) r`) as Passer[];
}

/** Those of these people who passed any of these on at or above an entry. */
export async function passersAmong(
  db: Query,
  post_ids: readonly PostId[],
  people: readonly PersonId[],
  from: string,
): Promise<Passer[]> {
  return (await db`
    SELECT post_id, person_id, entry_id FROM feed_reposts
    WHERE person_id = ANY(${db.array([...people], "BIGINT")}) AND post_id = ANY(${db.array([...post_ids], "BIGINT")})
      AND entry_id >= ${from}::bigint`) as Passer[];
}
