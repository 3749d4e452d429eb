import type { Jobs } from "#ports/jobs/index.ts";
import { type Sql, sqlState } from "#ports/sql/index.ts";

import { ITEMS_KEPT_MS, TRIM_EVERY_MS, TRIM_LOCK_MS_MAX } from "./bounds.ts";
import * as store from "./store.ts";

const TRIM_JOB = "realtime.trim";
const SLOTS = 4;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Turns the ring: writers move to the next slot when the current one is half the keeping time old, and a slot goes when all
 * in it is older than that time. Every step is safe to repeat, and to run on two nodes at once.
 */
export async function trimItems(sql: Sql, kept_ms: number): Promise<{ rotated: boolean; emptied: number }> {
  const slot = await store.currentSlot(sql.pool);
  let emptied = 0;
  for (let ahead = 1; ahead < SLOTS; ahead++) {
    const old = (slot + ahead) % SLOTS;
    if (!(await store.isSlotDue(sql.pool, old, kept_ms))) continue;
    try {
      if (await sql.tx((tx) => store.emptySlot(tx, old, kept_ms, TRIM_LOCK_MS_MAX))) emptied += 1;
    } catch (error) {
      // Somebody reads there for long; the next run finds it again.
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
    }
  }
  return { rotated: await sql.tx((tx) => store.rotateSlot(tx, SLOTS, kept_ms / 2)), emptied };
}

export function defineTrim({ sql, jobs }: { sql: Sql; jobs: Jobs }): void {
  jobs.define({
    name: TRIM_JOB,
    class: "maintenance",
    tries_max: 3,
    lease_ms: 60_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 1,
    every_ms: TRIM_EVERY_MS,
    async handle() {
      await trimItems(sql, ITEMS_KEPT_MS);
    },
  });
}
