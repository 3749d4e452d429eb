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

export const trim = (db: Query, before: Date) => db`DELETE FROM moderation_shield_minutes WHERE minute < ${before}`;

/** Whether something that moderators did to this person since then stands. */
export async function isSanctioned(db: Query, person_id: PersonId, since: Date): Promise<boolean> {
  const rows = await db`
    SELECT 1 FROM moderation_acts a WHERE a.person_id = ${person_id} AND a.at > ${since} AND a.reverses IS NULL
      AND NOT EXISTS (SELECT 1 FROM moderation_acts r WHERE r.reverses = a.id) LIMIT 1`;
  return rows.length > 0;
}
