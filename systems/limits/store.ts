import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Grant } from "./rules-contract.ts";

export interface SetRow {
  /** A number in a string; ascending. */
  version: string;
  body: unknown;
  note: string;
  based_on: string;
  revision: number;
  made_by: PersonId;
  made_at: Date;
  changed_by: PersonId;
  changed_at: Date;
  published_at: Date | null;
}

export interface PublishingRow {
  seq: string;
  version: string;
  by_id: PersonId;
  at: Date;
  note: string;
}

const SET = "version, body, note, based_on, revision, made_by, made_at, changed_by, changed_at, published_at";
const PUBLISHING = "seq, version, by_id, at, note";

/** Whoever writes sets or publishes them does so one after the other, in the whole house. */
export const lockSets = (tx: Query) => tx`SELECT pg_advisory_xact_lock(hashtextextended('limits:sets', 0))`;

export async function find(db: Query, version: string): Promise<SetRow | null> {
  const [row] = (await db`SELECT ${db.unsafe(SET)} FROM limits_sets WHERE version = ${version}`) as SetRow[];
  return row ?? null;
}

export const list = async (db: Query, below: string, rows_max: number) =>
  (await db`
    SELECT ${db.unsafe(SET)} FROM limits_sets WHERE version < ${below} ORDER BY version DESC LIMIT ${rows_max}`) as SetRow[];

/** Never one that was given before, and above all that there are, also in a database that was put together by hand. */
export async function nextVersion(tx: Query): Promise<string> {
  const [row] = (await tx`
    SELECT setval('limits_versions', greatest(nextval('limits_versions'), (SELECT max(version) FROM limits_sets) + 1,
      (SELECT max(version) FROM limits_publishings) + 1)) AS version`) as {
    version: string;
  }[];
  return row!.version;
}

export async function drafts(tx: Query): Promise<number> {
  const [row] = (await tx`SELECT count(*)::int AS n FROM limits_sets WHERE published_at IS NULL`) as { n: number }[];
  return row!.n;
}

export const insert = (
  tx: Query,
  row: Pick<SetRow, "version" | "body" | "note" | "based_on">,
  by: PersonId,
  at: Date,
) =>
  tx`
  INSERT INTO limits_sets (version, body, note, based_on, made_by, made_at, changed_by, changed_at)
  VALUES (${row.version}, ${row.body}::jsonb, ${row.note}, ${row.based_on}, ${by}, ${at}, ${by}, ${at})`;

export const change = (tx: Query, version: string, body: unknown, note: string, by: PersonId, at: Date) => tx`
  UPDATE limits_sets SET body = ${body}::jsonb, note = ${note}, changed_by = ${by}, changed_at = ${at}, revision = revision + 1
  WHERE version = ${version}`;

export const remove = (tx: Query, version: string) => tx`DELETE FROM limits_sets WHERE version = ${version}`;

export const markPublished = (tx: Query, version: string, at: Date) => tx`
  UPDATE limits_sets SET published_at = coalesce(published_at, ${at}) WHERE version = ${version}`;

export const publish = (tx: Query, row: PublishingRow) => tx`
  INSERT INTO limits_publishings (seq, version, by_id, at, note)
  VALUES (${row.seq}, ${row.version}, ${row.by_id}, ${row.at}, ${row.note})`;

/** The latest first. */
export const publishings = async (db: Query, rows_max: number) =>
  (await db`SELECT ${db.unsafe(PUBLISHING)} FROM limits_publishings ORDER BY seq DESC LIMIT ${rows_max}`) as PublishingRow[];

/** Old publishings, and the sets that none of the others names. */
export async function forgetOld(tx: Query, below_seq: string): Promise<void> {
  await tx`DELETE FROM limits_publishings WHERE seq < ${below_seq}`;
  await tx`DELETE FROM limits_sets WHERE published_at IS NOT NULL AND version NOT IN (SELECT version FROM limits_publishings)`;
}

export interface TierRow {
  kind: "person" | "space";
  subject_id: string;
  tier: Grant["tier"];
  percent: number | null;
  note: string;
  by_id: PersonId;
  at: Date;
}

const TIER = "kind, subject_id, tier, percent, note, by_id, at";

export const allTiers = async (db: Query, rows_max: number) =>
  (await db`SELECT ${db.unsafe(TIER)} FROM limits_tiers LIMIT ${rows_max}`) as TierRow[];

export const listTiers = async (db: Query, below: { at: Date; id: string } | null, rows_max: number) =>
  (await db`
    SELECT ${db.unsafe(TIER)} FROM limits_tiers
    WHERE ${below?.at ?? null}::timestamptz IS NULL OR (at, subject_id) < (${below?.at ?? null}::timestamptz, ${below?.id ?? "0"}::bigint)
    ORDER BY at DESC, subject_id DESC LIMIT ${rows_max}`) as TierRow[];

export const tierChanges = async (db: Query, kind: TierRow["kind"], id: string, rows_max: number) =>
  (await db`
    SELECT ${db.unsafe(TIER)} FROM limits_tier_changes WHERE kind = ${kind} AND subject_id = ${id} ORDER BY seq DESC LIMIT ${rows_max}`) as TierRow[];

export const lockTiers = (tx: Query) => tx`SELECT pg_advisory_xact_lock(hashtextextended('limits:tiers', 0))`;

export async function tiers(tx: Query): Promise<number> {
  const [row] = (await tx`SELECT count(*)::int AS n FROM limits_tiers`) as { n: number }[];
  return row!.n;
}

export async function giveTier(tx: Query, row: TierRow): Promise<void> {
  if (row.tier === "free")
    await tx`DELETE FROM limits_tiers WHERE kind = ${row.kind} AND subject_id = ${row.subject_id}`;
  else
    await tx`
      INSERT INTO limits_tiers (kind, subject_id, tier, percent, note, by_id, at)
      VALUES (${row.kind}, ${row.subject_id}, ${row.tier}, ${row.percent}, ${row.note}, ${row.by_id}, ${row.at})
      ON CONFLICT (kind, subject_id) DO UPDATE SET tier = excluded.tier, percent = excluded.percent, note = excluded.note,
        by_id = excluded.by_id, at = excluded.at`;
  await tx`
    INSERT INTO limits_tier_changes (kind, subject_id, tier, percent, note, by_id, at)
    VALUES (${row.kind}, ${row.subject_id}, ${row.tier}, ${row.percent}, ${row.note}, ${row.by_id}, ${row.at})`;
}
