import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { CURSOR_CHARS_MAX, zId, zPage, zTime } from "#kernel/wire.ts";

import {
  JOB_ACTS,
  zJobClass,
  zJobId,
  zJobIdIn,
  zJobLine,
  zJobSheet,
  zJobsQuery,
  zJobsSought,
  zKindName,
} from "./job-contract.ts";
import { queueRoutes } from "./queue-contract.ts";

export { WAIT_MS_MAX } from "./bounds.ts";
export * from "./job-contract.ts";
export * from "./queue-contract.ts";

/** The routes of the jobs' desk: what works in the background, how long it waits, and what went wrong. For admins. */

export const zDeadGroup = z
  .object({
    kind: z.string(),
    class: zJobClass,
    /** Of the newest one; those of a group differ in their numbers alone. */
    reason: z.string(),
    advice: z.string(),
    jobs: z.int(),
    first_at: zTime,
    last_at: zTime,
    /** The newest. */
    job_id: zJobId,
  })
  .meta({ id: "DeadJobGroup" });
export type DeadGroup = z.output<typeof zDeadGroup>;

export const zJobsCount = z
  .object({
    jobs: z.int(),
    /** The newest of them: what is done to those that were counted is done to none that came later. */
    newest_id: zJobId.nullable(),
    /** Whether all were looked at; where they were not, there may be more. */
    is_whole: z.boolean(),
  })
  .meta({ id: "JobsCount" });
export type JobsCount = z.output<typeof zJobsCount>;

export const zJobsActed = z
  .object({
    changed: z.int(),
    /** For the next call, which goes on from here; null when all were dealt with. */
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "JobsActed" });
export type JobsActed = z.output<typeof zJobsActed>;

const tag = "jobs";
const access = { who: "admin", scope: "people:admin" } as const;
const params = z.strictObject({ id: zId<"job">() });

export const listJobs = defineRoute({
  method: "GET",
  path: "/v1/admin/jobs",
  tag,
  summary: "Jobs of one state, the newest first. Records of what is done or cancelled stay a day, of what died 30 days",
  access,
  query: zJobsQuery,
  answers: { 200: zPage(zJobLine) },
  problems: ["cursor.invalid"],
  cost_tokens: 2,
});
export const countJobs = defineRoute({
  method: "GET",
  path: "/v1/admin/jobs/count",
  tag,
  summary: "How many jobs of one state are meant, before something is done about all of them",
  access,
  query: zJobsSought,
  answers: { 200: zJobsCount },
  cost_tokens: 5,
});
export const actOnJobs = defineRoute({
  method: "POST",
  path: "/v1/admin/jobs/act",
  tag,
  summary:
    "Replay, retry or cancel all jobs that are meant, the newest first, in parts: call again with `next_cursor` until it is null",
  access,
  body: z.strictObject({
    act: z.enum(JOB_ACTS),
    of: zJobsSought,
    /** As `count` told it: none that came later is touched. */
    newest_id: zJobIdIn,
    cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
  }),
  answers: { 200: zJobsActed },
  problems: ["cursor.invalid", "job.act_unfit"],
  cost_tokens: 10,
});
export const getJob = defineRoute({
  method: "GET",
  path: "/v1/admin/jobs/{id}",
  tag,
  summary: "One job: tries, reason, progress, times, for whom, and what can be done about it",
  access,
  params,
  answers: { 200: zJobSheet },
  problems: ["job.not_found"],
});
export const listDead = defineRoute({
  method: "GET",
  path: "/v1/admin/dead-jobs",
  tag,
  summary: "What died, by kind and reason, the newest first, each with what to do about it",
  access,
  answers: {
    200: z.object({ items: z.array(zDeadGroup), /** Of all that died, grouped here or not. */ jobs: z.int() }),
  },
  cost_tokens: 5,
});
export const replayDead = defineRoute({
  method: "POST",
  path: "/v1/admin/dead-jobs/replay",
  tag,
  summary: "Put the dead jobs of a kind back into the queue with fresh tries, the oldest first; some hundreds a call",
  access,
  body: z.strictObject({ kind: zKindName }),
  answers: { 200: z.object({ replayed: z.int(), /** Of this kind still dead. */ left: z.int() }) },
  cost_tokens: 10,
});
export const replayJob = defineRoute({
  method: "POST",
  path: "/v1/admin/jobs/{id}/replay",
  tag,
  summary: "Put a dead or cancelled job back into the queue, with fresh tries and without a deadline",
  access,
  params,
  answers: { 200: zJobSheet },
  problems: ["job.not_found", "job.not_dead", "job.another_lives"],
});
export const retryJob = defineRoute({
  method: "POST",
  path: "/v1/admin/jobs/{id}/retry",
  tag,
  summary: "Have a job that would begin later begin now",
  access,
  params,
  answers: { 200: zJobSheet },
  problems: ["job.not_found", "job.ended"],
});
export const cancelJob = defineRoute({
  method: "POST",
  path: "/v1/admin/jobs/{id}/cancel",
  tag,
  summary: "End a job that waits; ask a running one to stop, on whatever node",
  access,
  params,
  answers: { 200: zJobSheet },
  problems: ["job.not_found", "job.ended"],
});

export const jobsRoutes = {
  ...queueRoutes,
  listJobs,
  countJobs,
  actOnJobs,
  getJob,
  listDead,
  replayDead,
  replayJob,
  retryJob,
  cancelJob,
} as const;
