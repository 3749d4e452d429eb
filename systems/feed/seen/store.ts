import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

const ids = (db: Query, list: readonly string[]) => db.array([...list], "BIGINT");

/** Which of these posts this person has seen, and how. Whoever does not want it kept has seen nothing. */
export async function seenOf(
  db: Query,
  person_id: PersonId,
  post_ids: readonly PostId[],
): Promise<Map<PostId, { last_at: Date; times: number; ms: number }>> {
  const rows = (await db`
    SELECT post_id, last_at, times, ms::float8 AS ms FROM feed_seen
    WHERE person_id = ${person_id} AND post_id = ANY(${ids(db, post_ids)})`) as {
    post_id: PostId;
    last_at: Date;
    times: number;
    ms: number;
  }[];
  return new Map(rows.map(({ post_id, ...seen }) => [post_id, seen]));
}

export interface SeenPerson {
  keeps: boolean;
  posts: number;
  /** What is older may have been counted of them before their memory was emptied. */
  forgot_at: Date | null;
}

export async function findSeenPerson(db: Query, person_id: PersonId): Promise<SeenPerson> {
  const [row] =
    (await db`SELECT keeps, posts, forgot_at FROM feed_seen_people WHERE person_id = ${person_id}`) as SeenPerson[];
  return row ?? { keeps: true, posts: 0, forgot_at: null };
}

/** Held until the transaction ends: whoever writes of what this person saw does so alone. */
export async function lockSeenPerson(tx: Query, person_id: PersonId, at: Date): Promise<SeenPerson> {
  const [row] = (await tx`
    INSERT INTO feed_seen_people AS p (person_id, changed_at) VALUES (${person_id}, ${at})
    ON CONFLICT (person_id) DO UPDATE SET person_id = p.person_id RETURNING keeps, posts, forgot_at`) as SeenPerson[];
  return row!;
}

export async function setSeenPerson(
  tx: Query,
  person_id: PersonId,
  { keeps, posts, forgot_at }: SeenPerson,
  at: Date,
): Promise<void> {
  await tx`
    UPDATE feed_seen_people SET changed_at = CASE keeps WHEN ${keeps} THEN changed_at ELSE ${at} END,
      keeps = ${keeps}, posts = ${posts}, forgot_at = ${forgot_at} WHERE person_id = ${person_id}`;
}

export const setSeenPosts = async (tx: Query, person_id: PersonId, more: number): Promise<void> => {
  await tx`UPDATE feed_seen_people SET posts = posts + ${more}::int WHERE person_id = ${person_id}`;
};

/** Under the person's lock. @returns which of them are new, and which count from now on */
export async function insertSeen(
  tx: Query,
  person_id: PersonId,
  seen: readonly { post_id: PostId; ms: number; counts: boolean }[],
  at: Date,
): Promise<{ fresh: PostId[]; counted: PostId[] }> {
  const post_ids = ids(
    tx,
    seen.map((s) => s.post_id),
  );
  const known = (await tx`
    SELECT post_id, counted FROM feed_seen WHERE person_id = ${person_id} AND post_id = ANY(${post_ids})`) as {
    post_id: PostId;
    counted: boolean;
  }[];
  const before = new Map(known.map((row) => [row.post_id, row.counted]));
  await tx`
    INSERT INTO feed_seen AS s (person_id, post_id, first_at, last_at, times, ms, counted)
    SELECT ${person_id}, t.post_id, ${at}, ${at}, 1, t.ms, t.counts
    FROM unnest(${post_ids}, ${tx.array(
      seen.map((s) => s.ms),
      "INTEGER",
    )}, ${tx.array(
      seen.map((s) => s.counts),
      "BOOLEAN",
    )}) AS t (post_id, ms, counts)
    ON CONFLICT (person_id, post_id) DO UPDATE SET last_at = greatest(s.last_at, excluded.last_at),
      times = least(s.times + 1, 1000000), ms = least(s.ms + excluded.ms, 31536000000), counted = s.counted OR excluded.counted`;
  const all = seen.map((s) => s.post_id);
  return {
    fresh: all.filter((id) => !before.has(id)),
    counted: seen.flatMap(({ post_id, counts }) => (counts && before.get(post_id) !== true ? [post_id] : [])),
  };
}

/**
 * Lets go of what is older than `oldest`, and of what is behind the newest `posts_max`; then of at most `rows_max` rows. The
 * views that they were stay counted.
 * @returns how many rows went
 */
export async function dropSeen(
  tx: Query,
  person_id: PersonId,
  which: { oldest: Date | null; posts_max: number; rows_max?: number },
): Promise<number> {
  const [row] = (await tx`
    WITH gone AS (
      DELETE FROM feed_seen WHERE person_id = ${person_id} AND post_id IN (
        SELECT post_id FROM (
          SELECT post_id, last_at, row_number() OVER (ORDER BY last_at DESC, post_id DESC) AS place
          FROM feed_seen WHERE person_id = ${person_id}) s
        WHERE place > ${which.posts_max} OR last_at < ${which.oldest ?? "-infinity"}::timestamptz
        LIMIT ${which.rows_max ?? 1_000_000})
      RETURNING post_id, counted
    ), kept AS (
      INSERT INTO feed_views_kept AS k (post_id, views)
      SELECT post_id, 1 FROM gone WHERE counted ORDER BY post_id
      ON CONFLICT (post_id) DO UPDATE SET views = k.views + excluded.views
    )
    SELECT count(*)::int AS rows FROM gone`) as { rows: number }[];
  return row!.rows;
}

export async function forgetSeenPerson(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM feed_seen_people WHERE person_id = ${person_id} AND posts = 0`;
}

/** Of whom something is kept, by id. */
export async function seenPeopleAfter(db: Query, after: string, people_max: number): Promise<PersonId[]> {
  const rows = (await db`
    SELECT person_id FROM feed_seen_people WHERE person_id > ${after}::bigint AND posts > 0
    ORDER BY person_id LIMIT ${people_max}`) as { person_id: PersonId }[];
  return rows.map((row) => row.person_id);
}
