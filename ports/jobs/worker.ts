import { type Bell, createBell } from "#ports/clock/bell.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { type Attempt, type AttemptNeeds, bury, failed, startAttempt } from "./attempt.ts";
import { BEAT_MS, KEEP_JOBS, KEEP_LOOK_MS, POLL_MS, PROGRESS_MS, reservedWorkers, SWEEP_MS_MIN } from "./bounds.ts";
import type { JobClass, JobFailure, JobKind } from "./index.ts";
import { keepJobs } from "./keep.ts";
import { CLASSES, createShares } from "./shares.ts";
import * as store from "./store.ts";

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
  let ended_jobs = 0;

  const array = (values: (string | number)[], type: "TEXT" | "INT" | "BIGINT" | "REAL") => sql.pool.array(values, type);
  const runningOf = (match: (attempt: Attempt) => boolean) => [...attempts.values()].filter(match).length;
  const classOf = new Map<Attempt, JobClass>();

  function settled({ classes }: store.Settled): void {
    for (const of of classes) maybe.add(of);
    claimBell.ring();
    sweepBell.ring();
    needs.onSettled();
  }

  function begin(claimed: store.Claimed, of: JobClass): void {
    const kind = kinds.get(claimed.kind)!;
    const began = clock.monotonic();
    const guess = shares.started(of);
    const attempt = startAttempt(attemptNeeds, claimed, kind);
    attempts.set(claimed.token, attempt);
    classOf.set(attempt, of);
    beatBell.ring();
    // Owned by `attempts`: draining waits for it there, and it never rejects.
    void attempt.over.then((end) => {
      attempts.delete(claimed.token);
      classOf.delete(attempt);
      shares.ended(of, guess, clock.monotonic() - began);
      ended_jobs += 1;
      settled(end);
    });
  }

  /** @returns whether there may be more of this class right now */
  async function claim(of: JobClass, wanted: number): Promise<boolean> {
    const roomy = [...kinds.values()].filter(
      (kind) => kind.concurrency_max > runningOf((a) => a.kind.name === kind.name),
    );
    if (roomy.length === 0) return false;
    const { jobs, more } = await sql.tx((tx) =>
      store.claim(
        tx,
        array,
        of,
        {
          names: roomy.map((kind) => kind.name),
          room: roomy.map((kind) => kind.concurrency_max - runningOf((a) => a.kind.name === kind.name)),
          lease_ms: roomy.map((kind) => kind.lease_ms),
          tenant_max: roomy.map((kind) => kind.tenant_concurrency_max ?? 0),
        },
        wanted,
      ),
    );
    for (const job of jobs) {
      if (job.expired) settled(await bury(attemptNeeds, job, kinds.get(job.kind)!, "deadline"));
      else begin(job, of);
    }
    return more;
  }

  async function claimLoop(): Promise<void> {
    let contended = 0;
    while (!closing.signal.aborted) {
      const free = needs.workers - attempts.size;
      const others = runningOf((a) => classOf.get(a) !== "interactive");
      const open = new Set(
        [...maybe].filter((of) =>
          of === "interactive" ? free > 0 : Math.min(free, needs.workers - reserved - others) > 0,
        ),
      );
      const [of] = shares.order(open);
      if (of === undefined) {
        await claimBell.wait(closing.signal);
        continue;
      }
      const room = of === "interactive" ? free : Math.min(free, needs.workers - reserved - others);
      // With several classes waiting they take turns one by one, so that the shares hold.
      const wanted = open.size === 1 ? room : 1;
      const before = attempts.size;
      try {
        maybe.delete(of);
        if (await claim(of, wanted)) maybe.add(of);
        contended = attempts.size > before ? 0 : contended + 1;
        // Another node holds the head of the queue for a moment, or tenants were sent to their lanes.
        if (contended > 0 && maybe.has(of))
          await claimBell.wait(closing.signal, clock.random() * Math.min(50, 2 ** contended));
      } catch (error) {
        maybe.add(of);
        needs.onError(error);
        await clock.sleep(clock.random() * 1_000, closing.signal).catch(() => {});
      }
    }
  }

  async function takeLapsed(): Promise<void> {
    for (const lapsed of await store.selectLapsed(sql.pool, array([...kinds.keys()], "TEXT"))) {
      const kind = kinds.get(lapsed.kind)!;
      if (lapsed.stop) settled(await sql.tx((tx) => store.end(tx, lapsed, "cancelled", null, true)));
      else
        settled(
          await failed(attemptNeeds, lapsed, kind, new Error("the lease ran out: its worker died or hung"), true),
        );
    }
  }

  async function sweepLoop(): Promise<void> {
    let kept_at = clock.monotonic();
    while (!closing.signal.aborted) {
      let wait_ms = POLL_MS;
      try {
        const swept = await sql.tx((tx) => store.sweep(tx, array([...kinds.keys()], "TEXT")));
        for (const of of swept.classes) maybe.add(of);
        if (swept.classes.length > 0) claimBell.ring();
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
      await quiet(sweepBell, wait_ms);
    }
  }

  /** Rings while work flows do not make it sweep more often than this. */
  async function quiet(bell: Bell, wait_ms: number): Promise<void> {
    await clock.sleep(SWEEP_MS_MIN, closing.signal).catch(() => {});
    if (wait_ms > SWEEP_MS_MIN) await bell.wait(closing.signal, wait_ms - SWEEP_MS_MIN);
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
    wake(of) {
      for (const one of of === null ? CLASSES : [of]) maybe.add(one);
      claimBell.ring();
    },
    look: () => sweepBell.ring(),
    beat: () => void renew(true),
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
    },
  };
}
