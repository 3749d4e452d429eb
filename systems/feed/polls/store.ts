import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { PollJson } from "../posts/store.ts";

export interface PollRow {
  post_id: PostId;
  edition: number;
  options: string[];
  multiple: boolean;
  hides_results: boolean;
  ends_at: Date;
  closed_at: Date | null;
  removed_at: Date | null;
}

export interface NewPoll {
  options: readonly string[];
  multiple: boolean;
  hides_results: boolean;
  ends_at: Date;
}

/** A first poll, or the next edition of the one that is there: empty, open, not told. @returns its edition */
export async function putPoll(tx: Query, post_id: PostId, poll: NewPoll): Promise<number> {
  const votes = poll.options.map(() => "0");
  const [row] = (await tx`
    INSERT INTO feed_polls AS p (post_id, options, multiple, hides_results, ends_at, votes)
    VALUES (${post_id}, ${tx.array([...poll.options], "TEXT")}, ${poll.multiple}, ${poll.hides_results}, ${poll.ends_at},
      ${tx.array(votes, "BIGINT")})
    ON CONFLICT (post_id) DO UPDATE SET edition = p.edition + 1, options = excluded.options, multiple = excluded.multiple,
      hides_results = excluded.hides_results, ends_at = excluded.ends_at, votes = excluded.votes, voters = 0,
      closed_at = NULL, removed_at = NULL
    RETURNING edition`) as { edition: number }[];
  return row!.edition;
}

export async function removePoll(tx: Query, post_id: PostId, at: Date): Promise<void> {
  await tx`UPDATE feed_polls SET removed_at = ${at} WHERE post_id = ${post_id} AND removed_at IS NULL`;
}

/** As it stands, held until the transaction ends: of two who would tell its end the second finds it told. */
export async function lockPoll(tx: Query, post_id: PostId): Promise<PollRow | null> {
  const [row] = (await tx`
    SELECT post_id, edition, options, multiple, hides_results, ends_at, closed_at, removed_at FROM feed_polls
    WHERE post_id = ${post_id} AND removed_at IS NULL FOR NO KEY UPDATE`) as PollRow[];
  return row ?? null;
}

export async function findPoll(db: Query, post_id: PostId): Promise<PollRow | null> {
  const [row] = (await db`
    SELECT post_id, edition, options, multiple, hides_results, ends_at, closed_at, removed_at FROM feed_polls
    WHERE post_id = ${post_id} AND removed_at IS NULL`) as PollRow[];
  return row ?? null;
}

/** @returns false when this person has voted already */
export async function insertBallot(
  tx: Query,
  { post_id, edition }: Pick<PollRow, "post_id" | "edition">,
  person_id: PersonId,
  choices: readonly number[],
  at: Date,
): Promise<boolean> {
  const chosen = tx.array([...choices], "SMALLINT");
  const made = await tx`
    INSERT INTO feed_ballots (post_id, edition, person_id, choices, at)
    VALUES (${post_id}, ${edition}, ${person_id}, ${chosen}, ${at}) ON CONFLICT DO NOTHING`;
  if (made.count === 0) return false;
  await tx`INSERT INTO feed_ballot_steps (post_id, edition, choices, step) VALUES (${post_id}, ${edition}, ${chosen}, 1)`;
  return true;
}

/** What this person chose in the present editions of these polls. */
export async function choicesOf(
  db: Query,
  person_id: PersonId,
  post_ids: readonly PostId[],
): Promise<Map<PostId, { edition: number; choices: number[] }>> {
  const rows = (await db`
    SELECT b.post_id, b.edition, b.choices FROM feed_ballots b JOIN feed_polls p USING (post_id, edition)
    WHERE b.person_id = ${person_id} AND b.post_id = ANY(${db.array([...post_ids], "BIGINT")})`) as {
    post_id: PostId;
    edition: number;
    choices: number[];
  }[];
  return new Map(rows.map(({ post_id, edition, choices }) => [post_id, { edition, choices: [...choices] }]));
}

