import type { Query } from "#ports/sql/index.ts";

import type { JobClass, JobTotals } from "./index.ts";

/** What can be counted of a kind in a minute. `failed` are attempts, the others jobs. */
export type Counted = "started" | "done" | "failed" | "dead" | "cancelled";
const COUNTED: readonly Counted[] = ["started", "done", "failed", "dead", "cancelled"];

/** Sums of what happened on this node, added to `jobs_minutes` now and then: a row written per job would be the hottest of all. */
export interface Tally {
  count(of: JobClass, kind: string, what: Counted): void;
  /** An attempt is over, however it ended. */
  ran(of: JobClass, kind: string, ms: number): void;
  /** All that was counted since the beginning, written down or not. */
  totals(): JobTotals[];
  /** Nothing to do when nothing happened. What could not be written is kept for the next time. */
  flush(query: Query): Promise<void>;
}

interface Sums extends Record<Counted, number> {
  class: JobClass;
  kind: string;
}

export function createTally(): Tally {
  let sums = new Map<string, Sums>();
  const totals = new Map<string, JobTotals>();
  const of_kind = (of: JobClass, kind: string): Sums => {
    const key = `${of} ${kind}`;
    let found = sums.get(key);
    if (!found) sums.set(key, (found = { class: of, kind, started: 0, done: 0, failed: 0, dead: 0, cancelled: 0 }));
    return found;
  };
  const total_of = (of: JobClass, kind: string): JobTotals => {
    const key = `${of} ${kind}`;
    let found = totals.get(key);
    if (!found)
      totals.set(key, (found = { class: of, kind, started: 0, done: 0, failed: 0, dead: 0, cancelled: 0, ran_ms: 0 }));
    return found;
  };
  return {
    count(of, kind, what) {
      of_kind(of, kind)[what] += 1;
      total_of(of, kind)[what] += 1;
    },
    ran(of, kind, ms) {
      total_of(of, kind).ran_ms += ms;
    },
    totals: () => [...totals.values()],
    async flush(query) {
      if (sums.size === 0) return;
      const taken = [...sums.values()];
      sums = new Map();
      try {
        await query`
          INSERT INTO jobs_minutes AS m (minute_at, kind, class, started, done, failed, dead, cancelled)
          SELECT date_trunc('minute', clock_timestamp()), s.kind, s.class, s.started, s.done, s.failed, s.dead, s.cancelled
          FROM jsonb_to_recordset(${taken}::jsonb) s (kind text, class text, started int, done int, failed int, dead int, cancelled int)
          ORDER BY s.kind, s.class
          ON CONFLICT (minute_at, kind, class) DO UPDATE SET started = m.started + excluded.started, done = m.done + excluded.done,
            failed = m.failed + excluded.failed, dead = m.dead + excluded.dead, cancelled = m.cancelled + excluded.cancelled`;
      } catch (error) {
        for (const old of taken) {
          const now = of_kind(old.class, old.kind);
          for (const what of COUNTED) now[what] += old[what];
        }
        throw error;
      }
    },
  };
}
