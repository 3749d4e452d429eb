import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { ChannelId, MessageId } from "../needs.ts";

export interface DraftRow {
  channel_id: ChannelId;
  /** "0" is the channel itself. */
  root_id: MessageId;
  body: string;
  updated_at: Date;
}

export interface ScheduledRow {
  id: Id<"scheduled">;
  channel_id: ChannelId;
  author_id: PersonId;
  root_id: MessageId | null;
  body: string;
  send_at: Date;
  created_at: Date;
  failed_code: string | null;
  failed_detail: string | null;
}

export async function draftsOf(q: Query, person_id: PersonId, rows_max: number): Promise<DraftRow[]> {
  return (await q`SELECT channel_id, root_id, body, updated_at FROM chat_drafts WHERE person_id = ${person_id}
    ORDER BY updated_at DESC LIMIT ${rows_max}`) as DraftRow[];
}

/** @returns false where there would be too many */
export async function saveDraft(tx: Query, person_id: PersonId, draft: DraftRow, drafts_max: number): Promise<boolean> {
  const { channel_id, root_id, body, updated_at } = draft;
  if (body === "") {
    await tx`DELETE FROM chat_drafts WHERE person_id = ${person_id} AND channel_id = ${channel_id} AND root_id = ${root_id}`;
    return true;
  }
  const done = await tx`
    INSERT INTO chat_drafts (person_id, channel_id, root_id, body, updated_at)
    SELECT ${person_id}::bigint, ${channel_id}::bigint, ${root_id}::bigint, ${body}, ${updated_at}::timestamptz
    WHERE (SELECT count(*) FROM chat_drafts WHERE person_id = ${person_id}) < ${drafts_max}
      OR EXISTS (SELECT 1 FROM chat_drafts WHERE person_id = ${person_id} AND channel_id = ${channel_id} AND root_id = ${root_id})
    ON CONFLICT (person_id, channel_id, root_id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`;
  return done.count === 1;
}

export async function scheduledOf(q: Query, author_id: PersonId): Promise<ScheduledRow[]> {
  return (await q`SELECT * FROM chat_scheduled WHERE author_id = ${author_id} ORDER BY send_at, id`) as ScheduledRow[];
}

export async function insertScheduled(
  tx: Query,
  row: Omit<ScheduledRow, "failed_code" | "failed_detail">,
): Promise<void> {
  await tx`INSERT INTO chat_scheduled (id, channel_id, author_id, root_id, body, send_at, created_at)
    VALUES (${row.id}, ${row.channel_id}, ${row.author_id}, ${row.root_id}, ${row.body}, ${row.send_at}, ${row.created_at})`;
}

export async function findScheduled(q: Query, id: Id<"scheduled">, lock = false): Promise<ScheduledRow | null> {
  const [row] = (await (lock
    ? q`SELECT * FROM chat_scheduled WHERE id = ${id} FOR UPDATE`
    : q`SELECT * FROM chat_scheduled WHERE id = ${id}`)) as ScheduledRow[];
  return row ?? null;
}

export async function changeScheduled(tx: Query, row: ScheduledRow): Promise<void> {
  await tx`UPDATE chat_scheduled SET body = ${row.body}, send_at = ${row.send_at}, failed_code = ${row.failed_code},
    failed_detail = ${row.failed_detail} WHERE id = ${row.id}`;
}

export async function removeScheduled(tx: Query, id: Id<"scheduled">, author_id: PersonId): Promise<boolean> {
  return (await tx`DELETE FROM chat_scheduled WHERE id = ${id} AND author_id = ${author_id}`).count === 1;
}

export async function failScheduled(tx: Query, id: Id<"scheduled">, code: string, detail: string): Promise<void> {
  await tx`UPDATE chat_scheduled SET failed_code = left(${code}, 80), failed_detail = left(${detail}, 400) WHERE id = ${id}`;
}
