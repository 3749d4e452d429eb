import type { Json } from "#kernel/json.ts";
import type { Fragment, Query } from "#ports/sql/index.ts";

import { LAG_EVENTS_MAX } from "./bounds.ts";
import type { GroupLag, LogEvent, ParkedEvent, StoredEvent } from "./index.ts";
import { encodePosition, type Place } from "./position.ts";

interface EventRow extends Place {
  topic: string;
  key: string;
  type: string;
  version: number;
  data: { [key: string]: Json };
  at: Date;
}

const present = (row: EventRow): StoredEvent => ({
  position: encodePosition(row),
  topic: row.topic,
  key: row.key,
  type: row.type,
  version: row.version,
  data: row.data,
  at: row.at,
});

/** Evaluated in a statement of somebody's: it locks the key and sees who committed meanwhile, as in a statement of its own. */
export const appendCall = (db: Query, topic: string, key: string, event: LogEvent): Fragment =>
  db`log_append(${topic}, ${key}, ${event.type}, ${event.version}::int, ${event.data}::jsonb)`;

export async function insertEvent(tx: Query, topic: string, key: string, event: LogEvent): Promise<void> {
  await tx`SELECT ${appendCall(tx, topic, key, event)}`;
}

/** As `log_append` does it: the locks have a statement of their own, so that the insert's snapshot sees whom it waited for. */
export async function insertEvents(
  tx: Query,
  topic: string,
  events: readonly { key: string; event: LogEvent }[],
): Promise<void> {
  const keys = tx.array([...new Set(events.map(({ key }) => key))], "TEXT");
  await tx`
    SELECT pg_advisory_xact_lock(h.lock) FROM (
      SELECT DISTINCT hashtextextended(${topic} || chr(31) || k, 5202) AS lock FROM unnest(${keys}) AS k ORDER BY lock) h`;
  const rows = { events: events.map(({ key, event }) => [key, event.type, event.version, event.data]) };
  await tx`
    INSERT INTO log_events (slot, stamp, seq, topic, key, type, version, data)
    SELECT h.slot,
      h.stamp_base + greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
      nextval('log_seq'), ${topic}, e.value ->> 0, e.value ->> 1, (e.value -> 2)::int, e.value -> 3
    FROM log_house h CROSS JOIN LATERAL (
      SELECT value, ordinality FROM jsonb_array_elements(${rows}::jsonb -> 'events') WITH ORDINALITY ORDER BY ordinality) e`;
}

/** @returns true when the database had been restored into another cluster and is now adopted; the caller's tx must commit */
export async function adopt(tx: Query): Promise<boolean> {
  const [row] = await tx<{ did: boolean }[]>`SELECT log_adopt() AS did`;
  return row!.did;
}

/**
 * Events after a place, up to the first that could still get something before it.
 * @returns `blocked` when a committed event waits behind an older transaction that still runs, on any database of the cluster
 */
export async function readEvents(
  tx: Query,
  topic: string,
  after: Place,
  events_max: number,
): Promise<{ events: StoredEvent[]; blocked: boolean }> {
  // Rows and horizon come from one statement and so from one snapshot; that is what makes the past closed.
  const rows = await tx<(EventRow & { settled: boolean })[]>`
    SELECT stamp, seq, topic, key, type, version, data, at,
      stamp < (SELECT stamp_base FROM log_house) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS settled
    FROM log_events
    WHERE topic = ${topic} AND (stamp, seq) > (${after.stamp}::bigint, ${after.seq}::bigint)
    ORDER BY stamp, seq LIMIT ${events_max}::int`;
  const end = rows.findIndex((row) => !row.settled);
  return { events: (end < 0 ? rows : rows.slice(0, end)).map(present), blocked: end >= 0 };
}

/** A place that all readable events are at or before and all others behind, on every topic. */
export async function horizon(tx: Query): Promise<Place> {
  const [row] = await tx<Place[]>`SELECT log_horizon() - 1 AS stamp, 9223372036854775807 AS seq`;
  return row!;
}

/** The newest event of each topic, readable yet or not. Topics without events are left out. */
export function heads(tx: Query, topics: string[], array: unknown): Promise<({ topic: string } & Place)[]> {
  return topics.length === 0
    ? Promise.resolve([])
    : tx<({ topic: string } & Place)[]>`
        SELECT t.topic, e.stamp, e.seq FROM unnest(${array}) AS t (topic) CROSS JOIN LATERAL (
          SELECT stamp, seq FROM log_events e WHERE e.topic = t.topic ORDER BY stamp DESC, seq DESC LIMIT 1) e`;
}

