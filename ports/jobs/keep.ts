import { type Sql, sqlState } from "#ports/sql/index.ts";

import { KEEP_DEAD_MS, KEEP_ENDED_MS, KEEP_MINUTES, SLOT_BYTES_MAX, SLOT_MOVE_ROWS_MAX } from "./bounds.ts";

const SLOTS = 4;
const DELETE_ROWS_MAX = 5_000;
/** Of up to 512 records each. */
const DELETE_GROUPS_MAX = 20;
/** Claims queue up behind this lock while it waits, so it hardly waits. */
const TRUNCATE_LOCK_MS_MAX = 20;
const LOCK_NOT_AVAILABLE = "55P03";

export interface Kept {
  turned: boolean;
  emptied: number;
  moved: number;
  deleted: number;
}

/** Tidies the queue and forgets old records. On one node at a time; a second one does nothing. */
export async function keepJobs(sql: Sql): Promise<Kept> {
  const kept: Kept = { turned: false, emptied: 0, moved: 0, deleted: 0 };
  const slots = await sql.pool<{ slot: number; bytes: number; current: boolean }[]>`
    SELECT n AS slot, pg_relation_size(('jobs_queue_' || n)::regclass)::int AS bytes, n = h.slot AS current
    FROM jobs_house h CROSS JOIN generate_series(0, ${SLOTS - 1}::int) n ORDER BY n`;
  const current = slots.find((s) => s.current)!;
  const empty = slots.find((s) => s.bytes === 0);
  if (current.bytes > SLOT_BYTES_MAX && empty) {
    const turned = await sql.pool`UPDATE jobs_house SET slot = ${empty.slot} WHERE slot = ${current.slot}`;
    kept.turned = turned.count > 0;
  }
  for (const { slot } of slots.filter((s) => !s.current && s.bytes > 0)) {
    const moved = await moveOut(sql, slot);
    if (moved === null) continue;
    kept.moved += moved;
    if (await truncate(sql, slot)) kept.emptied += 1;
  }
  kept.deleted = await deleteOld(sql);
  await sql.pool`DELETE FROM jobs_minutes WHERE minute_at < clock_timestamp() - make_interval(mins => ${KEEP_MINUTES}::int)`;
  return kept;
}

/** Moves the last living rows of a slot to the current one. @returns how many; null when they are too many */
async function moveOut(sql: Sql, slot: number): Promise<number | null> {
  const table = sql.pool(`jobs_queue_${slot}`);
  const [alive] = await sql.pool<{ rows: number }[]>`
    SELECT count(*)::int AS rows FROM (SELECT FROM ${table} LIMIT ${SLOT_MOVE_ROWS_MAX + 1}) r`;
  if (alive!.rows > SLOT_MOVE_ROWS_MAX) return null;
  if (alive!.rows === 0) return 0;
  // As an UPDATE of the partition's key: whoever waits for such a row then gets a serialisation failure and tries again,
  // where a deletion and an insertion would look as if the job had ended.
  const moved = await sql.tx(
    (tx) => tx`
    UPDATE jobs_queue q SET slot = h.slot FROM jobs_house h, (
      SELECT job_id FROM jobs_queue WHERE slot = ${slot} FOR UPDATE SKIP LOCKED) s
    WHERE q.slot = ${slot} AND q.job_id = s.job_id AND h.slot <> ${slot}`,
  );
  return moved.count;
}

async function truncate(sql: Sql, slot: number): Promise<boolean> {
  const table = sql.pool(`jobs_queue_${slot}`);
  try {
    return await sql.tx(async (tx) => {
      await tx.unsafe(`SET LOCAL lock_timeout = ${TRUNCATE_LOCK_MS_MAX}`);
      await tx`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`;
      const [empty] = await tx<{ empty: boolean }[]>`
        SELECT NOT EXISTS (SELECT FROM ${table}) AND NOT EXISTS (SELECT FROM jobs_house WHERE slot = ${slot}) AS empty`;
      if (!empty!.empty) return false;
      await tx`TRUNCATE ONLY ${table}`;
      return true;
    });
  } catch (error) {
    if (sqlState(error) === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

async function deleteOld(sql: Sql): Promise<number> {
  const ended = await sql.pool`
    DELETE FROM jobs_jobs WHERE id IN (
      SELECT id FROM jobs_jobs WHERE state IN ('done', 'cancelled') AND ended_at < clock_timestamp() - make_interval(secs => ${KEEP_ENDED_MS / 1000})
      ORDER BY ended_at LIMIT ${DELETE_ROWS_MAX} FOR UPDATE SKIP LOCKED)`;
  const together = await sql.pool`
    WITH old AS (
      DELETE FROM jobs_done WHERE id IN (
        SELECT id FROM jobs_done WHERE ended_at < clock_timestamp() - make_interval(secs => ${KEEP_ENDED_MS / 1000})
        ORDER BY id LIMIT ${DELETE_GROUPS_MAX} FOR UPDATE SKIP LOCKED) RETURNING ids)
    DELETE FROM jobs_jobs WHERE id = ANY (ARRAY(SELECT unnest(ids) FROM old))`;
  const dead = await sql.pool`
    DELETE FROM jobs_jobs WHERE id IN (
      SELECT id FROM jobs_jobs WHERE state = 'dead' AND ended_at < clock_timestamp() - make_interval(secs => ${KEEP_DEAD_MS / 1000})
      LIMIT ${DELETE_ROWS_MAX} FOR UPDATE SKIP LOCKED)`;
  return ended.count + together.count + dead.count;
}
