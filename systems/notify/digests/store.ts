import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

const bigints = (q: Query, list: readonly string[]) => q.array([...list], "BIGINT");

export type DigestKey = "daily" | "weekly";

export interface DigestRow {
  id: string;
  person_id: PersonId;
  key: DigestKey;
  window_ends_at: Date;
  state: "waiting" | "sending";
  from_seq: string | null;
  up_to_seq: string | null;
  tries: number;
}

export interface NewDigest {
  person_id: PersonId;
  key: DigestKey;
  window_ends_at: Date;
}

/**
 * A letter is due at the end of this window, one however often it is said. Whoever says it holds the inbox's lock.
 * @returns those whose window is closed already: its letter has fixed what it tells of
 */
export async function putDigests(tx: Query, digests: readonly NewDigest[], at: Date): Promise<NewDigest[]> {
  if (digests.length === 0) return [];
  const columns = tx`${bigints(
    tx,
    digests.map((d) => d.person_id),
  )}, ${tx.array(
    digests.map((d) => d.key),
    "TEXT",
  )}, ${tx.array(
    digests.map((d) => d.window_ends_at.toISOString()),
    "TEXT",
  )}`;
  await tx`
    INSERT INTO notify_digests (person_id, key, window_ends_at, state, due_at, at)
    SELECT person_id, key, ends_at::timestamptz, 'waiting', ends_at::timestamptz, ${at}::timestamptz FROM unnest(${columns}) AS n (person_id, key, ends_at)
    ORDER BY person_id ON CONFLICT (person_id, key, window_ends_at) DO NOTHING`;
  const rows = (await tx`
    SELECT d.person_id, d.state FROM unnest(${columns}) AS n (person_id, key, ends_at)
    JOIN notify_digests d ON d.person_id = n.person_id AND d.key = n.key AND d.window_ends_at = n.ends_at::timestamptz`) as {
    person_id: PersonId;
    state: string;
  }[];
  const closed = new Set(rows.filter((row) => row.state !== "waiting").map((row) => row.person_id));
  return digests.filter((digest) => closed.has(digest.person_id));
}

/** Takes what is due for a while; who dies with it loses it to the next. */
export async function claimDigests(
  tx: Query,
  claim: { token: string; at: Date; until: Date; rows_max: number },
): Promise<DigestRow[]> {
  return (await tx`
    WITH picked AS (
      SELECT id FROM notify_digests
      WHERE state IN ('waiting', 'sending') AND due_at <= ${claim.at} AND (claimed_until IS NULL OR claimed_until <= ${claim.at})
      ORDER BY due_at LIMIT ${claim.rows_max} FOR UPDATE SKIP LOCKED)
    UPDATE notify_digests d SET claim = ${claim.token}::uuid, claimed_until = ${claim.until} FROM picked p WHERE d.id = p.id
    RETURNING d.id, d.person_id, d.key, d.window_ends_at, d.state, d.from_seq, d.up_to_seq, d.tries`) as DigestRow[];
}

/**
 * Under the inbox's lock: it tells of all that has come until now and was told of by no letter before. What comes from here
 * on finds the window closed. @returns null where somebody else has it by now
 */
export async function closeWindow(
  tx: Query,
  token: string,
  { id, person_id }: DigestRow,
): Promise<{ from_seq: string; up_to_seq: string } | null> {
  const [inbox] = (await tx`
    SELECT mailed_seq, last_seq FROM notify_inboxes WHERE person_id = ${person_id} FOR UPDATE`) as {
    mailed_seq: string;
    last_seq: string;
  }[];
  const { mailed_seq = "0", last_seq = "0" } = inbox ?? {};
  const [row] = (await tx`
    UPDATE notify_digests SET state = 'sending', from_seq = ${mailed_seq}::bigint, up_to_seq = ${last_seq}::bigint
    WHERE id = ${id}::bigint AND claim = ${token}::uuid AND state = 'waiting' RETURNING from_seq, up_to_seq`) as {
    from_seq: string;
    up_to_seq: string;
  }[];
  if (row) await tx`UPDATE notify_inboxes SET mailed_seq = last_seq WHERE person_id = ${person_id}`;
  return row ?? null;
}

export type DigestEnd = "sent" | "empty" | "dropped" | "failed";

/** @returns false where somebody else has it by now */
export async function endDigest(
  tx: Query,
  token: string,
  id: string,
  { state, reason = null }: { state: DigestEnd; reason?: string | null },
  at: Date,
): Promise<boolean> {
  const done = await tx`
    UPDATE notify_digests SET state = ${state}, reason = ${reason}, ended_at = ${at}, claim = NULL, claimed_until = NULL
    WHERE id = ${id}::bigint AND claim = ${token}::uuid RETURNING 1`;
  return done.length > 0;
}

export async function putOff(
  tx: Query,
  token: string,
  id: string,
  { due_at, tried }: { due_at: Date; tried: boolean },
): Promise<void> {
  await tx`
    UPDATE notify_digests SET due_at = ${due_at}, tries = least(tries + ${tried ? 1 : 0}, 1000), claim = NULL, claimed_until = NULL
    WHERE id = ${id}::bigint AND claim = ${token}::uuid`;
}

/** Whether more is due than hands are at it. Reads the index of what waits. */
export async function dueDigests(q: Query, at: Date, rows_max: number): Promise<number> {
  const rows = await q`
    SELECT 1 FROM notify_digests
    WHERE state IN ('waiting', 'sending') AND due_at <= ${at} AND (claimed_until IS NULL OR claimed_until <= ${at}) LIMIT ${rows_max}`;
  return rows.length;
}

export async function eraseDigests(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM notify_digests WHERE person_id = ${person_id}`;
}

/** @returns rows that went */
export async function trimDigests(tx: Query, before: Date, rows_max: number): Promise<number> {
  const gone = await tx`
    DELETE FROM notify_digests WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM notify_digests WHERE ended_at < ${before} LIMIT ${rows_max} FOR UPDATE SKIP LOCKED))`;
  return gone.count;
}

/** What was not told by a letter and not read, of these kinds. */
export async function hasUnmailed(tx: Query, person_id: PersonId, kinds: readonly string[]): Promise<boolean> {
  const rows = await tx`
    SELECT 1 FROM notify_groups g JOIN notify_inboxes i ON i.person_id = g.person_id
    WHERE g.person_id = ${person_id} AND g.items > 0 AND g.latest_seq > greatest(i.read_seq, i.mailed_seq)
      AND g.kind = ANY(${tx.array([...kinds], "TEXT")}) LIMIT 1`;
  return rows.length > 0;
}
