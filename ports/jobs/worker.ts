import { createBell } from "#ports/clock/bell.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { type Attempt, type AttemptNeeds, bury, failed, startAttempt } from "./attempt.ts";
import {
  BEAT_MS,
  CONTENDED_MS_MAX,
  ERROR_MS_MAX,
  FULL_LOOK_SHARE,
  KEEP_JOBS,
  KEEP_LOOK_MS,
  POLL_MS,
  PROGRESS_MS,
  reservedWorkers,
  SWEEP_MS_MIN,
  TALLY_MS,
} from "./bounds.ts";
import { createClaims, single } from "./claims.ts";
import type { JobClass, JobFailure, JobKind, JobTotals } from "./index.ts";
import { keepJobs } from "./keep.ts";
import { CLASSES, createShares } from "./shares.ts";
import * as store from "./store.ts";
import { createTally } from "./tally.ts";

export interface WorkerNeeds {
  sql: Sql;
  clock: Clock;
  workers: number;
  kinds: ReadonlyMap<string, JobKind>;
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
  const attempts = new Map<string, Attempt>();
  const shares = createShares();
  const maybe = new Set<JobClass>(CLASSES);
  const reserved = reservedWorkers(needs.workers);
  const closing = new AbortController();
  const drained = new AbortController();
  const claimBell = createBell(clock);
  const sweepBell = createBell(clock);
  const beatBell = createBell(clock);
  const attemptNeeds: AttemptNeeds = { sql, clock, onFailure: needs.onFailure };
  /** Classes to be asked again at a moment of `clock.monotonic()`, wakened or not. */
  const later = new Map<JobClass, number>();
  const claims = createClaims({ sql, clock });
  const tally = createTally();
  let ended_jobs = 0;

  const array = (values: (string | number)[], type: "TEXT" | "INT" | "BIGINT" | "REAL") => sql.pool.array(values, type);
  const runningOf = (match: (attempt: Attempt) => boolean) => [...attempts.values()].filter(match).length;
  const classOf = new Map<Attempt, JobClass>();

  function wake(of: JobClass): void {
    maybe.add(of);
    later.delete(of);
  }

  function settled(of: JobClass, kind: string, { classes, waits, counted }: store.Settled): void {
    if (counted) tally.count(of, kind, counted);
    for (const woken of classes) wake(woken);
    claimBell.ring();
    if (waits) sweepBell.ring();
    needs.onSettled();
  }

  function begin(claimed: store.Claimed, of: JobClass): void {
    const kind = kinds.get(claimed.kind)!;
    const began = clock.monotonic();
    const guess = shares.started(of);
    tally.count(of, kind.name, "started");
    const attempt = startAttempt(attemptNeeds, claimed, kind);
    attempts.set(claimed.token, attempt);
    classOf.set(attempt, of);
    beatBell.ring();
    // Owned by `attempts`: draining waits for it there, and it never rejects.
    void attempt.over.then((end) => {
      attempts.delete(claimed.token);
      classOf.delete(attempt);
      shares.ended(of, guess, clock.monotonic() - began);
      tally.ran(of, kind.name, clock.monotonic() - began);
      ended_jobs += 1;
      settled(of, kind.name, end);
    });
  }

  /** @returns ms after which to ask again, 0 for at once, null for when something wakes */
  async function claim(of: JobClass, wanted: number): Promise<number | null> {
    const roomy = [...kinds.values()]
      .map((kind) => ({ kind, room: kind.concurrency_max - runningOf((a) => a.kind === kind) }))
      .filter(({ room }) => room > 0);
    if (roomy.length === 0) return null;
    const { jobs, more, look_ms } = await claims.claim(of, roomy, wanted);
    for (const job of jobs) {
      if (job.expired) settled(of, job.kind, await bury(attemptNeeds, job, kinds.get(job.kind)!, "deadline"));
      else begin(job, of);
    }
    if (jobs.length === wanted) return 0;
    // Another node holds the head of the queue for a moment, or tenants were sent to their lanes.
    if (more) return jobs.length > 0 ? 0 : clock.random() * CONTENDED_MS_MAX;
    return look_ms;
  }

