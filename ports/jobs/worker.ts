import { createBell } from "#ports/clock/bell.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { type AttemptNeeds, bury, failed } from "./attempt.ts";
import { createBeats } from "./beat.ts";
import {
  BEAT_MS,
  CLAIM_JOBS_MAX,
  CONTENDED_MS_MAX,
  ERROR_MS_MAX,
  FINISH_JOBS_MAX,
  FULL_LOOK_SHARE,
  KEEP_JOBS,
  KEEP_LOOK_MS,
  POLL_MS,
  SWEEP_MS_MIN,
  TALLY_MS,
  TURN_JOBS_MAX,
} from "./bounds.ts";
import { createBudget } from "./budget.ts";
import { createClaims, single } from "./claims.ts";
import { runTimetables } from "./cron.ts";
import { createFinisher } from "./finish.ts";
import { createHands } from "./hands.ts";
import type { JobClass, JobFailure, JobTotals } from "./index.ts";
import { keepJobs } from "./keep.ts";
import type { Lanes } from "./lanes.ts";
import type { KnownKind } from "./many.ts";
import { CLASSES, createShares } from "./shares.ts";
import * as store from "./store.ts";
import { createTally } from "./tally.ts";

export interface WorkerNeeds {
  sql: Sql;
  clock: Clock;
  workers: number;
  /** Jobs that are claimed ahead of the workers at most; a statement ends so many, or as many as there are workers. */
  group_max: number;
  kinds: ReadonlyMap<string, KnownKind>;
  lanes: Lanes;
  onFailure: (failure: JobFailure) => void;
  onError: (error: unknown) => void;
  onSettled: () => void;
}

/** The part of a node that runs jobs. */
export interface Worker {
  /** There is something to claim in this class; in any, for null. */
  wake(of: JobClass | null): void;
  /** Delays or kinds have changed: find out anew when time is next due. */
  look(): void;
  /** Somebody asked running jobs to stop. */
  beat(): void;
  drain(ms: number): Promise<void>;
  totals(): JobTotals[];
}

