import type { CommentId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface Sums {
  likes: number;
  reposts: number;
  comments: number;
  /** People who saw it; of comments none are counted. */
  views: number;
  /** Posts about it that others may read; of comments none. */
  quotes: number;
}

export interface SubjectSums extends Sums {
  subject_id: PostId | CommentId;
}

/** One step of one sum, beside the row that it counts and in its transaction. */
export async function addDelta(
  tx: Query,
  subject_id: PostId | CommentId,
  what: Exclude<keyof Sums, "views">,
  step: 1 | -1,
): Promise<void> {
  const [likes, reposts, comments, quotes] = [
    what === "likes" ? step : 0,
    what === "reposts" ? step : 0,
    what === "comments" ? step : 0,
    what === "quotes" ? step : 0,
  ];
  await tx`
    INSERT INTO feed_count_deltas (subject_id, likes, reposts, comments, quotes)
    VALUES (${subject_id}, ${likes}, ${reposts}, ${comments}, ${quotes})`;
}

/** Likes more or fewer of each, one step for each post however many people they are. */
export async function addLikes(tx: Query, steps: ReadonlyMap<PostId, number>): Promise<void> {
  const moved = [...steps].filter(([, likes]) => likes !== 0);
  if (moved.length === 0) return;
  await tx`INSERT INTO feed_count_deltas (subject_id, likes) SELECT * FROM unnest(${tx.array(
    moved.map(([id]) => id),
    "BIGINT",
  )}, ${tx.array(
    moved.map(([, likes]) => likes),
    "SMALLINT",
  )})`;
}

/** These were seen for the first time by somebody. */
export async function addViews(tx: Query, post_ids: readonly PostId[]): Promise<void> {
  await tx`INSERT INTO feed_count_deltas (subject_id, views) SELECT id, 1 FROM unnest(${tx.array([...post_ids], "BIGINT")}) AS id`;
}

/**
 * Moves steps into sums: what is taken here is gone from there, in one statement. Two at once take different steps.
 * @returns the new sums
 */
export async function sumDeltas(tx: Query, deltas_max: number): Promise<{ taken: number; sums: SubjectSums[] }> {
  const rows = (await tx`
    WITH taken AS (
      DELETE FROM feed_count_deltas WHERE id IN (
        SELECT id FROM feed_count_deltas ORDER BY id LIMIT ${deltas_max} FOR UPDATE SKIP LOCKED)
      RETURNING subject_id, likes, reposts, comments, views, quotes
    ), steps AS (
      SELECT subject_id, sum(likes) AS likes, sum(reposts) AS reposts, sum(comments) AS comments, sum(views) AS views,
        sum(quotes) AS quotes, count(*) AS taken
      FROM taken GROUP BY subject_id ORDER BY subject_id
    ), summed AS (
      INSERT INTO feed_counts AS c (subject_id, likes, reposts, comments, views, quotes)
      SELECT subject_id, likes, reposts, comments, views, quotes FROM steps
      ON CONFLICT (subject_id) DO UPDATE SET
        likes = c.likes + excluded.likes, reposts = c.reposts + excluded.reposts, comments = c.comments + excluded.comments,
        views = c.views + excluded.views, quotes = c.quotes + excluded.quotes
      RETURNING c.subject_id, c.likes, c.reposts, c.comments, c.views, c.quotes
    )
    SELECT s.subject_id, s.likes::int, s.reposts::int, s.comments::int, s.views::int, s.quotes::int, steps.taken::int AS taken
    FROM summed s JOIN steps USING (subject_id)`) as (SubjectSums & { taken: number })[];
  return { taken: rows.reduce((n, row) => n + row.taken, 0), sums: rows };
}

/** Sums as of now, to the last step; for one subject whose reader just changed it. */
export async function exactSums(db: Query, subject_id: PostId | CommentId): Promise<Sums> {
  const [row] = (await db`
    SELECT coalesce(sum(likes), 0)::int AS likes, coalesce(sum(reposts), 0)::int AS reposts, coalesce(sum(comments), 0)::int AS comments,
      coalesce(sum(views), 0)::int AS views, coalesce(sum(quotes), 0)::int AS quotes
    FROM (SELECT likes, reposts, comments, views, quotes FROM feed_counts WHERE subject_id = ${subject_id}
      UNION ALL SELECT likes, reposts, comments, views, quotes FROM feed_count_deltas WHERE subject_id = ${subject_id}) s`) as Sums[];
  return row!;
}

/** The same for several at once; one without any is missing. */
export async function exactSumsOf(db: Query, subject_ids: readonly PostId[]): Promise<Map<PostId, Sums>> {
  const ids = db.array([...subject_ids], "BIGINT");
  const rows = (await db`
    SELECT subject_id, sum(likes)::int AS likes, sum(reposts)::int AS reposts, sum(comments)::int AS comments, sum(views)::int AS views,
      sum(quotes)::int AS quotes
    FROM (SELECT subject_id, likes, reposts, comments, views, quotes FROM feed_counts WHERE subject_id = ANY(${ids})
      UNION ALL SELECT subject_id, likes, reposts, comments, views, quotes FROM feed_count_deltas WHERE subject_id = ANY(${ids})) s
    GROUP BY subject_id`) as (Sums & { subject_id: PostId })[];
  return new Map(rows.map(({ subject_id, ...sums }) => [subject_id, sums]));
}

export async function sumsOf(db: Query, subject_ids: readonly (PostId | CommentId)[]): Promise<Map<string, Sums>> {
  const rows = (await db`
    SELECT subject_id, likes::int, reposts::int, comments::int, views::int, quotes::int FROM feed_counts
    WHERE subject_id = ANY(${db.array([...subject_ids], "BIGINT")})`) as SubjectSums[];
  return new Map(rows.map((row) => [row.subject_id, row]));
}

export async function nextSubjects(
  db: Query,
  kind: "post" | "comment",
  after: string,
  subjects_max: number,
): Promise<string[]> {
  const rows = (
    kind === "post"
      ? await db`SELECT id FROM feed_posts WHERE id > ${after}::bigint AND purged_at IS NULL ORDER BY id LIMIT ${subjects_max}`
      : await db`SELECT id FROM feed_comments WHERE id > ${after}::bigint AND deleted_at IS NULL ORDER BY id LIMIT ${subjects_max}`
  ) as { id: string }[];
  return rows.map((row) => row.id);
}

/**
 * What the sums must be: the rows of truth, less the steps that are not summed yet. Needs REPEATABLE READ, so that both
 * are seen at one moment; a sum that moves meanwhile fails the transaction, which is then tried again.
 * @returns those that were wrong, as they now are
 */
export async function recountSubjects(
  tx: Query,
  kind: "post" | "comment",
  subject_ids: readonly string[],
): Promise<SubjectSums[]> {
  const ids = tx.array([...subject_ids], "BIGINT");
  return (await tx`
    WITH truth AS (
      SELECT s.id AS subject_id,
        CASE ${kind} WHEN 'post' THEN (SELECT count(*) FROM feed_likes WHERE post_id = s.id)
          ELSE (SELECT count(*) FROM feed_comment_likes WHERE comment_id = s.id) END AS likes,
        CASE ${kind} WHEN 'post' THEN (SELECT count(*) FROM feed_reposts WHERE post_id = s.id) ELSE 0 END AS reposts,
        CASE ${kind} WHEN 'post' THEN (SELECT count(*) FROM feed_comments WHERE post_id = s.id AND deleted_at IS NULL)
          ELSE (SELECT count(*) FROM feed_comments WHERE parent_id = s.id AND deleted_at IS NULL) END AS comments,
        CASE ${kind} WHEN 'post' THEN (SELECT count(*) FROM feed_seen WHERE post_id = s.id AND counted)
          + coalesce((SELECT views FROM feed_views_kept WHERE post_id = s.id), 0) ELSE 0 END AS views,
        CASE ${kind} WHEN 'post' THEN (SELECT count(*) FROM feed_posts WHERE quote_id = s.id AND quote_detached_at IS NULL
          AND deleted_at IS NULL AND audience <> 'private') ELSE 0 END AS quotes
      FROM unnest(${ids}) AS s (id)
    ), waiting AS (
      SELECT subject_id, sum(likes) AS likes, sum(reposts) AS reposts, sum(comments) AS comments, sum(views) AS views, sum(quotes) AS quotes
      FROM feed_count_deltas WHERE subject_id = ANY(${ids}) GROUP BY subject_id
    ), right_sums AS (
      SELECT t.subject_id, t.likes - coalesce(w.likes, 0) AS likes, t.reposts - coalesce(w.reposts, 0) AS reposts,
        t.comments - coalesce(w.comments, 0) AS comments, t.views - coalesce(w.views, 0) AS views, t.quotes - coalesce(w.quotes, 0) AS quotes
      FROM truth t LEFT JOIN waiting w USING (subject_id)
    )
    INSERT INTO feed_counts AS c (subject_id, likes, reposts, comments, views, quotes)
    SELECT r.subject_id, r.likes, r.reposts, r.comments, r.views, r.quotes FROM right_sums r LEFT JOIN feed_counts h USING (subject_id)
    WHERE (r.likes, r.reposts, r.comments, r.views, r.quotes)
      IS DISTINCT FROM (coalesce(h.likes, 0), coalesce(h.reposts, 0), coalesce(h.comments, 0), coalesce(h.views, 0), coalesce(h.quotes, 0))
    ORDER BY r.subject_id
    ON CONFLICT (subject_id) DO UPDATE SET likes = excluded.likes, reposts = excluded.reposts, comments = excluded.comments,
      views = excluded.views, quotes = excluded.quotes
    RETURNING c.subject_id, c.likes::int, c.reposts::int, c.comments::int, c.views::int, c.quotes::int`) as SubjectSums[];
}

/** Who sums does so alone until the end of its transaction: two at once could wait for each other's sums. */
export async function lockSumming(tx: Query): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended('feed.counts', 5204))`;
}

export { seenOf } from "../seen/store.ts";
