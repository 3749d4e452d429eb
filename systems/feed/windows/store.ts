import type { CommentId, PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Entry } from "../timelines/timeline.ts";

/** Lists read upwards: what is right above a place, the nearest first. Downwards they are read by `reading/store.ts`. */

const bigints = (db: Query, list: readonly string[]) => db.array([...list], "BIGINT");
const idsOf = (rows: { id: PostId }[]): PostId[] => rows.map((row) => row.id);

/** The oldest entries of all of them together above `above`. */
export async function entriesAbove(
  db: Query,
  actors: readonly PersonId[],
  above: string,
  entries_max: number,
): Promise<Entry[]> {
  if (actors.length === 0) return [];
  return (await db`
    SELECT e.id, e.post_id, e.actor_id FROM unnest(${bigints(db, actors)}) AS a (id)
    CROSS JOIN LATERAL (
      SELECT id, post_id, actor_id FROM feed_entries WHERE actor_id = a.id AND id > ${above}::bigint ORDER BY id LIMIT ${entries_max}
    ) e
    ORDER BY e.id LIMIT ${entries_max}`) as Entry[];
}

export async function postsOfAbove(
  db: Query,
  author_id: PersonId,
  only: "posts" | "media" | "videos",
  above: string,
  posts_max: number,
): Promise<PostId[]> {
  if (only === "posts") {
    return idsOf(
      await db`SELECT id FROM feed_entries
      WHERE actor_id = ${author_id} AND id = post_id AND id > ${above}::bigint ORDER BY id LIMIT ${posts_max}`,
    );
  }
  return idsOf(
    await db`SELECT id FROM feed_posts
    WHERE author_id = ${author_id} AND id > ${above}::bigint AND deleted_at IS NULL
      AND (video_id IS NOT NULL OR image_ids <> '{}') AND (${only} = 'media' OR video_id IS NOT NULL)
    ORDER BY id LIMIT ${posts_max}`,
  );
}

export async function publicPostsAbove(db: Query, above: string, posts_max: number): Promise<PostId[]> {
  return idsOf(
    await db`SELECT id FROM feed_posts
    WHERE audience = 'public' AND deleted_at IS NULL AND id > ${above}::bigint ORDER BY id LIMIT ${posts_max}`,
  );
}

export async function postsWithTagAbove(db: Query, tag: string, above: string, posts_max: number): Promise<PostId[]> {
  return idsOf(
    await db`SELECT post_id AS id FROM feed_hashtags WHERE tag = ${tag} AND post_id > ${above}::bigint ORDER BY post_id LIMIT ${posts_max}`,
  );
}

export async function bookmarksAbove(
  db: Query,
  person_id: PersonId,
  above: string,
  posts_max: number,
): Promise<{ entry_id: string; post_id: PostId }[]> {
  return (await db`SELECT entry_id, post_id FROM feed_bookmarks
    WHERE person_id = ${person_id} AND entry_id > ${above}::bigint ORDER BY entry_id LIMIT ${posts_max}`) as {
    entry_id: string;
    post_id: PostId;
  }[];
}

export interface LikedRow {
  at: Date;
  post_id: PostId;
}

/** What a person liked, the latest like first (or right above a place, the nearest first). */
export async function likedBy(
  db: Query,
  person_id: PersonId,
  place: { below: LikedRow | null } | { above: LikedRow },
  posts_max: number,
): Promise<LikedRow[]> {
  if ("above" in place) {
    return (await db`SELECT at, post_id FROM feed_likes
      WHERE person_id = ${person_id} AND (at, post_id) > (${place.above.at}, ${place.above.post_id}::bigint)
      ORDER BY at, post_id LIMIT ${posts_max}`) as LikedRow[];
  }
  const { at = "infinity", post_id = "0" } = place.below ?? {};
  return (await db`SELECT at, post_id FROM feed_likes
    WHERE person_id = ${person_id} AND (at, post_id) < (${at}::timestamptz, ${post_id}::bigint)
    ORDER BY at DESC, post_id DESC LIMIT ${posts_max}`) as LikedRow[];
}

export async function authorsOfComments(db: Query, ids: readonly CommentId[]): Promise<Map<CommentId, PersonId>> {
  const rows = (await db`
    SELECT id, author_id FROM feed_comments WHERE id = ANY(${bigints(db, ids)}) AND deleted_at IS NULL`) as {
    id: CommentId;
    author_id: PersonId;
  }[];
  return new Map(rows.map((row) => [row.id, row.author_id]));
}

/** Whose repost this is, and of what; null where it was taken back. */
export async function repostById(db: Query, entry_id: string): Promise<{ post_id: PostId; actor_id: PersonId } | null> {
  const [row] = (await db`
    SELECT post_id, actor_id FROM feed_entries WHERE id = ${entry_id}::bigint AND id <> post_id`) as {
    post_id: PostId;
    actor_id: PersonId;
  }[];
  return row ?? null;
}

/** The entries under which this person passed these on. */
export async function repostsOf(
  db: Query,
  person_id: PersonId,
  post_ids: readonly PostId[],
): Promise<Map<PostId, string>> {
  const rows = (await db`SELECT post_id, entry_id FROM feed_reposts
    WHERE person_id = ${person_id} AND post_id = ANY(${bigints(db, post_ids)})`) as {
    post_id: PostId;
    entry_id: string;
  }[];
  return new Map(rows.map((row) => [row.post_id, row.entry_id]));
}

/** How many entries each has, counted up to `entries_max`, and the newest one's id; what is for few of their readers is not among them. */
export async function authoredBy(
  db: Query,
  person_ids: readonly PersonId[],
  entries_max: number,
): Promise<{ person_id: PersonId; posts: number; last_id: string | null }[]> {
  return (await db`
    SELECT a.id AS person_id, n.posts - few.posts AS posts, last.id AS last_id FROM unnest(${bigints(db, person_ids)}) AS a (id)
    CROSS JOIN LATERAL (SELECT count(*)::int AS posts, min(e.id) AS from_id
      FROM (SELECT id FROM feed_entries WHERE actor_id = a.id ORDER BY id DESC LIMIT ${entries_max}) e) n
    CROSS JOIN LATERAL (SELECT count(*)::int AS posts FROM feed_posts WHERE author_id = a.id AND id >= n.from_id
      AND deleted_at IS NULL AND (audience IN ('private', 'space') OR hidden_at IS NOT NULL)) few
    LEFT JOIN LATERAL (SELECT e.id FROM feed_entries e WHERE e.actor_id = a.id AND NOT EXISTS (
      SELECT FROM feed_posts p WHERE p.author_id = a.id AND p.id = e.id AND p.deleted_at IS NULL
        AND (p.audience IN ('private', 'space') OR p.hidden_at IS NOT NULL)) ORDER BY e.id DESC LIMIT 1) last ON true`) as {
    person_id: PersonId;
    posts: number;
    last_id: string | null;
  }[];
}
