import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

const bigints = (q: Query, list: readonly string[]) => q.array([...list], "BIGINT");

export interface SubscriptionRow {
  id: Id<"subscription">;
  person_id: PersonId;
  session_id: string;
  endpoint: string;
  p256dh: Uint8Array;
  auth: Uint8Array;
  key_id: string;
  label: string;
  may_clear: boolean;
  made_at: Date;
  taken_at: Date | null;
  failures: number;
  rests_until: Date | null;
}

const COLUMNS =
  "id, person_id, session_id, endpoint, p256dh, auth, key_id, label, may_clear, made_at, taken_at, failures, rests_until";

export type NewSubscription = Omit<SubscriptionRow, "id" | "taken_at" | "failures" | "rests_until"> & {
  endpoint_hash: Uint8Array;
};

/**
 * One row an endpoint. Somebody else's is taken over only by who knows its secrets too, which is the same browser with
 * another person in it. @returns null where it is somebody else's
 */
export async function putSubscription(tx: Query, row: NewSubscription): Promise<SubscriptionRow | null> {
  const [put] = (await tx`
    INSERT INTO notify_subscriptions AS s (person_id, session_id, endpoint, endpoint_hash, p256dh, auth, key_id, label, may_clear, made_at)
    VALUES (${row.person_id}, ${row.session_id}, ${row.endpoint}, ${row.endpoint_hash}, ${row.p256dh}, ${row.auth}, ${row.key_id},
      ${row.label}, ${row.may_clear}, ${row.made_at})
    ON CONFLICT (endpoint_hash) DO UPDATE SET person_id = excluded.person_id, session_id = excluded.session_id,
      p256dh = excluded.p256dh, auth = excluded.auth, key_id = excluded.key_id, label = excluded.label,
      may_clear = excluded.may_clear, failures = 0, rests_until = NULL
    WHERE s.person_id = excluded.person_id OR (s.auth = excluded.auth AND s.p256dh = excluded.p256dh)
    RETURNING ${tx.unsafe(COLUMNS)}`) as SubscriptionRow[];
  return put ?? null;
}

/** Leaves the newest. */
export async function trimSubscriptions(tx: Query, person_id: PersonId, kept_max: number): Promise<void> {
  await tx`
    DELETE FROM notify_subscriptions WHERE person_id = ${person_id} AND id NOT IN (
      SELECT id FROM notify_subscriptions WHERE person_id = ${person_id} ORDER BY made_at DESC, id DESC LIMIT ${kept_max})`;
}

export const subscriptionsOf = async (q: Query, person_id: PersonId): Promise<SubscriptionRow[]> =>
  (await q`
    SELECT ${q.unsafe(COLUMNS)} FROM notify_subscriptions WHERE person_id = ${person_id}
    ORDER BY made_at DESC, id DESC`) as SubscriptionRow[];

export async function deleteSubscription(tx: Query, person_id: PersonId, id: string): Promise<boolean> {
  const gone =
    await tx`DELETE FROM notify_subscriptions WHERE id = ${id}::bigint AND person_id = ${person_id} RETURNING 1`;
  return gone.length > 0;
}

export async function deleteSubscriptions(tx: Query, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx`DELETE FROM notify_subscriptions WHERE id = ANY(${bigints(tx, ids)})`;
}

export async function deleteOfSessions(tx: Query, session_ids: readonly string[]): Promise<void> {
  if (session_ids.length > 0)
    await tx`DELETE FROM notify_subscriptions WHERE session_id = ANY(${bigints(tx, session_ids)})`;
}

/** Of these people, those who have a browser that takes push. */
export async function pushable(q: Query, person_ids: readonly PersonId[]): Promise<Set<PersonId>> {
  const rows = (await q`
    SELECT DISTINCT person_id FROM notify_subscriptions WHERE person_id = ANY(${bigints(q, person_ids)})`) as {
    person_id: PersonId;
  }[];
  return new Set(rows.map((row) => row.person_id));
}

export async function markTaken(tx: Query, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length > 0)
    await tx`
      UPDATE notify_subscriptions SET taken_at = ${at}, failures = 0, rests_until = NULL WHERE id = ANY(${bigints(tx, ids)})`;
}

export async function markRefused(tx: Query, id: string, rests_until: Date): Promise<void> {
  await tx`
    UPDATE notify_subscriptions SET failures = least(failures + 1, 1000), rests_until = ${rests_until} WHERE id = ${id}::bigint`;
}

export interface PushRow {
  person_id: PersonId;
  group_id: string;
  seq: string;
  state: "due" | "clear";
  since: Date;
  tries: number;
  left_ids: string[] | null;
}

/**
 * These groups are to be pushed. One that waits already waits no longer for it; one that was pushed a moment ago waits
 * until `again_ms` after that.
 */
export async function putPushes(
  tx: Query,
  groups: readonly { person_id: PersonId; group_id: string; seq: string }[],
  when: { at: Date; due_at: Date; again_ms: number },
): Promise<void> {
  if (groups.length === 0) return;
  const column = (of: "person_id" | "group_id" | "seq") =>
    bigints(
      tx,
      groups.map((group) => group[of]),
    );
  await tx`
    INSERT INTO notify_pushes AS p (person_id, group_id, seq, state, due_at, since)
    SELECT person_id, group_id, max(seq), 'due', ${when.due_at}::timestamptz, ${when.at}::timestamptz
    FROM unnest(${column("person_id")}, ${column("group_id")}, ${column("seq")}) AS n (person_id, group_id, seq)
    GROUP BY person_id, group_id ORDER BY person_id, group_id
    ON CONFLICT (person_id, group_id) DO UPDATE SET seq = greatest(p.seq, excluded.seq), state = 'due', left_ids = NULL,
      since = CASE WHEN p.state = 'due' THEN p.since ELSE excluded.since END,
      tries = CASE WHEN p.state = 'due' THEN p.tries ELSE 0 END,
      due_at = CASE WHEN p.state = 'due' THEN p.due_at
        ELSE greatest(excluded.due_at, p.due_at + ${when.again_ms}::float8 * interval '1 ms') END`;
}

