import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { PostAsked } from "../posts/asked-contract.ts";

export type ScheduledId = Id<"scheduled">;

export interface ScheduledRow {
  id: ScheduledId;
  person_id: PersonId;
  version: number;
  content: PostAsked;
  publish_at: Date;
  created_at: Date;
  updated_at: Date;
}

/** Of one person, made one after another, so that their bound holds. */
export async function lockScheduledOf(tx: Query, person_id: PersonId): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended('feed_scheduled', ${person_id}::bigint))`;
}

export async function countScheduled(tx: Query, person_id: PersonId): Promise<number> {
  const [row] = (await tx`SELECT count(*)::int AS n FROM feed_scheduled WHERE person_id = ${person_id}`) as {
    n: number;
  }[];
  return row!.n;
}

export async function findScheduledByKey(db: Query, person_id: PersonId, key: string): Promise<ScheduledRow | null> {
  const [row] =
    (await db`SELECT * FROM feed_scheduled WHERE person_id = ${person_id} AND idempotency_key = ${key}`) as ScheduledRow[];
  return row ?? null;
}

export async function insertScheduled(
  tx: Query,
  row: Omit<ScheduledRow, "version" | "updated_at">,
  idempotency_key: string | null,
): Promise<ScheduledRow> {
  const [made] = (await tx`
    INSERT INTO feed_scheduled (id, person_id, content, publish_at, idempotency_key, created_at, updated_at)
    VALUES (${row.id}, ${row.person_id}, ${row.content}::jsonb, ${row.publish_at}, ${idempotency_key}, ${row.created_at}, ${row.created_at})
    RETURNING *`) as ScheduledRow[];
  return made!;
}

/** By whomever; for the job that publishes it. */
export async function findAnyScheduled(db: Query, id: ScheduledId): Promise<ScheduledRow | null> {
  const [row] = (await db`SELECT * FROM feed_scheduled WHERE id = ${id}`) as ScheduledRow[];
  return row ?? null;
}

export async function findScheduled(db: Query, person_id: PersonId, id: ScheduledId): Promise<ScheduledRow | null> {
  const [row] =
    (await db`SELECT * FROM feed_scheduled WHERE id = ${id} AND person_id = ${person_id}`) as ScheduledRow[];
  return row ?? null;
}

export async function lockScheduled(tx: Query, person_id: PersonId, id: ScheduledId): Promise<ScheduledRow | null> {
  const [row] = (await tx`
    SELECT * FROM feed_scheduled WHERE id = ${id} AND person_id = ${person_id} FOR UPDATE`) as ScheduledRow[];
  return row ?? null;
}

export async function updateScheduled(
  tx: Query,
  id: ScheduledId,
  next: Pick<ScheduledRow, "content" | "publish_at">,
  at: Date,
): Promise<ScheduledRow> {
  const [row] = (await tx`
    UPDATE feed_scheduled SET content = ${next.content}::jsonb, publish_at = ${next.publish_at}, version = version + 1, updated_at = ${at}
    WHERE id = ${id} RETURNING *`) as ScheduledRow[];
  return row!;
}

/** As it stood, if it still stands in this version (null: in any). Whoever gets it does with it what is to be done, once. */
export async function takeScheduled(tx: Query, id: ScheduledId, version: number | null): Promise<ScheduledRow | null> {
  const [row] = (await tx`
    DELETE FROM feed_scheduled WHERE id = ${id} AND (${version}::int IS NULL OR version = ${version}::int) RETURNING *`) as ScheduledRow[];
  return row ?? null;
}

/** The soonest first, after (publish_at, id). */
export async function scheduledOf(
  db: Query,
  person_id: PersonId,
  after: { at: Date; id: string } | null,
  rows_max: number,
): Promise<ScheduledRow[]> {
  return (await db`
    SELECT * FROM feed_scheduled WHERE person_id = ${person_id}
      AND (publish_at, id) > (${after?.at ?? "-infinity"}::timestamptz, ${after?.id ?? "0"}::bigint)
    ORDER BY publish_at, id LIMIT ${rows_max}`) as ScheduledRow[];
}

/** Due before a moment, after (publish_at, id). */
export async function dueBefore(
  db: Query,
  before: Date,
  after: { at: Date; id: string } | null,
  rows_max: number,
): Promise<ScheduledRow[]> {
  return (await db`
    SELECT * FROM feed_scheduled WHERE publish_at < ${before}
      AND (publish_at, id) > (${after?.at ?? "-infinity"}::timestamptz, ${after?.id ?? "0"}::bigint)
    ORDER BY publish_at, id LIMIT ${rows_max}`) as ScheduledRow[];
}

/** What somebody left. */
export async function anyWritingOf(
  tx: Query,
  person_id: PersonId,
): Promise<{ id: string; kind: "draft" | "scheduled" } | null> {
  const [row] = (await tx`
    SELECT id, 'draft' AS kind FROM feed_drafts WHERE person_id = ${person_id}
    UNION ALL SELECT id, 'scheduled' FROM feed_scheduled WHERE person_id = ${person_id} LIMIT 1`) as {
    id: string;
    kind: "draft" | "scheduled";
  }[];
  return row ?? null;
}
