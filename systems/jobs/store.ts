import type { Query } from "#ports/sql/index.ts";

import type { JobClass } from "./contract.ts";

/** The port gives its times to itself alone, so they are read where it keeps them. Nothing is written here. */

/** The key under which the port enqueues what runs by the clock (JB15): so a run by hand and one by the clock never stand beside each other. */
export const RUN_KEY = "every";

export interface ScheduleRow {
  kind: string;
  class: JobClass;
  every_ms: number | null;
  cron: string | null;
  time_zone: string | null;
  next_at: Date | null;
  /** Of the run that lives. */
  job_id: string | null;
}

/** The soonest first. @param kind null for all */
export async function selectSchedules(tx: Query, kind: string | null): Promise<ScheduleRow[]> {
  return tx<ScheduleRow[]>`
    SELECT k.name AS kind, k.class, k.every_ms::float8 AS every_ms, k.cron, k.time_zone, k.next_at, j.id AS job_id
    FROM jobs_kinds k LEFT JOIN jobs_jobs j ON j.kind = k.name AND j.unique_key = ${RUN_KEY} AND j.state = 'live'
    WHERE (k.every_ms IS NOT NULL OR k.cron IS NOT NULL) AND k.name = coalesce(${kind}, k.name)
    ORDER BY k.next_at NULLS LAST, k.name`;
}