/** As it stands to the last vote, in one snapshot; for one poll whose reader just voted, and for its end. */
export async function exactPoll(db: Query, post_id: PostId): Promise<PollJson | null> {
  const [row] = (await db`
    SELECT to_jsonb(p) AS poll,
      (SELECT coalesce(sum(s.step), 0)::int FROM feed_ballot_steps s WHERE s.post_id = p.post_id AND s.edition = p.edition) AS voters,
      (SELECT coalesce(jsonb_object_agg(x.choice, x.n), '{}') FROM (
        SELECT c AS choice, sum(s.step) AS n FROM feed_ballot_steps s, unnest(s.choices) AS c
        WHERE s.post_id = p.post_id AND s.edition = p.edition GROUP BY c) x) AS votes
    FROM feed_polls p WHERE p.post_id = ${post_id} AND p.removed_at IS NULL`) as {
    poll: PollJson;
    voters: number;
    votes: { [choice: string]: number };
  }[];
  if (!row) return null;
  const { poll, voters, votes } = row;
  return {
    ...poll,
    voters: poll.voters + voters,
    votes: poll.votes.map((n, i) => n + (votes[i] ?? 0)),
  };
}

/**
 * Moves steps into sums; what is taken here is gone from there, in one statement. Steps of editions that have passed go too.
 * @returns how many were taken, and the posts whose polls look different now
 */
export async function sumBallots(tx: Query, steps_max: number): Promise<{ taken: number; post_ids: PostId[] }> {
  const rows = (await tx`
    WITH taken AS (
      DELETE FROM feed_ballot_steps WHERE id IN (
        SELECT id FROM feed_ballot_steps ORDER BY id LIMIT ${steps_max} FOR UPDATE SKIP LOCKED)
      RETURNING post_id, edition, choices, step
    ), people AS (
      SELECT post_id, edition, sum(step) AS voters FROM taken GROUP BY post_id, edition
    ), chosen AS (
      SELECT t.post_id, t.edition, c AS choice, sum(t.step) AS n FROM taken t, unnest(t.choices) AS c GROUP BY 1, 2, 3
    ), summed AS (
      UPDATE feed_polls p SET voters = p.voters + s.voters, votes = (
        SELECT array_agg(u.n + coalesce(d.n, 0)::bigint ORDER BY u.place) FROM unnest(p.votes) WITH ORDINALITY AS u (n, place)
          LEFT JOIN chosen d ON d.post_id = p.post_id AND d.edition = p.edition AND d.choice = u.place - 1)
      FROM people s WHERE p.post_id = s.post_id AND p.edition = s.edition
      RETURNING p.post_id
    )
    SELECT (SELECT count(*) FROM taken)::int AS taken, (SELECT coalesce(array_agg(post_id), '{}') FROM summed) AS post_ids`) as {
    taken: number;
    post_ids: PostId[];
  }[];
  return { taken: rows[0]!.taken, post_ids: [...rows[0]!.post_ids] };
}

/**
 * What the sums must be: the ballots of this edition, less the steps that are not summed yet, in one snapshot. Needs the
 * poll's lock, so that no sum moves meanwhile. @returns true where they were wrong; they are right now
 */
export async function recountPoll(
  tx: Query,
  { post_id, edition }: Pick<PollRow, "post_id" | "edition">,
): Promise<boolean> {
  const mended = await tx`
    WITH ballots AS (
      SELECT choices, 1 AS n FROM feed_ballots WHERE post_id = ${post_id} AND edition = ${edition}
      UNION ALL SELECT choices, -step FROM feed_ballot_steps WHERE post_id = ${post_id} AND edition = ${edition}
    ), chosen AS (
      SELECT c AS choice, sum(b.n) AS n FROM ballots b, unnest(b.choices) AS c GROUP BY c
    ), truth AS (
      SELECT (SELECT coalesce(sum(n), 0) FROM ballots)::bigint AS voters, (
        SELECT array_agg(coalesce(d.n, 0)::bigint ORDER BY u.place) FROM unnest(p.options) WITH ORDINALITY AS u (option, place)
          LEFT JOIN chosen d ON d.choice = u.place - 1) AS votes
      FROM feed_polls p WHERE p.post_id = ${post_id}
    )
    UPDATE feed_polls p SET voters = t.voters, votes = t.votes FROM truth t
    WHERE p.post_id = ${post_id} AND p.edition = ${edition} AND (p.voters, p.votes) IS DISTINCT FROM (t.voters, t.votes)`;
  return mended.count > 0;
}

