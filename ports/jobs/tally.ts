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

interface Sum {
  class: JobClass;
  kind: string;
  /** Since it was written down last. */
  sums: Sums;
  total: JobTotals;
}

const nothing = () => ({ started: 0, done: 0, failed: 0, dead: 0, cancelled: 0 });

export function createTally(): Tally {
  const all = new Map<string, Sum>();
  let last: Sum | null = null;
  /** Mostly the same as a moment ago. */
  const sumOf = (of: JobClass, kind: string): Sum => {
    if (last?.class === of && last.kind === kind) return last;
    const key = `${of} ${kind}`;
    let found = all.get(key);
    if (!found)
      all.set(
        key,
        (found = {
          class: of,
          kind,
          sums: { class: of, kind, ...nothing() },
          total: { class: of, kind, ...nothing(), ran_ms: 0 },
        }),
      );
    return (last = found);
  };
  return {
    count(of, kind, what) {
      const sum = sumOf(of, kind);
      sum.sums[what] += 1;
      sum.total[what] += 1;
    },
    ran(of, kind, ms) {
      sumOf(of, kind).total.ran_ms += ms;
    },
    totals: () => [...all.values()].map((sum) => sum.total),
    async flush(query) {
      const taken = [...all.values()]
        .filter(({ sums }) => COUNTED.some((what) => sums[what] > 0))
        .map((sum) => {
          const was = sum.sums;
          sum.sums = { class: sum.class, kind: sum.kind, ...nothing() };
          return was;
        });
      if (taken.length === 0) return;
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
          const now = sumOf(old.class, old.kind).sums;
          for (const what of COUNTED) now[what] += old[what];
        }
        throw error;
      }
    },
  };
}
