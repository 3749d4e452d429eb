import type { Id, PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

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

/** @returns false when it was there already; so of the others */
export async function insertLike(tx: Query, person_id: PersonId, post_id: PostId, at: Date): Promise<boolean> {
  const made =
    await tx`INSERT INTO feed_likes (person_id, post_id, at) VALUES (${person_id}, ${post_id}, ${at}) ON CONFLICT DO NOTHING`;
  return made.count === 1;
}

export async function deleteLike(tx: Query, person_id: PersonId, post_id: PostId): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_likes WHERE person_id = ${person_id} AND post_id = ${post_id}`;
  return gone.count === 1;
}

export async function insertRepost(
  tx: Query,
  person_id: PersonId,
  post_id: PostId,
  entry_id: Id<"entry">,
  at: Date,
): Promise<boolean> {
  const made = await tx`INSERT INTO feed_reposts (person_id, post_id, entry_id, at)
    VALUES (${person_id}, ${post_id}, ${entry_id}, ${at}) ON CONFLICT (person_id, post_id) DO NOTHING`;
  return made.count === 1;
}

/** @returns the entry that it had, or null where there was none */
export async function deleteRepost(tx: Query, person_id: PersonId, post_id: PostId): Promise<Id<"entry"> | null> {
  const [row] =
    (await tx`DELETE FROM feed_reposts WHERE person_id = ${person_id} AND post_id = ${post_id} RETURNING entry_id`) as {
      entry_id: Id<"entry">;
    }[];
  return row?.entry_id ?? null;
}

export async function insertBookmark(
  tx: Query,
  person_id: PersonId,
  post_id: PostId,
  entry_id: Id<"entry">,
  at: Date,
): Promise<boolean> {
  const made = await tx`INSERT INTO feed_bookmarks (person_id, post_id, entry_id, at)
    VALUES (${person_id}, ${post_id}, ${entry_id}, ${at}) ON CONFLICT (person_id, post_id) DO NOTHING`;
  return made.count === 1;
}

export async function deleteBookmark(tx: Query, person_id: PersonId, post_id: PostId): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_bookmarks WHERE person_id = ${person_id} AND post_id = ${post_id}`;
  return gone.count === 1;
}
