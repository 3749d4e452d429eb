import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";
import type { ChannelId } from "#systems/chat/index.ts";

import { REASON_CHARS_MAX } from "../bounds.ts";
import type { HookId } from "../needs.ts";

export interface IncomingRow {
  id: HookId;
  space_id: SpaceId;
  channel_id: ChannelId;
  bot_id: PersonId;
  owner_id: PersonId;
  name: string;
  made_at: Date;
  rotated_at: Date | null;
  disabled_at: Date | null;
  used_at: Date | null;
  last_error: string | null;
  last_error_at: Date | null;
}

const COLUMNS = `id, space_id, channel_id, bot_id, owner_id, name, made_at, rotated_at, disabled_at, used_at, last_error,
  last_error_at`;

export async function insertIncoming(
  tx: Query,
  row: Pick<IncomingRow, "id" | "space_id" | "channel_id" | "bot_id" | "owner_id" | "name" | "made_at"> & {
    hash: Uint8Array;
  },
): Promise<void> {
  await tx`INSERT INTO hooks_incoming (id, space_id, channel_id, bot_id, owner_id, name, secret_hash, made_at)
    VALUES (${row.id}, ${row.space_id}, ${row.channel_id}, ${row.bot_id}, ${row.owner_id}, ${row.name}, ${row.hash}, ${row.made_at})`;
}

export async function findIncoming(q: Query, id: HookId): Promise<IncomingRow | null> {
  const [row] = (await q`SELECT ${q.unsafe(COLUMNS)} FROM hooks_incoming WHERE id = ${id}`) as IncomingRow[];
  return row ?? null;
}

export async function byAddress(q: Query, hash: Uint8Array): Promise<IncomingRow | null> {
  const [row] = (await q`SELECT ${q.unsafe(COLUMNS)} FROM hooks_incoming WHERE secret_hash = ${hash}`) as IncomingRow[];
  return row ?? null;
}

export async function incomingOf(q: Query, space_id: SpaceId, rows_max: number): Promise<IncomingRow[]> {
  return (await q`SELECT ${q.unsafe(COLUMNS)} FROM hooks_incoming WHERE space_id = ${space_id}
    ORDER BY id DESC LIMIT ${rows_max}`) as IncomingRow[];
}

export async function changeIncoming(
  tx: Query,
  id: HookId,
  change: { name?: string | undefined; disabled?: boolean | undefined },
  by: PersonId,
  at: Date,
): Promise<void> {
  const { name = null, disabled = null } = change;
  await tx`UPDATE hooks_incoming SET name = coalesce(${name}::text, name),
      disabled_at = CASE WHEN ${disabled}::boolean IS NULL THEN disabled_at WHEN ${disabled}::boolean THEN coalesce(disabled_at, ${at}::timestamptz) END,
      disabled_by = CASE WHEN ${disabled}::boolean IS NULL THEN disabled_by WHEN ${disabled}::boolean THEN coalesce(disabled_by, ${by}::bigint) END
    WHERE id = ${id}`;
}

export async function setAddress(tx: Query, id: HookId, hash: Uint8Array, at: Date): Promise<void> {
  await tx`UPDATE hooks_incoming SET secret_hash = ${hash}, rotated_at = ${at} WHERE id = ${id}`;
}

/** @returns whether the bot that wrote for it was made for it alone */
export async function deleteIncoming(tx: Query, id: HookId): Promise<boolean> {
  const [row] = (await tx`DELETE FROM hooks_incoming i USING hooks_bots b WHERE i.id = ${id} AND b.bot_id = i.bot_id
    RETURNING b.for_hook`) as { for_hook: boolean }[];
  return row?.for_hook ?? false;
}

export async function noteUsed(q: Query, id: HookId, at: Date): Promise<void> {
  await q`UPDATE hooks_incoming SET used_at = ${at} WHERE id = ${id}`;
}

export async function noteError(q: Query, id: HookId, error: string, at: Date): Promise<void> {
  await q`UPDATE hooks_incoming SET last_error = ${error.slice(0, REASON_CHARS_MAX)}, last_error_at = ${at} WHERE id = ${id}`;
}