/** In the order of their ids, after `after`. */
export async function votersOf(
  db: Query,
  { post_id, edition }: Pick<PollRow, "post_id" | "edition">,
  after: string,
  people_max: number,
): Promise<PersonId[]> {
  const rows = (await db`
    SELECT person_id FROM feed_ballots WHERE post_id = ${post_id} AND edition = ${edition} AND person_id > ${after}::bigint
    ORDER BY person_id LIMIT ${people_max}`) as { person_id: PersonId }[];
  return rows.map((row) => row.person_id);
}

export async function markClosed(tx: Query, post_id: PostId, edition: number, at: Date): Promise<void> {
  await tx`UPDATE feed_polls SET closed_at = ${at} WHERE post_id = ${post_id} AND edition = ${edition}`;
}

/** The edition that counts now; 0 where no poll stands there any more. */
export async function presentEdition(db: Query, post_id: PostId): Promise<number> {
  const [row] = (await db`SELECT edition FROM feed_polls WHERE post_id = ${post_id} AND removed_at IS NULL`) as {
    edition: number;
  }[];
  return row?.edition ?? 0;
}

/** Who voted in an edition that does not count any more. @returns how many went */
export async function deleteBallots(
  db: Query,
  post_id: PostId,
  edition: number | null,
  ballots_max: number,
): Promise<number> {
  const gone = await db`
    DELETE FROM feed_ballots WHERE (post_id, edition, person_id) IN (
      SELECT post_id, edition, person_id FROM feed_ballots
      WHERE post_id = ${post_id} AND (${edition}::int IS NULL OR edition = ${edition}::int) LIMIT ${ballots_max})`;
  return gone.count;
}

/** Needs that no ballots are left. */
export async function deletePoll(db: Query, post_id: PostId): Promise<void> {
  await db`DELETE FROM feed_ballot_steps WHERE post_id = ${post_id}`;
  await db`DELETE FROM feed_polls WHERE post_id = ${post_id}`;
}

export interface BallotOf {
  post_id: PostId;
  author_id: PersonId;
  edition: number;
}

/**
 * Takes back up to so many of one person's votes: in polls that are open they do not count any more; where a poll has ended
 * its result stands, and only who voted is forgotten.
 * @returns those that were there, and those of them whose sums change
 */
export async function takeBallotsBack(
  tx: Query,
  person_id: PersonId,
  at: Date,
  ballots_max: number,
): Promise<{ rows: number; counted: BallotOf[] }> {
  const rows = (await tx`
    WITH gone AS (
      DELETE FROM feed_ballots WHERE (post_id, edition, person_id) IN (
        SELECT post_id, edition, person_id FROM feed_ballots WHERE person_id = ${person_id} ORDER BY post_id, edition LIMIT ${ballots_max})
      RETURNING post_id, edition, choices
    ), steps AS (
      INSERT INTO feed_ballot_steps (post_id, edition, choices, step)
      SELECT g.post_id, g.edition, g.choices, -1 FROM gone g JOIN feed_polls p USING (post_id, edition) WHERE p.ends_at > ${at}
      RETURNING post_id, edition
    )
    SELECT g.post_id, g.edition, f.author_id, s.post_id IS NOT NULL AS counted
    FROM gone g JOIN feed_posts f ON f.id = g.post_id LEFT JOIN steps s USING (post_id, edition)`) as (BallotOf & {
    counted: boolean;
  })[];
  return { rows: rows.length, counted: rows.filter((row) => row.counted) };
}
