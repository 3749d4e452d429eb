import { afterAll, describe, expect, test } from "bun:test";

import { Permanent, Problem, Throttled, Transient } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { type JobFailure, type JobKind, type JobRun, type Jobs, LeaseLost } from "./index.ts";

export interface JobsBench {
  sql: Sql;
  clock: Clock;
  /** A node's jobs; called several times for several nodes. */
  open(options?: { workers?: number; onFailure?: (failure: JobFailure) => void }): Jobs;
  close(): PromiseLike<void>;
}

/** What every engine of the jobs promises; see SPEC.md. */
export function jobsContract(engine: string, start: () => Promise<JobsBench>): void {
  describe(`ports/jobs on ${engine}`, async () => {
    const bench = await start();
    const { sql } = bench;
    afterAll(() => bench.close());
    let made = 0;
    const kindOf = (what: string, handle: JobKind["handle"], more: Partial<JobKind> = {}): JobKind => ({
      name: `${what}_${made++}`,
      class: "batch",
      tries_max: 3,
      lease_ms: 5_000,
      run_ms_max: 30_000,
      concurrency_max: 8,
      backoff: { base_ms: 1, delay_ms_max: 5 },
      handle,
      ...more,
    });
    const until = async (what: () => boolean | Promise<boolean>) => {
      while (!(await what())) await Bun.sleep(2);
    };
    const enqueue = (jobs: Jobs, kind: JobKind, n: number, options = {}) =>
      sql.tx((tx) => jobs.enqueue(tx, kind.name, { n }, options));

    test("JB1: nonsense is refused: names, bounds, payloads, a kind declared twice", async () => {
      await using jobs = bench.open();
      const kind = kindOf("bounds", async () => {});
      jobs.define(kind);
      expect(() => jobs.define(kind)).toThrow("twice");
      expect(() => jobs.define({ ...kind, name: "" })).toThrow(RangeError);
      expect(() => jobs.define({ ...kind, name: "x", lease_ms: 0 })).toThrow("lease_ms");
      for (const options of [{ priority: 101 }, { delay_ms: -1 }, { unique_key: "" }, { tenant: "t".repeat(65) }])
        expect(enqueue(jobs, kind, 1, options)).rejects.toThrow(RangeError);
      expect(sql.tx((tx) => jobs.enqueue(tx, kind.name, { text: "x".repeat(8_192) }))).rejects.toThrow("at most 8192");
      expect(await jobs.get("1")).toBeNull();
      expect(await sql.tx((tx) => jobs.cancel(tx, "9223372036854775807"))).toBe(false);
    });

    test("JB2: a job exists when its writer commits, and not before or otherwise", async () => {
      await using jobs = bench.open();
      const ran: number[] = [];
      const kind = kindOf("commit", async (payload) => void ran.push(payload.n as number));
      jobs.define(kind);
      jobs.start();
      await sql
        .tx(async (tx) => {
          await jobs.enqueue(tx, kind.name, { n: 1 });
          throw new Error("rolled back");
        })
        .catch(() => {});
      const id = await enqueue(jobs, kind, 2);
      await jobs.idle([kind.name]);
      expect(ran).toEqual([2]);
      expect(await jobs.get(id)).toMatchObject({
        id,
        kind: kind.name,
        class: "batch",
        state: "done",
        attempt: 1,
        progress: 1,
        reason: null,
      });
    });

    test("JB3: a failing job is tried again after a backoff, at most tries_max times, and then buried once with its reason", async () => {
      const failures: string[] = [];
      await using jobs = bench.open({ onFailure: (failure) => failures.push(failure.end) });
      const buried: string[] = [];
      const attempts: number[] = [];
      const kind = kindOf(
        "fails",
        async (_, run) => {
          attempts.push(run.attempt);
          throw new Error("no luck");
        },
        {
          onDead: async (tx, payload, reason) =>
            void buried.push(`${String(payload.n)} ${reason} ${(await tx`SELECT 1 AS x`).length}`),
        },
      );
      jobs.define(kind);
      jobs.start();
      const id = await enqueue(jobs, kind, 7);
      await jobs.idle([kind.name]);
      expect(attempts).toEqual([1, 2, 3]);
      expect(buried).toEqual(["7 no luck 1"]);
      expect(failures).toEqual(["retry", "retry", "dead"]);
      expect(await jobs.get(id)).toMatchObject({ state: "dead", attempt: 3, reason: "no luck" });
      expect((await jobs.counts()).find((c) => c.kind === kind.name)).toMatchObject({ state: "dead", jobs: 1 });
    });

    test("JB3: a permanent failure is buried at once, and a dead job can be replayed with fresh tries", async () => {
      await using jobs = bench.open();
      let healed = false;
      const attempts: number[] = [];
      const kind = kindOf("permanent", async (_, run) => {
        attempts.push(run.attempt);
        if (!healed) throw new Permanent("never");
      });
      jobs.define(kind);
      jobs.start();
      const id = await enqueue(jobs, kind, 1);
      await jobs.idle([kind.name]);
      expect(await jobs.get(id)).toMatchObject({ state: "dead", reason: "never" });
      healed = true;
      expect(await sql.tx((tx) => jobs.replay(tx, id))).toBe(true);
      await jobs.idle([kind.name]);
      expect(await jobs.get(id)).toMatchObject({ state: "done", reason: null });
      expect(await sql.tx((tx) => jobs.replay(tx, id))).toBe(false);
      expect(attempts).toEqual([1, 1]);
    });

    test("JB43: a failure that says when to come back is waited for that long, six hours at most, and not for a guess", async () => {
      const failures: string[] = [];
      await using jobs = bench.open({ onFailure: (failure) => failures.push(failure.end) });
      const wishes = [
        new Throttled("asked too often", { retry_after_ms: 600_000 }),
        new Transient("left alone for a while", { retry_after_ms: 1_200_000 }),
        new Problem(429, "other.full", "Come back later.", { retry_after_s: 1_800 }),
        new Throttled("a year", { retry_after_ms: 365 * 86_400_000 }),
      ];
      const kind = kindOf("told_when", async ({ n }) => {
        throw wishes[Number(n)]!;
      });
      jobs.define(kind);
      jobs.start();
      const ids = await Promise.all(wishes.map((_, n) => enqueue(jobs, kind, n)));
      while (failures.length < wishes.length) await Bun.sleep(2);
      expect(failures).toEqual(["retry", "retry", "retry", "retry"]);
      const rows = await sql.pool<{ waits_s: number }[]>`
        SELECT extract(epoch FROM q.wakes_at - j.enqueued_at)::float8 AS waits_s
        FROM jobs_queue q JOIN jobs_jobs j ON j.id = q.job_id WHERE q.kind = ${kind.name} ORDER BY (j.payload ->> 'n')::int`;
      // What the test itself takes is on top.
      for (const [n, wish_s] of [600, 1_200, 1_800, 6 * 3_600].entries())
        expect(rows[n]!.waits_s).toBeWithin(wish_s, wish_s + 120);
      for (const id of ids) await sql.tx((tx) => jobs.cancel(tx, id));
    });

    test("JB4: a unique key that lives gives back the living job; after its end a new one is made", async () => {
      await using jobs = bench.open();
      const kind = kindOf("unique", async () => {});
      jobs.define(kind);
      const ids = await Promise.all([1, 2, 3].map((n) => enqueue(jobs, kind, n, { unique_key: "k" })));
      expect(new Set(ids).size).toBe(1);
      expect(await enqueue(jobs, kind, 4, { unique_key: "other" })).not.toBe(ids[0]!);
      jobs.start();
      await jobs.idle([kind.name]);
      expect(await enqueue(jobs, kind, 5, { unique_key: "k" })).not.toBe(ids[0]!);
      await jobs.idle([kind.name]);
    });

    test("JB5: a delayed job waits for its time, and one past its deadline is buried without a start", async () => {
      await using jobs = bench.open();
      const started: Record<string, number> = {};
      const kind = kindOf("time", async (payload) => void (started[String(payload.n)] = bench.clock.now()));
      jobs.define(kind);
      jobs.start();
      const from = bench.clock.now();
      await enqueue(jobs, kind, 1, { delay_ms: 120 });
      const late = await enqueue(jobs, kind, 2, { deadline_at: new Date(from - 1) });
      await enqueue(jobs, kind, 3);
      await jobs.idle([kind.name]);
      expect(started["1"]! - from).toBeGreaterThanOrEqual(118);
      expect(started["2"]).toBeUndefined();
      expect(started["3"]).toBeDefined();
      expect(await jobs.get(late)).toMatchObject({ state: "dead", reason: "deadline" });
    });

    test("JB6: higher priority goes first, and each step is worth a minute of waiting and no more", async () => {
      await using jobs = bench.open({ workers: 1 });
      const order: number[] = [];
      const kind = kindOf("priority", async (payload) => void order.push(payload.n as number), { concurrency_max: 1 });
      jobs.define(kind);
      await enqueue(jobs, kind, 1);
      await enqueue(jobs, kind, 2, { priority: 5 });
      await enqueue(jobs, kind, 3, { priority: -5 });
      // As if it had waited six minutes, which is more than five steps.
      const old = await enqueue(jobs, kind, 4);
      await sql.pool`UPDATE jobs_queue SET sort_at = sort_at - interval '6 minutes' WHERE job_id = ${old}::bigint`;
      jobs.start();
      await jobs.idle([kind.name]);
      expect(order).toEqual([4, 2, 1, 3]);
    });

    test("JB7: a lost lease makes a zombie: it is told, and its checkpoint, its fenced work and its end change nothing", async () => {
      // Its one worker stays with the zombie, so the second attempt is the other node's.
      await using one = bench.open({ workers: 1 });
      await using two = bench.open();
      const errors: unknown[] = [];
      const runs: JobRun[] = [];
      const done = Promise.withResolvers<void>();
      const kind = kindOf("zombie", async (_, run) => {
        runs.push(run);
        if (run.attempt > 1) return done.promise;
        await run.checkpoint({ at: 3 });
        await sql.pool`UPDATE jobs_queue SET wakes_at = now() - interval '1 second' WHERE job_id = ${run.id}::bigint`;
        two.start();
        await until(() => runs.length === 2);
        errors.push(await run.checkpoint({ at: 4 }).catch((error: unknown) => error));
        errors.push(await run.fenced((tx) => tx`SELECT 1`).catch((error: unknown) => error));
        expect(run.signal.aborted).toBe(true);
      });
      one.define(kind);
      two.define(kind);
      one.start();
      const id = await enqueue(one, kind, 1);
      await until(() => errors.length === 2);
      expect(errors.every((error) => error instanceof LeaseLost)).toBe(true);
      await one.drain(1_000);
      expect(await two.get(id)).toMatchObject({ state: "running", attempt: 2 });
      expect(runs[1]!.cursor).toEqual({ at: 3 });
      done.resolve();
      await two.idle([kind.name]);
      expect(await two.get(id)).toMatchObject({ state: "done", attempt: 2 });
    });

    test("JB7: the lease of a running job is renewed, so a job longer than its lease runs once", async () => {
      await using one = bench.open();
      await using two = bench.open();
      let runs = 0;
      const kind = kindOf(
        "renewed",
        async () => {
          runs++;
          await Bun.sleep(1_500);
        },
        { lease_ms: 900 },
      );
      for (const jobs of [one, two]) {
        jobs.define(kind);
        jobs.start();
      }
      await enqueue(one, kind, 1);
      await one.idle([kind.name]);
      expect(runs).toBe(1);
    });

    test("JB8: fenced work commits with the claim, and rolls back when it throws", async () => {
      await using jobs = bench.open();
      await sql.pool`CREATE TABLE fenced (n int)`;
      const kind = kindOf("fenced", async (_, run) => {
        await run.fenced(async (tx) => {
          await tx`INSERT INTO fenced VALUES (${run.attempt})`;
          if (run.attempt === 1) throw new Error("again");
        });
      });
      jobs.define(kind);
      jobs.start();
      await enqueue(jobs, kind, 1);
      await jobs.idle([kind.name]);
      expect(await sql.pool`SELECT n FROM fenced`.values()).toEqual([[2]]);
    });

    test("JB9: cancelling ends a queued job at once and stops a running one on another node", async () => {
      await using one = bench.open();
      await using two = bench.open();
      const started = Promise.withResolvers<void>();
      const kind = kindOf("cancel", async (_, run) => {
        started.resolve();
        await new Promise((_resolve, reject) =>
          run.signal.addEventListener("abort", () => reject(run.signal.reason as Error)),
        );
      });
      two.define(kind);
      const queued = await enqueue(one, kind, 1);
      expect(await sql.tx((tx) => one.cancel(tx, queued))).toBe(true);
      expect(await one.get(queued)).toMatchObject({ state: "cancelled" });
      two.start();
      const running = await enqueue(one, kind, 2);
      await started.promise;
      expect(await sql.tx((tx) => one.cancel(tx, running))).toBe(true);
      await one.idle([kind.name]);
      expect(await one.get(running)).toMatchObject({ state: "cancelled", attempt: 1 });
      expect(await sql.tx((tx) => one.cancel(tx, running))).toBe(false);
    });

    test("JB10: a handler that runs too long is told to stop, and counts as failed", async () => {
      await using jobs = bench.open();
      const kind = kindOf(
        "timeout",
        (_, run) => new Promise((resolve) => run.signal.addEventListener("abort", () => resolve())),
        { run_ms_max: 20, tries_max: 2 },
      );
      jobs.define(kind);
      jobs.start();
      const id = await enqueue(jobs, kind, 1);
      await jobs.idle([kind.name]);
      expect(await jobs.get(id)).toMatchObject({ state: "dead", attempt: 2, reason: "ran longer than 20 ms" });
    });

    test("JB11: draining hands back what does not end in time, without counting it as a try", async () => {
      await using two = bench.open();
      const one = bench.open();
      const started = Promise.withResolvers<void>();
      let blocked = true;
      const kind = kindOf("drain", async (_, run) => {
        started.resolve();
        if (blocked)
          await new Promise((_resolve, reject) =>
            run.signal.addEventListener("abort", () => reject(new Error("stopped"))),
          );
      });
      one.define(kind);
      two.define(kind);
      one.start();
      const id = await enqueue(one, kind, 1);
      await started.promise;
      await one[Symbol.asyncDispose]();
      expect(await two.get(id)).toMatchObject({ state: "queued", attempt: 0 });
      blocked = false;
      two.start();
      await two.idle([kind.name]);
      expect(await two.get(id)).toMatchObject({ state: "done", attempt: 1 });
    });

    test("JB12: bounds on running at once hold: of a kind on a node, of a tenant on all nodes", async () => {
      await using one = bench.open();
      await using two = bench.open();
      let busy = 0;
      let busiest = 0;
      const byTenant = new Map<unknown, number>();
      let tenantBusiest = 0;
      const narrow = kindOf(
        "narrow",
        async () => {
          busiest = Math.max(busiest, ++busy);
          await Bun.sleep(2);
          busy--;
        },
        { concurrency_max: 2 },
      );
      const shared = kindOf(
        "shared",
        async (payload) => {
          byTenant.set(payload.n, (byTenant.get(payload.n) ?? 0) + 1);
          tenantBusiest = Math.max(tenantBusiest, byTenant.get(payload.n)!);
          await Bun.sleep(2);
          byTenant.set(payload.n, byTenant.get(payload.n)! - 1);
        },
        { tenant_concurrency_max: 2 },
      );
      one.define(narrow);
      one.define(shared);
      two.define(shared);
      await Promise.all(Array.from({ length: 30 }, (_, n) => enqueue(one, shared, n % 2, { tenant: `t${n % 2}` })));
      await Promise.all(Array.from({ length: 12 }, (_, n) => enqueue(one, narrow, n)));
      one.start();
      two.start();
      await one.idle([narrow.name, shared.name]);
      expect(busiest).toBe(2);
      expect(tenantBusiest).toBe(2);
    });

    test("JB13: a tenant that enqueues 300 does not make another's job wait for all of them", async () => {
      await using jobs = bench.open({ workers: 2 });
      const order: string[] = [];
      const kind = kindOf("flood", async (payload) => void order.push(payload.n === 1 ? "small" : "big"));
      jobs.define(kind);
      await sql.tx(async (tx) => {
        for (let n = 0; n < 300; n++) await jobs.enqueue(tx, kind.name, { n: 0 }, { tenant: "big" });
      });
      await enqueue(jobs, kind, 1, { tenant: "small" });
      jobs.start();
      await jobs.idle([kind.name]);
      expect(order.length).toBe(301);
      expect(order.indexOf("small")).toBeLessThanOrEqual(20);
    });

    test("JB14: while all classes have work each of them runs, and maintenance is not starved", async () => {
      await using jobs = bench.open({ workers: 1 });
      const order: string[] = [];
      const kinds = (["interactive", "batch", "maintenance"] as const).map((of) =>
        kindOf(
          of,
          async () => {
            order.push(of);
            await Bun.sleep(1);
          },
          { class: of },
        ),
      );
      for (const kind of kinds) {
        jobs.define(kind);
        await sql.tx(async (tx) => {
          for (let n = 0; n < 120; n++) await jobs.enqueue(tx, kind.name, { n });
        });
      }
      jobs.start();
      await until(() => order.length >= 120);
      await jobs.drain(1_000);
      // How much each gets is a matter of time, and is shown where time is held in a hand.
      for (const of of ["interactive", "batch", "maintenance"]) expect(order.slice(0, 120)).toContain(of);
      for (const kind of kinds) await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
    });

    test("JB14: long batch work leaves workers free for an interactive job", async () => {
      await using jobs = bench.open({ workers: 4 });
      const release = Promise.withResolvers<void>();
      let batches = 0;
      const batch = kindOf("long", async () => {
        batches++;
        await release.promise;
      });
      const quick = kindOf("quick", async () => {}, { class: "interactive" });
      jobs.define(batch);
      jobs.define(quick);
      jobs.start();
      for (let n = 0; n < 8; n++) await enqueue(jobs, batch, n);
      await until(() => batches === 3);
      await enqueue(jobs, quick, 1);
      await jobs.idle([quick.name]);
      expect(batches).toBe(3);
      release.resolve();
      await jobs.idle([batch.name]);
    });

    test("JB15: a kind that runs by itself runs once per interval on the whole house", async () => {
      await using one = bench.open();
      await using two = bench.open();
      let runs = 0;
      const kind = kindOf("every", async () => void runs++, { every_ms: 150, class: "maintenance" });
      const from = bench.clock.now();
      for (const jobs of [one, two]) {
        jobs.define(kind);
        jobs.start();
      }
      await until(() => runs >= 3);
      expect(runs).toBeLessThanOrEqual(Math.ceil((bench.clock.now() - from) / 150));
    });

    test("JB16: progress can be read while it runs", async () => {
      await using jobs = bench.open();
      const release = Promise.withResolvers<void>();
      const kind = kindOf("progress", async (_, run) => {
        run.progress(0.25);
        await release.promise;
      });
      jobs.define(kind);
      jobs.start();
      const id = await enqueue(jobs, kind, 1);
      await until(async () => (await jobs.get(id))?.progress === 0.25);
      expect(await jobs.get(id)).toMatchObject({ state: "running", attempt: 1 });
      expect((await jobs.counts()).find((c) => c.kind === kind.name)).toMatchObject({
        state: "running",
        jobs: 1,
        class: "batch",
      });
      release.resolve();
      await jobs.idle([kind.name]);
    });

    test("JB17: a job that is enqueued on a node that runs nothing starts on another, in its kind's class", async () => {
      await using writer = bench.open();
      await using runner = bench.open();
      const ran = Promise.withResolvers<void>();
      const kind = kindOf("remote", async () => ran.resolve(), { class: "interactive" });
      runner.define(kind);
      runner.start();
      await until(async () => (await sql.pool`SELECT 1 FROM jobs_kinds WHERE name = ${kind.name}`).length === 1);
      const id = await enqueue(writer, kind, 1);
      await ran.promise;
      expect((await writer.get(id))?.class).toBe("interactive");
      await writer.idle([kind.name]);
    });
  });
}
