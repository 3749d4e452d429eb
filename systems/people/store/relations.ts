import type { PersonId } from "#kernel/ids.ts";
import type { Query, Tx } from "#ports/sql/index.ts";

/** Rows of who follows, blocks and mutes whom, and the counts that follow from them. */

/** A follow and a block between the same two people, in either direction, never run at once. */
export const lockPair = (tx: Tx, a: PersonId, b: PersonId) => {
  const [low, high] = BigInt(a) < BigInt(b) ? [a, b] : [b, a];
  return tx`SELECT pg_advisory_xact_lock(hashtextextended(${`people:${low}:${high}`}, 0))`;
};

const changed = async (rows: Promise<unknown[]>) => (await rows).length > 0;

export const addFollow = (q: Query, follower: PersonId, followee: PersonId, at: Date) =>
  changed(q`INSERT INTO people_follows (follower_id, followee_id, at) VALUES (${follower}, ${followee}, ${at})
    ON CONFLICT DO NOTHING RETURNING 1`);
export const removeFollow = (q: Query, follower: PersonId, followee: PersonId) =>
  changed(q`DELETE FROM people_follows WHERE follower_id = ${follower} AND followee_id = ${followee} RETURNING 1`);
export const addBlock = (q: Query, blocker: PersonId, blocked: PersonId, at: Date) =>
  changed(q`INSERT INTO people_blocks (blocker_id, blocked_id, at) VALUES (${blocker}, ${blocked}, ${at})
    ON CONFLICT DO NOTHING RETURNING 1`);
export const removeBlock = (q: Query, blocker: PersonId, blocked: PersonId) =>
  changed(q`DELETE FROM people_blocks WHERE blocker_id = ${blocker} AND blocked_id = ${blocked} RETURNING 1`);
export const addMute = (q: Query, muter: PersonId, muted: PersonId, at: Date) =>
  changed(
    q`INSERT INTO people_mutes (muter_id, muted_id, at) VALUES (${muter}, ${muted}, ${at}) ON CONFLICT DO NOTHING RETURNING 1`,
  );
export const removeMute = (q: Query, muter: PersonId, muted: PersonId) =>
  changed(q`DELETE FROM people_mutes WHERE muter_id = ${muter} AND muted_id = ${muted} RETURNING 1`);

export const isBlockedEitherWay = (q: Query, a: PersonId, b: PersonId) =>
  changed(
    q`SELECT 1 FROM people_blocks WHERE (blocker_id = ${a} AND blocked_id = ${b}) OR (blocker_id = ${b} AND blocked_id = ${a})`,
  );

/** All ids around one person, in one round trip. */
export const around = (q: Query, id: PersonId) => q<
  { side: "follows" | "blocks" | "blocked_by" | "mutes"; ids: PersonId[] }[]
>`
  SELECT 'follows' AS side, array_agg(followee_id) AS ids FROM people_follows WHERE follower_id = ${id}
  UNION ALL SELECT 'blocks', array_agg(blocked_id) FROM people_blocks WHERE blocker_id = ${id}
  UNION ALL SELECT 'blocked_by', array_agg(blocker_id) FROM people_blocks WHERE blocked_id = ${id}
  UNION ALL SELECT 'mutes', array_agg(muted_id) FROM people_mutes WHERE muter_id = ${id}`;

/** @returns how many wait, at most `rows_max` are counted */
export const countRequests = async (q: Query, followee: PersonId, rows_max: number): Promise<number> =>
  (await q`SELECT 1 FROM people_follow_requests WHERE followee_id = ${followee} LIMIT ${rows_max}`).length;
export const addRequest = (q: Query, requester: PersonId, followee: PersonId, at: Date) =>
  changed(q`INSERT INTO people_follow_requests (requester_id, followee_id, at) VALUES (${requester}, ${followee}, ${at})
    ON CONFLICT DO NOTHING RETURNING 1`);
export const removeRequest = (q: Query, requester: PersonId, followee: PersonId) =>
  changed(
    q`DELETE FROM people_follow_requests WHERE requester_id = ${requester} AND followee_id = ${followee} RETURNING 1`,
  );
/** Which of these two asked the other. */
export const requestsBetween = async (q: Query, a: PersonId, b: PersonId): Promise<Set<PersonId>> => {
  const rows = await q<{ requester_id: PersonId }[]>`SELECT requester_id FROM people_follow_requests
    WHERE (followee_id = ${a} AND requester_id = ${b}) OR (followee_id = ${b} AND requester_id = ${a})`;
  return new Set(rows.map((row) => row.requester_id));
};
export const requestersOf = async (q: Query, followee: PersonId): Promise<PersonId[]> =>
  (
    await q<
      { requester_id: PersonId }[]
    >`SELECT requester_id FROM people_follow_requests WHERE followee_id = ${followee}
      ORDER BY requester_id`
  ).map((row) => row.requester_id);

