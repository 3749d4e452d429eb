import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Home } from "../needs.ts";

export interface BotRow {
  bot_id: PersonId;
  space_id: Home;
  about: string;
  for_hook: boolean;
  made_by: PersonId;
  made_at: Date;
}

export async function insertBot(tx: Query, row: BotRow): Promise<void> {
  await tx`INSERT INTO hooks_bots (bot_id, space_id, about, for_hook, made_by, made_at)
    VALUES (${row.bot_id}, ${row.space_id}, ${row.about}, ${row.for_hook}, ${row.made_by}, ${row.made_at})`;
}

export async function findBot(q: Query, bot_id: PersonId): Promise<BotRow | null> {
  const [row] = (await q`SELECT * FROM hooks_bots WHERE bot_id = ${bot_id}`) as BotRow[];
  return row ?? null;
}

/** Those that were made by hand. */
export async function botsOf(q: Query, home: Home, rows_max: number): Promise<BotRow[]> {
  return (await q`SELECT * FROM hooks_bots WHERE space_id IS NOT DISTINCT FROM ${home}::bigint AND NOT for_hook
    ORDER BY bot_id DESC LIMIT ${rows_max}`) as BotRow[];
}

/** Bots that came with a hook are not counted. Locks the home's list, so that two who make the last one at once do not both. */
export async function countInHome(
  tx: Query,
  table: "hooks_bots" | "hooks_incoming" | "hooks_outgoing" | "hooks_commands",
  home: Home,
): Promise<number> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`${table}:${home ?? "house"}`}, 0))`;
  const but = table === "hooks_bots" ? tx`AND NOT for_hook` : tx``;
  const [row] = (await tx`SELECT count(*)::int AS n FROM ${tx(table)}
    WHERE space_id IS NOT DISTINCT FROM ${home}::bigint ${but}`) as { n: number }[];
  return row!.n;
}

export async function setAbout(tx: Query, bot_id: PersonId, about: string): Promise<void> {
  await tx`UPDATE hooks_bots SET about = ${about} WHERE bot_id = ${bot_id}`;
}

/** With what speaks as it. */
export async function deleteBot(tx: Query, bot_id: PersonId): Promise<void> {
  await tx`DELETE FROM hooks_commands WHERE bot_id = ${bot_id}`;
  await tx`DELETE FROM hooks_incoming WHERE bot_id = ${bot_id}`;
  await tx`DELETE FROM hooks_bots WHERE bot_id = ${bot_id}`;
}
