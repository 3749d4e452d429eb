import type { ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

export interface PostRow {
  id: PostId;
  author_id: PersonId;
  text: string;
  audience: Audience;
  space_id: SpaceId | null;
  video_id: VideoId | null;
  image_ids: ImageId[];
  hashtags: string[];
  mention_ids: PersonId[];
  mention_handles: string[];
  version: number;
  created_at: Date;
  edited_at: Date | null;
  deleted_at: Date | null;
  deleted_by: PersonId | null;
  purged_at: Date | null;
  /** Moderators took it out of sight; its author and they still see it. */
  hidden_at: Date | null;
}

export interface CountedPostRow extends PostRow {
  likes: number;
  reposts: number;
  comments: number;
  views: number;
}

export interface EditRow {
  version: number;
  text: string;
  audience: Audience;
  at: Date;
}

/** Living posts with their sums, in no order. */
export async function findPosts(db: Query, ids: readonly PostId[]): Promise<CountedPostRow[]> {
  return (await db`
    SELECT p.id, p.author_id, p.text, p.audience, p.space_id, p.video_id, p.image_ids, p.hashtags, p.mention_ids,
      p.mention_handles, p.version, p.created_at, p.edited_at, p.deleted_at, p.deleted_by, p.purged_at, p.hidden_at,
      coalesce(c.likes, 0)::int AS likes, coalesce(c.reposts, 0)::int AS reposts, coalesce(c.comments, 0)::int AS comments,
      coalesce(c.views, 0)::int AS views
    FROM feed_posts p LEFT JOIN feed_counts c ON c.subject_id = p.id
    WHERE p.id = ANY(${db.array([...ids], "BIGINT")}) AND p.deleted_at IS NULL`) as CountedPostRow[];
}

/** The row as it stands, deleted or not, held until the transaction ends. */
export async function lockPost(tx: Query, id: PostId): Promise<PostRow | null> {
  const [row] = (await tx`SELECT * FROM feed_posts WHERE id = ${id} FOR NO KEY UPDATE`) as PostRow[];
  return row ?? null;
}

export async function findOwnPost(db: Query, id: PostId): Promise<PostRow | null> {
  const [row] = (await db`SELECT * FROM feed_posts WHERE id = ${id}`) as PostRow[];
  return row ?? null;
}

/** The oldest of them first. */
export async function livingPostsOf(db: Query, author_id: PersonId, posts_max: number): Promise<PostId[]> {
  const rows = (await db`
    SELECT id FROM feed_posts WHERE author_id = ${author_id} AND deleted_at IS NULL ORDER BY id LIMIT ${posts_max}`) as {
    id: PostId;
  }[];
  return rows.map((row) => row.id);
}

/** @returns the id of the post that this key made before; null when this is the first */
export async function insertPost(
  tx: Query,
  row: Omit<PostRow, "version" | "edited_at" | "deleted_at" | "deleted_by" | "purged_at" | "hidden_at">,
  idempotency_key: string | null,
): Promise<PostId | null> {
  const made = await tx`
    INSERT INTO feed_posts (id, author_id, text, audience, space_id, video_id, image_ids, hashtags, mention_ids, mention_handles,
      created_at, idempotency_key)
    VALUES (${row.id}, ${row.author_id}, ${row.text}, ${row.audience}, ${row.space_id}, ${row.video_id},
      ${tx.array(row.image_ids, "BIGINT")}, ${tx.array(row.hashtags, "TEXT")}, ${tx.array(row.mention_ids, "BIGINT")},
      ${tx.array(row.mention_handles, "TEXT")}, ${row.created_at}, ${idempotency_key})
    ON CONFLICT (author_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING`;
  if (made.count === 1) return null;
  const [first] = (await tx`
    SELECT id FROM feed_posts WHERE author_id = ${row.author_id} AND idempotency_key = ${idempotency_key}`) as {
    id: PostId;
  }[];
  return first!.id;
}

export async function setHashtags(tx: Query, post_id: PostId, tags: readonly string[]): Promise<void> {
  const wanted = tx.array([...tags], "TEXT");
  await tx`DELETE FROM feed_hashtags WHERE post_id = ${post_id} AND tag <> ALL(${wanted})`;
  await tx`INSERT INTO feed_hashtags (tag, post_id) SELECT t, ${post_id} FROM unnest(${wanted}) AS t ON CONFLICT DO NOTHING`;
}

/** Keeps the version that stands, and puts the next in its place. */
export async function updatePost(
  tx: Query,
  before: PostRow,
  next: Pick<PostRow, "text" | "audience" | "space_id" | "hashtags" | "mention_ids" | "mention_handles">,
  at: Date,
): Promise<void> {
  await tx`
    INSERT INTO feed_post_edits (post_id, version, text, audience, at, replaced_at, replaced_by)
    VALUES (${before.id}, ${before.version}, ${before.text}, ${before.audience}, ${before.edited_at ?? before.created_at}, ${at}, ${before.author_id})`;
  await tx`
    UPDATE feed_posts SET text = ${next.text}, audience = ${next.audience}, space_id = ${next.space_id},
      hashtags = ${tx.array(next.hashtags, "TEXT")}, mention_ids = ${tx.array(next.mention_ids, "BIGINT")},
      mention_handles = ${tx.array(next.mention_handles, "TEXT")}, version = version + 1, edited_at = ${at}
    WHERE id = ${before.id}`;
}

/** Versions before the present one, newest first, below `version`. */
export async function findEdits(
  db: Query,
  post_id: PostId,
  below_version: number,
  edits_max: number,
): Promise<EditRow[]> {
  return (await db`
    SELECT version, text, audience, at FROM feed_post_edits
    WHERE post_id = ${post_id} AND version < ${below_version} ORDER BY version DESC LIMIT ${edits_max}`) as EditRow[];
}

export async function markDeleted(tx: Query, id: PostId, by: PersonId, at: Date): Promise<void> {
  await tx`UPDATE feed_posts SET deleted_at = ${at}, deleted_by = ${by} WHERE id = ${id}`;
}

export async function unmarkDeleted(tx: Query, id: PostId): Promise<void> {
  await tx`UPDATE feed_posts SET deleted_at = NULL, deleted_by = NULL WHERE id = ${id}`;
}

/** The words and their history go; that there was a post, whose, and who deleted it when, stays. */
export async function purgePost(tx: Query, id: PostId, at: Date): Promise<void> {
  await tx`DELETE FROM feed_hashtags WHERE post_id = ${id}`;
  await tx`DELETE FROM feed_post_edits WHERE post_id = ${id}`;
  await tx`DELETE FROM feed_shorts WHERE post_id = ${id}`;
  await tx`
    UPDATE feed_posts SET text = '', video_id = NULL, image_ids = '{}', hashtags = '{}', mention_ids = '{}', mention_handles = '{}',
      idempotency_key = NULL, purged_at = ${at}
    WHERE id = ${id}`;
}
