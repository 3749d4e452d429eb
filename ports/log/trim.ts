import { type Sql, sqlState } from "#ports/sql/index.ts";

import { TRIM_LOCK_MS_MAX } from "./bounds.ts";
import type { TrimResult } from "./index.ts";

const SLOTS = 4;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Turns the ring: writers move to the next slot when the current one is half the keeping time old, and a slot is emptied
 * when all in it is older than that time and behind every group. A slot that cannot go makes the current one grow; writing
 * never stops. Every step is safe to repeat, and to run on two nodes at once.
 */
export async function trimLog(sql: Sql, keep_ms: number): Promise<TrimResult> {
  const [house] = await sql.pool<{ slot: number }[]>`SELECT slot FROM log_house`;
  const held = new Map<string, { topic: string; group: string }>();
  let emptied = 0;
  for (let ahead = 1; ahead < SLOTS; ahead++) {
    const slot = (house!.slot + ahead) % SLOTS;
    const fate = await emptySlot(sql, slot, keep_ms);
    if (fate === "emptied") emptied += 1;
    else if (fate !== "kept") for (const group of fate) held.set(`${group.topic} ${group.group}`, group);
  }
  return { rotated: await rotate(sql, keep_ms), emptied, held_by: [...held.values()] };
}

async function emptySlot(
  sql: Sql,
  slot: number,
  keep_ms: number,
): Promise<"emptied" | "kept" | { topic: string; group: string }[]> {
  const table = sql.pool(`log_events_${slot}`);
  const [due] = await sql.pool<{ due: boolean }[]>`
    SELECT EXISTS (SELECT FROM ${table}) AND NOT EXISTS (
      SELECT FROM ${table} WHERE at > clock_timestamp() - make_interval(secs => ${keep_ms / 1000})) AS due`;
  if (!due!.due) return "kept";
  const holders = await sql.pool<{ topic: string; group: string }[]>`
    SELECT g.topic, g.name AS "group" FROM log_groups g LEFT JOIN LATERAL (
      SELECT stamp, seq FROM log_positions WHERE group_id = g.id ORDER BY stamp DESC, seq DESC LIMIT 1) p ON true
    WHERE EXISTS (SELECT FROM ${table} e WHERE e.topic = g.topic AND (e.stamp, e.seq) > (coalesce(p.stamp, 0), coalesce(p.seq, 0)))`;
  if (holders.length > 0) return holders;
  try {
    return await sql.tx(async (tx) => {
      await tx.unsafe(`SET LOCAL lock_timeout = ${TRIM_LOCK_MS_MAX}`);
      await tx`SELECT FROM log_house FOR UPDATE`;
      await tx`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`;
      // Under the lock nothing can be added; another node may have emptied it and writers may be here again.
      const [still] = await tx<{ due: boolean }[]>`
        SELECT NOT EXISTS (SELECT FROM ${table} WHERE at > clock_timestamp() - make_interval(secs => ${keep_ms / 1000}))
          AND NOT EXISTS (SELECT FROM log_house WHERE slot = ${slot}) AS due`;
      if (!still!.due) return "kept";
      await tx`TRUNCATE ONLY ${table}`;
      return "emptied";
    });
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) return "kept";
    throw error;
  }
}

async function rotate(sql: Sql, keep_ms: number): Promise<boolean> {
  return sql.tx(async (tx) => {
    const [house] = await tx<{ slot: number; old: boolean }[]>`
      SELECT slot, slot_since < clock_timestamp() - make_interval(secs => ${keep_ms / 2000}) AS old FROM log_house FOR UPDATE`;
    const next = (house!.slot + 1) % SLOTS;
    const [full] = await tx<{ used: boolean }[]>`SELECT EXISTS (SELECT FROM ${sql.pool(`log_events_${next}`)}) AS used`;
    if (!house!.old || full!.used) return false;
    await tx`UPDATE log_house SET slot = ${next}, slot_since = clock_timestamp()`;
    return true;
  });
}
