import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { UNREAD_COUNTED_MAX } from "../bounds.ts";
import type { ChannelId } from "../needs.ts";

export interface UnreadRow {
  channel_id: ChannelId;
  unread: number;
  mentions: number;
  /** Seq of the oldest of them; null where there are none. */
  first: string | null;
}

/**
 * What somebody has not read of these channels: messages of others that stand in the channel and were not deleted, counted one by one
 * from the index, up to the bound. Nothing is kept, so nothing can drift. A mark counts from where it was put.
 */
export async function unreadOf(
  q: Query,
  person_id: PersonId,
  channel_ids: readonly ChannelId[],
): Promise<Map<ChannelId, UnreadRow>> {
  if (channel_ids.length === 0) return new Map();
  const rows = (await q`
    SELECT m.channel_id, coalesce(u.unread, 0)::int AS unread, coalesce(u.mentions, 0)::int AS mentions, u.first
    FROM chat_members m JOIN chat_channels c ON c.id = m.channel_id
    CROSS JOIN LATERAL (
      SELECT count(*) AS unread, count(*) FILTER (WHERE named) AS mentions, min(seq) AS first FROM (
        SELECT x.seq, (${person_id}::bigint = ANY(x.mention_ids) OR x.mentions_all IS NOT NULL) AS named
        FROM chat_messages x
        WHERE x.channel_id = m.channel_id AND x.seq > coalesce(m.marked_seq - 1, m.read_seq) AND x.in_channel
          AND x.deleted_at IS NULL AND x.author_id <> m.person_id
        ORDER BY x.seq LIMIT ${UNREAD_COUNTED_MAX}
      ) n
    ) u
    WHERE m.person_id = ${person_id} AND m.channel_id = ANY(${q.array([...channel_ids], "BIGINT")})
      AND c.last_seq > coalesce(m.marked_seq - 1, m.read_seq)`) as UnreadRow[];
  return new Map(rows.map((row) => [row.channel_id, row]));
}

/** Forward only, never beyond what is there, and not while a mark stands, unless it is taken away. @returns the cursor, or null where nothing moved */
export async function readUpTo(
  tx: Query,
  channel_id: ChannelId,
  person_id: PersonId,
  seq: string,
  unmark: boolean,
): Promise<{ read_seq: string; marked_seq: string | null } | null> {
  const [row] = (await tx`
    UPDATE chat_members m SET
      read_seq = greatest(m.read_seq, least(${seq}::bigint, c.last_seq)),
      marked_seq = CASE WHEN ${unmark}::boolean THEN NULL ELSE m.marked_seq END
    FROM chat_channels c
    WHERE m.channel_id = ${channel_id} AND m.person_id = ${person_id} AND c.id = m.channel_id
      AND (m.marked_seq IS NULL OR ${unmark}::boolean)
      AND (m.read_seq < least(${seq}::bigint, c.last_seq) OR (${unmark}::boolean AND m.marked_seq IS NOT NULL))
    RETURNING m.read_seq, m.marked_seq`) as { read_seq: string; marked_seq: string | null }[];
  return row ?? null;
}

export async function mark(tx: Query, channel_id: ChannelId, person_id: PersonId, seq: string): Promise<void> {
  await tx`UPDATE chat_members SET marked_seq = ${seq}::bigint WHERE channel_id = ${channel_id} AND person_id = ${person_id}`;
}

/** Every channel of theirs, up to its newest message; marks go. @returns those that moved */
export async function readAll(tx: Query, person_id: PersonId): Promise<{ channel_id: ChannelId; read_seq: string }[]> {
  return (await tx`
    UPDATE chat_members m SET read_seq = greatest(m.read_seq, c.last_seq), marked_seq = NULL
    FROM chat_channels c WHERE m.person_id = ${person_id} AND c.id = m.channel_id
      AND (m.read_seq < c.last_seq OR m.marked_seq IS NOT NULL)
    RETURNING m.channel_id, m.read_seq`) as { channel_id: ChannelId; read_seq: string }[];
}

