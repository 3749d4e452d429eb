import type { CommentId, PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface CommentRow {
  id: CommentId;
  post_id: PostId;
  parent_id: CommentId | null;
  depth: number;
  author_id: PersonId;
  text: string;
  /** Words that stand before the others until somebody asks for those. */
  content_warning: string | null;
  sensitive: boolean;
  mention_ids: PersonId[];
  mention_handles: string[];
  created_at: Date;
  edited_at: Date | null;
  deleted_at: Date | null;
  deleted_by: PersonId | null;
  hidden_at: Date | null;
}

const COLUMNS =
  "id, post_id, parent_id, depth, author_id, text, content_warning, sensitive, mention_ids, mention_handles, created_at, edited_at, deleted_at, deleted_by, hidden_at";
const FIRST = "0";
const LAST = "9223372036854775807";

export async function findComment(db: Query, id: CommentId): Promise<CommentRow | null> {
  const [row] = (await db`SELECT ${db.unsafe(COLUMNS)} FROM feed_comments WHERE id = ${id}`) as CommentRow[];
  return row ?? null;
}

export async function findComments(db: Query, ids: readonly CommentId[]): Promise<CommentRow[]> {
  if (ids.length === 0) return [];
  return (await db`
    SELECT ${db.unsafe(COLUMNS)} FROM feed_comments WHERE id = ANY(${db.array([...ids], "BIGINT")})`) as CommentRow[];
}

/** The words of those that stand. */
export async function commentTexts(db: Query, ids: readonly CommentId[]): Promise<Map<CommentId, string>> {
  if (ids.length === 0) return new Map();
  const rows = (await db`
    SELECT id, text FROM feed_comments WHERE id = ANY(${db.array([...ids], "BIGINT")}) AND deleted_at IS NULL AND hidden_at IS NULL`) as {
    id: CommentId;
    text: string;
  }[];
  return new Map(rows.map((row) => [row.id, row.text]));
}

export async function lockComment(tx: Query, id: CommentId): Promise<CommentRow | null> {
  const [row] =
    (await tx`SELECT ${tx.unsafe(COLUMNS)} FROM feed_comments WHERE id = ${id} FOR NO KEY UPDATE`) as CommentRow[];
  return row ?? null;
}

/** Answers to a post (`parent_id` null) or to a comment. Deleted ones are here too: they may carry replies. */
export async function findThread(
  db: Query,
  at: { post_id: PostId; parent_id: CommentId | null; order: "oldest" | "newest" },
  after: string | null,
  comments_max: number,
): Promise<CommentRow[]> {
  if (at.order === "oldest") {
    return (await db`SELECT ${db.unsafe(COLUMNS)} FROM feed_comments
      WHERE post_id = ${at.post_id} AND parent_id IS NOT DISTINCT FROM ${at.parent_id}::bigint AND id > ${after ?? FIRST}::bigint
      ORDER BY id LIMIT ${comments_max}`) as CommentRow[];
  }
  return (await db`SELECT ${db.unsafe(COLUMNS)} FROM feed_comments
    WHERE post_id = ${at.post_id} AND parent_id IS NOT DISTINCT FROM ${at.parent_id}::bigint AND id < ${after ?? LAST}::bigint
    ORDER BY id DESC LIMIT ${comments_max}`) as CommentRow[];
}

/** Of a post, oldest first, deleted ones too. An answer is younger than what it answers. */
export async function findAll(db: Query, post_id: PostId, comments_max: number): Promise<CommentRow[]> {
  return (await db`SELECT ${db.unsafe(COLUMNS)} FROM feed_comments WHERE post_id = ${post_id} ORDER BY id LIMIT ${comments_max}`) as CommentRow[];
}

/** @returns the id of the comment that this key made before; null when this is the first */
export async function insertComment(
  tx: Query,
  row: Omit<CommentRow, "edited_at" | "deleted_at" | "deleted_by" | "hidden_at">,
  idempotency_key: string | null,
): Promise<CommentId | null> {
  const made = await tx`
    INSERT INTO feed_comments (id, post_id, parent_id, depth, author_id, text, content_warning, sensitive, mention_ids, mention_handles,
      created_at, idempotency_key)
    VALUES (${row.id}, ${row.post_id}, ${row.parent_id}, ${row.depth}, ${row.author_id}, ${row.text}, ${row.content_warning},
      ${row.sensitive}, ${tx.array(row.mention_ids, "BIGINT")}, ${tx.array(row.mention_handles, "TEXT")}, ${row.created_at}, ${idempotency_key})
    ON CONFLICT (author_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING`;
  if (made.count === 1) return null;
  const [first] = (await tx`
    SELECT id FROM feed_comments WHERE author_id = ${row.author_id} AND idempotency_key = ${idempotency_key}`) as {
    id: CommentId;
  }[];
  return first!.id;
}

/** What its author may change. */
export type CommentWords = Pick<
  CommentRow,
  "text" | "content_warning" | "sensitive" | "mention_ids" | "mention_handles"
>;

export async function updateComment(tx: Query, before: CommentRow, next: CommentWords, at: Date): Promise<void> {
  await tx`
    INSERT INTO feed_comment_edits (comment_id, text, content_warning, replaced_at)
    VALUES (${before.id}, ${before.text}, ${before.content_warning}, ${at})`;
  await tx`UPDATE feed_comments SET text = ${next.text}, content_warning = ${next.content_warning}, sensitive = ${next.sensitive}, mention_ids = ${tx.array(next.mention_ids, "BIGINT")},
    mention_handles = ${tx.array(next.mention_handles, "TEXT")}, edited_at = ${at} WHERE id = ${before.id}`;
}

export async function countEdits(tx: Query, id: CommentId): Promise<number> {
  const [row] = (await tx`SELECT count(*)::int AS edits FROM feed_comment_edits WHERE comment_id = ${id}`) as {
    edits: number;
  }[];
  return row!.edits;
}

export async function markCommentDeleted(tx: Query, id: CommentId, by: PersonId, at: Date): Promise<void> {
  await tx`UPDATE feed_comments SET deleted_at = ${at}, deleted_by = ${by} WHERE id = ${id}`;
}

/** Those of this author whose words are still kept, deleted or not, with whose post each is under. */
export async function unpurgedCommentsOf(
  db: Query,
  author_id: PersonId,
  comments_max: number,
): Promise<{ id: CommentId; post_author_id: PersonId }[]> {
  return (await db`
    SELECT c.id, p.author_id AS post_author_id FROM feed_comments c JOIN feed_posts p ON p.id = c.post_id
    WHERE c.author_id = ${author_id} AND c.purged_at IS NULL ORDER BY c.id LIMIT ${comments_max}`) as {
    id: CommentId;
    post_author_id: PersonId;
  }[];
}

/** Of a deleted comment the words, whom they name, and what stood there before go; that there was one, whose and where, stays. */
export async function purgeComment(tx: Query, id: CommentId, at: Date): Promise<void> {
  await tx`DELETE FROM feed_comment_edits WHERE comment_id = ${id}`;
  await tx`
    UPDATE feed_comments SET text = '', content_warning = NULL, mention_ids = '{}', mention_handles = '{}', idempotency_key = NULL, purged_at = ${at}
    WHERE id = ${id} AND deleted_at IS NOT NULL AND purged_at IS NULL`;
}

export async function commentsLikedBy(
  db: Query,
  person_id: PersonId,
  comments_max: number,
): Promise<Pick<CommentRow, "id" | "post_id" | "author_id">[]> {
  return (await db`
    SELECT c.id, c.post_id, c.author_id FROM feed_comment_likes l JOIN feed_comments c ON c.id = l.comment_id
    WHERE l.person_id = ${person_id} ORDER BY l.comment_id LIMIT ${comments_max}`) as Pick<
    CommentRow,
    "id" | "post_id" | "author_id"
  >[];
}

export async function insertCommentLike(
  tx: Query,
  person_id: PersonId,
  comment_id: CommentId,
  at: Date,
): Promise<boolean> {
  const made =
    await tx`INSERT INTO feed_comment_likes (person_id, comment_id, at) VALUES (${person_id}, ${comment_id}, ${at}) ON CONFLICT DO NOTHING`;
  return made.count === 1;
}

export async function deleteCommentLike(tx: Query, person_id: PersonId, comment_id: CommentId): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_comment_likes WHERE comment_id = ${comment_id} AND person_id = ${person_id}`;
  return gone.count === 1;
}

export async function likedAmong(
  db: Query,
  person_id: PersonId,
  comment_ids: readonly CommentId[],
): Promise<Set<CommentId>> {
  const rows = (await db`SELECT comment_id FROM feed_comment_likes
    WHERE person_id = ${person_id} AND comment_id = ANY(${db.array([...comment_ids], "BIGINT")})`) as {
    comment_id: CommentId;
  }[];
  return new Set(rows.map((row) => row.comment_id));
}
