import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { DraftContent } from "./contract.ts";

export type DraftId = Id<"draft">;

export interface DraftRow {
  id: DraftId;
  person_id: PersonId;
  version: number;
  content: DraftContent;
  failed_code: string | null;
  failed_detail: string | null;
  created_at: Date;
  updated_at: Date;
}

/** Drafts of one person are made one after another, so that their bound holds. */
export async function lockDraftsOf(tx: Query, person_id: PersonId): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended('feed_drafts', ${person_id}::bigint))`;
}

export async function countDrafts(tx: Query, person_id: PersonId): Promise<number> {
  const [row] = (await tx`SELECT count(*)::int AS n FROM feed_drafts WHERE person_id = ${person_id}`) as {
    n: number;
  }[];
  return row!.n;
}

export async function findDraftByKey(db: Query, person_id: PersonId, key: string): Promise<DraftRow | null> {
  const [row] =
    (await db`SELECT * FROM feed_drafts WHERE person_id = ${person_id} AND idempotency_key = ${key}`) as DraftRow[];
  return row ?? null;
}

export async function insertDraft(
  tx: Query,
  row: Omit<DraftRow, "version" | "updated_at">,
  idempotency_key: string | null,
): Promise<DraftRow> {
  const [made] = (await tx`
    INSERT INTO feed_drafts (id, person_id, content, failed_code, failed_detail, idempotency_key, created_at, updated_at)
    VALUES (${row.id}, ${row.person_id}, ${row.content}::jsonb, ${row.failed_code}, ${row.failed_detail}, ${idempotency_key},
      ${row.created_at}, ${row.created_at})
    RETURNING *`) as DraftRow[];
  return made!;
}

export async function findDraft(db: Query, person_id: PersonId, id: DraftId): Promise<DraftRow | null> {
  const [row] = (await db`SELECT * FROM feed_drafts WHERE id = ${id} AND person_id = ${person_id}`) as DraftRow[];
  return row ?? null;
}

/** The same, held until the transaction ends. */
export async function lockDraft(tx: Query, person_id: PersonId, id: DraftId): Promise<DraftRow | null> {
  const [row] = (await tx`
    SELECT * FROM feed_drafts WHERE id = ${id} AND person_id = ${person_id} FOR UPDATE`) as DraftRow[];
  return row ?? null;
}

export async function updateDraft(tx: Query, id: DraftId, content: DraftContent, at: Date): Promise<DraftRow> {
  const [row] = (await tx`
    UPDATE feed_drafts SET content = ${content}::jsonb, version = version + 1, failed_code = NULL, failed_detail = NULL, updated_at = ${at}
    WHERE id = ${id} RETURNING *`) as DraftRow[];
  return row!;
}

export async function deleteDraft(tx: Query, person_id: PersonId, id: DraftId): Promise<DraftRow | null> {
  const [row] = (await tx`
    DELETE FROM feed_drafts WHERE id = ${id} AND person_id = ${person_id} RETURNING *`) as DraftRow[];
  return row ?? null;
}

/** Latest first, below (updated_at, id). */
export async function draftsOf(
  db: Query,
  person_id: PersonId,
  below: { at: Date; id: string } | null,
  drafts_max: number,
): Promise<DraftRow[]> {
  return (await db`
    SELECT * FROM feed_drafts WHERE person_id = ${person_id}
      AND (updated_at, id) < (${below?.at ?? "infinity"}::timestamptz, ${below?.id ?? "9223372036854775807"}::bigint)
    ORDER BY updated_at DESC, id DESC LIMIT ${drafts_max}`) as DraftRow[];
}
