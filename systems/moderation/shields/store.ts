import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { ShieldKind } from "./contract.ts";

export interface ShieldRow {
  kind: ShieldKind;
  step: number;
  since: Date;
  normal_per_h: number;
  hot_at: Date | null;
  learned_at: Date;
  held: boolean;
  because: string;
}

const COLUMNS = "kind, step, since, normal_per_h, hot_at, learned_at, held, because";

export const all = async (db: Query) =>
  (await db`SELECT ${db.unsafe(COLUMNS)} FROM moderation_shields ORDER BY kind`) as ShieldRow[];

export async function find(db: Query, kind: ShieldKind): Promise<ShieldRow> {
  const [row] = (await db`SELECT ${db.unsafe(COLUMNS)} FROM moderation_shields WHERE kind = ${kind}`) as ShieldRow[];
  return row!;
}

export async function lock(tx: Query, kind: ShieldKind): Promise<ShieldRow> {
  const [row] = (await tx`
    SELECT ${tx.unsafe(COLUMNS)} FROM moderation_shields WHERE kind = ${kind} FOR UPDATE`) as ShieldRow[];
  return row!;
}

export const save = (tx: Query, row: ShieldRow, held_by: PersonId | null) => tx`
  UPDATE moderation_shields SET step = ${row.step}, since = ${row.since}, normal_per_h = ${row.normal_per_h}, hot_at = ${row.hot_at},
    learned_at = ${row.learned_at}, held = ${row.held}, held_by = ${held_by}, because = ${row.because}
  WHERE kind = ${row.kind}`;

export const keepHot = (tx: Query, kind: ShieldKind, hot_at: Date | null) =>
  tx`UPDATE moderation_shields SET hot_at = ${hot_at} WHERE kind = ${kind}`;

export const saveLearned = (tx: Query, kind: ShieldKind, normal_per_h: number, at: Date) =>
  tx`UPDATE moderation_shields SET normal_per_h = ${normal_per_h}, learned_at = ${at} WHERE kind = ${kind}`;

/** Adds to the minute's sum. */
export const count = (tx: Query, kind: ShieldKind, minute: Date, events: number) => tx`
  INSERT INTO moderation_shield_minutes (kind, minute, events) VALUES (${kind}, ${minute}, ${events})
  ON CONFLICT (kind, minute) DO UPDATE SET events = moderation_shield_minutes.events + excluded.events`;

export async function counted(db: Query, kind: ShieldKind, since: Date): Promise<number> {
  const [row] = (await db`
    SELECT coalesce(sum(events), 0)::int AS n FROM moderation_shield_minutes WHERE kind = ${kind} AND minute > ${since}`) as {
    n: number;
  }[];
  return row!.n;
}

export async function trim(db: Query, before: Date): Promise<void> {
  await db`DELETE FROM moderation_shield_minutes WHERE minute < ${before}`;
  await db`DELETE FROM moderation_shield_shares WHERE since < ${before}`;
  await db`DELETE FROM moderation_shield_networks WHERE minute < ${before}`;
}

/** The sum of one hour of minutes, kept for weeks. */
export const keepHour = (tx: Query, kind: ShieldKind, hour: Date, until: Date, calm: boolean) => tx`
  INSERT INTO moderation_shield_hours (kind, hour, events, calm)
  SELECT ${kind}, ${hour}, coalesce(sum(events), 0)::int, ${calm} FROM moderation_shield_minutes
  WHERE kind = ${kind} AND minute >= ${hour} AND minute < ${until}
  ON CONFLICT (kind, hour) DO NOTHING`;

export const trimHours = (tx: Query, kind: ShieldKind, before: Date) =>
  tx`DELETE FROM moderation_shield_hours WHERE kind = ${kind} AND hour < ${before}`;

/** How many calm hours are known, and where the busiest of them begin. */
export async function busyHours(tx: Query, kind: ShieldKind, share: number): Promise<{ hours: number; busy: number }> {
  const [row] = (await tx`
    SELECT count(*)::int AS hours, coalesce(percentile_disc(${share}::float8) WITHIN GROUP (ORDER BY events), 0)::int AS busy
    FROM moderation_shield_hours WHERE kind = ${kind} AND calm`) as { hours: number; busy: number }[];
  return row!;
}

export interface Share {
  person_id: PersonId;
  since: Date;
  events: number;
}

/** Adds to what each did in that time. @returns how much it is by now, in the same order */
export async function addShares(tx: Query, kind: ShieldKind, shares: readonly Share[]): Promise<number[]> {
  const rows = (await tx`
    INSERT INTO moderation_shield_shares AS s (kind, person_id, since, events)
    SELECT ${kind}, a.person_id, a.since, a.events
    FROM unnest(${tx.array(
      shares.map((one) => one.person_id),
      "BIGINT",
    )}, ${tx.array(
      shares.map((one) => one.since.toISOString()),
      "TIMESTAMPTZ",
    )}, ${tx.array(
      shares.map((one) => one.events),
      "INT",
    )}) AS a (person_id, since, events)
    ON CONFLICT (kind, person_id, since) DO UPDATE SET events = s.events + excluded.events
    RETURNING person_id, since, events`) as Share[];
  const byKey = new Map(rows.map((row) => [`${row.person_id} ${row.since.getTime()}`, row.events]));
  return shares.map((one) => byKey.get(`${one.person_id} ${one.since.getTime()}`) ?? one.events);
}

/** Those who come from one network, or at all, are counted and let in one after the other. */
export const lockDoor = (tx: Query, network: string) =>
  tx`SELECT pg_advisory_xact_lock(hashtextextended(${`moderation:door:${network}`}, 0))`;

export async function cameFrom(db: Query, network: string | null, since: Date): Promise<number> {
  const [row] = (await db`
    SELECT coalesce(sum(came), 0)::int AS n FROM moderation_shield_networks
    WHERE minute > ${since} AND (${network}::text IS NULL OR network = ${network}::text)`) as { n: number }[];
  return row!.n;
}

export const noteCame = (tx: Query, network: string, minute: Date) => tx`
  INSERT INTO moderation_shield_networks (network, minute, came) VALUES (${network}, ${minute}, 1)
  ON CONFLICT (network, minute) DO UPDATE SET came = moderation_shield_networks.came + 1`;

export const vouchFor = (tx: Query, ids: readonly PersonId[]) => tx`
  INSERT INTO moderation_vouched (person_id) SELECT unnest(${tx.array([...ids], "BIGINT")}) ON CONFLICT DO NOTHING`;
export const isVouched = async (db: Query, id: PersonId): Promise<boolean> =>
  (await db`SELECT 1 FROM moderation_vouched WHERE person_id = ${id}`).length > 0;
/** An id tells when its person came. */
export const trimVouched = (db: Query, before_id: string) =>
  db`DELETE FROM moderation_vouched WHERE person_id < ${before_id}`;

/** Whether something that moderators did to this person since then stands. */
export async function isSanctioned(db: Query, person_id: PersonId, since: Date): Promise<boolean> {
  const rows = await db`
    SELECT 1 FROM moderation_acts a WHERE a.person_id = ${person_id} AND a.at > ${since} AND a.reverses IS NULL
      AND NOT EXISTS (SELECT 1 FROM moderation_acts r WHERE r.reverses = a.id) LIMIT 1`;
  return rows.length > 0;
}
