import { Counter, Gauge, type Registry } from "prom-client";

import { WEIGHTS } from "#ports/jobs/bounds.ts";
import type { JobFailure, Jobs } from "#ports/jobs/index.ts";
import type { Wait } from "#systems/jobs/index.ts";

/** How a job, or an attempt at one, may end. */
const ENDS = ["done", "failed", "dead", "cancelled"] as const;

/** Says the port of what it takes from a worker that died or hung. */
const LAPSED = /^the lease ran out/;

/** Counts leases that ran out, by kind; the port tells each attempt that did not work. */
export interface Lapses {
  note(failure: Pick<JobFailure, "kind" | "error">): void;
  totals(): ReadonlyMap<string, number>;
}

export function createLapses(): Lapses {
  const counts = new Map<string, number>();
  return {
    note({ kind, error }) {
      if (error instanceof Error && LAPSED.test(error.message)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    totals: () => counts,
  };
}

/**
 * What shows that work in the background starves: how long each class waits beside how long it may, whose time the workers
 * give, and what began and how it ended. Labels are classes, and kinds that this process declared: a list in the code.
 */
export function createJobMeters(
  registry: Registry,
  {
    jobs,
    job_lapses,
    waits,
  }: { jobs: Pick<Jobs, "totals">; job_lapses: Pick<Lapses, "totals">; waits: () => Promise<Wait[]> },
): { refresh(): Promise<void> } {
  const registers = [registry];
  const wait = new Gauge({
    name: "folkhus_jobs_wait_seconds",
    help: "How long the oldest job of a class that is due has waited, on the whole house",
    labelNames: ["class"],
    registers,
  });
  const wait_max = new Gauge({
    name: "folkhus_jobs_wait_bound_seconds",
    help: "How long it may wait in health, as the house is configured",
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
  const lapsed = new Counter({
    name: "folkhus_jobs_leases_lapsed_total",
    help: "Leases that this process found run out: their workers died, hang, or lost the database",
    labelNames: ["kind"],
    registers,
  });
  const promised = new Gauge({
    name: "folkhus_jobs_share_promised_ratio",
    help: "The part of the workers' time that a class is promised while all classes have work",
    labelNames: ["class"],
    registers,
  });
  const whole = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);
  for (const [of, weight] of Object.entries(WEIGHTS)) promised.set({ class: of }, weight / whole);
  return {
    async refresh() {
      for (const { class: of, oldest_wait_s, wait_s_max } of await waits()) {
        wait.set({ class: of }, oldest_wait_s);
        wait_max.set({ class: of }, wait_s_max);
      }
      // The port counts; what is told is its sum, set anew.
      for (const counter of [ran, started, ended, lapsed]) counter.reset();
      for (const [kind, count] of job_lapses.totals()) lapsed.inc({ kind }, count);
      for (const total of jobs.totals()) {
        const { class: of, kind } = total;
        // There from the first attempt on, so that the first that lapses is an increase.
        lapsed.inc({ kind }, 0);
        ran.inc({ class: of }, total.ran_ms / 1000);
        started.inc({ class: of, kind }, total.started);
        for (const end of ENDS) ended.inc({ class: of, kind, end }, total[end]);
      }
    },
  };
}
