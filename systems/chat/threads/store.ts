import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { UNREAD_COUNTED_MAX } from "../bounds.ts";
import type { MessageId } from "../needs.ts";

/** Follows, read up to there; somebody who left comes back only where `again` says so. In the order of ids, so that two never wait for each other in a ring. */
export async function follow(
  tx: Query,
  root_id: MessageId,
  people: readonly { person_id: PersonId; read_seq: string; again: boolean }[],
  at: Date,
): Promise<void> {
  for (const { person_id, read_seq, again } of people.toSorted((a, b) =>
    BigInt(a.person_id) < BigInt(b.person_id) ? -1 : 1,
  ))
    await tx`
      INSERT INTO chat_thread_follows AS f (root_id, person_id, since, read_seq) VALUES (${root_id}, ${person_id}, ${at}, ${read_seq})
      ON CONFLICT (root_id, person_id) DO UPDATE SET
        left_at = CASE WHEN ${again}::boolean THEN NULL ELSE f.left_at END,
        since = CASE WHEN ${again}::boolean AND f.left_at IS NOT NULL THEN excluded.since ELSE f.since END,
        read_seq = CASE WHEN ${again}::boolean THEN greatest(f.read_seq, excluded.read_seq) ELSE f.read_seq END`;
}

export async function leave(tx: Query, root_id: MessageId, person_id: PersonId, at: Date): Promise<void> {
  await tx`UPDATE chat_thread_follows SET left_at = ${at} WHERE root_id = ${root_id} AND person_id = ${person_id} AND left_at IS NULL`;
}

/** Forward only, and never beyond what is there. */
export async function readUpTo(tx: Query, root_id: MessageId, person_id: PersonId, seq: string): Promise<void> {
  await tx`UPDATE chat_thread_follows SET read_seq = greatest(read_seq, least(${seq}::bigint,
      (SELECT coalesce(max(seq), 0) FROM chat_messages WHERE root_id = ${root_id})))
    WHERE root_id = ${root_id} AND person_id = ${person_id}`;
}

/** Those who follow it now, the newest first. */
export async function followersOf(q: Query, root_id: MessageId, people_max: number): Promise<PersonId[]> {
  const rows = (await q`SELECT person_id FROM chat_thread_follows WHERE root_id = ${root_id} AND left_at IS NULL
    ORDER BY since DESC, person_id LIMIT ${people_max}`) as { person_id: PersonId }[];
  return rows.map((row) => row.person_id);
}

export interface FollowRow {
  root_id: MessageId;
  followed: boolean;
  read_seq: string;
  unread: number;
  /** The newest answer that stands; null where all were deleted. */
  latest_id: MessageId | null;
  last_reply_at: Date;
  /** Of it, in microseconds since 1970. */
  micros: string;
}

/** Unread is counted from the index, never kept. */
const STATE = `f.root_id, f.left_at IS NULL AS followed, f.read_seq,
  (SELECT count(*)::int FROM (SELECT 1 FROM chat_messages x WHERE x.root_id = f.root_id AND x.seq > f.read_seq
    AND x.deleted_at IS NULL AND x.author_id <> f.person_id LIMIT ${UNREAD_COUNTED_MAX}) n) AS unread`;

export async function findFollow(
  q: Query,
  root_id: MessageId,
  person_id: PersonId,
): Promise<Pick<FollowRow, "followed" | "read_seq" | "unread"> | null> {
  const [row] = (await q`SELECT ${q.unsafe(STATE)} FROM chat_thread_follows f
    WHERE f.root_id = ${root_id} AND f.person_id = ${person_id}`) as FollowRow[];
  return row ?? null;
}

/** What somebody follows, the latest answered first, after a place. */
export async function followedBy(
  q: Query,
  person_id: PersonId,
  after: { micros: string; root_id: string } | null,
  rows_max: number,
): Promise<FollowRow[]> {
  const { micros = null, root_id = null } = after ?? {};
  return (await q`
    SELECT * FROM (
      SELECT ${q.unsafe(STATE)}, m.last_reply_at, (extract(epoch FROM m.last_reply_at) * 1000000)::bigint::text AS micros,
        (SELECT y.id FROM chat_messages y WHERE y.root_id = f.root_id AND y.deleted_at IS NULL ORDER BY y.seq DESC LIMIT 1) AS latest_id
      FROM chat_thread_follows f JOIN chat_messages m ON m.id = f.root_id
      WHERE f.person_id = ${person_id} AND f.left_at IS NULL AND m.last_reply_at IS NOT NULL
        AND (${micros}::bigint IS NULL OR ((extract(epoch FROM m.last_reply_at) * 1000000)::bigint, f.root_id) < (${micros}::bigint, ${root_id}::bigint))
      ORDER BY m.last_reply_at DESC, f.root_id DESC LIMIT ${rows_max}
    ) t ORDER BY last_reply_at DESC, root_id DESC`) as FollowRow[];
}

export async function deleteFollows(tx: Query, root_ids: readonly MessageId[]): Promise<void> {
  await tx`DELETE FROM chat_thread_follows WHERE root_id = ANY(${tx.array([...root_ids], "BIGINT")})`;
}

export async function forgetFollows(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM chat_thread_follows WHERE person_id = ${person_id}`;
}
