import { notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";

import type { Schedule } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";

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
      (await jobs.schedules()).map((row) => ({
        ...row,
        next_at: row.next_at === null ? null : rfc3339(row.next_at),
      })),

    run: (by, kind) =>
      sql.tx(async (tx) => {
        const run = await jobs.runNow(tx, kind);
        if (!run) throw notFound("schedule");
        if (run.begun) await audit.append(tx, { by, what: "job.run_now", detail: { job_id: run.id, job_kind: kind } });
        return run.id;
      }),
  };
}
