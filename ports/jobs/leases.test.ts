import { afterAll, describe, expect, test } from "bun:test";

import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createClaims } from "./claims.ts";
import { createFinisher } from "./finish.ts";
import { createJobs, type EnqueueOptions, type JobKind, LeaseLost } from "./index.ts";
import * as store from "./store.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (name: string, handle: JobKind["handle"] = async () => {}, more: Partial<JobKind> = {}): JobKind => ({
  name,
  class: "batch",
  tries_max: 3,
  lease_ms: 30_000,
  run_ms_max: 30_000,
  concurrency_max: 1_000,
  backoff: { base_ms: 1, delay_ms_max: 5 },
  handle,
  ...more,
});
const open = () => createJobs({ sql, clock, workers: 4, onError: (error) => console.error(error) });
const fill = (kind: JobKind, from: number, to: number) =>
  sql.pool`SELECT jobs_enqueue(${kind.name}, jsonb_build_object('n', n), ${kind.class}, 0, 0, NULL, NULL, NULL, 60) FROM generate_series(${from}::int, ${to}::int) n`;
const take = async (kinds: JobKind[], n: number) =>
  (
    await createClaims({ sql, clock }).claim(
      "batch",
      kinds.map((kind) => ({ kind, room: n, grouped: true })),
      n,
    )
  ).jobs;
const leasesOf = async (kind: JobKind) =>
  (
    await sql.pool<{ left_jobs: number }[]>`SELECT left_jobs FROM jobs_leases WHERE kind = ${kind.name} ORDER BY lease`
  ).map((row) => row.left_jobs);
const clear = async (kind: JobKind) => {
  await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  await sql.pool`DELETE FROM jobs_leases WHERE kind = ${kind.name}`;
};

