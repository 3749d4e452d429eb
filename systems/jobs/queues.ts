import { MINUTE_MS, rfc3339 } from "#kernel/time.ts";
import type { JobMinute } from "#ports/jobs/index.ts";

import { adviceOnWait } from "./advice.ts";
import { FLOW_MINUTES } from "./bounds.ts";
import type { JobClass, KindQueue, Minute, Queues } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";
import { type Wait, waitOf } from "./waits.ts";

/** What holds of all jobs: how many, how old, what flows. */
export interface QueuesRoom {
  now(): Promise<Queues>;
  /** The last hour by minute, the oldest first and none left out, of one class or kind where that is said. */
  flow(of: { class?: JobClass | undefined; kind?: string | undefined }): Promise<Minute[]>;
  /** Of each class how long its oldest has waited, beside how long it may. */
  waits(): Promise<Wait[]>;
}

export function createQueues({
  clock,
  jobs,
  wait_ms_max,
}: Pick<DeskNeeds, "clock" | "jobs" | "wait_ms_max">): QueuesRoom {
  return {
    async now() {
      const [counts, flow] = await Promise.all([jobs.counts(), jobs.flow()]);
      const kinds = new Map<string, KindQueue>();
      const kindOf = (of: JobClass, kind: string) => {
        const key = `${kind} ${of}`;
        const found = kinds.get(key);
        if (found) return found;
        const made = { kind, class: of, queued: 0, running: 0, dead: 0, oldest_s: 0, started: 0, done: 0, failed: 0 };
        kinds.set(key, made);
        return made;
      };
      for (const row of counts) {
        const kind = kindOf(row.class, row.kind);
        if (row.state === "queued" || row.state === "running" || row.state === "dead") kind[row.state] += row.jobs;
        if (row.state === "queued") kind.oldest_s = row.oldest_s;
      }
      for (const minute of flow.minutes) {
        const kind = kindOf(minute.class, minute.kind);
        kind.started += minute.started;
        kind.done += minute.done;
        kind.failed += minute.failed + minute.dead;
      }
      return {
        at: rfc3339(clock.now()),
        classes: flow.waits.map((told) => {
          const wait = waitOf(told.class, told.oldest_s, wait_ms_max);
          const of_class = [...kinds.values()].filter((one) => one.class === told.class);
          return {
            ...wait,
            waiting: told.queued - told.later,
            later: told.later,
            running: told.running,
            dead: of_class.reduce((sum, one) => sum + one.dead, 0),
            advice: wait.is_starving ? adviceOnWait(wait, of_class) : null,
          };
        }),
        kinds: [...kinds.values()].sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)),
      };
    },

    async flow({ class: of, kind }) {
      const { minutes } = await jobs.flow();
      const wanted = minutes.filter((one) => (of ?? one.class) === one.class && (kind ?? one.kind) === one.kind);
      return wholeHour(wanted, clock.now());
    },

    waits: async () => (await jobs.flow()).waits.map((wait) => waitOf(wait.class, wait.oldest_s, wait_ms_max)),
  };
}

/** Minutes in which nothing happened are told too, so that whoever draws them does not draw a line over a hole. */
export function wholeHour(rows: readonly JobMinute[], now_ms: number): Minute[] {
  const sums = new Map<number, Omit<Minute, "at">>();
  for (const row of rows) {
    const at_ms = row.minute_at.getTime();
    const sum = sums.get(at_ms) ?? { done: 0, failed: 0, dead: 0 };
    sums.set(at_ms, { done: sum.done + row.done, failed: sum.failed + row.failed, dead: sum.dead + row.dead });
  }
  // By the database's clock where that is ahead of ours: what it wrote last is the end.
  const last_ms = Math.max(Math.floor(now_ms / MINUTE_MS) * MINUTE_MS, ...sums.keys());
  return Array.from({ length: FLOW_MINUTES }, (_none, at) => {
    const at_ms = last_ms - (FLOW_MINUTES - 1 - at) * MINUTE_MS;
    return { at: rfc3339(at_ms), ...(sums.get(at_ms) ?? { done: 0, failed: 0, dead: 0 }) };
  });
}
