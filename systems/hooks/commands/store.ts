import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";
import type { ChannelId, MessageId } from "#systems/chat/index.ts";

import { REASON_CHARS_MAX } from "../bounds.ts";
import type { CommandId, Home } from "../needs.ts";

export interface CommandRow {
  id: CommandId;
  space_id: Home;
  bot_id: PersonId;
  owner_id: PersonId;
  name: string;
  description: string;
  hint: string;
  url: string;
  secret_no: number;
  rotated_at: Date | null;
  made_at: Date;
  last_error: string | null;
  last_error_at: Date | null;
}

/** @returns false where the home has one of this name */
export async function insertCommand(
  tx: Query,
  row: Omit<CommandRow, "secret_no" | "rotated_at" | "last_error" | "last_error_at">,
): Promise<boolean> {
  const made =
    await tx`INSERT INTO hooks_commands (id, space_id, bot_id, owner_id, name, description, hint, url, made_at)
    VALUES (${row.id}, ${row.space_id}, ${row.bot_id}, ${row.owner_id}, ${row.name}, ${row.description}, ${row.hint}, ${row.url},
      ${row.made_at}) ON CONFLICT DO NOTHING`;
  return made.count === 1;
}

export async function findCommand(q: Query, id: CommandId): Promise<CommandRow | null> {
  const [row] = (await q`SELECT * FROM hooks_commands WHERE id = ${id}`) as CommandRow[];
  return row ?? null;
}

export async function commandsOf(q: Query, home: Home, rows_max: number): Promise<CommandRow[]> {
  return (await q`SELECT * FROM hooks_commands WHERE space_id IS NOT DISTINCT FROM ${home}::bigint
    ORDER BY name LIMIT ${rows_max}`) as CommandRow[];
}

/** In a space its own and the house's; outside of spaces the house's alone. */
export async function commandsIn(q: Query, space_id: Home, rows_max: number): Promise<CommandRow[]> {
  return (await q`SELECT DISTINCT ON (name) * FROM hooks_commands WHERE space_id IS NULL OR space_id = ${space_id}::bigint
    ORDER BY name, space_id NULLS LAST LIMIT ${rows_max}`) as CommandRow[];
}

/** A space's own before the house's. */
export async function commandNamed(q: Query, space_id: Home, name: string): Promise<CommandRow | null> {
  const [row] =
    (await q`SELECT * FROM hooks_commands WHERE name = ${name} AND (space_id IS NULL OR space_id = ${space_id}::bigint)
    ORDER BY space_id NULLS LAST LIMIT 1`) as CommandRow[];
  return row ?? null;
}

export async function changeCommand(
  tx: Query,
  id: CommandId,
  owner_id: PersonId,
  change: { description?: string | undefined; hint?: string | undefined; url?: string | undefined },
): Promise<void> {
  await tx`UPDATE hooks_commands SET owner_id = ${owner_id}, description = coalesce(${change.description ?? null}::text, description),
      hint = coalesce(${change.hint ?? null}::text, hint), url = coalesce(${change.url ?? null}::text, url)
    WHERE id = ${id}`;
}

export async function nextSecret(tx: Query, id: CommandId, at: Date): Promise<void> {
  await tx`UPDATE hooks_commands SET secret_no = secret_no + 1, rotated_at = ${at} WHERE id = ${id}`;
}

export const deleteCommand = async (tx: Query, id: CommandId): Promise<void> => {
  await tx`DELETE FROM hooks_commands WHERE id = ${id}`;
};

export async function noteError(q: Query, id: CommandId, error: string, at: Date): Promise<void> {
  await q`UPDATE hooks_commands SET last_error = ${error.slice(0, REASON_CHARS_MAX)}, last_error_at = ${at} WHERE id = ${id}`;
}

export interface AnswerRow {
  id: string;
  command_id: CommandId;
  channel_id: ChannelId;
  root_id: MessageId | null;
  person_id: PersonId;
  uses_left: number;
}

export async function insertAnswer(q: Query, row: AnswerRow & { hash: Uint8Array; expires_at: Date }): Promise<void> {
  await q`INSERT INTO hooks_answers (id, secret_hash, command_id, channel_id, root_id, person_id, uses_left, expires_at)
    VALUES (${row.id}, ${row.hash}, ${row.command_id}, ${row.channel_id}, ${row.root_id}, ${row.person_id}, ${row.uses_left},
      ${row.expires_at})`;
}

/** Takes one use. @returns null where none is left, or its time is over */
export async function useAnswer(q: Query, hash: Uint8Array, now: Date): Promise<AnswerRow | null> {
  const [row] = (await q`UPDATE hooks_answers SET uses_left = uses_left - 1
    WHERE secret_hash = ${hash} AND uses_left > 0 AND expires_at > ${now}
    RETURNING id, command_id, channel_id, root_id, person_id, uses_left`) as AnswerRow[];
  return row ?? null;
}