export const follows = (q: Query, follower: PersonId, followee: PersonId) =>
  changed(q`SELECT 1 FROM people_follows WHERE follower_id = ${follower} AND followee_id = ${followee}`);

/** Requests between one person and many, in both directions. */
export async function requestsAround(
  q: Query,
  id: PersonId,
  ids: readonly PersonId[],
): Promise<{ asked: Set<PersonId>; asking: Set<PersonId> }> {
  const asked = new Set<PersonId>();
  const asking = new Set<PersonId>();
  if (ids.length === 0) return { asked, asking };
  const others = q.array([...ids], "BIGINT");
  const rows = await q<{ id: PersonId; by_me: boolean }[]>`
    SELECT followee_id AS id, true AS by_me FROM people_follow_requests WHERE requester_id = ${id} AND followee_id = ANY(${others})
    UNION ALL SELECT requester_id, false FROM people_follow_requests WHERE followee_id = ${id} AND requester_id = ANY(${others})`;
  for (const row of rows) (row.by_me ? asked : asking).add(row.id);
  return { asked, asking };
}

/** Which of these follow this person. */
export const followersAmong = async (q: Query, id: PersonId, ids: readonly PersonId[]): Promise<Set<PersonId>> => {
  if (ids.length === 0) return new Set();
  const rows = await q<{ id: PersonId }[]>`
    SELECT follower_id AS id FROM people_follows WHERE followee_id = ${id} AND follower_id = ANY(${q.array([...ids], "BIGINT")})`;
  return new Set(rows.map((row) => row.id));
};

export type ListKind = "followers" | "following" | "blocks" | "mutes" | "follow_requests";

/** The latest first, from below (at, id). `at` comes as microseconds in text, which a Date would lose. */
export const list = (
  q: Query,
  kind: ListKind,
  of: PersonId,
  below: { at: string; id: string } | null,
  limit: number,
) => {
  const table = q(`people_${kind === "followers" || kind === "following" ? "follows" : kind}`);
  const [mine, theirs] = {
    followers: ["followee_id", "follower_id"],
    following: ["follower_id", "followee_id"],
    blocks: ["blocker_id", "blocked_id"],
    mutes: ["muter_id", "muted_id"],
    follow_requests: ["followee_id", "requester_id"],
  }[kind] as [string, string];
  const at = below?.at ?? null;
  return q<{ id: PersonId; at: string }[]>`
    SELECT r.${q(theirs)} AS id, (extract(epoch FROM r.at) * 1000000)::bigint::text AS at
    FROM ${table} r JOIN people_persons p ON p.id = r.${q(theirs)}
    WHERE r.${q(mine)} = ${of} AND p.deleted_at IS NULL
      AND (${at}::text IS NULL OR (r.at, r.${q(theirs)}) < ('epoch'::timestamptz + ${at}::bigint * interval '1 microsecond', ${below?.id ?? "0"}::bigint))
    ORDER BY r.at DESC, r.${q(theirs)} DESC LIMIT ${limit}`;
};

export async function followedByMany(q: Query, ids: readonly PersonId[], followers_max: number): Promise<PersonId[]> {
  const rows = await q<{ person_id: PersonId }[]>`
    SELECT person_id FROM people_counts
    WHERE person_id = ANY(${q.array([...ids], "BIGINT")}) AND followers > ${followers_max}`;
  return rows.map((row) => row.person_id);
}

/** How many follow each; who has no row is missing. */
export async function followerCounts(q: Query, ids: readonly PersonId[]): Promise<Map<PersonId, number>> {
  const rows = await q<{ person_id: PersonId; followers: number }[]>`
    SELECT person_id, followers FROM people_counts WHERE person_id = ANY(${q.array([...ids], "BIGINT")})`;
  return new Map(rows.map((row) => [row.person_id, row.followers]));
}

/** Who follows whom, in numbers. */
export interface GraphNumbers {
  people: number;
  follows: number;
  /** People whom somebody follows. */
  followed_people: number;
  followers_p50: number;
  followers_p90: number;
  followers_p99: number;
  followers_most: number;
  /** People with more followers than was asked about, and the follows of them. */
  heavy_people: number;
  heavy_follows: number;
  /** People whose sessions were used since, and whom those follow, all together. */
  active_people: number;
  active_follows: number;
}

export async function graphNumbers(q: Query, followers_max: number, active_since: Date): Promise<GraphNumbers> {
  const [row] = await q<GraphNumbers[]>`
    WITH active AS (SELECT DISTINCT person_id FROM people_sessions WHERE last_used_at >= ${active_since})
    SELECT count(*)::float8 AS people, coalesce(sum(c.followers), 0)::float8 AS follows,
      count(*) FILTER (WHERE c.followers > 0)::float8 AS followed_people,
      coalesce((percentile_disc(array[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.followers))[1], 0)::float8 AS followers_p50,
      coalesce((percentile_disc(array[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.followers))[2], 0)::float8 AS followers_p90,
      coalesce((percentile_disc(array[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY c.followers))[3], 0)::float8 AS followers_p99,
      coalesce(max(c.followers), 0)::float8 AS followers_most,
      count(*) FILTER (WHERE c.followers > ${followers_max})::float8 AS heavy_people,
      coalesce(sum(c.followers) FILTER (WHERE c.followers > ${followers_max}), 0)::float8 AS heavy_follows,
      count(a.person_id)::float8 AS active_people,
      coalesce(sum(c.following) FILTER (WHERE a.person_id IS NOT NULL), 0)::float8 AS active_follows
    FROM people_counts c LEFT JOIN active a ON a.person_id = c.person_id`;
  return row!;
}

