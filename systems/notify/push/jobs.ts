import { SECOND_MS } from "#kernel/time.ts";
import type { Query } from "#ports/sql/index.ts";

import { CLEAR_ROWS_PER_PORTION_MAX, LOOK_EVERY_MS, PUSHED_KEPT_MS } from "../bounds.ts";
import type { Ground } from "../needs.ts";
import type { Deliverer } from "./deliver.ts";
import { trimPushed } from "./store.ts";

const SOON_JOB = "notify.push";
const LOOK_JOB = "notify.push_look";

/** Looks at what is due in so many ms. One job a second, however many people wait for it. */
export async function lookLater(
  { jobs, clock }: Pick<Ground, "jobs" | "clock">,
  tx: Query,
  delay_ms: number,
): Promise<void> {
  // A moment later than due, and never the one that is running now and may have looked already.
  const second = Math.ceil((clock.now() + delay_ms) / SECOND_MS);
  await jobs.enqueue(tx, SOON_JOB, {}, { unique_key: `${SOON_JOB}:${second}`, delay_ms: delay_ms + 20 });
}

export function definePushing(
  { sql, jobs, clock }: Pick<Ground, "sql" | "jobs" | "clock">,
  deliverer: Deliverer,
): void {
  jobs.define({
    name: SOON_JOB,
    class: "interactive",
    tries_max: 3,
    lease_ms: 30_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 2,
    async handle(_payload, run) {
      await deliverer.run(run.signal);
    },
  });
  /** What nobody was woken for: rests that are over, quiet that ended, what a dead process had claimed. */
  jobs.define({
    name: LOOK_JOB,
    class: "batch",
    tries_max: 3,
    lease_ms: 30_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 1,
    every_ms: LOOK_EVERY_MS,
    async handle(_payload, run) {
      await deliverer.run(run.signal);
      await trimPushed(sql.pool, new Date(clock.now() - PUSHED_KEPT_MS), CLEAR_ROWS_PER_PORTION_MAX);
    },
  });
}
