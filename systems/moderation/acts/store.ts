import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";

import type { ActKind, SubjectKind } from "../base-contract.ts";
import type { Power } from "../policy.ts";

export interface NewAct {
  id: string;
  case_id: string | null;
  kind: ActKind;
  subject_kind: SubjectKind;
  subject_id: string;
  person_id: PersonId;
  space_id: SpaceId | null;
  power: Power;
  by_id: PersonId | null;
  at: Date;
  rule_id: string | null;
  words: string;
  snapshot_id: string | null;
  ends_at: Date | null;
  before: JsonObject;
  reverses: string | null;
}

/** An act with all that came of it. */
export interface ActRow extends NewAct {
  rule_title: string | null;
  undone_at: Date | null;
  undone_by: PersonId | null;
  undone_words: string | null;
  acknowledged_at: Date | null;
  appeal_id: string | null;
  appeal_words: string | null;
  appeal_at: Date | null;
  decision: "upheld" | "overturned" | null;
  decided_at: Date | null;
  decided_by: PersonId | null;
  answer: string | null;
}

const JOINED = `
  SELECT a.id, a.case_id, a.kind, a.subject_kind, a.subject_id, a.person_id, a.space_id, a.power, a.by_id, a.at, a.rule_id, a.words,
    a.snapshot_id, a.ends_at, a.before, a.reverses, u.title AS rule_title,
    r.at AS undone_at, r.by_id AS undone_by, r.words AS undone_words, k.at AS acknowledged_at,
    p.id AS appeal_id, p.words AS appeal_words, p.at AS appeal_at, p.decision, p.decided_at, p.decided_by, p.answer
  FROM moderation_acts a
    LEFT JOIN moderation_rules u ON u.id = a.rule_id
    LEFT JOIN moderation_acts r ON r.reverses = a.id
    LEFT JOIN moderation_acknowledgements k ON k.act_id = a.id
    LEFT JOIN moderation_appeals p ON p.act_id = a.id`;

export async function insert(tx: Query, row: NewAct): Promise<void> {
  await tx`
    INSERT INTO moderation_acts (id, case_id, kind, subject_kind, subject_id, person_id, space_id, power, by_id, at, rule_id, words,
      snapshot_id, ends_at, before, reverses)
    VALUES (${row.id}, ${row.case_id}, ${row.kind}, ${row.subject_kind}, ${row.subject_id}, ${row.person_id}, ${row.space_id}, ${row.power},
      ${row.by_id}, ${row.at}, ${row.rule_id}, ${row.words}, ${row.snapshot_id}, ${row.ends_at},
      ${JSON.stringify(row.before)}::text::jsonb, ${row.reverses})`;
  if (row.ends_at !== null) await tx`INSERT INTO moderation_ends (act_id, ends_at) VALUES (${row.id}, ${row.ends_at})`;
  if (row.reverses !== null) await tx`DELETE FROM moderation_ends WHERE act_id = ${row.reverses}`;
}

/** Not a reversal, which is seen with what it reverses. */
export async function find(db: Query, id: string): Promise<ActRow | null> {
  const [row] = (await db`${db.unsafe(JOINED)} WHERE a.id = ${id} AND a.reverses IS NULL`) as ActRow[];
  return row ?? null;
}

/** Those who undo, appeal or decide go one after the other. */
export const lock = (tx: Query, id: string) =>
  tx`SELECT pg_advisory_xact_lock(hashtextextended(${`moderation:act:${id}`}, 0))`;

/** Acts of this kind that stand, the latest last: on the thing itself, or for a person on all that is theirs. */
export async function standing(
  tx: Query,
  kind: ActKind,
  on: { subject_kind: SubjectKind; subject_id: string } | { person_id: PersonId },
) {
  const [kind_of, id] = "person_id" in on ? [null, on.person_id] : [on.subject_kind, on.subject_id];
  return (await tx`
    SELECT a.id, a.case_id, a.before, a.at, a.by_id, a.words, a.ends_at, u.title AS rule_title
    FROM moderation_acts a LEFT JOIN moderation_rules u ON u.id = a.rule_id
    WHERE a.kind = ${kind} AND a.reverses IS NULL AND NOT EXISTS (SELECT 1 FROM moderation_acts r WHERE r.reverses = a.id)
      AND CASE WHEN ${kind_of}::text IS NULL THEN a.person_id = ${id}::bigint
        ELSE a.subject_kind = ${kind_of}::text AND a.subject_id = ${id}::bigint END
    ORDER BY a.id`) as Standing[];
}

