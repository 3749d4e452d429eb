import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface AuditStored {
  seq: string;
  at: Date;
  by_id: PersonId | null;
  what: string;
  person_id: PersonId | null;
  space_id: string | null;
  subject_kind: string | null;
  subject_id: string | null;
  entry: string;
  hash: Uint8Array;
}

/** The end of the chain, held until the transaction ends: rows get their numbers one after the other. */
export async function lockHead(tx: Query): Promise<{ seq: string; hash: Uint8Array }> {
  const [row] = (await tx`SELECT seq, hash FROM moderation_audit_head FOR UPDATE`) as {
    seq: string;
    hash: Uint8Array;
  }[];
  return row!;
}

export async function append(tx: Query, row: AuditStored): Promise<void> {
  await tx`
    INSERT INTO moderation_audit (seq, at, by_id, what, person_id, space_id, subject_kind, subject_id, entry, hash)
    VALUES (${row.seq}, ${row.at}, ${row.by_id}, ${row.what}, ${row.person_id}, ${row.space_id}, ${row.subject_kind},
      ${row.subject_id}, ${row.entry}, ${row.hash})`;
  await tx`UPDATE moderation_audit_head SET seq = ${row.seq}, hash = ${row.hash}`;
}

export interface AuditAsked {
  by_id: PersonId | null;
  person_id: PersonId | null;
  what: string | null;
  since: Date | null;
  until: Date | null;
}

/** `what` also means everything below it: `act` finds `act.hide`. */
export async function list(db: Query, asked: AuditAsked, below: string, rows_max: number): Promise<AuditStored[]> {
  return (await db`
    SELECT seq, at, by_id, what, person_id, space_id, subject_kind, subject_id, entry, hash FROM moderation_audit
    WHERE seq < ${below}::bigint
      AND (${asked.by_id}::bigint IS NULL OR by_id = ${asked.by_id}::bigint)
      AND (${asked.person_id}::bigint IS NULL OR person_id = ${asked.person_id}::bigint)
      AND (${asked.what}::text IS NULL OR what = ${asked.what}::text OR starts_with(what, ${asked.what}::text || '.'))
      AND (${asked.since}::timestamptz IS NULL OR at >= ${asked.since}::timestamptz)
      AND (${asked.until}::timestamptz IS NULL OR at < ${asked.until}::timestamptz)
    ORDER BY seq DESC LIMIT ${rows_max}`) as AuditStored[];
}

/** In the order of the chain. */
export async function after(db: Query, seq: string, rows_max: number): Promise<AuditStored[]> {
  return (await db`
    SELECT seq, at, by_id, what, person_id, space_id, subject_kind, subject_id, entry, hash FROM moderation_audit
    WHERE seq > ${seq}::bigint ORDER BY seq LIMIT ${rows_max}`) as AuditStored[];
}

export async function head(db: Query): Promise<{ seq: string; hash: Uint8Array }> {
  const [row] = (await db`SELECT seq, hash FROM moderation_audit_head`) as { seq: string; hash: Uint8Array }[];
  return row!;
}
