import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

/** The routes of the jobs' desk: what works in the background, how long it waits, and what went wrong. For admins. */

export const JOB_CLASSES = ["interactive", "batch", "maintenance"] as const;
export type JobClass = (typeof JOB_CLASSES)[number];
export const JOB_STATES = ["queued", "running", "done", "dead", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

const zClass = z.enum(JOB_CLASSES);
const zKindName = z.string().min(1).max(64);
/** Jobs have numbers of their own, not the house's ids. */
const zJobId = z.string().meta({ type: "string", pattern: "^[1-9][0-9]{0,18}$" });

export const zClassQueue = z
  .object({
    class: zClass,
    /** Due, and not begun. */
    waiting: z.int(),
    /** Begins later: put off on purpose, or after a try that failed. */
    later: z.int(),
    running: z.int(),
    dead: z.int(),
    /** How long the oldest of those that are due has waited; 0 where none is. */
    oldest_wait_s: z.number(),
    /** So long may the oldest wait in health. */
    wait_s_max: z.number(),
    is_starving: z.boolean(),
  })
  .meta({ id: "JobClassQueue" });
export type ClassQueue = z.output<typeof zClassQueue>;

export const zKindQueue = z
  .object({
    kind: z.string(),
    class: zClass,
    /** Due or to begin later. */
    queued: z.int(),
    running: z.int(),
    dead: z.int(),
    /** Of the last hour: jobs that ended well, and tries that did not. */
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

export const zJobLine = z
  .object({
    id: zJobId,
    kind: z.string(),
    class: zClass,
    state: z.enum(JOB_STATES),
    /** Tries that have begun. */
    attempt: z.int(),
    /** 0…1 */
    progress: z.number(),
    /** Why the last try failed, without what must not be shown; null where none has. */
    reason: z.string().nullable(),
    enqueued_at: zTime,
    ended_at: zTime.nullable(),
  })
  .meta({ id: "JobLine" });
export type JobLine = z.output<typeof zJobLine>;

export const zJobSheet = zJobLine
  .extend({
    priority: z.int(),
    tries_max: z.int().nullable(),
    /** Of one that begins later: when. */
    due_at: zTime.nullable(),
    /** Not begun after. */
    deadline_at: zTime.nullable(),
    /** Of a running one: until then its worker has it, unless it renews that. */
    lease_until: zTime.nullable(),
    /** It was asked to stop, and has not yet. */
    is_stopping: z.boolean(),
    /** It waits until others of its tenant have had their turn. */
    is_in_lane: z.boolean(),
    /** For whom: the unit of fairness. Named where it is a person or a space that is still here. */
    tenant: z.object({ name: z.string(), person: zPersonCard.nullable(), space: zSpaceCard.nullable() }).nullable(),
    /** What it was given, without what must not be shown: ids, numbers, yes or no and times are; of all else its size is told. */
    payload: z.array(z.object({ name: z.string(), value: z.string(), is_hidden: z.boolean() })),
    /** What to do about it; null of one that did not die. */
    advice: z.string().nullable(),
    may_replay: z.boolean(),
    may_retry: z.boolean(),
    may_cancel: z.boolean(),
  })
  .meta({ id: "JobSheet" });
export type JobSheet = z.output<typeof zJobSheet>;

export const zDeadGroup = z
  .object({
    kind: z.string(),
    class: zClass,
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

const tag = "jobs";
const access = { who: "admin", scope: "people:admin" } as const;
const params = z.strictObject({ id: zId<"job">() });

export const getQueues = defineRoute({
  method: "GET",
  path: "/v1/admin/queues",
  tag,
  summary: "What waits, runs and died, by class and by kind, with the longest wait of each class beside its bound",
  access,
  answers: { 200: zQueues },
  cost_tokens: 2,
});
export const getFlow = defineRoute({
  method: "GET",
  path: "/v1/admin/queues/flow",
  tag,
  summary: "How many ended well, failed and died in each minute of the last hour, the oldest minute first",
  access,
  query: z.strictObject({ class: zClass.optional(), kind: zKindName.optional() }),
  answers: { 200: z.object({ minutes: z.array(zMinute) }) },
  cost_tokens: 2,
});
export const listJobs = defineRoute({
  method: "GET",
  path: "/v1/admin/jobs",
  tag,
  summary: "Jobs of one state, the newest first. Records of what is done or cancelled stay a day, of what died 30 days",
  access,
  query: zPageQuery.extend({
    state: z.enum(JOB_STATES),
    class: zClass.optional(),
    kind: zKindName.optional(),
  }),
  answers: { 200: zPage(zJobLine) },
  problems: ["cursor.invalid"],
  cost_tokens: 2,
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
  getQueues,
  getFlow,
  listJobs,
  getJob,
  listDead,
  replayDead,
  replayJob,
  retryJob,
  cancelJob,
} as const;
