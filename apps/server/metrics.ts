import { Counter, Gauge, Histogram, Registry } from "prom-client";

import type { Caches } from "#ports/cache/index.ts";
import type { Calls } from "#ports/calls/index.ts";
import type { Served } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Load } from "#ports/load/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Wait } from "#systems/jobs/index.ts";

import { createJobMeters, type Lapses } from "./job-meters.ts";

/** What the house counts of itself, in the Prometheus text format. Labels are bounded: routes, kinds and names, never people. */
export interface Metrics {
  served(request: Served): void;
  text(): Promise<string>;
  contentType: string;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(parts: {
  caches: Caches;
  calls: Pick<Calls, "stats">;
  jobs: Pick<Jobs, "counts" | "totals">;
  job_lapses: Pick<Lapses, "totals">;
  /** Of each class of jobs how long its oldest has waited, beside how long it may. */
  waits: () => Promise<Wait[]>;
  log: Log;
  /** Of homes: rings, lists of this process, lists that are shared. */
  timelines: () => object;
  /** Limits that nodes share, where they do. */
  limits: { stats(): object } | null;
  load: Pick<Load, "stats">;
  /** Of the line of this process. */
  line: () => Record<string, number>;
  version: string;
}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "folkhus_http_requests_total",
    help: "Requests by route and status",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "folkhus_http_request_seconds",
    help: "Time to answer by route",
    labelNames: ["method", "route"],
    buckets: SECONDS,
    registers,
  });
  new Gauge({ name: "folkhus_info", help: "1, with the version", labelNames: ["version", "bun"], registers }).set(
    { version: parts.version, bun: Bun.version },
    1,
  );

  const memory = new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of this process",
    registers,
  });
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of this process, user and system",
    registers,
  });
  const lag = new Gauge({
    name: "folkhus_log_lag_events",
    help: "Events that a group still has to handle",
    labelNames: ["topic", "group"],
    registers,
  });
  const lagSeconds = new Gauge({
    name: "folkhus_log_lag_seconds",
    help: "Age of the oldest event that a group still has to handle",
    labelNames: ["topic", "group"],
    registers,
  });
  const jobs = new Gauge({
    name: "folkhus_jobs",
    help: "Jobs by class, kind and state",
    labelNames: ["class", "kind", "state"],
    registers,
  });
  const jobsOldest = new Gauge({
    name: "folkhus_jobs_oldest_seconds",
    help: "Age of the oldest job by class, kind and state",
    labelNames: ["class", "kind", "state"],
    registers,
  });
  const jobMeters = createJobMeters(registry, parts);
  const cache = new Gauge({
    name: "folkhus_cache",
    help: "Caches: entries, bytes, hits, misses, evictions, loads",
    labelNames: ["cache", "what"],
    registers,
  });

  const timelines = new Gauge({
    name: "folkhus_timelines",
    help: "Homes: rings, lists and shared lists, how many, their bytes, loads, pushes and what was dropped",
    labelNames: ["of", "what"],
    registers,
  });

  const limits = new Gauge({
    name: "folkhus_limits",
    help: "Limits in Redis: decisions by Redis, from a purse and alone, scripts, late and failed ones; is_alone is 1 while Redis is away",
    labelNames: ["what"],
    registers,
  });
  const line = new Gauge({
    name: "folkhus_line",
    help: "The line of this process: connections, those whose readers are behind, streams that somebody follows, bytes at hand, looks at the database",
    labelNames: ["what"],
    registers,
  });

  const load = new Gauge({
    name: "folkhus_load",
    help: "Load of this process: loop_lag_ms, loop_lag_worst_ms of ten seconds, in_flight, at_once_max, waiting, admitted, is_behind, memory_stage (0 calm, 1 caution, 2 shed, 3 refuse), refused sockets and uploads",
    labelNames: ["what"],
    registers,
  });
  const shed = new Gauge({
    name: "folkhus_load_shed",
    help: "Requests refused early since the start, by priority",
    labelNames: ["priority"],
    registers,
  });
  const calls = new Gauge({
    name: "folkhus_calls",
    help: "Calls that leave the process: first and further tries, answers, refusals, times; closed is 0 while it is left alone",
    labelNames: ["to", "what"],
    registers,
  });

  const refresh = async () => {
    const { shed: refused, ...loaded } = parts.load.stats();
    for (const [what, value] of Object.entries(loaded)) if (value !== null) load.set({ what }, Number(value));
    for (const [priority, value] of Object.entries(refused)) shed.set({ priority }, value);
    for (const { name, state, ...numbers } of parts.calls.stats()) {
      calls.set({ to: name, what: "closed" }, state === "closed" ? 1 : 0);
      for (const [what, value] of Object.entries(numbers)) calls.set({ to: name, what }, value);
    }
    for (const [what, value] of Object.entries(parts.limits?.stats() ?? {})) limits.set({ what }, Number(value));
    for (const [what, value] of Object.entries(parts.line())) line.set({ what }, value);
    memory.set(process.memoryUsage().rss);
    const used = process.cpuUsage();
    cpu.reset();
    cpu.inc((used.user + used.system) / 1e6);
    for (const { name, ...numbers } of parts.caches.stats()) {
      for (const [what, value] of Object.entries(numbers)) cache.set({ cache: name, what }, value);
    }
    for (const [of, numbers] of Object.entries(parts.timelines())) {
      for (const [what, value] of Object.entries((numbers ?? {}) as object)) timelines.set({ of, what }, Number(value));
    }
    jobs.reset();
    jobsOldest.reset();
    for (const { class: jobClass, kind, state, jobs: count, oldest_s } of await parts.jobs.counts()) {
      jobs.set({ class: jobClass, kind, state }, count);
      jobsOldest.set({ class: jobClass, kind, state }, oldest_s);
    }
    await jobMeters.refresh();
    lag.reset();
    lagSeconds.reset();
    for (const { topic, group, events, oldest_s } of await parts.log.lags()) {
      lag.set({ topic, group }, events);
      lagSeconds.set({ topic, group }, oldest_s);
    }
  };
  return {
    served({ method, route, status, ms }) {
      requests.inc({ method, route, status });
      seconds.observe({ method, route }, ms / 1000);
    },
    async text() {
      await refresh();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
