import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Snapshot, SubjectKind } from "../base-contract.ts";

export interface CaseRow {
  id: string;
  subject_kind: SubjectKind;
  subject_id: string;
  person_id: PersonId;
  space_id: SpaceId | null;
  opened_at: Date;
  opened_by: PersonId | null;
  reports: number;
  claimed_by: PersonId | null;
  claimed_at: Date | null;
  closed_at: Date | null;
  closed_by: PersonId | null;
  outcome: "acted" | "no_breach" | null;
  answer: string;
}

const COLUMNS = `id, subject_kind, subject_id, person_id, space_id, opened_at, opened_by, reports, claimed_by, claimed_at, closed_at,
  closed_by, outcome, answer`;

export async function find(db: Query, id: string): Promise<CaseRow | null> {
  const [row] = (await db`SELECT ${db.unsafe(COLUMNS)} FROM moderation_cases WHERE id = ${id}`) as CaseRow[];
  return row ?? null;
}

export async function findOpen(db: Query, kind: SubjectKind, subject_id: string): Promise<CaseRow | null> {
  const [row] = (await db`
    SELECT ${db.unsafe(COLUMNS)} FROM moderation_cases
    WHERE subject_kind = ${kind} AND subject_id = ${subject_id} AND closed_at IS NULL`) as CaseRow[];
  return row ?? null;
}

export async function lock(tx: Query, id: string): Promise<CaseRow | null> {
  const [row] = (await tx`
    SELECT ${tx.unsafe(COLUMNS)} FROM moderation_cases WHERE id = ${id} FOR NO KEY UPDATE`) as CaseRow[];
  return row ?? null;
}

/** The open case of this thing, made when there is none; locked. */
export async function lockOpen(
  tx: Query,
  row: Pick<CaseRow, "id" | "subject_kind" | "subject_id" | "person_id" | "space_id" | "opened_at" | "opened_by">,
): Promise<CaseRow> {
  await tx`
    INSERT INTO moderation_cases (id, subject_kind, subject_id, person_id, space_id, opened_at, opened_by)
    VALUES (${row.id}, ${row.subject_kind}, ${row.subject_id}, ${row.person_id}, ${row.space_id}, ${row.opened_at}, ${row.opened_by})
    ON CONFLICT (subject_kind, subject_id) WHERE closed_at IS NULL DO NOTHING`;
  const [open] = (await tx`
    SELECT ${tx.unsafe(COLUMNS)} FROM moderation_cases
    WHERE subject_kind = ${row.subject_kind} AND subject_id = ${row.subject_id} AND closed_at IS NULL FOR NO KEY UPDATE`) as CaseRow[];
  return open!;
}

export const claim = (tx: Query, id: string, by: PersonId | null, at: Date) =>
  tx`UPDATE moderation_cases SET claimed_by = ${by}, claimed_at = ${by === null ? null : at} WHERE id = ${id}`;

export const close = (
  tx: Query,
  id: string,
  by: PersonId,
  outcome: "acted" | "no_breach",
  answer: string,
  at: Date,
) => tx`
  UPDATE moderation_cases SET closed_at = ${at}, closed_by = ${by}, outcome = ${outcome}, answer = ${answer}, claimed_by = NULL,
    claimed_at = NULL WHERE id = ${id}`;

export interface QueueAsked {
  /** Null for every one, and what stands in none. */
  space_ids: readonly SpaceId[] | null;
  state: "open" | "closed";
  /** Claimed since then by this person; `nobody` for those in nobody's hands since then. */
  claimed: { by: PersonId | "nobody"; since: Date } | null;
  kind: SubjectKind | null;
}

/** Open ones oldest first, behind an id; closed ones latest opened first, below it. */
export async function queue(db: Query, asked: QueueAsked, at: string, cases_max: number): Promise<CaseRow[]> {
  const { by = null, since = null } = asked.claimed ?? {};
  const person = by === "nobody" ? null : by;
  const where = db`
    (${asked.space_ids === null}::boolean OR space_id = ANY(${db.array([...(asked.space_ids ?? [])], "BIGINT")}))
    AND (${asked.kind}::text IS NULL OR subject_kind = ${asked.kind}::text)
    AND (${person}::bigint IS NULL OR (claimed_by = ${person}::bigint AND claimed_at > ${since}::timestamptz))
    AND (${by !== "nobody"}::boolean OR claimed_at IS NULL OR claimed_at <= ${since}::timestamptz)`;
  if (asked.state === "open")
    return (await db`SELECT ${db.unsafe(COLUMNS)} FROM moderation_cases
      WHERE closed_at IS NULL AND id > ${at}::bigint AND ${where} ORDER BY id LIMIT ${cases_max}`) as CaseRow[];
  return (await db`SELECT ${db.unsafe(COLUMNS)} FROM moderation_cases
    WHERE closed_at IS NOT NULL AND id < ${at}::bigint AND ${where} ORDER BY id DESC LIMIT ${cases_max}`) as CaseRow[];
}