/** Takes what is due for a while; who dies with it loses it to the next. */
export async function claimPushes(
  tx: Query,
  claim: { token: string; at: Date; until: Date; rows_max: number },
): Promise<PushRow[]> {
  return (await tx`
    WITH picked AS (
      SELECT person_id, group_id FROM notify_pushes
      WHERE state <> 'sent' AND due_at <= ${claim.at} AND (claimed_until IS NULL OR claimed_until <= ${claim.at})
      ORDER BY due_at LIMIT ${claim.rows_max} FOR UPDATE SKIP LOCKED)
    UPDATE notify_pushes p SET claim = ${claim.token}::uuid, claimed_until = ${claim.until} FROM picked k
    WHERE p.person_id = k.person_id AND p.group_id = k.group_id
    RETURNING p.person_id, p.group_id, p.seq, p.state, p.since, p.tries, p.left_ids`) as PushRow[];
}

export type Outcome =
  | { how: "gone" }
  | { how: "later"; due_at: Date; failed: boolean; left_ids: readonly string[] | null }
  | { how: "sent"; at: Date; again_ms: number };

/**
 * How it went. Whoever was overtaken by a newer item leaves that one due; by a reader, leaves it to be cleared; by somebody
 * else's claim, changes nothing.
 */
export async function settlePush(tx: Query, token: string, row: PushRow, outcome: Outcome): Promise<void> {
  const mine = tx`person_id = ${row.person_id} AND group_id = ${row.group_id}::bigint AND claim = ${token}::uuid`;
  switch (outcome.how) {
    case "gone":
      await tx`DELETE FROM notify_pushes WHERE ${mine} AND state = ${row.state} AND seq = ${row.seq}::bigint`;
      break;
    case "later":
      await tx`
        UPDATE notify_pushes SET due_at = ${outcome.due_at}, tries = least(tries + ${outcome.failed ? 1 : 0}::int, 1000),
          left_ids = ${outcome.left_ids === null ? null : bigints(tx, outcome.left_ids)}::bigint[]
        WHERE ${mine} AND state = 'due' AND seq = ${row.seq}::bigint`;
      break;
    case "sent":
      await tx`
        UPDATE notify_pushes SET state = CASE WHEN seq = ${row.seq}::bigint AND state = 'due' THEN 'sent' ELSE state END,
          due_at = CASE WHEN state = 'due' AND seq <> ${row.seq}::bigint
            THEN ${outcome.at}::timestamptz + ${outcome.again_ms}::float8 * interval '1 ms' ELSE ${outcome.at}::timestamptz END,
          left_ids = NULL, tries = 0
        WHERE ${mine}`;
  }
  await tx`UPDATE notify_pushes SET claim = NULL, claimed_until = NULL WHERE ${mine}`;
}

/** What was read, or taken out, needs no push; and where it lies on devices already, it is taken away there. */
export async function callOff(
  tx: Query,
  person_id: PersonId,
  what: { up_to: string } | { group_ids: readonly string[] },
  at: Date,
): Promise<boolean> {
  const met =
    "up_to" in what
      ? tx`person_id = ${person_id} AND seq <= ${what.up_to}::bigint`
      : tx`person_id = ${person_id} AND group_id = ANY(${bigints(tx, what.group_ids)})`;
  await tx`DELETE FROM notify_pushes WHERE ${met} AND state = 'due' AND claim IS NULL`;
  const cleared =
    await tx`UPDATE notify_pushes SET state = 'clear', due_at = ${at} WHERE ${met} AND state <> 'clear' RETURNING 1`;
  return cleared.length > 0;
}

/** What lies on devices of groups out of which something was erased: its words may be there. @returns whether there is any */
export async function takeOff(
  tx: Query,
  groups: readonly { person_id: PersonId; group_id: string }[],
  at: Date,
): Promise<boolean> {
  if (groups.length === 0) return false;
  const met = await tx`
    UPDATE notify_pushes p SET state = 'clear', due_at = ${at}
    FROM (SELECT DISTINCT * FROM unnest(${bigints(
      tx,
      groups.map((g) => g.person_id),
    )}, ${bigints(
      tx,
      groups.map((g) => g.group_id),
    )}) AS g (person_id, group_id)) g
    WHERE p.person_id = g.person_id AND p.group_id = g.group_id AND p.state = 'sent' RETURNING 1`;
  return met.length > 0;
}

export async function erasePushes(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM notify_pushes WHERE person_id = ${person_id}`;
  await tx`DELETE FROM notify_subscriptions WHERE person_id = ${person_id}`;
}

/** @returns rows that went */
export async function trimPushed(tx: Query, before: Date, rows_max: number): Promise<number> {
  const gone = await tx`
    DELETE FROM notify_pushes WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM notify_pushes WHERE state = 'sent' AND due_at < ${before} LIMIT ${rows_max} FOR UPDATE SKIP LOCKED))`;
  return gone.count;
}