/** Others in the channel who read up to there and give receipts. */
export async function readersUpTo(
  q: Query,
  channel_id: ChannelId,
  but: PersonId,
  seq: string,
  names_max: number,
): Promise<{ count: number; person_ids: PersonId[] }> {
  const [row] = (await q`
    SELECT count(*)::int AS count, (array_agg(m.person_id ORDER BY m.person_id))[1:${names_max}::int]::text[] AS ids
    FROM chat_members m LEFT JOIN chat_preferences p ON p.person_id = m.person_id
    WHERE m.channel_id = ${channel_id} AND m.read_seq >= ${seq}::bigint AND m.person_id <> ${but} AND coalesce(p.receipts, true)`) as {
    count: number;
    ids: PersonId[] | null;
  }[];
  return { count: row!.count, person_ids: row!.ids ?? [] };
}

export interface Arrival {
  channel_id: ChannelId;
  person_id: PersonId;
  seq: string;
}

/**
 * Forward only, never beyond what is there, of members who give receipts; what was read has arrived and is not written. In one order, so
 * that two nodes never wait for each other.
 * @returns channels in which there is something new that somebody may know: of a pair, both give receipts
 */
export async function arrivedUpTo(q: Query, arrivals: readonly Arrival[]): Promise<ChannelId[]> {
  const rows = (await q`
    WITH moved AS (
      INSERT INTO chat_delivered AS d (channel_id, person_id, seq)
      SELECT m.channel_id, m.person_id, least(a.seq, c.last_seq)
      FROM unnest(${q.array(
        arrivals.map((one) => one.channel_id),
        "BIGINT",
      )}, ${q.array(
        arrivals.map((one) => one.person_id),
        "BIGINT",
      )}, ${q.array(
        arrivals.map((one) => one.seq),
        "BIGINT",
      )}) AS a (channel_id, person_id, seq)
      JOIN chat_members m ON m.channel_id = a.channel_id AND m.person_id = a.person_id
      JOIN chat_channels c ON c.id = m.channel_id AND c.kind IN ('direct', 'group')
      LEFT JOIN chat_preferences p ON p.person_id = m.person_id
      WHERE coalesce(p.receipts, true) AND least(a.seq, c.last_seq) > m.read_seq
      ORDER BY m.channel_id, m.person_id
      ON CONFLICT (channel_id, person_id) DO UPDATE SET seq = excluded.seq WHERE d.seq < excluded.seq
      RETURNING channel_id
    )
    SELECT c.id FROM chat_channels c WHERE c.id IN (SELECT channel_id FROM moved) AND (c.kind = 'group' OR NOT EXISTS (
      SELECT 1 FROM chat_preferences p WHERE p.person_id IN (c.low_id, c.high_id) AND NOT p.receipts))`) as {
    id: ChannelId;
  }[];
  return rows.map((row) => row.id);
}

export interface ReceiptRow {
  person_id: PersonId;
  delivered_seq: string;
  read_seq: string;
}

/** How far it has arrived at the others who give receipts, and how far they read. */
export async function receiptsOf(
  q: Query,
  channel_id: ChannelId,
  but: PersonId,
  rows_max: number,
): Promise<ReceiptRow[]> {
  return (await q`
    SELECT m.person_id, greatest(m.read_seq, coalesce(d.seq, 0)) AS delivered_seq, m.read_seq
    FROM chat_members m
    LEFT JOIN chat_delivered d ON d.channel_id = m.channel_id AND d.person_id = m.person_id
    LEFT JOIN chat_preferences p ON p.person_id = m.person_id
    WHERE m.channel_id = ${channel_id} AND m.person_id <> ${but} AND coalesce(p.receipts, true)
    ORDER BY m.person_id LIMIT ${rows_max}`) as ReceiptRow[];
}
