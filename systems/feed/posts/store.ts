import type { Id, ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Fragment, Query } from "#ports/sql/index.ts";

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
  content_warning: string | null;
  sensitive: boolean;
  quote_id: PostId | null;
  /** Its author took it out of this post. */
  quote_detached_at: Date | null;
  link_id: Id<"link"> | null;
  link_hidden_at: Date | null;
  version: number;
  created_at: Date;
  edited_at: Date | null;
  deleted_at: Date | null;
  deleted_by: PersonId | null;
  purged_at: Date | null;
  /** Moderators took it out of sight; its author and they still see it. */
  hidden_at: Date | null;
  /** A moderator marked it as sensitive. */
  marked_by: PersonId | null;
}

export interface CountedPostRow extends PostRow {
  likes: number;
  reposts: number;
  comments: number;
  views: number;
  quotes: number;
  poll: PollJson | null;
  link: LinkJson | null;
  imported_at: Date | null;
}

/** As `to_jsonb` gives them. */
export interface PollJson {
  edition: number;
  options: string[];
  multiple: boolean;
  hides_results: boolean;
  ends_at: string;
  voters: number;
  votes: number[];
}

export interface LinkJson {
  url: string;
  state: "waiting" | "ready" | "none";
  title: string | null;
  description: string | null;
  site: string | null;
  image_name: string | null;
  image_width: number | null;
  image_height: number | null;
}

export interface EditRow {
  version: number;
  text: string;
  audience: Audience;
  at: Date;
  content_warning: string | null;
  poll_options: string[] | null;
}

/** Living posts with their sums, in no order. */
export async function findPosts(db: Query, ids: readonly PostId[]): Promise<CountedPostRow[]> {
  return (await db`
    SELECT p.id, p.author_id, p.text, p.audience, p.space_id, p.video_id, p.image_ids, p.hashtags, p.mention_ids,
      p.mention_handles, p.content_warning, p.sensitive, p.quote_id, p.quote_detached_at, p.link_id, p.link_hidden_at,
      to_jsonb(pl) AS poll, to_jsonb(l) AS link, p.version, p.created_at, p.edited_at, p.deleted_at, p.deleted_by, p.purged_at, p.hidden_at, p.marked_by,
      coalesce(c.likes, 0)::int AS likes, coalesce(c.reposts, 0)::int AS reposts, coalesce(c.comments, 0)::int AS comments,
      coalesce(c.views, 0)::int AS views, coalesce(c.quotes, 0)::int AS quotes, i.imported_at
    FROM feed_posts p LEFT JOIN feed_counts c ON c.subject_id = p.id
      LEFT JOIN feed_polls pl ON pl.post_id = p.id AND pl.removed_at IS NULL
      LEFT JOIN feed_links l ON l.id = p.link_id AND p.link_hidden_at IS NULL
      LEFT JOIN feed_imported_posts i ON i.post_id = p.id
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

/**
 * The post, its hashtags and its entry, and the event that tells of it, in one statement: most posts are nothing more, and so
 * need no transaction around it.
 * @returns the id of the post that this key made before; null when this is the first
 */
export async function insertPost(
  db: Query,
  row: Omit<
    PostRow,
    | "version"
    | "edited_at"
    | "deleted_at"
    | "deleted_by"
    | "purged_at"
    | "hidden_at"
    | "marked_by"
    | "quote_detached_at"
    | "link_hidden_at"
  >,
  idempotency_key: string | null,
  tell: Fragment,
): Promise<PostId | null> {
  const hashtags = db.array(row.hashtags, "TEXT");
  const made = await db`
    WITH made AS (
      INSERT INTO feed_posts (id, author_id, text, audience, space_id, video_id, image_ids, hashtags, mention_ids, mention_handles,
        content_warning, sensitive, quote_id, link_id, created_at, idempotency_key)
      VALUES (${row.id}, ${row.author_id}, ${row.text}, ${row.audience}, ${row.space_id}, ${row.video_id},
        ${db.array(row.image_ids, "BIGINT")}, ${hashtags}, ${db.array(row.mention_ids, "BIGINT")},
        ${db.array(row.mention_handles, "TEXT")}, ${row.content_warning}, ${row.sensitive}, ${row.quote_id}, ${row.link_id},
        ${row.created_at}, ${idempotency_key})
      ON CONFLICT (author_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id, author_id, hashtags),
    entry AS (INSERT INTO feed_entries (actor_id, id, post_id) SELECT author_id, id, id FROM made),
    tags AS (INSERT INTO feed_hashtags (tag, post_id) SELECT unnest(hashtags), id FROM made ON CONFLICT DO NOTHING)
    SELECT ${tell} FROM made`;
  if (made.length === 1) return null;
  const [first] = (await db`
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
  next: Omit<PostRow, "id" | "author_id" | "version" | "created_at">,
  poll_options: readonly string[] | null,
  at: Date,
): Promise<void> {
  await tx`
    INSERT INTO feed_post_edits (post_id, version, text, audience, content_warning, poll_options, at, replaced_at, replaced_by)
    VALUES (${before.id}, ${before.version}, ${before.text}, ${before.audience}, ${before.content_warning},
      ${poll_options === null ? null : tx.array([...poll_options], "TEXT")}, ${before.edited_at ?? before.created_at}, ${at}, ${before.author_id})`;
  await tx`
    UPDATE feed_posts SET text = ${next.text}, audience = ${next.audience}, space_id = ${next.space_id},
      hashtags = ${tx.array(next.hashtags, "TEXT")}, mention_ids = ${tx.array(next.mention_ids, "BIGINT")},
      mention_handles = ${tx.array(next.mention_handles, "TEXT")}, content_warning = ${next.content_warning},
      sensitive = ${next.sensitive}, quote_id = ${next.quote_id}, quote_detached_at = ${next.quote_detached_at},
      quote_detached_by = CASE WHEN ${next.quote_detached_at}::timestamptz IS NULL THEN NULL ELSE quote_detached_by END,
      link_id = ${next.link_id}, link_hidden_at = ${next.link_hidden_at}, version = version + 1, edited_at = ${at}
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
    SELECT version, text, audience, at, content_warning, poll_options FROM feed_post_edits
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
  await tx`DELETE FROM feed_quotes_detached WHERE post_id = ${id}`;
  await tx`
    UPDATE feed_posts SET text = '', video_id = NULL, image_ids = '{}', hashtags = '{}', mention_ids = '{}', mention_handles = '{}',
      content_warning = NULL, quote_id = NULL, quote_detached_at = NULL, quote_detached_by = NULL, link_id = NULL, link_hidden_at = NULL,
      idempotency_key = NULL, purged_at = ${at}
    WHERE id = ${id}`;
}
