import type { Clock } from "#ports/clock/index.ts";
import { afterCommit, createWakes, type Query, type Sql } from "#ports/sql/index.ts";

import { checkBytes } from "./attempt.ts";
import {
  CLOCK_KEY,
  FINISH_JOBS_MAX,
  KIND_CHARS_MAX,
  LANE_JOBS_MAX,
  LIST_JOBS_DEFAULT,
  LIST_JOBS_MAX,
  MANY_JOBS_MAX,
  PRIORITY_MAX,
  REPLAY_JOBS_MAX,
  TENANT_CHARS_MAX,
  UNIQUE_KEY_CHARS_MAX,
  WORKERS_DEFAULT,
} from "./bounds.ts";
import { nextTime, timetableOf } from "./cron.ts";
import type { EnqueueOptions, JobClass, JobFailure, JobKind, JobKindOfMany, Jobs } from "./index.ts";
import { createLanes } from "./lanes.ts";
import { type KnownKind, knownKind } from "./many.ts";
import * as store from "./store.ts";
import * as watching from "./watching.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface JobsNeeds {
  sql: Sql;
  clock: Clock;
  /** Handlers at once on this node. */
  workers?: number;
  /**
   * Jobs that one statement claims or ends at most; 512 where nothing is said. How many they are is what the load makes it. Beneath
   * the number of workers it means that: nothing is claimed ahead of them, and no more than they had end together.
   */
  group_max?: number;
  /** Told of each attempt that failed, for the server's log and metrics. The reason is kept with the job either way. */
  onFailure?: (failure: JobFailure) => void;
  /** Told when claiming or renewing could not reach the database; it goes on trying. */
  onError?: (error: unknown) => void;
}

const CHANNEL = "folkhus_jobs";
const LATER = "later";
const STOP = "stop";
/** `idle` looks this often when the jobs run on another node. */
const IDLE_LOOK_MS = 20;

/** Jobs on Postgres. Needs the migrations of `ports/jobs/sql`. */
export function createJobs(needs: JobsNeeds): Jobs {
  const { sql, clock } = needs;
  const kinds = new Map<string, KnownKind>();
  const onError = needs.onError ?? (() => {});
  let worker: Worker | null = null;
  /** Of those who wait for something to end. */
  let progress: PromiseWithResolvers<void> | null = null;
  let declared: Promise<void> = Promise.resolve();

  const onWake = (name: string | null) => {
    if (name === STOP) worker?.beat();
    else if (name === LATER) worker?.look();
    else worker?.wake(name as JobClass | null);
    if (name === null) worker?.look();
  };
  const wakes = createWakes({ sql, clock, channel: CHANNEL, onWake });
  const lanes = createLanes({ sql, clock, onRoom: (of) => wakes.onCommit(sql.pool, of), onError });
  /** Looks after the writer's commit; in a transaction of which nobody tells the end, every node's sweep does. */
  const lookOnCommit = async (tx: Query, lane: store.Lane) => {
    if (tx === sql.pool) lanes.look(lane);
    else if (!afterCommit(tx, `${CHANNEL} lane ${JSON.stringify([lane.kind, lane.tenant])}`, () => lanes.look(lane)))
      await wakes.onCommit(tx, LATER);
  };
  const add = (kind: Declared) => {
    checkKind(kind, new Date(clock.now()));
    if (kinds.has(kind.name)) throw new Error(`the kind ${kind.name} is declared twice`);
    kinds.set(kind.name, knownKind(kind));
    if (worker) declare(kind);
  };
  /** Each class once, and each lane. */
  const tell = async (tx: Query, queued: readonly store.Queued[]) => {
    for (const of of new Set(queued.filter((job) => job.state === "ready").map((job) => job.class)))
      await wakes.onCommit(tx, of);
    const lanes_of = new Map(queued.filter((job) => job.state === "lane").map((job) => [job.tenant!, job]));
    for (const [tenant, { kind }] of lanes_of) await lookOnCommit(tx, { kind, tenant });
  };
  const onSettled = () => {
    progress?.resolve();
    progress = null;
  };

  /** A node that only enqueues learns the kinds from here. Tried again by the next look, so that a start needs no database. */
  const declare = (kind: Declared) => {
    declared = declared
      .then(() =>
        store.insertKind(sql.pool, {
          name: kind.name,
          class: kind.class,
          lane_max: kind.tenant_concurrency_max ?? LANE_JOBS_MAX,
          tries_max: kind.tries_max,
          every_ms: kind.every_ms ?? null,
          cron: kind.cron ?? null,
          time_zone: kind.cron === undefined ? null : (kind.time_zone ?? "UTC"),
        }),
      )
      .then(() => worker?.look(), onError);
  };

  return {
    define: add,
    defineMany: add,

    async enqueue(tx, kind, payload, options = {}) {
      checkEnqueue(kind, options);
      checkBytes(`the payload of ${kind}`, payload);
      const job = await store.enqueue(tx, kind, payload, {
        ...options,
        class: options.class ?? kinds.get(kind)?.class,
      });
      if (job.state === "ready") await wakes.onCommit(tx, job.class);
      if (job.state === "lane") await lookOnCommit(tx, { kind, tenant: options.tenant! });
      if (job.state === "waiting") await wakes.onCommit(tx, LATER);
      return job.id;
    },

    get: (id) => store.select(sql.pool, id),

    async cancel(tx, id) {
      const what = await store.cancel(tx, id);
      if (what === "asked") await wakes.onCommit(tx, STOP);
      // Its tenant's lane may have room now.
      if (what === "cancelled") await wakes.onCommit(tx, LATER);
      return what !== null;
    },

    async replay(tx, id) {
      const job = await store.replay(tx, id);
      if (job) await tell(tx, [job]);
      return job !== null;
    },

    async replayAll(tx, kind, jobs_max = REPLAY_JOBS_MAX) {
      checkWhole("jobs_max", jobs_max, REPLAY_JOBS_MAX);
      const again = await watching.replayAll(tx, kind, jobs_max);
      await tell(tx, again);
      return again.length;
    },

    async retryNow(tx, id) {
      const of = await watching.hurry(tx, id);
      if (of) await wakes.onCommit(tx, of);
      return of !== null;
    },

    schedules: () => watching.selectSchedules(sql.pool, null),

    async runNow(tx, kind) {
      const [found] = await watching.selectSchedules(tx, kind);
      if (!found) return null;
      const id = await this.enqueue(tx, kind, {}, { unique_key: CLOCK_KEY });
      return { id, begun: id !== found.job_id || (await this.retryNow(tx, id)) };
    },

    start() {
      if (worker) return;
      worker = startWorker({
        sql,
        clock,
        workers: needs.workers ?? WORKERS_DEFAULT,
        group_max: needs.group_max ?? FINISH_JOBS_MAX,
        kinds,
        lanes,
        onFailure: needs.onFailure ?? (() => {}),
        onError,
        onSettled,
      });
      for (const kind of kinds.values()) declare(kind);
      // Until it hears, the poll looks.
      wakes.listen().then(() => worker?.wake(null), onError);
    },

    async drain(ms) {
      const draining = worker;
      worker = null;
      await draining?.drain(ms);
    },

    counts: () => store.selectCounts(sql.pool),

    async list(filter = {}) {
      const { jobs_max = LIST_JOBS_DEFAULT } = filter;
      checkWhole("jobs_max", jobs_max, LIST_JOBS_MAX);
      return watching.selectPage(sql.pool, { ...filter, jobs_max });
    },

    inspect: async (id) => (await watching.selectRecords(sql.pool, [id]))[0] ?? null,

    payloadOf: (id) => watching.selectPayload(sql.pool, id),

    totals: () => worker?.totals() ?? [],

    flow: async () => ({
      minutes: await watching.selectMinutes(sql.pool),
      waits: await watching.selectWaits(sql.pool),
    }),

    async idle(of) {
      const names = of ? sql.pool.array(of, "TEXT") : null;
      for (;;) {
        const moved = (progress ??= Promise.withResolvers<void>()).promise;
        if (!(await store.anyAlive(sql.pool, names))) return;
        const waited = new AbortController();
        await Promise.race([moved, clock.sleep(IDLE_LOOK_MS, waited.signal).catch(() => {})]);
        waited.abort(new Error("something ended"));
      }
    },

    async [Symbol.asyncDispose]() {
      await this.drain(0);
      await declared;
      await lanes[Symbol.asyncDispose]();
      await wakes[Symbol.asyncDispose]();
    },
  };
}

