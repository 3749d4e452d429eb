import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { SubjectKind } from "../base-contract.ts";
import { REPORTERS_TOLD_MAX } from "../bounds.ts";

export interface ReportRow {
  id: string;
  case_id: string;
  reporter_id: PersonId;
  rule_id: string;
  rule_title: string;
  words: string;
  at: Date;
}

export interface OwnReportRow extends ReportRow {
  subject_kind: SubjectKind;
  subject_id: string;
  closed_at: Date | null;
  outcome: "acted" | "no_breach" | null;
  answer: string;
}

/** One reporter's reports are counted and made one after the other. */
export const lockReporter = (tx: Query, reporter_id: PersonId) =>
  tx`SELECT pg_advisory_xact_lock(hashtextextended(${`moderation:reporter:${reporter_id}`}, 0))`;

export async function countOpenOf(tx: Query, reporter_id: PersonId): Promise<number> {
  const [row] = (await tx`
    SELECT count(*)::int AS n FROM moderation_reports r JOIN moderation_cases c ON c.id = r.case_id
    WHERE r.reporter_id = ${reporter_id} AND c.closed_at IS NULL`) as { n: number }[];
  return row!.n;
}

/** False where this person has reported it in this case already. */
export async function insert(tx: Query, row: Omit<ReportRow, "rule_title">): Promise<boolean> {
  const made = await tx`
    INSERT INTO moderation_reports (id, case_id, reporter_id, rule_id, words, at)
    VALUES (${row.id}, ${row.case_id}, ${row.reporter_id}, ${row.rule_id}, ${row.words}, ${row.at})
    ON CONFLICT (case_id, reporter_id) DO NOTHING`;
  if (made.count === 0) return false;
  await tx`UPDATE moderation_cases SET reports = reports + 1 WHERE id = ${row.case_id}`;
  return true;
}

export const ofCase = async (db: Query, case_id: string, reports_max: number) =>
  (await db`
    SELECT r.id, r.case_id, r.reporter_id, r.rule_id, u.title AS rule_title, r.words, r.at
    FROM moderation_reports r JOIN moderation_rules u ON u.id = r.rule_id
    WHERE r.case_id = ${case_id} ORDER BY r.id DESC LIMIT ${reports_max}`) as ReportRow[];

export const reportersOf = async (db: Query, case_id: string) =>
  (
    (await db`SELECT reporter_id FROM moderation_reports WHERE case_id = ${case_id} ORDER BY id LIMIT ${REPORTERS_TOLD_MAX}`) as {
      reporter_id: PersonId;
    }[]
  ).map((row) => row.reporter_id);

/** Posts that were reported since then, by whom and when; the newest of them. */
export const postsReportedSince = async (db: Query, since: Date, reports_max: number) =>
  (await db`
    SELECT r.reporter_id AS person_id, c.subject_id AS post_id, r.at
    FROM moderation_reports r JOIN moderation_cases c ON c.id = r.case_id
    WHERE r.at > ${since} AND c.subject_kind = 'post' ORDER BY r.at DESC, r.id DESC LIMIT ${reports_max}`) as {
    person_id: PersonId;
    post_id: PostId;
    at: Date;
  }[];

/** Latest first. With `case_id` the one of that case. */
export const ofReporter = async (
  db: Query,
  reporter_id: PersonId,
  below: string,
  reports_max: number,
  case_id: string | null = null,
) =>
  (await db`
    SELECT r.id, r.case_id, r.reporter_id, r.rule_id, u.title AS rule_title, r.words, r.at, c.subject_kind, c.subject_id, c.closed_at,
      c.outcome, c.answer
    FROM moderation_reports r JOIN moderation_rules u ON u.id = r.rule_id JOIN moderation_cases c ON c.id = r.case_id
    WHERE r.reporter_id = ${reporter_id} AND r.id < ${below}::bigint AND (${case_id}::bigint IS NULL OR r.case_id = ${case_id}::bigint)
    ORDER BY r.id DESC LIMIT ${reports_max}`) as OwnReportRow[];
