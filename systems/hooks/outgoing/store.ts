import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";
import type { ChannelId } from "#systems/chat/index.ts";

import type { DeliveryId, HookId } from "../needs.ts";
import type { OutgoingEvent } from "./events-contract.ts";

export interface OutgoingRow {
  id: HookId;
  space_id: SpaceId;
  owner_id: PersonId;
  name: string;
  url: string;
  events: OutgoingEvent[];
  with_bots: boolean;
  secret_no: number;
  rotated_at: Date | null;
  made_at: Date;
  disabled_at: Date | null;
  disabled_by: PersonId | null;
  disabled_because: string | null;
  failing_since: Date | null;
  taken_at: Date | null;
  dropped: string;
}

export async function insertOutgoing(
  tx: Query,
  row: Pick<OutgoingRow, "id" | "space_id" | "owner_id" | "name" | "url" | "events" | "with_bots" | "made_at">,
): Promise<void> {
  await tx`INSERT INTO hooks_outgoing (id, space_id, owner_id, name, url, events, with_bots, made_at)
    VALUES (${row.id}, ${row.space_id}, ${row.owner_id}, ${row.name}, ${row.url}, ${tx.array(row.events, "TEXT")}, ${row.with_bots},
      ${row.made_at})`;
}

export async function findOutgoing(q: Query, id: HookId): Promise<OutgoingRow | null> {
  const [row] = (await q`SELECT * FROM hooks_outgoing WHERE id = ${id}`) as OutgoingRow[];
  return row ?? null;
}

/** So that what is changed is as it stands now. */
export async function lockOutgoing(tx: Query, id: HookId): Promise<OutgoingRow | null> {
  const [row] = (await tx`SELECT * FROM hooks_outgoing WHERE id = ${id} FOR UPDATE`) as OutgoingRow[];
  return row ?? null;
}

export async function outgoingOf(q: Query, space_id: SpaceId, rows_max: number): Promise<OutgoingRow[]> {
  return (await q`SELECT * FROM hooks_outgoing WHERE space_id = ${space_id} ORDER BY id DESC LIMIT ${rows_max}`) as OutgoingRow[];
}

/** Of these, those of one owner that the house itself switched off. */
export async function switchedOffOf(
  q: Query,
  owner_id: PersonId,
  ids: readonly HookId[],
): Promise<{ id: HookId; name: string; space_id: SpaceId; disabled_because: string }[]> {
  return (await q`SELECT id, name, space_id, disabled_because FROM hooks_outgoing
    WHERE id = ANY(${q.array([...ids], "BIGINT")}) AND owner_id = ${owner_id}
      AND disabled_at IS NOT NULL AND disabled_by IS NULL AND disabled_because IS NOT NULL`) as {
    id: HookId;
    name: string;
    space_id: SpaceId;
    disabled_because: string;
  }[];
}

export async function updateOutgoing(
  tx: Query,
  id: HookId,
  next: Pick<
    OutgoingRow,
    | "owner_id"
    | "name"
    | "url"
    | "events"
    | "with_bots"
    | "disabled_at"
    | "disabled_by"
    | "disabled_because"
    | "failing_since"
  >,
): Promise<void> {
  await tx`UPDATE hooks_outgoing SET owner_id = ${next.owner_id}, name = ${next.name}, url = ${next.url},
      events = ${tx.array(next.events, "TEXT")}, with_bots = ${next.with_bots}, disabled_at = ${next.disabled_at},
      disabled_by = ${next.disabled_by}, disabled_because = ${next.disabled_because}, failing_since = ${next.failing_since}
    WHERE id = ${id}`;
}

export async function nextSecret(tx: Query, id: HookId, at: Date): Promise<void> {
  await tx`UPDATE hooks_outgoing SET secret_no = secret_no + 1, rotated_at = ${at} WHERE id = ${id}`;
}

export async function deleteOutgoing(tx: Query, id: HookId): Promise<void> {
  await tx`DELETE FROM hooks_outgoing WHERE id = ${id}`;
}