export interface CountDelta {
  followers: number;
  following: number;
}

/** Sums are applied in the order of ids, so that two appliers cannot deadlock. */
export async function applyCounts(q: Query, deltas: ReadonlyMap<PersonId, CountDelta>): Promise<void> {
  const rows = [...deltas]
    .filter(([, d]) => d.followers !== 0 || d.following !== 0)
    .sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1));
  if (rows.length === 0) return;
  await q`
    WITH d AS (
      SELECT * FROM unnest(${q.array(
        rows.map(([id]) => id),
        "BIGINT",
      )}, ${q.array(
        rows.map(([, d]) => d.followers),
        "INT",
      )},
        ${q.array(
          rows.map(([, d]) => d.following),
          "INT",
        )}) AS d (id, followers, following)
    ), locked AS (SELECT person_id FROM people_counts WHERE person_id IN (SELECT id FROM d) ORDER BY person_id FOR UPDATE)
    UPDATE people_counts c SET followers = c.followers + d.followers, following = c.following + d.following
    FROM d WHERE c.person_id = d.id AND c.person_id IN (SELECT person_id FROM locked)`;
}

/** One chunk of a deleted person's relations; others' counts go down in the same statement. @returns rows removed */
export async function eraseSome(tx: Tx, id: PersonId, rows_max: number): Promise<number> {
  const gone = await tx<{ follower_id: PersonId; followee_id: PersonId }[]>`
    DELETE FROM people_follows WHERE ctid IN (
      SELECT ctid FROM people_follows WHERE follower_id = ${id} OR followee_id = ${id} LIMIT ${rows_max} FOR UPDATE)
    RETURNING follower_id, followee_id`;
  const deltas = new Map<PersonId, CountDelta>();
  const add = (person: PersonId, followers: number, following: number) => {
    const d = deltas.get(person) ?? { followers: 0, following: 0 };
    deltas.set(person, { followers: d.followers + followers, following: d.following + following });
  };
  for (const { follower_id, followee_id } of gone) {
    add(follower_id, 0, -1);
    add(followee_id, -1, 0);
  }
  await applyCounts(tx, deltas);
  const [blocks, mutes] = [
    await tx`DELETE FROM people_blocks WHERE ctid IN (
      SELECT ctid FROM people_blocks WHERE blocker_id = ${id} OR blocked_id = ${id} LIMIT ${rows_max}) RETURNING 1`,
    await tx`DELETE FROM people_mutes WHERE ctid IN (
      SELECT ctid FROM people_mutes WHERE muter_id = ${id} OR muted_id = ${id} LIMIT ${rows_max}) RETURNING 1`,
  ];
  const requests = await tx`DELETE FROM people_follow_requests WHERE ctid IN (
    SELECT ctid FROM people_follow_requests WHERE requester_id = ${id} OR followee_id = ${id} LIMIT ${rows_max}) RETURNING 1`;
  return gone.length + blocks.length + mutes.length + requests.length;
}

/**
 * For a transaction that writes elsewhere before it writes follows: it waits for a recount here, where it holds no
 * transaction id yet for which the log, and so the recount, would wait.
 */
export const enterFollows = async (tx: Tx) => {
  await tx`LOCK TABLE people_follows IN ROW EXCLUSIVE MODE`;
};

/** Readers go on, writers wait. Taken before anything is written, so that this transaction holds no id that a log waits for. */
export const lockFollows = async (tx: Tx) => {
  await tx`SET LOCAL lock_timeout = '5s'`;
  await tx`LOCK TABLE people_follows IN SHARE MODE`;
};

/** The truth of everybody's counts, for a recount. @returns how many had drifted */
export async function recount(tx: Tx): Promise<number> {
  const drifted = await tx`
    UPDATE people_counts c SET followers = t.followers, following = t.following
    FROM (
      SELECT p.person_id, coalesce(a.n, 0)::int AS followers, coalesce(b.n, 0)::int AS following
      FROM people_counts p
      LEFT JOIN (SELECT followee_id AS id, count(*) AS n FROM people_follows GROUP BY 1) a ON a.id = p.person_id
      LEFT JOIN (SELECT follower_id AS id, count(*) AS n FROM people_follows GROUP BY 1) b ON b.id = p.person_id
    ) t
    WHERE t.person_id = c.person_id AND (c.followers, c.following) <> (t.followers, t.following) RETURNING 1`;
  return drifted.length;
}