export type Standing = Pick<ActRow, "id" | "case_id" | "before" | "at" | "by_id" | "words" | "ends_at" | "rule_title">;

export interface ActsAsked {
  below: string;
  acts_max: number;
  unread?: boolean;
  subject?: { kind: SubjectKind; id: string } | null;
}

/** Latest first. */
export const ofPerson = async (
  db: Query,
  person_id: PersonId,
  { below, acts_max, unread = false, subject = null }: ActsAsked,
) =>
  (await db`${db.unsafe(JOINED)}
    WHERE a.person_id = ${person_id} AND a.reverses IS NULL AND a.id < ${below}::bigint
      AND (NOT ${unread}::boolean OR (k.at IS NULL AND r.id IS NULL AND a.kind = 'warn'))
      AND (${subject?.kind ?? null}::text IS NULL OR (a.subject_kind = ${subject?.kind ?? null}::text AND a.subject_id = ${subject?.id ?? null}::bigint))
    ORDER BY a.id DESC LIMIT ${acts_max}`) as ActRow[];

export const ofCase = async (db: Query, case_id: string) =>
  (
    (await db`SELECT count(*)::int AS n FROM moderation_acts WHERE case_id = ${case_id} AND reverses IS NULL`) as {
      n: number;
    }[]
  )[0]!.n;

export async function acknowledge(tx: Query, id: string, at: Date): Promise<void> {
  await tx`INSERT INTO moderation_acknowledgements (act_id, at) VALUES (${id}, ${at}) ON CONFLICT DO NOTHING`;
}

export const ended = async (db: Query, at: Date, acts_max: number) =>
  (
    (await db`SELECT act_id FROM moderation_ends WHERE ends_at <= ${at} ORDER BY ends_at LIMIT ${acts_max}`) as {
      act_id: string;
    }[]
  ).map((row) => row.act_id);

/** Of the appeals that wait: the acts, the longest waiting first. */
export const appealed = async (db: Query, space_ids: readonly SpaceId[] | null, above: string, acts_max: number) =>
  (await db`${db.unsafe(JOINED)}
    WHERE p.id > ${above}::bigint AND p.decided_at IS NULL AND (${space_ids === null}::boolean OR a.space_id = ANY(${db.array([...(space_ids ?? [])], "BIGINT")}))
    ORDER BY p.id LIMIT ${acts_max}`) as ActRow[];

/** Whose acts are appealed against, in these spaces or everywhere. */
export const appealing = async (db: Query, space_ids: readonly SpaceId[] | null, acts_max: number) =>
  (await db`
    SELECT a.person_id, a.space_id FROM moderation_appeals p JOIN moderation_acts a ON a.id = p.act_id
    WHERE p.decided_at IS NULL AND (${space_ids === null}::boolean OR a.space_id = ANY(${db.array([...(space_ids ?? [])], "BIGINT")}))
    ORDER BY p.id LIMIT ${acts_max}`) as Pick<ActRow, "person_id" | "space_id">[];

export const insertAppeal = (
  tx: Query,
  row: { id: string; act_id: string; person_id: PersonId; words: string; at: Date },
) => tx`
  INSERT INTO moderation_appeals (id, act_id, person_id, words, at)
  VALUES (${row.id}, ${row.act_id}, ${row.person_id}, ${row.words}, ${row.at})`;

export const decide = (
  tx: Query,
  act_id: string,
  row: { by: PersonId; at: Date; decision: "upheld" | "overturned"; answer: string },
) => tx`
  UPDATE moderation_appeals SET decided_at = ${row.at}, decided_by = ${row.by}, decision = ${row.decision}, answer = ${row.answer}
  WHERE act_id = ${act_id}`;

export async function countUnread(db: Query, person_id: PersonId): Promise<number> {
  const [row] = (await db`
    SELECT count(*)::int AS n FROM moderation_acts a
    WHERE a.person_id = ${person_id} AND a.kind = 'warn' AND a.reverses IS NULL
      AND NOT EXISTS (SELECT 1 FROM moderation_acknowledgements k WHERE k.act_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM moderation_acts r WHERE r.reverses = a.id)`) as { n: number }[];
  return row!.n;
}
