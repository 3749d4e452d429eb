import { notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";

import type { Schedule } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";
import { RUN_KEY, selectSchedules } from "./store.ts";

/** What runs by the clock. */
export interface Schedules {
  /** The soonest first. */
  all(): Promise<Schedule[]>;
  /**
   * Runs it now, once and beside its times. While a run waits or runs, that is the one.
   * @returns the job's number
   * @throws Problem 404 `schedule.not_found`
   */
  run(by: PersonId | null, kind: string): Promise<string>;
}

export function createSchedules({ sql, jobs, audit }: Pick<DeskNeeds, "sql" | "jobs" | "audit">): Schedules {
  return {
    all: async () =>
      (await selectSchedules(sql.pool, null)).map((row) => ({
        ...row,
        next_at: row.next_at === null ? null : rfc3339(row.next_at),
      })),

    run: (by, kind) =>
      sql.tx(async (tx) => {
        const [found] = await selectSchedules(tx, kind);
        if (!found) throw notFound("schedule");
        const id = await jobs.enqueue(tx, kind, {}, { unique_key: RUN_KEY });
        // One that waits after a failed try goes on now.
        if (id !== found.job_id || (await jobs.retryNow(tx, id)))
          await audit.append(tx, { by, what: "job.run_now", detail: { job_id: id, job_kind: kind } });
        return id;
      }),
  };
}
