import type { JsonObject } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";

/** Work with retries on Postgres `SKIP LOCKED`. Enqueued inside the writer's transaction, it commits with the reason for it. */
export interface Jobs extends AsyncDisposable {
  /** Declares a kind on this node. A node only claims the kinds that it has declared. */
  define(kind: JobKind): void;
  /** Declares one whose handler gets several jobs in a call. */
  defineMany(kind: JobKindOfMany): void;
  /** @returns the job's id; that of the living one when `unique_key` is already queued or running */
  enqueue(tx: Query, kind: string, payload: JsonObject, options?: EnqueueOptions): Promise<string>;
  get(id: string): Promise<JobView | null>;
  /** Ends a queued job; asks a running one to stop through its signal, on whatever node. @returns false when it had ended */
  cancel(tx: Query, id: string): Promise<boolean>;
  /** Puts a dead or cancelled job back into the queue with fresh tries and without a deadline. @returns false for any other */
  replay(tx: Query, id: string): Promise<boolean>;
  /** As `replay`, for the dead ones of a kind, longest dead first, at most 1,000 (or `jobs_max`) at once. @returns how many; 0 when none is left */
  replayAll(tx: Query, kind: string, jobs_max?: number): Promise<number>;
  /** Lets a job go now that waits for its time: a delay or the pause after a failure. @returns false for any other */
  retryNow(tx: Query, id: string): Promise<boolean>;
  /** Begins to claim. */
  start(): void;
  /** Stops claiming, waits for the running ones up to `ms`, then hands the rest back to the queue. */
  drain(ms: number): Promise<void>;
  /** Queued, running and dead by class and kind, with the oldest wait. */
  counts(): Promise<{ class: JobClass; kind: string; state: JobState; jobs: number; oldest_s: number }[]>;
  /** Newest first, in pages. @throws RangeError when `jobs_max` is not 1…200 */
  list(filter?: JobsFilter): Promise<JobsPage>;
  /** All that may be shown of a job, never its payload. */
  inspect(id: string): Promise<JobRecord | null>;
  /** What a job was given; null where there is none. It may hold what nobody should read: whoever shows it sees to that. */
  payloadOf(id: string): Promise<JsonObject | null>;
  /** What runs by the clock, on whatever node it was declared; the soonest first. */
  schedules(): Promise<JobSchedule[]>;
  /**
   * Runs what runs by the clock now, once and beside its times. While a run waits or runs, that is the one, and one that waits after a failed try goes on.
   * @returns `begun` false where it ran already or was about to; null for a kind that does not run by the clock
   */
  runNow(tx: Query, kind: string): Promise<{ id: string; begun: boolean } | null>;
  /** What this process did since it began to claim, by class and kind; for its metrics. */
  totals(): JobTotals[];
  /** The last hour by minute, and who waits how long. What nodes did in their last second may not be in yet. */
  flow(): Promise<JobsFlow>;
  /** Resolves when nothing of these kinds is queued or running; for tests and drains. */
  idle(kinds?: string[]): Promise<void>;
}

export type JobClass = "interactive" | "batch" | "maintenance";
export type JobState = "queued" | "running" | "done" | "dead" | "cancelled";

export interface JobKind {
  /** `media.probe` */
  name: string;
  class: JobClass;
  tries_max: number;
  /** How long a claim holds without a heartbeat; the runner renews it while the handler runs. */
  lease_ms: number;
  /** A handler that runs longer is aborted and counts as failed. */
  run_ms_max: number;
  /** Jobs of this kind running at once on one node. */
  concurrency_max: number;
  /** Jobs of one tenant running at once on all nodes. */
  tenant_concurrency_max?: number;
  backoff?: { base_ms: number; delay_ms_max: number };
  /**
   * Retries are bounded to `part` of the first tries of the last minute, and `per_minute_min` at least; what is beyond waits its
   * turn, and is buried when that were longer than `wait_ms_max`. 0.2, 60 and 6 hours where nothing is said; per node.
   */
  retry_budget?: { part?: number; per_minute_min?: number; wait_ms_max?: number };
  /** Runs by itself: every so many ms once on the whole house. */
  every_ms?: number;
  /** Runs by itself at these times, once on the whole house: minute, hour, day of the month, month, day of the week: `0 4 * * *`. Not beside `every_ms`. */
  cron?: string;
  /** Of `cron`: `Europe/Stockholm`; UTC where nothing is said. */
  time_zone?: string;
  /**
   * Throw `Permanent` to end in the dead letters at once; anything else is tried again. Must be idempotent: a lost lease
   * means that it may run twice. `run.signal` fires when it should stop; `run.fenced` and `run.checkpoint` throw
   * `LeaseLost` in a zombie.
   */
  handle(payload: JsonObject, run: JobRun): Promise<void>;
  /** Called once in the transaction that buries the job; for `status = failed` on the row it worked for. */
  onDead?(tx: Query, payload: JsonObject, reason: string): Promise<void>;
}