/** Whose things wait, the longest first: in these spaces, or everywhere. */
export const open = async (db: Query, space_ids: readonly SpaceId[] | null, cases_max: number) =>
  (await db`
    SELECT person_id, space_id FROM moderation_cases
    WHERE closed_at IS NULL AND (${space_ids === null}::boolean OR space_id = ANY(${db.array([...(space_ids ?? [])], "BIGINT")}))
    ORDER BY id LIMIT ${cases_max}`) as Pick<CaseRow, "person_id" | "space_id">[];

/** Kept once for each state that was seen. @returns its id, also when it was kept before; null when the case has enough */
export async function keepSnapshot(
  tx: Query,
  row: { id: string; case_id: string; at: Date; hash: Uint8Array; content: Snapshot },
  snapshots_max: number,
): Promise<string | null> {
  await tx`
    INSERT INTO moderation_snapshots (id, case_id, at, hash, content)
    SELECT ${row.id}, ${row.case_id}, ${row.at}, ${row.hash}, ${JSON.stringify(row.content)}::text::jsonb
    WHERE (SELECT count(*) FROM moderation_snapshots WHERE case_id = ${row.case_id}) < ${snapshots_max}
    ON CONFLICT (case_id, hash) DO NOTHING`;
  const [kept] =
    (await tx`SELECT id FROM moderation_snapshots WHERE case_id = ${row.case_id} AND hash = ${row.hash}`) as {
      id: string;
    }[];
  return kept?.id ?? null;
}

export interface SnapshotRow {
  id: string;
  case_id: string;
  at: Date;
  content: Snapshot;
}

/** Oldest first. */
export const snapshots = async (db: Query, case_ids: readonly string[]) =>
  (await db`SELECT id, case_id, at, content FROM moderation_snapshots
    WHERE case_id = ANY(${db.array([...case_ids], "BIGINT")}) AND content IS NOT NULL ORDER BY id`) as SnapshotRow[];

/** Of each case the latest; the others may be many and long. */
export const newestSnapshots = async (db: Query, case_ids: readonly string[]) =>
  (await db`SELECT DISTINCT ON (case_id) id, case_id, at, content FROM moderation_snapshots
    WHERE case_id = ANY(${db.array([...case_ids], "BIGINT")}) AND content IS NOT NULL ORDER BY case_id, id DESC`) as SnapshotRow[];

export const snapshotsById = async (db: Query, ids: readonly string[]) =>
  (await db`SELECT id, case_id, at, content FROM moderation_snapshots
    WHERE id = ANY(${db.array([...ids], "BIGINT")}) AND content IS NOT NULL`) as SnapshotRow[];

/** Of cases closed before a moment, but of those about which an appeal waits. @returns how many */
export async function eraseSnapshots(tx: Query, closed_before: Date, at: Date, snapshots_max: number): Promise<number> {
  const rows = await tx`
    UPDATE moderation_snapshots SET content = NULL, erased_at = ${at}
    WHERE id IN (
      SELECT s.id FROM moderation_snapshots s JOIN moderation_cases c ON c.id = s.case_id
      WHERE s.content IS NOT NULL AND c.closed_at < ${closed_before} AND NOT EXISTS (
        SELECT 1 FROM moderation_acts a JOIN moderation_appeals p ON p.act_id = a.id
        WHERE a.case_id = c.id AND p.decided_at IS NULL)
      ORDER BY s.id LIMIT ${snapshots_max}) RETURNING 1`;
  return rows.length;
}

export interface NoteRow {
  id: string;
  by_id: PersonId;
  at: Date;
  words: string;
}

export const notes = async (db: Query, case_id: string) =>
  (await db`SELECT id, by_id, at, words FROM moderation_notes WHERE case_id = ${case_id} ORDER BY id`) as NoteRow[];

export const insertNote = (tx: Query, case_id: string, row: NoteRow) => tx`
  INSERT INTO moderation_notes (id, case_id, by_id, at, words) VALUES (${row.id}, ${case_id}, ${row.by_id}, ${row.at}, ${row.words})`;

/** Which rules were named for these cases, the most named first. */
export const rulesNamed = async (db: Query, case_ids: readonly string[]) =>
  (await db`
    SELECT r.case_id, u.id, u.title FROM moderation_reports r JOIN moderation_rules u ON u.id = r.rule_id
    WHERE r.case_id = ANY(${db.array([...case_ids], "BIGINT")})
    GROUP BY r.case_id, u.id, u.title ORDER BY r.case_id, count(*) DESC, u.id`) as {
    case_id: string;
    id: string;
    title: string;
  }[];
