import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { TRAIN_ACTS_MAX, TRAIN_POSTS_MAX } from "./bounds.ts";
import type { HistoryAct, HistoryPost } from "./replay.ts";

/** Living posts since then, the oldest first; of more than the bound, the newest. What moderators hid is for nobody, but was met before. */
export async function postsSince(db: Query, since: Date): Promise<HistoryPost[]> {
  const rows = (await db`
    SELECT id AS post_id, author_id, created_at, space_id, hashtags AS tags, video_id IS NOT NULL AS has_film,
      image_ids <> '{}' AS has_pictures, audience = 'public' AND hidden_at IS NULL AS is_public
    FROM feed_posts WHERE created_at > ${since} AND deleted_at IS NULL AND audience <> 'private'
    ORDER BY id DESC LIMIT ${TRAIN_POSTS_MAX}`) as (Omit<HistoryPost, "at_ms"> & { created_at: Date })[];
  return rows
    .map(({ created_at, ...row }) => ({ ...row, at_ms: created_at.getTime() }))
    .toSorted((a, b) => a.at_ms - b.at_ms);
}

/**
 * What people did since then, the oldest first; of more than the bound, the newest. The rows of likes, comments and the rest
 * say when each happened, as the log's events did, and are kept for as long as they are true; the log is not.
 * Of whom For you is off, nothing is read.
 */
export async function actsSince(db: Query, since: Date): Promise<HistoryAct[]> {
  const rows = (await db`
    SELECT a.kind, a.person_id, a.post_id, a.at FROM (
      SELECT 'like' AS kind, person_id, post_id, at FROM feed_likes WHERE at > ${since}
      UNION ALL SELECT 'repost', person_id, post_id, at FROM feed_reposts WHERE at > ${since}
      UNION ALL SELECT 'reply', author_id, post_id, created_at FROM feed_comments WHERE created_at > ${since} AND deleted_at IS NULL
      UNION ALL SELECT 'share', author_id, quote_id, created_at FROM feed_posts
        WHERE created_at > ${since} AND quote_id IS NOT NULL AND deleted_at IS NULL AND audience <> 'private'
      UNION ALL SELECT 'hide', person_id, subject_id, at FROM feed_for_you_less WHERE at > ${since} AND kind = 'post'
      UNION ALL SELECT 'seen', person_id, post_id, first_at FROM feed_seen WHERE first_at > ${since}
    ) a LEFT JOIN feed_for_you_people p USING (person_id)
    WHERE coalesce(p.is_on, true)
    ORDER BY a.at DESC LIMIT ${TRAIN_ACTS_MAX}`) as (Omit<HistoryAct, "at_ms"> & { at: Date })[];
  return rows.map(({ at, ...row }) => ({ ...row, at_ms: at.getTime() })).toSorted((a, b) => a.at_ms - b.at_ms);
}

/** Of these people, who wants For you: what other systems know of the rest is not asked. */
export async function wantingAmong(db: Query, person_ids: readonly PersonId[]): Promise<Set<PersonId>> {
  const rows = (await db`
    SELECT a.id FROM unnest(${db.array([...person_ids], "BIGINT")}) AS a (id)
    LEFT JOIN feed_for_you_people p ON p.person_id = a.id WHERE coalesce(p.is_on, true)`) as { id: PersonId }[];
  return new Set(rows.map((row) => row.id));
}

export const peopleIn = (acts: readonly HistoryAct[]): PersonId[] => [...new Set(acts.map((act) => act.person_id))];
