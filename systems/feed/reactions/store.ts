import type { Id, PersonId, PostId } from "#kernel/ids.ts";
import type { Fragment, Query } from "#ports/sql/index.ts";

/** 1 liked, 2 reposted, 4 bookmarked; posts with none are missing. */
export async function bitsOf(
  db: Query,
  person_id: PersonId,
  post_ids: readonly PostId[],
): Promise<Map<PostId, number>> {
  const ids = db.array([...post_ids], "BIGINT");
  const rows = (await db`
    SELECT post_id, 1 AS bit FROM feed_likes WHERE person_id = ${person_id} AND post_id = ANY(${ids})
    UNION ALL SELECT post_id, 2 FROM feed_reposts WHERE person_id = ${person_id} AND post_id = ANY(${ids})
    UNION ALL SELECT post_id, 4 FROM feed_bookmarks WHERE person_id = ${person_id} AND post_id = ANY(${ids})`) as {
    post_id: PostId;
    bit: number;
  }[];
  const bits = new Map<PostId, number>();
  for (const { post_id, bit } of rows) bits.set(post_id, (bits.get(post_id) ?? 0) | bit);
  return bits;
}

export type ReactionKind = "like" | "repost" | "bookmark";
const TABLES: Record<ReactionKind, string> = {
  like: "feed_likes",
  repost: "feed_reposts",
  bookmark: "feed_bookmarks",
};

/** Posts that this person liked, passed on or kept, deleted ones too, and whose they are. */
export async function postsReactedTo(
  db: Query,
  kind: ReactionKind,
  person_id: PersonId,
  posts_max: number,
): Promise<{ post_id: PostId; author_id: PersonId }[]> {
  return (await db`
    SELECT r.post_id, p.author_id FROM ${db.unsafe(TABLES[kind])} r JOIN feed_posts p ON p.id = r.post_id
    WHERE r.person_id = ${person_id} ORDER BY r.post_id LIMIT ${posts_max}`) as {
    post_id: PostId;
    author_id: PersonId;
  }[];
}

interface Like {
  person_id: PersonId;
  post_id: PostId;
}
export const likeKey = (like: Like): string => `${like.person_id}:${like.post_id}`;

/** In one order, so that two who do this at once never wait for each other in a ring. */
const pairs = (tx: Query, likes: readonly Like[]) => {
  const sorted = likes.toSorted((a, b) => (likeKey(a) < likeKey(b) ? -1 : 1));
  return {
    people: tx.array(
      sorted.map((like) => like.person_id),
      "BIGINT",
    ),
    posts: tx.array(
      sorted.map((like) => like.post_id),
      "BIGINT",
    ),
  };
};

/** @returns the keys of those that were not there already */
export async function insertLikes(tx: Query, likes: readonly Like[], at: Date): Promise<string[]> {
  const { people, posts } = pairs(tx, likes);
  const made = (await tx`
    INSERT INTO feed_likes (person_id, post_id, at) SELECT person_id, post_id, ${at}
    FROM unnest(${people}, ${posts}) AS l (person_id, post_id) ON CONFLICT DO NOTHING RETURNING person_id, post_id`) as Like[];
  return made.map(likeKey);
}

/** @returns the keys of those that were there */
export async function deleteLikes(tx: Query, likes: readonly Like[]): Promise<string[]> {
  const { people, posts } = pairs(tx, likes);
  const gone = (await tx`
    DELETE FROM feed_likes WHERE (person_id, post_id) IN (
      SELECT f.person_id, f.post_id FROM feed_likes f JOIN unnest(${people}, ${posts}) AS l (person_id, post_id) USING (person_id, post_id)
      ORDER BY f.person_id, f.post_id FOR UPDATE OF f) RETURNING person_id, post_id`) as Like[];
  return gone.map(likeKey);
}

/** @returns false when there was none */
export async function deleteLike(tx: Query, person_id: PersonId, post_id: PostId): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_likes WHERE person_id = ${person_id} AND post_id = ${post_id}`;
  return gone.count === 1;
}

/** The repost, its entry, a step of the sum, and what tells of it. @returns false, and nothing is told, where it was there */
export async function insertRepost(
  db: Query,
  { person_id, post_id }: Like,
  entry_id: Id<"entry">,
  at: Date,
  tell: Fragment,
): Promise<boolean> {
  const made = await db`
    WITH made AS (
      INSERT INTO feed_reposts (person_id, post_id, entry_id, at) VALUES (${person_id}, ${post_id}, ${entry_id}, ${at})
      ON CONFLICT (person_id, post_id) DO NOTHING RETURNING person_id, post_id, entry_id),
    entry AS (INSERT INTO feed_entries (actor_id, id, post_id) SELECT person_id, entry_id, post_id FROM made),
    step AS (INSERT INTO feed_count_deltas (subject_id, reposts) SELECT post_id, 1 FROM made)
    SELECT ${tell} FROM made`;
  return made.length === 1;
}

/** @returns the entry that it had, or null where there was none */
export async function deleteRepost(tx: Query, person_id: PersonId, post_id: PostId): Promise<Id<"entry"> | null> {
  const [row] =
    (await tx`DELETE FROM feed_reposts WHERE person_id = ${person_id} AND post_id = ${post_id} RETURNING entry_id`) as {
      entry_id: Id<"entry">;
    }[];
  return row?.entry_id ?? null;
}

/** The bookmark and what tells of it. @returns false, and nothing is told, where it was there */
export async function insertBookmark(
  db: Query,
  { person_id, post_id }: Like,
  entry_id: Id<"entry">,
  at: Date,
  tell: Fragment,
): Promise<boolean> {
  const made = await db`
    WITH made AS (
      INSERT INTO feed_bookmarks (person_id, post_id, entry_id, at) VALUES (${person_id}, ${post_id}, ${entry_id}, ${at})
      ON CONFLICT (person_id, post_id) DO NOTHING RETURNING post_id)
    SELECT ${tell} FROM made`;
  return made.length === 1;
}

export async function deleteBookmark(tx: Query, person_id: PersonId, post_id: PostId): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_bookmarks WHERE person_id = ${person_id} AND post_id = ${post_id}`;
  return gone.count === 1;
}