export async function lastReadable(tx: Query, topic: string): Promise<Place | null> {
  const [row] = await tx<Place[]>`
    SELECT stamp, seq FROM log_events WHERE topic = ${topic} AND stamp < (SELECT log_horizon())
    ORDER BY stamp DESC, seq DESC LIMIT 1`;
  return row ?? null;
}

/** Makes the group unless it is there. @returns its number */
export async function ensureGroup(tx: Query, topic: string, name: string, from: "beginning" | "now"): Promise<number> {
  const [made] = await tx<{ id: number }[]>`
    INSERT INTO log_groups (topic, name) VALUES (${topic}, ${name}) ON CONFLICT DO NOTHING RETURNING id`;
  if (made && from === "now") await insertPosition(tx, made.id, await horizon(tx));
  if (made) return made.id;
  const [found] = await tx<{ id: number }[]>`SELECT id FROM log_groups WHERE topic = ${topic} AND name = ${name}`;
  return found!.id;
}

export interface GroupState {
  at: Place;
  tries: number;
  /** Until the next try; 0 or below when it may run. */
  wait_ms: number;
  single: Place;
  /** A failure is written down that is not over yet. */
  failing: boolean;
  retry_wanted: boolean;
}

/** Makes this transaction the only one that works for the group. Gone with the transaction, and with its process. */
export async function lockGroup(tx: Query, group_id: number): Promise<boolean> {
  // An advisory lock, because a row lock would give the transaction a number, and so hold back every reader of the log
  // for as long as the handler runs.
  const [row] = await tx<{ mine: boolean }[]>`SELECT pg_try_advisory_xact_lock(5202, ${group_id}::int) AS mine`;
  return row!.mine;
}

/** Read it after `lockGroup` and in a statement of its own, or it may be the state before the last owner's commit. */
export async function groupState(tx: Query, group_id: number): Promise<GroupState | null> {
  const [row] = await tx<
    {
      stamp: string;
      seq: string;
      tries: number;
      wait_ms: number;
      single_stamp: string;
      single_seq: string;
      failing: boolean;
      retry_wanted: boolean;
    }[]
  >`
    SELECT coalesce(p.stamp, 0) AS stamp, coalesce(p.seq, 0) AS seq, g.tries, g.single_stamp, g.single_seq, g.reason IS NOT NULL AS failing,
      coalesce(extract(epoch FROM g.retry_at - clock_timestamp()) * 1000, 0)::float8 AS wait_ms,
      EXISTS (SELECT FROM log_parked d WHERE d.group_id = g.id AND d.retry_wanted_at IS NOT NULL) AS retry_wanted
    FROM log_groups g LEFT JOIN LATERAL (
      SELECT stamp, seq FROM log_positions WHERE group_id = g.id ORDER BY stamp DESC, seq DESC LIMIT 1) p ON true
    WHERE g.id = ${group_id}`;
  if (!row) return null;
  return {
    at: { stamp: row.stamp, seq: row.seq },
    tries: row.tries,
    wait_ms: row.wait_ms,
    single: { stamp: row.single_stamp, seq: row.single_seq },
    failing: row.failing,
    retry_wanted: row.retry_wanted,
  };
}

export async function insertPosition(tx: Query, group_id: number, at: Place): Promise<void> {
  await tx`INSERT INTO log_positions (group_id, stamp, seq) VALUES (${group_id}, ${at.stamp}::bigint, ${at.seq}::bigint)`;
}

/** All but the newest. */
export async function prunePositions(tx: Query, group_id: number): Promise<void> {
  await tx`
    DELETE FROM log_positions p WHERE group_id = ${group_id} AND (stamp, seq) <
      (SELECT stamp, seq FROM log_positions WHERE group_id = ${group_id} ORDER BY stamp DESC, seq DESC LIMIT 1)`;
}

export async function updateFailing(
  tx: Query,
  group_id: number,
  failing: { tries: number; wait_ms: number; reason: string; single: Place | null },
): Promise<void> {
  await tx`
    UPDATE log_groups SET tries = ${failing.tries}, reason = ${failing.reason},
      retry_at = clock_timestamp() + make_interval(secs => ${failing.wait_ms / 1000}),
      single_stamp = coalesce(${failing.single?.stamp ?? null}::bigint, single_stamp),
      single_seq = coalesce(${failing.single?.seq ?? null}::bigint, single_seq)
    WHERE id = ${group_id}`;
}