/** Claims, runs and renews until it is drained. */
export function startWorker(needs: WorkerNeeds): Worker {
  const { sql, clock, kinds } = needs;
  const shares = createShares();
  const maybe = new Set<JobClass>(CLASSES);
  const closing = new AbortController();
  const drained = new AbortController();
  const claimBell = createBell(clock);
  const sweepBell = createBell(clock);
  const beatBell = createBell(clock);
  const budget = createBudget(clock);
  const attemptNeeds: AttemptNeeds = {
    sql,
    clock,
    budget,
    finisher: createFinisher({ sql, clock }, Math.min(Math.max(needs.group_max, needs.workers), FINISH_JOBS_MAX)),
    onFailure: needs.onFailure,
  };
  /** Classes to be asked again at a moment of `clock.monotonic()`, wakened or not. */
  const later = new Map<JobClass, number>();
  const claims = createClaims({ sql, clock });
  const tally = createTally();
  let ended_jobs = 0;
  /** Classes in which jobs were left because their kind or their tenant has its fill of this node's hands. */
  const left = new Set<JobClass>();
  /** Handlers that have ended. */
  let frees = 0;
  /** Somebody asked to stop what may be in hand and not begun: it hears of it after that. */
  let ask_again = false;

  const hands = createHands({
    clock,
    workers: needs.workers,
    kinds,
    shares,
    attempt: attemptNeeds,
    group_max: Math.min(needs.group_max, CLAIM_JOBS_MAX),
    onStart({ claimed, kind, of }, now) {
      tally.count(of, kind.name, "started");
      if (claimed.attempt === 1) budget.first(kind, now);
      if (hands.attempts.size === 0) beatBell.ring();
    },
    onFree() {
      frees += 1;
      for (const of of left) wake(of);
      left.clear();
      claimBell.ring();
    },
    onEnd({ claimed, kind, of, guess }, ran_ms, end) {
      shares.ended(of, guess, ran_ms);
      tally.ran(of, kind.name, ran_ms);
      ended_jobs += 1;
      settled(of, claimed, end);
    },
  });
  const beats = createBeats({ sql, clock, attempts: hands.attempts, onError: needs.onError });

  function wake(of: JobClass): void {
    maybe.add(of);
    later.delete(of);
  }

  function settled(
    of: JobClass,
    { kind, tenant }: store.Claimed,
    { ok, classes, waits, counted }: store.Settled,
  ): void {
    if (counted) tally.count(of, kind, counted);
    if (ok && tenant !== null) needs.lanes.look({ kind, tenant });
    for (const woken of classes) wake(woken);
    claimBell.ring();
    if (waits) sweepBell.ring();
    needs.onSettled();
  }

  /** @returns ms after which to ask again, 0 for at once, null for when something wakes */
  async function claim(of: JobClass, wanted: number): Promise<number | null> {
    const most = hands.roomOfSingles(of);
    const roomy = [...kinds.values()]
      .map((kind) => ({
        kind,
        room: hands.roomOf(kind, most),
        grouped: hands.grouped(kind),
        tenant_ahead: hands.tenantAhead(kind),
      }))
      .filter(({ room }) => room > 0);
    // Theirs may be what there is, and then their next end makes room for it.
    if (roomy.length < kinds.size) left.add(of);
    if (roomy.length === 0) return null;
    const asked_at = clock.monotonic();
    const frees_before = frees;
    const answer = await claims.claim(of, roomy, wanted, hands.tenantRooms(of));
    const { jobs, more, look_ms, lanes } = answer;
    // Who ended meanwhile may have made room for just those.
    if (answer.left && frees === frees_before) left.add(of);
    else if (answer.left) maybe.add(of);
    for (const job of jobs) if (!job.expired) hands.take(job, of, asked_at);
    hands.start();
    for (const lane of lanes) needs.lanes.look(lane);
    for (const job of jobs)
      if (job.expired) settled(of, job, await bury(attemptNeeds, job, kinds.get(job.kind)!, "deadline"));
    if (jobs.length === wanted) return 0;
    // Another node holds the head of the queue for a moment, or tenants were sent to their lanes.
    if (more) return jobs.length > 0 ? 0 : clock.random() * CONTENDED_MS_MAX;
    return look_ms;
  }

  async function claimLoop(): Promise<void> {
    while (!closing.signal.aborted) {
      const now = clock.monotonic();
      for (const [of, at] of later) if (at <= now) wake(of);
      const open = new Set([...maybe].filter((of) => hands.room(of) > 0));
      const [of] = shares.order(open);
      if (of === undefined) {
        const next = Math.min(...later.values());
        await claimBell.wait(closing.signal, Number.isFinite(next) ? Math.max(1, next - now) : undefined);
        continue;
      }
      maybe.delete(of);
      try {
        // With several classes waiting they take turns, a few jobs each, so that the shares hold.
        const room = hands.room(of);
        const again_ms = await claim(
          of,
          open.size === 1 ? room : Math.min(room, Math.max(1, Math.min(TURN_JOBS_MAX, room >> 3))),
        );
        if (again_ms === 0) maybe.add(of);
        else if (again_ms !== null) later.set(of, clock.monotonic() + again_ms);
      } catch (error) {
        maybe.add(of);
        needs.onError(error);
        await clock.sleep(clock.random() * ERROR_MS_MAX, closing.signal).catch(() => {});
      }
    }
  }

  /** What could not be given back comes back with its lease. */
  async function giveBack(all: boolean): Promise<void> {
    const back = hands.giveBack(all);
    if (back.length === 0) return;
    for (const { of } of back) wake(of);
    await single(needs, (query) =>
      store.handBack(
        query,
        back.map((held) => held.claimed),
      ),
    ).catch(needs.onError);
    claimBell.ring();
    needs.onSettled();
  }

  const names = () => sql.pool.array([...kinds.keys()], "TEXT");

  async function takeLapsed(): Promise<void> {
    for (const lapsed of await store.selectLapsed(sql.pool, names())) {
      const kind = kinds.get(lapsed.kind)!;
      if (lapsed.stop)
        settled(
          lapsed.class,
          lapsed,
          await single(needs, (query) => store.end(query, lapsed, "cancelled", null, true)),
        );
      else
        settled(
          lapsed.class,
          lapsed,
          await failed(attemptNeeds, lapsed, kind, new Error("the lease ran out: its worker died or hung"), true),
        );
    }
  }

  async function sweepLoop(): Promise<void> {
    let tallied_at = 0;
    let kept_at = clock.monotonic();
    while (!closing.signal.aborted) {
      let wait_ms = POLL_MS;
      let took_ms = 0;
      try {
        const began = clock.monotonic();
        const swept = await single(needs, (query) => store.sweep(query, names()));
        took_ms = clock.monotonic() - began;
        const woken = [...swept.classes, ...(await runTimetables(sql, kinds.values()))];
        for (const of of woken) wake(of);
        if (woken.length > 0) claimBell.ring();
        if (clock.monotonic() - tallied_at >= TALLY_MS) {
          tallied_at = clock.monotonic();
          await tally.flush(sql.pool);
        }
        if (swept.lapsed) await takeLapsed();
        if (ended_jobs >= KEEP_JOBS || clock.monotonic() - kept_at >= KEEP_LOOK_MS) {
          ended_jobs = 0;
          kept_at = clock.monotonic();
          await keepJobs(sql);
        }
        wait_ms = Math.min(POLL_MS, Math.max(SWEEP_MS_MIN, swept.next_ms ?? POLL_MS));
      } catch (error) {
        needs.onError(error);
      }
      // Rings while work flows, and a queue full of dead rows, do not make this take more than its part of the time.
      // And however slow the database is, what waits for a look is looked for within a bound.
      const rest_ms = Math.max(SWEEP_MS_MIN, Math.min(POLL_MS, took_ms * FULL_LOOK_SHARE));
      await clock.sleep(rest_ms, closing.signal).catch(() => {});
      if (wait_ms > rest_ms) await sweepBell.wait(closing.signal, wait_ms - rest_ms);
    }
  }

  async function beatLoop(): Promise<void> {
    // While jobs run it goes on after `closing`, because draining jobs still need their leases.
    while (!closing.signal.aborted || hands.attempts.size > 0) {
      if (hands.empty()) await beatBell.wait(closing.signal);
      // A time to end in that comes sooner than the next beat is kept.
      else await clock.sleep(beats.nextMs(BEAT_MS), drained.signal).catch(() => {});
      beats.watch();
      await giveBack(false);
      await beats.renew(ask_again);
      ask_again = false;
      await beats.storeProgress();
    }
  }

  const loops = [claimLoop(), sweepLoop(), beatLoop()];
  return {
    wake(of: JobClass | null) {
      for (const one of of === null ? CLASSES : [of]) wake(one);
      claimBell.ring();
    },
    look: () => sweepBell.ring(),
    beat() {
      ask_again = true;
      void beats.renew(true);
    },
    totals: () => tally.totals(),
    async drain(ms) {
      closing.abort(new Error("draining"));
      await Promise.all(loops.slice(0, 2));
      await giveBack(true);
      const patience = new AbortController();
      const all = () => Promise.all([...hands.attempts.keys()].map((attempt) => attempt.over()));
      await Promise.race([all(), clock.sleep(ms, patience.signal).catch(() => {})]);
      patience.abort(new Error("drained"));
      for (const attempt of hands.attempts.keys()) attempt.stop("drained");
      await all();
      drained.abort(new Error("drained"));
      await Promise.all(loops);
      await tally.flush(sql.pool).catch(needs.onError);
    },
  };
}
