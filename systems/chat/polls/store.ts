import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { MessageId } from "../needs.ts";

export interface PollRow {
  message_id: MessageId;
  options: string[];
  multiple: boolean;
  hides_results: boolean;
  ends_at: Date;
  ended_at: Date | null;
  voters: number;
  votes: number[];
}

export async function insertPoll(
  tx: Query,
  poll: Pick<PollRow, "message_id" | "multiple" | "hides_results" | "ends_at"> & { options: readonly string[] },
): Promise<void> {
  const votes = poll.options.map(() => 0);
  await tx`INSERT INTO chat_polls (message_id, options, multiple, hides_results, ends_at, votes)
    VALUES (${poll.message_id}, ${tx.array([...poll.options], "TEXT")}, ${poll.multiple}, ${poll.hides_results}, ${poll.ends_at},
      ${tx.array(votes, "INT")})`;
}

const COLUMNS = "message_id, options, multiple, hides_results, ends_at, ended_at, voters, votes";

export async function findPolls(q: Query, ids: readonly MessageId[]): Promise<PollRow[]> {
  if (ids.length === 0) return [];
  return (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_polls
    WHERE message_id = ANY(${q.array([...ids], "BIGINT")})`) as PollRow[];
}

/** As it stands, held until the transaction ends. */
export async function lockPoll(tx: Query, id: MessageId): Promise<PollRow | null> {
  const [row] =
    (await tx`SELECT ${tx.unsafe(COLUMNS)} FROM chat_polls WHERE message_id = ${id} FOR UPDATE`) as PollRow[];
  return row ?? null;
}

/** What this person chose in these polls. */
export async function choicesOf(
  q: Query,
  person_id: PersonId,
  ids: readonly MessageId[],
): Promise<Map<MessageId, number[]>> {
  if (ids.length === 0) return new Map();
  const rows = (await q`SELECT message_id, choices FROM chat_ballots
    WHERE person_id = ${person_id} AND message_id = ANY(${q.array([...ids], "BIGINT")})`) as {
    message_id: MessageId;
    choices: number[];
  }[];
  return new Map(rows.map((row) => [row.message_id, [...row.choices]]));
}

/** Needs the poll's lock, and that they did not vote yet. */
export async function addBallot(
  tx: Query,
  id: MessageId,
  person_id: PersonId,
  choices: readonly number[],
  at: Date,
): Promise<void> {
  const chosen = tx.array([...choices], "SMALLINT");
  await tx`INSERT INTO chat_ballots (message_id, person_id, choices, at) VALUES (${id}, ${person_id}, ${chosen}, ${at})`;
  await tx`UPDATE chat_polls SET voters = voters + 1, votes = (
      SELECT array_agg(n + (place - 1 = ANY(${chosen}::smallint[]))::int ORDER BY place)
      FROM unnest(votes) WITH ORDINALITY AS u (n, place))
    WHERE message_id = ${id}`;
}

/** Nobody votes in it after this. */
export async function markEnded(tx: Query, id: MessageId, at: Date, by: PersonId | null): Promise<void> {
  await tx`UPDATE chat_polls SET ended_at = ${at}, ended_by = ${by}::bigint, ends_at = least(ends_at, ${at}::timestamptz)
    WHERE message_id = ${id}`;
}

/** With who voted in them. */
export async function deletePolls(tx: Query, ids: readonly MessageId[]): Promise<void> {
  await tx`DELETE FROM chat_polls WHERE message_id = ANY(${tx.array([...ids], "BIGINT")})`;
}

/**
 * Takes back up to so many of one person's votes: in polls that are open they do not count any more; where one has ended its result
 * stands, and only who voted is forgotten. @returns how many went
 */
export async function takeBallotsBack(tx: Query, person_id: PersonId, at: Date, rows_max: number): Promise<number> {
  const [row] = (await tx`
    WITH gone AS (
      DELETE FROM chat_ballots WHERE (message_id, person_id) IN (
        SELECT message_id, person_id FROM chat_ballots WHERE person_id = ${person_id} ORDER BY message_id LIMIT ${rows_max})
      RETURNING message_id, choices
    ), less AS (
      UPDATE chat_polls p SET voters = p.voters - 1, votes = (
        SELECT array_agg(u.n - (u.place - 1 = ANY(g.choices))::int ORDER BY u.place)
        FROM unnest(p.votes) WITH ORDINALITY AS u (n, place))
      FROM gone g WHERE p.message_id = g.message_id AND p.ended_at IS NULL AND p.ends_at > ${at}
    )
    SELECT count(*)::int AS n FROM gone`) as { n: number }[];
  return row!.n;
}
