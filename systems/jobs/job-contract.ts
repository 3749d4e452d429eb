import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { isId } from "#kernel/ids.ts";
import { zPageQuery, zTime } from "#kernel/wire.ts";

import { REASON_SHOWN_CHARS_MAX } from "./bounds.ts";

/** What a job is on the wire, and how jobs are looked for. */

export const JOB_CLASSES = ["interactive", "batch", "maintenance"] as const;
export type JobClass = (typeof JOB_CLASSES)[number];
export const JOB_STATES = ["queued", "running", "done", "dead", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];
export const JOB_ACTS = ["replay", "retry", "cancel"] as const;
export type JobAct = (typeof JOB_ACTS)[number];

export const zJobClass = z.enum(JOB_CLASSES);
export const zKindName = z.string().min(1).max(64);
/** Jobs have numbers of their own, not the house's ids. */
export const zJobId = z.string().meta({ type: "string", pattern: "^[1-9][0-9]{0,18}$" });
/** As it comes in: checked, and no id of the house. */
export const zJobIdIn = z
  .string()
  .max(19)
  .refine(isId, "is not the number of a job")
  .meta({ type: "string", pattern: "^[1-9][0-9]{0,18}$" });

/** For whom: the unit of fairness. Named where it is a person or a space that is still here. */
export const zJobTenant = z
  .object({ name: z.string(), person: zPersonCard.nullable(), space: zSpaceCard.nullable() })
  .meta({ id: "JobTenant" });
export type JobTenant = z.output<typeof zJobTenant>;

export const zJobLine = z
  .object({
    id: zJobId,
    kind: z.string(),
    class: zJobClass,
    state: z.enum(JOB_STATES),
    /** Tries that have begun. */
    attempt: z.int(),
    /** 0…1 */
    progress: z.number(),
    /** Why the last try failed, without what must not be shown; null where none has. */
    reason: z.string().nullable(),
    enqueued_at: zTime,
    ended_at: zTime.nullable(),
    /** Of one that begins later: when. */
    due_at: zTime.nullable(),
    /** Not begun after. */
    deadline_at: zTime.nullable(),
    /** What a queued one waits for: its time, others of its tenant, or a worker. */
    waits_for: z.enum(["time", "tenant", "worker"]).nullable(),
    /** A running one was asked to stop, and has not yet. */
    is_stopping: z.boolean(),
    tenant: zJobTenant.nullable(),
  })
  .meta({ id: "JobLine" });
export type JobLine = z.output<typeof zJobLine>;

export const zJobSheet = zJobLine
  .extend({
    priority: z.int(),
    tries_max: z.int().nullable(),
    /** Of a running one: until then its worker has it, unless it renews that. */
    lease_until: zTime.nullable(),
    /** It waits until others of its tenant have had their turn. */
    is_in_lane: z.boolean(),
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

const zMoment = z.iso.datetime({ offset: true });

/** Which jobs are meant: all that is said holds of each. */
export const zJobsSought = z.strictObject({
  state: z.enum(JOB_STATES),
  class: zJobClass.optional(),
  kind: zKindName.optional(),
  /** For whom: a number as jobs tell it, `@handle`, or the name of a space in its address. */
  tenant: z.string().min(1).max(64).optional(),
  /** In the reason as it is shown, large and small letters alike. */
  text: z.string().trim().min(1).max(100).optional(),
  /** The reason as it is shown, or one that differs from it in its numbers alone. */
  reason: z.string().max(REASON_SHOWN_CHARS_MAX).optional(),
  /** Ended, or where they have not: came, at this moment or later. */
  since: zMoment.optional(),
  /** Before this moment. */
  until: zMoment.optional(),
});
export type JobsSought = z.output<typeof zJobsSought>;

export const zJobsQuery = zPageQuery.extend(zJobsSought.shape);
export type JobsQuery = z.output<typeof zJobsQuery>;