describe("ports/jobs, leases of groups", () => {
  test("JB40: many of a kind have one lease and are told as running; fewer, and kinds that may not, have one each", async () => {
    await using jobs = open();
    const kind = kindOf("one_lease");
    const fewer = kindOf("fewer");
    await fill(fewer, 1, 63);
    expect((await take([fewer], 512)).map((claim) => claim.lease)).toEqual(Array.from({ length: 63 }, () => null));
    await clear(fewer);
    await fill(kind, 1, 100);
    const claims = await take([kind], 512);
    expect(claims.map((claim) => claim.payload.n)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(new Set(claims.map((claim) => claim.token)).size).toBe(100);
    expect(await leasesOf(kind)).toEqual([100]);
    expect(await sql.pool`SELECT FROM jobs_queue WHERE kind = ${kind.name}`.values()).toEqual([]);
    const [{ id }] = claims as [store.Claimed];
    expect(await jobs.get(id)).toMatchObject({ state: "running", attempt: 1 });
    expect(await jobs.inspect(id)).toMatchObject({ state: "running", lease_until: expect.any(Date), ended_at: null });
    expect((await jobs.list({ kind: kind.name, state: "running", jobs_max: 200 })).jobs.length).toBe(100);
    expect(
      (await jobs.list({ kind: kind.name, jobs_max: 200 })).jobs.filter((job) => job.state === "running").length,
    ).toBe(100);
    expect((await jobs.list({ kind: kind.name, state: "done" })).jobs).toEqual([]);
    expect((await jobs.counts()).find((count) => count.kind === kind.name)).toMatchObject({
      state: "running",
      jobs: 100,
    });
    const finisher = createFinisher({ sql, clock });
    const ends = await Promise.all(claims.map((claim) => finisher.finish(claim)));
    expect(ends.every((end) => end.ok)).toBe(true);
    expect(await leasesOf(kind)).toEqual([]);
    expect(await jobs.inspect(id)).toMatchObject({ state: "done", progress: 1, ended_at: expect.any(Date) });
    expect((await finisher.finish(claims[0]!)).ok).toBe(false);
  });

  test("JB40: a group of jobs from two slots of the queue leaves both", async () => {
    const kind = kindOf("two_slots");
    await fill(kind, 1, 40);
    await sql.pool`UPDATE jobs_house SET slot = (slot + 1) % 4`;
    await fill(kind, 41, 80);
    expect(new Set((await take([kind], 512)).map((claim) => claim.id)).size).toBe(80);
    expect(await leasesOf(kind)).toEqual([80]);
    expect(await sql.pool`SELECT FROM jobs_queue WHERE kind = ${kind.name}`.values()).toEqual([]);
    await clear(kind);
  });

  test("JB40: some of a lease end, some are given back, one fails: each by the rules for all, and its neighbours keep the lease", async () => {
    await using jobs = open();
    const kind = kindOf("apart");
    await fill(kind, 1, 100);
    const claims = await take([kind], 512);
    expect((await store.finish(sql.pool, claims.slice(0, 20))).ended.size).toBe(20);
    expect(await leasesOf(kind)).toEqual([80]);
    expect(await store.handBack(sql.pool, claims.slice(20, 30))).toBe(10);
    const [failing, buried, cursored] = claims.slice(30, 33) as [store.Claimed, store.Claimed, store.Claimed];
    expect((await store.release(sql.pool, failing, { handed_back: false, delay_ms: 60_000, reason: "no" })).ok).toBe(
      true,
    );
    expect((await store.end(sql.pool, buried, "dead", "never")).ok).toBe(true);
    expect(await store.updateCursor(sql.pool, cursored, { at: 1 })).toBe(true);
    expect(await sql.tx((tx) => store.hold(tx, cursored, 1_000))).toBe(true);
    expect(await sql.tx((tx) => store.hold(tx, claims[0]!, 1_000))).toBe(false);
    expect(await leasesOf(kind)).toEqual([67]);
    expect(await jobs.inspect(claims[25]!.id)).toMatchObject({ state: "queued", attempt: 0, waits_for: "worker" });
    expect(await jobs.inspect(failing.id)).toMatchObject({
      state: "queued",
      attempt: 1,
      waits_for: "time",
      reason: "no",
    });
    expect(await jobs.inspect(buried.id)).toMatchObject({ state: "dead", attempt: 1, reason: "never" });
    // What is told of a lease that has lost some is right too, and the ends of all find theirs, wherever it is.
    expect((await store.finishLeases(sql.pool, [{ token: claims[0]!.lease!.token, left: 68 }])).size).toBe(0);
    const { ended } = await store.finish(sql.pool, claims);
    expect(ended.size).toBe(68);
    expect(await leasesOf(kind)).toEqual([]);
    expect(await jobs.inspect(cursored.id)).toMatchObject({ state: "done" });
    await clear(kind);
  });

  test("JB40: cancelling one of a lease asks it to stop and nobody else", async () => {
    await using jobs = open();
    const kind = kindOf("asked");
    await fill(kind, 1, 70);
    const claims = await take([kind], 512);
    const [one] = claims as [store.Claimed];
    expect(await sql.tx((tx) => jobs.cancel(tx, one.id))).toBe(true);
    expect(await jobs.inspect(one.id)).toMatchObject({ state: "running", stop_asked: true });
    expect(await jobs.inspect(claims[1]!.id)).toMatchObject({ state: "running", stop_asked: false });
    expect((await store.end(sql.pool, one, "cancelled", null)).ok).toBe(true);
    const finisher = createFinisher({ sql, clock });
    const ends = await Promise.all(claims.map((claim) => finisher.finish(claim)));
    expect(ends.map((end) => end.ok)).toEqual([false, ...claims.slice(1).map(() => true)]);
    expect(await jobs.inspect(one.id)).toMatchObject({ state: "cancelled" });
  });

  test("JB41: a lapsed lease gives each of its jobs to another attempt as one that failed, and its zombie changes nothing", async () => {
    await using jobs = open();
    const ran: number[] = [];
    const kind = kindOf("lapsed", async (_, run) => void ran.push(run.attempt), {
      retry_budget: { per_minute_min: 1_000 },
    });
    await fill(kind, 1, 80);
    const claims = await take([kind], 512);
    await sql.pool`UPDATE jobs_leases SET wakes_at = clock_timestamp() WHERE kind = ${kind.name}`;
    await store.sweep(sql.pool, sql.pool.array([kind.name], "TEXT"));
    expect(await leasesOf(kind)).toEqual([]);
    expect((await store.selectLapsed(sql.pool, sql.pool.array([kind.name], "TEXT"))).length).toBe(80);
    jobs.define(kind);
    jobs.start();
    await jobs.idle([kind.name]);
    expect(ran).toEqual(Array.from({ length: 80 }, () => 2));
    expect((await store.finish(sql.pool, claims)).ended.has(claims[0]!.token)).toBe(false);
    expect(await store.updateCursor(sql.pool, claims[0]!, { at: 1 })).toBe(false);
    expect((await store.end(sql.pool, claims[0]!, "dead", "no")).ok).toBe(false);
    expect(await store.handBack(sql.pool, claims.slice(0, 3))).toBe(0);
  });

  test("JB41: what of a lease lasts until it is renewed has a lease of its own from then on, and the rest keeps its time", async () => {
    const kind = kindOf("renewed");
    await fill(kind, 1, 70);
    const [long] = (await take([kind], 512)) as [store.Claimed];
    const array = (value: string | number, type: "BIGINT" | "INT") => sql.pool.array([value], type);
    const beat = await store.beat(
      sql.pool,
      array(long.id, "BIGINT"),
      array(long.token, "BIGINT"),
      array(600_000, "INT"),
    );
    expect(beat.map((row) => ({ ...row }))).toEqual([{ token: long.token, stop: false }]);
    const later = await sql.pool`
      SELECT wakes_at > clock_timestamp() + interval '5 minutes' AS renewed, count(*)::int AS n FROM jobs_queue WHERE kind = ${kind.name} GROUP BY 1 ORDER BY 1`.values();
    expect(later).toEqual([
      [false, 69],
      [true, 1],
    ]);
    await clear(kind);
  });

  test("JB42: what asks for more than to be run is claimed by itself, and no group goes past it", async () => {
    await using jobs = open();
    const kind = kindOf("mixed");
    const special: EnqueueOptions[] = [
      { tenant: "t" },
      { unique_key: "k" },
      { deadline_at: new Date(clock.now() + 3_600_000) },
    ];
    for (const options of special) {
      await fill(kind, 1, 70);
      const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, { special: true }, options));
      await fill(kind, 71, 80);
      const first = await take([kind], 512);
      expect(first.length).toBe(70);
      expect(first.every((claim) => claim.lease !== null)).toBe(true);
      const second = await take([kind], 512);
      expect(second.map((claim) => claim.id)[0]).toBe(id);
      expect(second.every((claim) => claim.lease === null)).toBe(true);
      expect(second.length).toBe(11);
      expect(second[0]!.payload).toEqual({ special: true });
      await sql.tx(async (tx) => store.end(tx, second[0]!, "dead", "over"));
      await clear(kind);
    }
    // A payload that is more than a few ids, and another kind among them.
    const other = kindOf("mixed_too");
    const big = await sql.tx((tx) => jobs.enqueue(tx, kind.name, { text: "x".repeat(2_000) }));
    expect((await take([kind], 512))[0]).toMatchObject({ id: big, lease: null });
    await fill(kind, 1, 40);
    await fill(other, 1, 40);
    const both = await take([kind, other], 512);
    expect(both.map((claim) => `${claim.kind} ${String(claim.payload.n)}`).toSorted()).toEqual(
      [kind, other].flatMap(({ name }) => Array.from({ length: 40 }, (_, at) => `${name} ${at + 1}`)).toSorted(),
    );
    expect(new Set(both.map((claim) => claim.lease?.token)).size).toBe(2);
    for (const of of [kind, other]) await clear(of);
  });

  test("JB42: a kind whose jobs write along the way is not claimed in groups again, and each effect is there once", async () => {
    await using jobs = open();
    await sql.pool`CREATE TABLE along (n int, attempt int)`;
    const kind = kindOf(
      "along",
      async ({ n }, run) => {
        if (n === 350) throw new Error("once");
        if (Number(n) > 300 && Number(n) % 2 === 0)
          await run.finish((tx) => tx`INSERT INTO along VALUES (${Number(n)}, ${run.attempt})`);
        else if (Number(n) > 300) await run.fenced((tx) => tx`INSERT INTO along VALUES (${Number(n)}, ${run.attempt})`);
      },
      { tries_max: 1 },
    );
    jobs.define(kind);
    await fill(kind, 1, 400);
    jobs.start();
    await jobs.idle([kind.name]);
    const [row] =
      (await sql.pool`SELECT count(*)::int AS n, count(DISTINCT n)::int AS different, max(attempt) AS attempt FROM along`) as unknown[];
    expect(row).toEqual({ n: 99, different: 99, attempt: 1 });
    expect((await jobs.list({ kind: kind.name, state: "dead" })).jobs.map((job) => job.reason)).toEqual(["once"]);
  });

  test("JB8: fenced work of one in a lease rolls back as a whole, and may be tried again", async () => {
    const kind = kindOf("rolled");
    await fill(kind, 1, 70);
    const [one] = (await take([kind], 512)) as [store.Claimed];
    const fenced = (fails: boolean) =>
      sql.tx(async (tx) => {
        if (!(await store.hold(tx, one, 30_000))) throw new LeaseLost("lost");
        if (fails) throw new Error("no");
        return "held";
      });
    expect(fenced(true)).rejects.toThrow("no");
    expect(await fenced(false)).toBe("held");
    expect(await leasesOf(kind)).toEqual([69]);
    await clear(kind);
  });
});