export async function updateWell(tx: Query, group_id: number): Promise<void> {
  await tx`UPDATE log_groups SET tries = 0, reason = NULL, retry_at = NULL WHERE id = ${group_id}`;
}

export async function insertParked(
  tx: Query,
  group_id: number,
  at: Place,
  topic: string,
  tries: number,
  reason: string,
): Promise<void> {
  await tx`
    INSERT INTO log_parked (group_id, stamp, seq, key, type, version, data, at, tries, reason)
    SELECT ${group_id}, stamp, seq, key, type, version, data, at, ${tries}, ${reason} FROM log_events
    WHERE topic = ${topic} AND stamp = ${at.stamp}::bigint AND seq = ${at.seq}::bigint`;
}

type ParkedRow = EventRow & { id: string; group: string; parked_at: Date; tries: number; reason: string };

const presentParked = (row: ParkedRow): ParkedEvent => ({
  ...present(row),
  id: row.id,
  group: row.group,
  parked_at: row.parked_at,
  tries: row.tries,
  reason: row.reason,
});

export async function selectParked(tx: Query, events_max: number): Promise<ParkedEvent[]> {
  const rows = await tx<ParkedRow[]>`
    SELECT d.*, g.topic, g.name AS "group" FROM log_parked d JOIN log_groups g ON g.id = d.group_id
    ORDER BY d.id LIMIT ${events_max}::int`;
  return rows.map(presentParked);
}

export async function selectWanted(tx: Query, group_id: number): Promise<ParkedEvent | null> {
  const [row] = await tx<ParkedRow[]>`
    SELECT d.*, g.topic, g.name AS "group" FROM log_parked d JOIN log_groups g ON g.id = d.group_id
    WHERE d.group_id = ${group_id} AND d.retry_wanted_at IS NOT NULL ORDER BY d.id LIMIT 1`;
  return row ? presentParked(row) : null;
}

export async function deleteParked(tx: Query, id: string): Promise<void> {
  await tx`DELETE FROM log_parked WHERE id = ${id}::bigint`;
}

export async function updateParked(tx: Query, id: string, reason: string): Promise<void> {
  await tx`UPDATE log_parked SET retry_wanted_at = NULL, tries = tries + 1, reason = ${reason} WHERE id = ${id}::bigint`;
}

/** @returns the topic, or null when it is not parked */
export async function wantParked(tx: Query, id: string): Promise<string | null> {
  const [row] = await tx<{ topic: string }[]>`
    UPDATE log_parked d SET retry_wanted_at = clock_timestamp() FROM log_groups g
    WHERE d.id = ${id}::bigint AND g.id = d.group_id RETURNING g.topic`;
  return row?.topic ?? null;
}

export async function deleteGroup(tx: Query, topic: string, name: string): Promise<boolean> {
  const gone = await tx`DELETE FROM log_groups WHERE topic = ${topic} AND name = ${name}`;
  return gone.count > 0;
}

export async function groupPosition(tx: Query, topic: string, name: string): Promise<Place | null> {
  const [row] = await tx<Place[]>`
    SELECT p.stamp, p.seq FROM log_groups g JOIN log_positions p ON p.group_id = g.id
    WHERE g.topic = ${topic} AND g.name = ${name} ORDER BY p.stamp DESC, p.seq DESC LIMIT 1`;
  return row ?? null;
}

export function selectLags(tx: Query): Promise<GroupLag[]> {
  return tx<GroupLag[]>`
    SELECT g.topic, g.name AS "group", g.tries, g.reason, l.events, l.oldest_s,
      (SELECT count(*)::int FROM log_parked d WHERE d.group_id = g.id) AS parked
    FROM log_groups g
    LEFT JOIN LATERAL (
      SELECT stamp, seq FROM log_positions WHERE group_id = g.id ORDER BY stamp DESC, seq DESC LIMIT 1) p ON true
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS events, coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 AS oldest_s FROM (
        SELECT at FROM log_events e WHERE e.topic = g.topic AND (e.stamp, e.seq) > (coalesce(p.stamp, 0), coalesce(p.seq, 0))
        ORDER BY stamp, seq LIMIT ${LAG_EVENTS_MAX}) behind) l
    ORDER BY g.topic, g.name`;
}