export async function channelsOf(q: Query, hook_ids: readonly HookId[]): Promise<Map<HookId, ChannelId[]>> {
  if (hook_ids.length === 0) return new Map();
  const rows = (await q`SELECT hook_id, channel_id FROM hooks_listening
    WHERE hook_id = ANY(${q.array([...hook_ids], "BIGINT")}) ORDER BY channel_id`) as {
    hook_id: HookId;
    channel_id: ChannelId;
  }[];
  const found = new Map<HookId, ChannelId[]>();
  for (const { hook_id, channel_id } of rows) found.set(hook_id, [...(found.get(hook_id) ?? []), channel_id]);
  return found;
}

/** @returns channels to which nobody listens any more */
export async function setListening(
  tx: Query,
  hook_id: HookId,
  channel_ids: readonly ChannelId[],
): Promise<ChannelId[]> {
  const wanted = tx.array([...channel_ids], "BIGINT");
  const gone = (await tx`DELETE FROM hooks_listening WHERE hook_id = ${hook_id} AND channel_id <> ALL(${wanted})
    RETURNING channel_id`) as { channel_id: ChannelId }[];
  await tx`INSERT INTO hooks_listening (channel_id, hook_id) SELECT unnest(${wanted}), ${hook_id}::bigint ON CONFLICT DO NOTHING`;
  if (gone.length === 0) return [];
  const left = tx.array(
    gone.map((row) => row.channel_id),
    "BIGINT",
  );
  const deaf = (await tx`SELECT c AS channel_id FROM unnest(${left}) AS c
    WHERE NOT EXISTS (SELECT FROM hooks_listening l WHERE l.channel_id = c)`) as { channel_id: ChannelId }[];
  return deaf.map((row) => row.channel_id);
}

