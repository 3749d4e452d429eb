import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zTime } from "#kernel/wire.ts";

import { zJobClass, zJobSheet, zJobTenant, zKindName } from "./job-contract.ts";

/** What holds of all jobs: how many, how late, what flows, for whom, and what runs by the clock. */

export const zClassQueue = z
  .object({
    class: zJobClass,
    /** Due, and not begun. */
    waiting: z.int(),
    /** Begins later: put off on purpose, or after a try that failed. */
    later: z.int(),
    running: z.int(),
    dead: z.int(),
    /** How long the oldest of those that are due has waited; 0 where none is. */
    oldest_wait_s: z.number(),
    /** So long may the oldest wait in health, as this house is configured. */
    wait_s_max: z.number(),
    is_starving: z.boolean(),
    /** Why it starves, as far as that can be seen, and what to do; null while it does not. */
    advice: z.string().nullable(),
  })
  .meta({ id: "JobClassQueue" });
export type ClassQueue = z.output<typeof zClassQueue>;

export const zKindQueue = z
  .object({
    kind: z.string(),
    class: zJobClass,
    /** Due or to begin later. */
    queued: z.int(),
    running: z.int(),
    dead: z.int(),
    /** How long ago the oldest of the queued was first due; 0 where none was. One whose tries fail is as old as it is. */
    oldest_s: z.number(),
    /** Of the last hour: tries that began, jobs that ended well, and tries that did not. */
    started: z.int(),
    done: z.int(),
    failed: z.int(),
  })
  .meta({ id: "JobKindQueue" });
export type KindQueue = z.output<typeof zKindQueue>;

export const zQueues = z
  .object({ at: zTime, classes: z.array(zClassQueue), kinds: z.array(zKindQueue) })
  .meta({ id: "JobQueues" });
export type Queues = z.output<typeof zQueues>;

export const zMinute = z
  .object({
    /** Its beginning. */
    at: zTime,
    done: z.int(),
    /** Tries that failed and come again. */
    failed: z.int(),
    dead: z.int(),
  })
  .meta({ id: "JobMinute" });
export type Minute = z.output<typeof zMinute>;

export const zTenantQueue = z
  .object({
    tenant: zJobTenant,
    queued: z.int(),
    /** Of the queued: those whose last try failed. */
    failing: z.int(),
    running: z.int(),
    dead: z.int(),
    /** Of the newest that are done. */
    done: z.int(),
  })
  .meta({ id: "JobTenantQueue" });
export type TenantQueue = z.output<typeof zTenantQueue>;

export const zTenants = z
  .object({
    /** Those with the most at work or waiting first. */
    items: z.array(zTenantQueue),
    /** Whether each job that lives or died was counted; in a long queue the newest are. */
    is_whole: z.boolean(),
    /** The jobs behind `done`: how many, and since when they came. */
    done_looked: z.int(),
    done_since: zTime.nullable(),
  })
  .meta({ id: "JobTenants" });
export type Tenants = z.output<typeof zTenants>;

export const zSchedule = z
  .object({
    kind: z.string(),
    class: zJobClass,
    /** Once in so many ms, or at the times of `cron`; one of both. */
    every_ms: z.int().nullable(),
    cron: z.string().nullable(),
    time_zone: z.string().nullable(),
    next_at: zTime.nullable(),
    /** Of its run that waits or runs now. */
    job_id: z.string().nullable(),
  })
  .meta({ id: "JobSchedule" });
export type Schedule = z.output<typeof zSchedule>;

const tag = "jobs";
const access = { who: "admin", scope: "people:admin" } as const;

export const queueRoutes = {
  getQueues: defineRoute({
    method: "GET",
    path: "/v1/admin/queues",
    tag,
    summary: "What waits, runs and died, by class and by kind, with the longest wait of each class beside its bound",
    access,
    answers: { 200: zQueues },
    cost_tokens: 2,
  }),
  getFlow: defineRoute({
    method: "GET",
    path: "/v1/admin/queues/flow",
    tag,
    summary: "How many ended well, failed and died in each minute of the last hour, the oldest minute first",
    access,
    query: z.strictObject({ class: zJobClass.optional(), kind: zKindName.optional() }),
    answers: { 200: z.object({ minutes: z.array(zMinute) }) },
    cost_tokens: 2,
  }),
  listTenants: defineRoute({
    method: "GET",
    path: "/v1/admin/queues/tenants",
    tag,
    summary: "For whom work waits, runs, fails and died, and whose was done last; the busiest first",
    access,
    answers: { 200: zTenants },
    cost_tokens: 10,
  }),
  listSchedules: defineRoute({
    method: "GET",
    path: "/v1/admin/schedules",
    tag,
    summary: "What runs by the clock, and when each comes next, the soonest first",
    access,
    answers: { 200: z.object({ items: z.array(zSchedule) }) },
    cost_tokens: 2,
  }),
  runSchedule: defineRoute({
    method: "POST",
    path: "/v1/admin/schedules/{kind}/run",
    tag,
    summary:
      "Run what runs by the clock now, once and beside its times; the job that waits or runs already where there is one",
    access,
    params: z.strictObject({ kind: zKindName }),
    answers: { 200: zJobSheet },
    problems: ["schedule.not_found"],
  }),
} as const;
export const { getQueues, getFlow, listTenants, listSchedules, runSchedule } = queueRoutes;
