import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Candidate } from "./score.ts";

/** Sums of living posts, in no order. */
export async function factsOf(
  db: Query,
  post_ids: readonly PostId[],
): Promise<(Omit<Candidate, "passed_on_by" | "at_ms"> & { created_at: Date })[]> {
  return (await db`
    SELECT p.id AS post_id, p.author_id, p.created_at, coalesce(c.likes, 0)::int AS likes, coalesce(c.reposts, 0)::int AS reposts,
      coalesce(c.comments, 0)::int AS comments, coalesce(c.views, 0)::int AS views
    FROM feed_posts p LEFT JOIN feed_counts c ON c.subject_id = p.id
    WHERE p.id = ANY(${db.array([...post_ids], "BIGINT")}) AND p.deleted_at IS NULL`) as (Omit<
    Candidate,
    "passed_on_by" | "at_ms"
  > & { created_at: Date })[];
}

/** Those of these people who wrote at most `posts_max` posts since an id; one look at the index each. */
export async function quietAmong(
  db: Query,
  people: readonly PersonId[],
  since: string,
  posts_max: number,
): Promise<PersonId[]> {
  const rows = (await db`
    SELECT a.id FROM unnest(${db.array([...people], "BIGINT")}) AS a (id)
    WHERE (SELECT count(*) FROM (
      SELECT FROM feed_entries e WHERE e.actor_id = a.id AND e.id > ${since}::bigint AND e.id = e.post_id LIMIT ${posts_max + 1}
    ) few) <= ${posts_max}`) as { id: PersonId }[];
  return rows.map((row) => row.id);
}
