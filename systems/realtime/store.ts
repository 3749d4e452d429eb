import type { Query } from "#ports/sql/index.ts";

/** One item, ready to be stored: data is JSON text. */
export interface NewRow {
  id: string;
  kind: string;
  data: string;
  sender_id: string | null;
  cid: string | null;
  recheck_id: string | null;
}

export interface AppendedRow {
  place: number;
  seq: string;
  id: string;
  at: Date;
  dup: boolean;
  epoch: string;
}

/** Locks the stream's row until `tx` ends. In the order of the items. */
export async function appendItems(tx: Query, stream: string, items: readonly NewRow[]): Promise<AppendedRow[]> {
  const rows = { items: items.map((i) => [i.id, i.kind, i.data, i.sender_id, i.cid, i.recheck_id]) };
  return (await tx`SELECT * FROM realtime_append(${stream}, ${rows}::jsonb -> 'items') ORDER BY place`) as AppendedRow[];
}

export interface ItemRow {
  seq: string;
  id: string;
  kind: string;
  data: string;
  sender_id: string | null;
  cid: string | null;
  recheck_id: string | null;
  at: Date;
}

export interface HeadRow {
  stream: string;
  epoch: string;
  last_seq: string;
}

/** Of each that was asked for, also where nothing was appended yet. */
export async function heads(q: Query, streams: readonly string[]): Promise<HeadRow[]> {
  return (await q`
    SELECT a.stream, realtime_epoch() AS epoch, coalesce(s.last_seq, 0)::text AS last_seq
    FROM unnest(${q.array([...streams], "TEXT")}) AS a (stream) LEFT JOIN realtime_streams s ON s.stream = a.stream`) as HeadRow[];
}

/** The nearest items on one side of a number, in the order of numbers whichever side it was. */
export async function itemsBeside(
  q: Query,
  stream: string,
  asked: { after: string } | { before: string },
  items_max: number,
): Promise<ItemRow[]> {
  if ("after" in asked)
    return (await q`
      SELECT seq, id, kind, data, sender_id, cid, recheck_id, at FROM realtime_items
      WHERE stream = ${stream} AND seq > ${asked.after}::bigint ORDER BY seq LIMIT ${items_max}::int`) as ItemRow[];
  const rows = (await q`
    SELECT seq, id, kind, data, sender_id, cid, recheck_id, at FROM realtime_items
    WHERE stream = ${stream} AND seq < ${asked.before}::bigint ORDER BY seq DESC LIMIT ${items_max}::int`) as ItemRow[];
  return rows.toReversed();
}

/** The first number that is still kept; above the head where nothing is. */
export async function floor(q: Query, stream: string): Promise<string> {
  const [row] = (await q`
    SELECT coalesce((SELECT min(seq) FROM realtime_items WHERE stream = ${stream}),
      (SELECT last_seq + 1 FROM realtime_streams WHERE stream = ${stream}), 1)::text AS floor`) as { floor: string }[];
  return row!.floor;
}

/** What they said goes; that there was something at this number stays. @returns rows met */
export async function redactItems(tx: Query, stream: string, seqs: readonly string[]): Promise<number> {
  const rows =
    await tx`UPDATE realtime_items SET data = 'null' WHERE stream = ${stream} AND seq = ANY(${tx.array([...seqs], "BIGINT")})`;
  return rows.count;
}

/** In portions. @returns rows that went */
export async function eraseItems(tx: Query, stream: string, rows_max: number): Promise<number> {
  const rows = await tx`DELETE FROM realtime_items WHERE stream = ${stream} AND seq IN (
    SELECT seq FROM realtime_items WHERE stream = ${stream} ORDER BY seq LIMIT ${rows_max}::int)`;
  return rows.count;
}

/** @returns true when the database had been restored into another cluster; all epochs are new then */
export async function adopt(q: Query): Promise<boolean> {
  const [row] = (await q`SELECT realtime_adopt() AS did`) as { did: boolean }[];
  return row!.did;
}

/** For a restore that leaves no other trace: a copy of the files put back. */
export async function renewEpoch(q: Query): Promise<string> {
  const [row] = (await q`
    UPDATE realtime_house SET generation = left(md5(random()::text || clock_timestamp()::text), 8)
    RETURNING generation || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS epoch`) as { epoch: string }[];
  return row!.epoch;
}

export async function currentSlot(q: Query): Promise<number> {
  const [row] = (await q`SELECT slot FROM realtime_house`) as { slot: number }[];
  return row!.slot;
}

const slotTable = (q: Query, slot: number) => q(`realtime_items_${slot}`);

/** Whether it holds something, and nothing that is younger than this. */
export async function isSlotDue(q: Query, slot: number, kept_ms: number): Promise<boolean> {
  const table = slotTable(q, slot);
  const [row] = (await q`
    SELECT EXISTS (SELECT FROM ${table}) AND NOT EXISTS (
      SELECT FROM ${table} WHERE at > clock_timestamp() - make_interval(secs => ${kept_ms / 1000})) AS due`) as {
    due: boolean;
  }[];
  return row!.due;
}

/** @returns false where, under the lock, something was there that must stay */
export async function emptySlot(tx: Query, slot: number, kept_ms: number, lock_ms_max: number): Promise<boolean> {
  const table = slotTable(tx, slot);
  await tx.unsafe(`SET LOCAL lock_timeout = ${lock_ms_max}`);
  await tx`SELECT FROM realtime_house FOR UPDATE`;
  await tx`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`;
  const [row] = (await tx`
    SELECT NOT EXISTS (SELECT FROM ${table} WHERE at > clock_timestamp() - make_interval(secs => ${kept_ms / 1000}))
      AND NOT EXISTS (SELECT FROM realtime_house WHERE slot = ${slot}) AS due`) as { due: boolean }[];
  if (!row!.due) return false;
  await tx`TRUNCATE ONLY ${table}`;
  return true;
}

/** @returns whether writers use the next slot from here on; not while it still holds something */
export async function rotateSlot(tx: Query, slots: number, after_ms: number): Promise<boolean> {
  const [house] = (await tx`
    SELECT slot, slot_since < clock_timestamp() - make_interval(secs => ${after_ms / 1000}) AS old
    FROM realtime_house FOR UPDATE`) as { slot: number; old: boolean }[];
  const next = (house!.slot + 1) % slots;
  const [full] = (await tx`SELECT EXISTS (SELECT FROM ${slotTable(tx, next)}) AS used`) as { used: boolean }[];
  if (!house!.old || full!.used) return false;
  await tx`UPDATE realtime_house SET slot = ${next}, slot_since = clock_timestamp()`;
  return true;
}