/** A kind whose handler gets several jobs in one call: letters for one server, rows for one statement. A call takes one worker, and one place of `concurrency_max`. */
export interface JobKindOfMany extends Omit<JobKind, "handle"> {
  /** Jobs in one call, 1…512: as many as are there, so a call may get a single one. */
  many_max: number;
  /**
   * As `handle`. All are done when it returns nothing; all have failed when it throws. Each ends by itself when it returns what
   * `Promise.allSettled` gives: one end for each job, in their order. `run` is each job's own.
   */
  handleMany(batch: JobOfMany[]): Promise<void | PromiseSettledResult<unknown>[]>;
}

export interface JobOfMany {
  payload: JsonObject;
  run: JobRun;
}

export interface JobRun {
  id: string;
  /** 1 for the first. */
  attempt: number;
  signal: AbortSignal;
  /** 0…1, stored at most once a second. */
  progress(fraction: number): void;
  /** A small resume point that the next attempt gets as `cursor`. Throws when the lease is lost. */
  checkpoint(cursor: JsonObject): Promise<void>;
  cursor: JsonObject | null;
  /** Runs `work` only while this attempt still owns the job, in one transaction with that check. */
  fenced<T>(work: (tx: Query) => Promise<T>): Promise<T>;
  /**
   * As `fenced`, and the job is done in the same transaction: the effect of `work` happens exactly once, whatever is killed
   * when. The last thing that a handler does; what it throws later is not heard.
   */
  finish<T>(work: (tx: Query) => Promise<T>): Promise<T>;
}

export interface EnqueueOptions {
  class?: JobClass;
  /** Higher goes first; each step is worth `PRIORITY_STEP_S` seconds of waiting, so nothing starves. */
  priority?: number;
  delay_ms?: number;
  /** Not started after this; buried with the reason `deadline`. */
  deadline_at?: Date;
  unique_key?: string;
  /** A space or a person: the unit of fairness and of `tenant_concurrency_max`. */
  tenant?: string;
}

/** One attempt that did not work. */
export interface JobFailure {
  id: string;
  kind: string;
  attempt: number;
  /** `unsettled`: how it ended could not be written down; its lease will run out and it comes again. */
  end: "retry" | "dead" | "unsettled";
  error: unknown;
}

export interface JobView {
  id: string;
  kind: string;
  class: JobClass;
  state: JobState;
  attempt: number;
  progress: number;
  reason: string | null;
  enqueued_at: Date;
}

export interface JobsFilter {
  class?: JobClass;
  kind?: string;
  state?: JobState;
  tenant?: string;
  /** The `next` of the page before. */
  before?: string;
  /** 50 where nothing is said, at most 200. */
  jobs_max?: number;
}

/** A page may be short, even empty, and still have a `next`: it is the place to go on from. */
export interface JobsPage {
  jobs: JobRecord[];
  next: string | null;
}

export interface JobRecord extends JobView {
  tenant: string | null;
  priority: number;
  /** As its kind was declared last; null for one that no node has declared yet. */
  tries_max: number | null;
  /** What a queued one waits for: its time, room in its tenant's lane, or a worker. */
  waits_for: "time" | "tenant" | "worker" | null;
  /** When one that waits for its time will go on. */
  due_at: Date | null;
  /** Until when the attempt that runs holds it; renewed while it runs. */
  lease_until: Date | null;
  /** Somebody asked the running attempt to stop. */
  stop_asked: boolean;
  deadline_at: Date | null;
  ended_at: Date | null;
}

export interface JobSchedule {
  kind: string;
  class: JobClass;
  /** One of the two is null. */
  every_ms: number | null;
  cron: string | null;
  time_zone: string | null;
  next_at: Date | null;
  /** Of the run that waits or runs. */
  job_id: string | null;
}

export interface JobsFlow {
  /** Newest first; minutes in which nothing happened have no row. */
  minutes: JobMinute[];
  /** One for each class. */
  waits: JobWait[];
}

/** `started` are attempts, `failed` those that will be tried again; the others are jobs. */
export interface JobMinute {
  minute_at: Date;
  class: JobClass;
  kind: string;
  started: number;
  done: number;
  failed: number;
  dead: number;
  cancelled: number;
}

export interface JobTotals {
  class: JobClass;
  kind: string;
  /** Attempts, as is `failed`; the others are jobs. */
  started: number;
  done: number;
  failed: number;
  dead: number;
  cancelled: number;
  /** Time of workers that attempts took. */
  ran_ms: number;
}

export interface JobWait {
  class: JobClass;
  queued: number;
  /** Of the queued: those that wait for their time. */
  later: number;
  running: number;
  /** The longest time that one which could start, or waits for its tenant's others, has been due. Seconds. */
  oldest_s: number;
}

export { createJobs, type JobsNeeds } from "./jobs.ts";
export { LeaseLost } from "./attempt.ts";
