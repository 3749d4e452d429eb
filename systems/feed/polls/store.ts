import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

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

/** As it stands; nobody changes or ends it before the transaction ends, and voters do not wait for each other. */
export async function sharePoll(tx: Query, post_id: PostId): Promise<PollRow | null> {
  const [row] = (await tx`
    SELECT post_id, edition, options, multiple, hides_results, ends_at, closed_at, removed_at FROM feed_polls
    WHERE post_id = ${post_id} AND removed_at IS NULL FOR KEY SHARE`) as PollRow[];
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