type Declared = JobKind | JobKindOfMany;

function checkKind(kind: Declared, now: Date): void {
  if (kind.name.length < 1 || kind.name.length > KIND_CHARS_MAX)
    throw new RangeError(`a kind's name has 1…${KIND_CHARS_MAX} characters`);
  for (const bound of [
    "tries_max",
    "lease_ms",
    "run_ms_max",
    "concurrency_max",
    "tenant_concurrency_max",
    "every_ms",
  ] as const) {
    const value = kind[bound];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new RangeError(`${kind.name}: ${bound} is ${value}, not a whole number of at least 1`);
  }
  if ("many_max" in kind) checkWhole(`${kind.name}: many_max`, kind.many_max, MANY_JOBS_MAX);
  const table = timetableOf(kind);
  if (table && kind.every_ms !== undefined) throw new RangeError(`${kind.name}: cron and every_ms exclude each other`);
  if (!table && kind.time_zone !== undefined) throw new RangeError(`${kind.name}: a time_zone needs a cron`);
  // What cannot be read is refused now and not at night.
  if (table) nextTime(table, now);
  const { part = 0, per_minute_min = 1, wait_ms_max = 0 } = kind.retry_budget ?? {};
  if (!(part >= 0) || !(per_minute_min >= 1) || !(wait_ms_max >= 0))
    throw new RangeError(`${kind.name}: a retry_budget has part ≥ 0, per_minute_min ≥ 1 and wait_ms_max ≥ 0`);
}

function checkEnqueue(kind: string, options: EnqueueOptions): void {
  const { priority = 0, delay_ms = 0, unique_key, tenant } = options;
  if (kind.length < 1 || kind.length > KIND_CHARS_MAX)
    throw new RangeError(`a kind's name has 1…${KIND_CHARS_MAX} characters`);
  if (!Number.isInteger(priority) || Math.abs(priority) > PRIORITY_MAX)
    throw new RangeError(`priority is a whole number of -${PRIORITY_MAX}…${PRIORITY_MAX}`);
  if (!(delay_ms >= 0)) throw new RangeError("delay_ms is at least 0");
  if (unique_key !== undefined && (unique_key.length < 1 || unique_key.length > UNIQUE_KEY_CHARS_MAX))
    throw new RangeError(`a unique key has 1…${UNIQUE_KEY_CHARS_MAX} characters`);
  if (tenant !== undefined && (tenant.length < 1 || tenant.length > TENANT_CHARS_MAX))
    throw new RangeError(`a tenant has 1…${TENANT_CHARS_MAX} characters`);
}

function checkWhole(what: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new RangeError(`${what} is ${value}, not a whole number of 1…${most}`);
}
