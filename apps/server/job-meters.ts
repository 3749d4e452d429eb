import { Counter, Gauge, type Registry } from "prom-client";

import type { Jobs } from "#ports/jobs/index.ts";
import type { Wait } from "#systems/jobs/index.ts";

/** How a job, or an attempt at one, may end. */
const ENDS = ["done", "failed", "dead", "cancelled"] as const;

/**
 * What shows that work in the background starves: how long each class waits beside how long it may, whose time the workers
 * give, and what began and how it ended. Labels are classes, and kinds that this process declared: a list in the code.
 */
export function createJobMeters(
  registry: Registry,
  { jobs, waits }: { jobs: Pick<Jobs, "totals">; waits: () => Promise<Wait[]> },
): { refresh(): Promise<void> } {
  const registers = [registry];
  const wait = new Gauge({
    name: "folkhus_jobs_wait_seconds",
    help: "How long the oldest job of a class that is due has waited, on the whole house",
    labelNames: ["class"],
    registers,
  });
  const wait_max = new Gauge({
    name: "folkhus_jobs_wait_seconds_max",
    help: "How long it may wait in health",
    labelNames: ["class"],
    registers,
  });
  const ran = new Counter({
    name: "folkhus_jobs_run_seconds_total",
    help: "Time of this process's workers that attempts took, by class; its rates beside each other are the shares",
    labelNames: ["class"],
    registers,
  });
  const started = new Counter({
    name: "folkhus_jobs_started_total",
    help: "Attempts that began in this process",
    labelNames: ["class", "kind"],
    registers,
  });
  const ended = new Counter({
    name: "folkhus_jobs_ended_total",
    help: "What ended in this process: jobs that are done, dead or cancelled, and attempts that failed and come again",
    labelNames: ["class", "kind", "end"],
    registers,
  });
  return {
    async refresh() {
      for (const { class: of, oldest_wait_s, wait_s_max } of await waits()) {
        wait.set({ class: of }, oldest_wait_s);
        wait_max.set({ class: of }, wait_s_max);
      }
      // The port counts; what is told is its sum, set anew.
      for (const counter of [ran, started, ended]) counter.reset();
      for (const total of jobs.totals()) {
        const { class: of, kind } = total;
        ran.inc({ class: of }, total.ran_ms / 1000);
        started.inc({ class: of, kind }, total.started);
        for (const end of ENDS) ended.inc({ class: of, kind, end }, total[end]);
      }
    },
  };
}