  async function claimLoop(): Promise<void> {
    while (!closing.signal.aborted) {
      const now = clock.monotonic();
      for (const [of, at] of later) if (at <= now) wake(of);
      const free = needs.workers - attempts.size;
      const others = Math.min(free, needs.workers - reserved - runningOf((a) => classOf.get(a) !== "interactive"));
      const room = (of: JobClass) => (of === "interactive" ? free : others);
      const open = new Set([...maybe].filter((of) => room(of) > 0));
      const [of] = shares.order(open);
      if (of === undefined) {
        const next = Math.min(...later.values());
        await claimBell.wait(closing.signal, Number.isFinite(next) ? Math.max(1, next - now) : undefined);
        continue;
      }
      maybe.delete(of);
      try {
        // With several classes waiting they take turns one by one, so that the shares hold.
        const again_ms = await claim(of, open.size === 1 ? room(of) : 1);
        if (again_ms === 0) maybe.add(of);
        else if (again_ms !== null) later.set(of, clock.monotonic() + again_ms);
      } catch (error) {
        maybe.add(of);
        needs.onError(error);
        await clock.sleep(clock.random() * ERROR_MS_MAX, closing.signal).catch(() => {});
      }
    }
  }

  async function takeLapsed(): Promise<void> {
    for (const lapsed of await store.selectLapsed(sql.pool, array([...kinds.keys()], "TEXT"))) {
      const kind = kinds.get(lapsed.kind)!;
      if (lapsed.stop)
        settled(
          lapsed.class,
          lapsed.kind,
          await single(needs, (query) => store.end(query, lapsed, "cancelled", null, true)),
        );
      else
        settled(
          lapsed.class,
          lapsed.kind,
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
        const swept = await single(needs, (query) => store.sweep(query, array([...kinds.keys()], "TEXT")));
        took_ms = clock.monotonic() - began;
        for (const of of swept.classes) wake(of);
        if (swept.classes.length > 0) claimBell.ring();
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
      const rest_ms = Math.max(SWEEP_MS_MIN, took_ms * FULL_LOOK_SHARE);
      await clock.sleep(rest_ms, closing.signal).catch(() => {});
      if (wait_ms > rest_ms) await sweepBell.wait(closing.signal, wait_ms - rest_ms);
    }
  }

  async function renew(all: boolean): Promise<void> {
    const now = clock.monotonic();
    const due = [...attempts.values()].filter((a) => all || now - a.renewed_at >= a.kind.lease_ms / 3);
    if (due.length === 0) return;
    try {
      const mine = new Map(
        (
          await store.beat(
            sql.pool,
            array(
              due.map((a) => a.claimed.id),
              "BIGINT",
            ),
            array(
              due.map((a) => a.claimed.token),
              "BIGINT",
            ),
            array(
              due.map((a) => a.kind.lease_ms),
              "INT",
            ),
          )
        ).map((row) => [row.token, row.stop]),
      );
      for (const attempt of due) {
        const stop = mine.get(attempt.claimed.token);
        // One that has just settled is not there either; to stop it changes nothing.
        if (stop === undefined) attempt.stop("lost");
        else if (stop) attempt.stop("cancelled");
        attempt.renewed_at = now;
      }
    } catch (error) {
      needs.onError(error);
      for (const attempt of due) if (now - attempt.renewed_at > attempt.kind.lease_ms) attempt.stop("lost");
    }
  }

  async function storeProgress(): Promise<void> {
    const moved = [...attempts.values()].filter((a) => a.progress !== null);
    if (moved.length === 0) return;
    const fractions = moved.map((a) => a.progress!);
    for (const attempt of moved) attempt.progress = null;
    await store
      .updateProgress(
        sql.pool,
        array(
          moved.map((a) => a.claimed.id),
          "BIGINT",
        ),
        array(fractions, "REAL"),
      )
      .catch(needs.onError);
  }

  async function beatLoop(): Promise<void> {
    let progressed_at = 0;
    // While jobs run it goes on after `closing`, because draining jobs still need their leases.
    while (!closing.signal.aborted || attempts.size > 0) {
      if (attempts.size === 0) await beatBell.wait(closing.signal);
      else await clock.sleep(BEAT_MS, drained.signal).catch(() => {});
      await renew(false);
      if (clock.monotonic() - progressed_at >= PROGRESS_MS) {
        progressed_at = clock.monotonic();
        await storeProgress();
      }
    }
  }

  const loops = [claimLoop(), sweepLoop(), beatLoop()];
  return {
    wake(of: JobClass | null) {
      for (const one of of === null ? CLASSES : [of]) wake(one);
      claimBell.ring();
    },
    look: () => sweepBell.ring(),
    beat: () => void renew(true),
    totals: () => tally.totals(),
    async drain(ms) {
      closing.abort(new Error("draining"));
      await Promise.all(loops.slice(0, 2));
      const patience = new AbortController();
      const all = () => Promise.all([...attempts.values()].map((a) => a.over));
      await Promise.race([all(), clock.sleep(ms, patience.signal).catch(() => {})]);
      patience.abort(new Error("drained"));
      for (const attempt of attempts.values()) attempt.stop("drained");
      await all();
      drained.abort(new Error("drained"));
      await Promise.all(loops);
      await tally.flush(sql.pool).catch(needs.onError);
    },
  };
}