/** Held to the end of `tx` by whoever changes who listens, so that a channel is never left watched by nobody, or the other way. */
export const lockListening = async (tx: Query): Promise<void> => {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended('hooks_listening', 0))`;
};

export interface Listener {
  hook_id: HookId;
  channel_id: ChannelId;
  events: OutgoingEvent[];
  with_bots: boolean;
}

export async function listenersIn(q: Query, channel_ids: readonly ChannelId[]): Promise<Listener[]> {
  return (await q`SELECT l.channel_id, h.id AS hook_id, h.events, h.with_bots
    FROM hooks_listening l JOIN hooks_outgoing h ON h.id = l.hook_id
    WHERE l.channel_id = ANY(${q.array([...channel_ids], "BIGINT")}) AND h.disabled_at IS NULL`) as Listener[];
}

export async function listenersOf(
  q: Query,
  space_ids: readonly SpaceId[],
): Promise<{ hook_id: HookId; space_id: SpaceId; events: OutgoingEvent[] }[]> {
  return (await q`SELECT id AS hook_id, space_id, events FROM hooks_outgoing
    WHERE space_id = ANY(${q.array([...space_ids], "BIGINT")}) AND disabled_at IS NULL`) as {
    hook_id: HookId;
    space_id: SpaceId;
    events: OutgoingEvent[];
  }[];
}

export interface DeliveryRow {
  id: DeliveryId;
  hook_id: HookId;
  webhook_id: string;
  event: string;
  subject: JsonObject;
  happened_at: Date;
  state: "waiting" | "taken" | "failed" | "skipped";
  run: number;
  tries: number;
  next_at: Date | null;
  tried_at: Date | null;
  status: number | null;
  ms: number | null;
  answer: string | null;
  because: string | null;
  at: Date;
}

export type NewDelivery = Pick<DeliveryRow, "id" | "hook_id" | "webhook_id" | "event" | "subject" | "happened_at">;

/** How many more may wait for each of these. */
export async function roomOf(
  tx: Query,
  hook_ids: readonly HookId[],
  waiting_max: number,
): Promise<Map<HookId, number>> {
  const rows = (await tx`SELECT h.id, count(d.id)::int AS n FROM unnest(${tx.array([...hook_ids], "BIGINT")}) AS h (id)
    LEFT JOIN hooks_deliveries d ON d.hook_id = h.id AND d.state = 'waiting' GROUP BY h.id`) as {
    id: HookId;
    n: number;
  }[];
  return new Map(rows.map(({ id, n }) => [id, waiting_max - n]));
}

export async function countDropped(tx: Query, hook_id: HookId, n: number): Promise<void> {
  await tx`UPDATE hooks_outgoing SET dropped = dropped + ${n}::int WHERE id = ${hook_id}`;
}

/** @returns false where it is there already: the event came again */
export async function insertDelivery(tx: Query, row: NewDelivery, at: Date): Promise<boolean> {
  const made = await tx`
    INSERT INTO hooks_deliveries (id, hook_id, webhook_id, event, subject, happened_at, state, next_at, at)
    VALUES (${row.id}, ${row.hook_id}, ${row.webhook_id}, ${row.event}, ${JSON.stringify(row.subject)}::text::jsonb, ${row.happened_at},
      'waiting', ${at}, ${at})
    ON CONFLICT DO NOTHING`;
  return made.count === 1;
}

export async function findDelivery(q: Query, id: DeliveryId): Promise<DeliveryRow | null> {
  const [row] = (await q`SELECT * FROM hooks_deliveries WHERE id = ${id}`) as DeliveryRow[];
  return row ?? null;
}

export async function lockDelivery(tx: Query, id: DeliveryId): Promise<DeliveryRow | null> {
  const [row] = (await tx`SELECT * FROM hooks_deliveries WHERE id = ${id} FOR UPDATE`) as DeliveryRow[];
  return row ?? null;
}

export async function settleDelivery(
  tx: Query,
  id: DeliveryId,
  next: Pick<DeliveryRow, "state" | "run" | "tries" | "next_at" | "tried_at" | "status" | "ms" | "answer" | "because">,
): Promise<void> {
  await tx`UPDATE hooks_deliveries SET state = ${next.state}, run = ${next.run}, tries = ${next.tries}, next_at = ${next.next_at},
      tried_at = ${next.tried_at}, status = ${next.status}, ms = ${next.ms}, answer = ${next.answer}, because = ${next.because}
    WHERE id = ${id}`;
}

export async function deliveriesOf(
  q: Query,
  hook_id: HookId,
  below_id: string | null,
  rows_max: number,
): Promise<DeliveryRow[]> {
  return (await q`SELECT * FROM hooks_deliveries WHERE hook_id = ${hook_id} AND (${below_id}::bigint IS NULL OR id < ${below_id}::bigint)
    ORDER BY id DESC LIMIT ${rows_max}`) as DeliveryRow[];
}

export async function waitingOf(q: Query, hook_ids: readonly HookId[]): Promise<Map<HookId, number>> {
  if (hook_ids.length === 0) return new Map();
  const rows = (await q`SELECT hook_id, count(*)::int AS n FROM hooks_deliveries
    WHERE hook_id = ANY(${q.array([...hook_ids], "BIGINT")}) AND state = 'waiting' GROUP BY hook_id`) as {
    hook_id: HookId;
    n: number;
  }[];
  return new Map(rows.map(({ hook_id, n }) => [hook_id, n]));
}

export async function noteTaken(tx: Query, id: HookId, at: Date): Promise<void> {
  await tx`UPDATE hooks_outgoing SET failing_since = NULL, taken_at = ${at} WHERE id = ${id}`;
}

/** @returns since when it has been failing */
export async function noteFailed(tx: Query, id: HookId, at: Date): Promise<Date> {
  const [row] =
    (await tx`UPDATE hooks_outgoing SET failing_since = coalesce(failing_since, ${at}::timestamptz) WHERE id = ${id}
    RETURNING failing_since`) as { failing_since: Date }[];
  return row?.failing_since ?? at;
}

/** By the house itself. @returns false where it was off already */
export async function switchOff(tx: Query, id: HookId, because: string, at: Date): Promise<boolean> {
  const done = await tx`UPDATE hooks_outgoing SET disabled_at = ${at}, disabled_by = NULL, disabled_because = ${because}
    WHERE id = ${id} AND disabled_at IS NULL`;
  return done.count === 1;
}

/** @returns rows that went */
export async function trimDeliveries(q: Query, before: Date, rows_max: number): Promise<number> {
  const gone = await q`DELETE FROM hooks_deliveries WHERE id IN (
    SELECT id FROM hooks_deliveries WHERE state <> 'waiting' AND at < ${before} LIMIT ${rows_max})`;
  return gone.count;
}
