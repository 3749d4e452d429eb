import { afterAll, describe, expect, test } from "bun:test";

import { createSql } from "#ports/sql/index.ts";
import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createClaims } from "./claims.ts";
import { createJobs, type JobKind, LeaseLost } from "./index.ts";
import { keepJobs } from "./keep.ts";
import { createShares } from "./shares.ts";
import * as store from "./store.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (name: string, handle: JobKind["handle"]): JobKind => ({
  name,
  class: "batch",
  tries_max: 3,
  lease_ms: 5_000,
  run_ms_max: 30_000,
  concurrency_max: 8,
  handle,
});
const currentSlot = async () => (await sql.pool<{ slot: number }[]>`SELECT slot FROM jobs_house`)[0]!.slot;

describe("ports/jobs, inside", () => {
  test("JB19: while an old transaction is open, a grown slot is left, its last jobs move and end, and it is emptied", async () => {
    await using old = createSql(db.target, { clock, connections_max: 1 });
    await using jobs = createJobs({ sql, clock });
    const kind = kindOf("slots", async () => {});
    const close = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const snapshot = old.tx(
      async (tx) => {
        await tx`SELECT pg_current_xact_id()`;
        opened.resolve();
        await close.promise;
      },
      { isolation: "repeatable read" },
    );
    await opened.promise;
    const before = await currentSlot();
    // As many row versions as 12,000 enqueueings leave, written at once.
    await sql.pool`
      WITH made AS (INSERT INTO jobs_jobs (kind, class, priority, payload) SELECT ${kind.name}, 'batch', 0, '{}' FROM generate_series(1, 12000) RETURNING id)
      INSERT INTO jobs_queue (slot, job_id, kind, class, priority, state, sort_at)
      SELECT ${before}::int, id, ${kind.name}, 'batch', 0, 'ready', clock_timestamp() FROM made`;
    expect((await keepJobs(sql)).turned).toBe(true);
    expect(await currentSlot()).not.toBe(before);
    await sql.pool`DELETE FROM jobs_queue WHERE job_id IN (SELECT job_id FROM jobs_queue WHERE slot = ${before} ORDER BY job_id LIMIT 11900)`;
    const kept = await keepJobs(sql);
    expect(kept).toMatchObject({ moved: 100, emptied: 1 });
    const [size] = await sql.pool`SELECT pg_relation_size(('jobs_queue_' || ${before}::int)::regclass)::int AS bytes`;
    expect(size.bytes).toBe(0);
    jobs.define(kind);
    jobs.start();
    await jobs.idle([kind.name]);
    await jobs.drain(1_000);
    const [left] = await sql.pool`SELECT sum(done)::int AS done FROM jobs_minutes WHERE kind = ${kind.name}`;
    expect(left.done).toBe(100);
    close.resolve();
    await snapshot;
  });

  test("JB19: a job that is moved to another slot while it runs keeps its claim", async () => {
    await using jobs = createJobs({ sql, clock });
    const running = Promise.withResolvers<void>();
    const moved = Promise.withResolvers<void>();
    const kind = kindOf("moved", async (_, run) => {
      running.resolve();
      await moved.promise;
      await run.checkpoint({ ok: true });
      await run.fenced((tx) => tx`SELECT 1`);
    });
    jobs.define(kind);
    jobs.start();
    const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}));
    await running.promise;
    const slot = await currentSlot();
    await sql.pool`UPDATE jobs_house SET slot = ${(slot + 1) % 4}`;
    expect((await keepJobs(sql)).moved).toBe(1);
    moved.resolve();
    await jobs.idle([kind.name]);
    expect(await jobs.get(id)).toMatchObject({ state: "done", attempt: 1 });
  });

  test("JB20: records of ended jobs go after their time, dead ones later, living ones never", async () => {
    await using jobs = createJobs({ sql, clock });
    const id = await sql.tx((tx) => jobs.enqueue(tx, "nobody", {}));
    await sql.pool`INSERT INTO jobs_jobs (kind, class, priority, payload, state, ended_at, enqueued_at) VALUES
      ('old_done', 'batch', 0, '{}', 'done', now() - interval '25 hours', now()), ('old_dead', 'batch', 0, '{}', 'dead', now() - interval '25 hours', now()),
      ('very_old_dead', 'batch', 0, '{}', 'dead', now() - interval '31 days', now())`;
    await sql.pool`UPDATE jobs_jobs SET enqueued_at = now() - interval '1 year' WHERE id = ${id}::bigint`;
    expect((await keepJobs(sql)).deleted).toBe(2);
    const left =
      await sql.pool`SELECT kind FROM jobs_jobs WHERE kind IN ('nobody', 'old_done', 'old_dead', 'very_old_dead') ORDER BY kind`.values();
    expect(left).toEqual([["nobody"], ["old_dead"]]);
    await sql.tx((tx) => jobs.cancel(tx, id));
  });

  test("JB21: a job that comes to lie before the place of the last claim is found by a look from the beginning", async () => {
    await using jobs = createJobs({ sql, clock });
    const kind = kindOf("floors", async () => {});
    const claims = createClaims({ sql, clock });
    const take = () => claims.claim("batch", [{ kind, room: 8 }], 1);
    const enqueue = (priority: number) => sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { priority }));
    await enqueue(0);
    expect((await take()).jobs.length).toBe(1);
    const urgent = await enqueue(50);
    let answer = await take();
    while (answer.jobs.length === 0) {
      // It says when to come again instead of letting the job lie.
      expect(answer.look_ms).not.toBeNull();
      await clock.sleep(answer.look_ms!);
      answer = await take();
    }
    expect(answer.jobs.map((job) => job.id)).toEqual([urgent]);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  });

  test("JB7: whatever a zombie writes down with its old token changes nothing", async () => {
    await using jobs = createJobs({ sql, clock });
    const kind = kindOf("token", async () => {});
    const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}));
    const take = async () => (await createClaims({ sql, clock }).claim("batch", [{ kind, room: 1 }], 1)).jobs[0]!;
    const zombie = await take();
    expect(await store.release(sql.pool, zombie, { handed_back: true, delay_ms: 0, reason: null })).toMatchObject({
      ok: true,
    });
    const owner = await take();
    expect(owner).toMatchObject({ id, attempt: 1 });
    expect(await store.end(sql.pool, zombie, "done", null)).toMatchObject({ ok: false });
    expect(await store.release(sql.pool, zombie, { handed_back: false, delay_ms: 0, reason: "no" })).toMatchObject({
      ok: false,
    });
    expect(await store.updateCursor(sql.pool, zombie, { at: 1 })).toBe(false);
    expect(await sql.tx((tx) => store.hold(tx, zombie, 1_000))).toBe(false);
    expect(
      await store.beat(
        sql.pool,
        sql.pool.array([id], "BIGINT"),
        sql.pool.array([zombie.token], "BIGINT"),
        sql.pool.array([1_000], "INT"),
      ),
    ).toEqual([]);
    // Nor may a sweeper take what is in time.
    expect(await store.end(sql.pool, owner, "dead", "no", true)).toMatchObject({ ok: false });
    expect(await jobs.get(id)).toMatchObject({ state: "running", reason: null });
    expect(await store.end(sql.pool, owner, "done", null)).toMatchObject({ ok: true });
  });

  test("JB7: a zombie that asks for nothing hears of it through its signal", async () => {
    await using jobs = createJobs({ sql, clock });
    const heard = Promise.withResolvers<unknown>();
    const kind = kindOf("deaf", async (_, run) => {
      await new Promise<void>((resolve) => run.signal.addEventListener("abort", () => resolve()));
      heard.resolve(run.signal.reason);
    });
    jobs.define({ ...kind, lease_ms: 600 });
    jobs.start();
    const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}));
    while ((await jobs.get(id))?.state !== "running") await Bun.sleep(2);
    await sql.pool`UPDATE jobs_queue SET token = nextval('jobs_tokens'), wakes_at = 'infinity' WHERE job_id = ${id}::bigint`;
    expect(await heard.promise).toBeInstanceOf(LeaseLost);
    await jobs.drain(1_000);
    expect(await jobs.get(id)).toMatchObject({ state: "running" });
    await sql.pool`DELETE FROM jobs_queue WHERE job_id = ${id}::bigint`;
  });

  test("JB15: intervals that passed while the house was off make one run, not many", async () => {
    await using jobs = createJobs({ sql, clock });
    let runs = 0;
    const kind = { ...kindOf("missed", async () => void runs++), every_ms: 3_600_000 };
    await store.insertKind(sql.pool, {
      name: kind.name,
      class: kind.class,
      lane_max: 1,
      tries_max: 3,
      cron: null,
      time_zone: null,
      every_ms: kind.every_ms,
    });
    await sql.pool`UPDATE jobs_kinds SET next_at = now() - interval '1 day' WHERE name = ${kind.name}`;
    jobs.define(kind);
    jobs.start();
    while (runs === 0) await Bun.sleep(2);
    await jobs.idle([kind.name]);
    const [row] =
      await sql.pool`SELECT next_at > now() + interval '59 minutes' AS later FROM jobs_kinds WHERE name = ${kind.name}`;
    expect(row.later).toBe(true);
    expect(runs).toBe(1);
  });

  test("JB22: a job in a lane that a race left closed comes out at the next sweep", async () => {
    await using jobs = createJobs({ sql, clock });
    const kind = kindOf("lane", async () => {});
    const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { tenant: "t" }));
    await sql.pool`UPDATE jobs_queue SET state = 'lane' WHERE job_id = ${id}::bigint`;
    jobs.define(kind);
    jobs.start();
    await jobs.idle([kind.name]);
    expect(await jobs.get(id)).toMatchObject({ state: "done" });
  });

  test("JB14: shares are of time: a class with jobs ten times as long starts a tenth as often, and idleness is not saved up", () => {
    const shares = createShares();
    const ran = { interactive: 0, batch: 0, maintenance: 0 };
    const ms = { interactive: 10, batch: 100, maintenance: 1_000 };
    const run = (wanting: ("interactive" | "batch" | "maintenance")[], times: number) => {
      for (let i = 0; i < times; i++) {
        const [of] = shares.order(new Set(wanting));
        shares.ended(of!, shares.started(of!), ms[of!]);
        ran[of!] += ms[of!];
      }
    };
    run(["interactive"], 1_000);
    for (const of of ["interactive", "batch", "maintenance"] as const) ran[of] = 0;
    run(["interactive", "batch", "maintenance"], 20_000);
    const all = ran.interactive + ran.batch + ran.maintenance;
    expect(ran.interactive / all).toBeCloseTo(8 / 12, 1);
    expect(ran.batch / all).toBeCloseTo(3 / 12, 1);
    expect(ran.maintenance / all).toBeCloseTo(1 / 12, 1);
  });
});
