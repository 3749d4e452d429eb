import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Candidate } from "./score.ts";

/** What a candidate is made of, and whom it is for. */
export interface FactsRow extends Omit<Candidate, "passed_on_by" | "at_ms"> {
  created_at: Date;
  audience: Audience;
  space_id: SpaceId | null;
}

/** Sums of living posts that nobody hid, in no order. */
export async function factsOf(db: Query, post_ids: readonly PostId[]): Promise<FactsRow[]> {
  return (await db`
    SELECT p.id AS post_id, p.author_id, p.created_at, p.audience, p.space_id, coalesce(c.likes, 0)::int AS likes, coalesce(c.reposts, 0)::int AS reposts,
      coalesce(c.comments, 0)::int AS comments, coalesce(c.views, 0)::int AS views
    FROM feed_posts p LEFT JOIN feed_counts c ON c.subject_id = p.id
    WHERE p.id = ANY(${db.array([...post_ids], "BIGINT")}) AND p.deleted_at IS NULL AND p.hidden_at IS NULL`) as FactsRow[];
}

/** Those of these people who wrote at most `posts_max` posts for others since an id. What is for few is no noise in anybody's home. */
export async function quietAmong(
  db: Query,
  people: readonly PersonId[],
  since: string,
  posts_max: number,
): Promise<PersonId[]> {
  const rows = (await db`
    SELECT a.id FROM unnest(${db.array([...people], "BIGINT")}) AS a (id)
    WHERE (SELECT count(*) FROM (
      SELECT FROM feed_entries e JOIN feed_posts p ON p.id = e.post_id
      WHERE e.actor_id = a.id AND e.id > ${since}::bigint AND e.id = e.post_id AND p.audience IN ('public', 'followers')
      LIMIT ${posts_max + 1}
    ) few) <= ${posts_max}`) as { id: PersonId }[];
  return rows.map((row) => row.id);
}
