import { afterAll, describe, expect, test } from "bun:test";

import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createClaims } from "./claims.ts";
import { createFinisher } from "./finish.ts";
import { createJobs, type JobKind, LeaseLost } from "./index.ts";
import { keepJobs } from "./keep.ts";
import * as store from "./store.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (name: string, handle: JobKind["handle"], more: Partial<JobKind> = {}): JobKind => ({
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
const open = (more: { workers?: number; group_max?: number } = {}) => createJobs({ sql, clock, ...more });
const fill = (kind: JobKind, n: number) =>
  sql.pool`SELECT jobs_enqueue(${kind.name}, jsonb_build_object('n', n), ${kind.class}, 0, 0, NULL, NULL, NULL, 60) FROM generate_series(1, ${n}::int) n`;
const take = async (kind: JobKind, n: number) =>
  (await createClaims({ sql, clock }).claim("batch", [{ kind, room: n }], n)).jobs;

describe("ports/jobs in groups", () => {
  test("JB34: many that are done end in one statement; a zombie among them changes nothing, and its neighbours end", async () => {
    await using jobs = open();
    const kind = kindOf("grouped", async () => {});
    await fill(kind, 20);
    const claims = await take(kind, 20);
    expect(claims.length).toBe(20);
    const [lost, cancelled] = [claims[3]!, claims[7]!];
    expect(await store.handBack(sql.pool, [lost])).toBe(1);
    const [again] = await take(kind, 1);
    expect(again).toMatchObject({ id: lost.id, attempt: 1 });
    await store.end(sql.pool, cancelled, "cancelled", null);
    const { ended } = await store.finish(sql.pool, claims);
    expect([...ended].toSorted()).toEqual(
      claims
        .filter((c) => c !== lost && c !== cancelled)
        .map((c) => c.token)
        .toSorted(),
    );
    expect(await jobs.inspect(lost.id)).toMatchObject({ state: "running", attempt: 1 });
    expect(await jobs.inspect(cancelled.id)).toMatchObject({ state: "cancelled" });
    expect(await jobs.inspect(claims[0]!.id)).toMatchObject({
      state: "done",
      attempt: 1,
      progress: 1,
      reason: null,
      ended_at: expect.any(Date),
    });
    expect((await jobs.get(claims[0]!.id))?.state).toBe("done");
    expect((await jobs.list({ kind: kind.name, state: "done" })).jobs.length).toBe(18);
    // Nothing can be done twice, or undone.
    expect((await store.finish(sql.pool, claims.slice(0, 2))).ended.has(claims[0]!.token)).toBe(false);
    expect(await sql.tx((tx) => jobs.cancel(tx, claims[0]!.id))).toBe(false);
    expect(await sql.tx((tx) => jobs.replay(tx, claims[0]!.id))).toBe(false);
    expect(await jobs.list({ kind: kind.name, state: "queued" })).toEqual({ jobs: [], next: null });
    await store.finish(sql.pool, [again!]);
  });

  test("JB34: those that end while a group is written go with the next one, and one whose job was moved ends too", async () => {
    const kind = kindOf("gathered", async () => {});
    await fill(kind, 30);
    const claims = await take(kind, 30);
    const finisher = createFinisher({ sql, clock }, 12);
    const [{ slot }] = (await sql.pool`SELECT slot FROM jobs_house`) as [{ slot: number }];
    await sql.pool`UPDATE jobs_house SET slot = ${(slot + 1) % 4}`;
    expect((await keepJobs(sql)).moved).toBe(30);
    const ends = await Promise.all(claims.map((claim) => finisher.finish(claim)));
    expect(ends.every((end) => end.ok)).toBe(true);
    const groups = (await sql.pool`SELECT cardinality(ids) AS n FROM jobs_done WHERE newest_id = ANY (${sql.pool.array(
      claims.map((c) => c.id),
      "BIGINT",
    )}) ORDER BY id`) as { n: number }[];
    // Twelve, twelve, and six, which are few and have a record each.
    expect(groups.map((g) => g.n)).toEqual([12, 12]);
    expect((await finisher.finish(claims[0]!)).ok).toBe(false);
  });

  test("JB35: a unique key is free again, and a second try is told, when they end among many", async () => {
    await using jobs = open();
    const kind = kindOf("told", async (payload, run) => {
      if (payload.again && run.attempt === 1) throw new Error("once more");
    });
    jobs.define(kind);
    const key = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { unique_key: "k" }));
    const again = await sql.tx((tx) => jobs.enqueue(tx, kind.name, { again: true }));
    await fill(kind, 60);
    jobs.start();
    await jobs.idle([kind.name]);
    expect(await jobs.inspect(again)).toMatchObject({ state: "done", attempt: 2, reason: null });
    expect(await jobs.inspect(key)).toMatchObject({ state: "done", attempt: 1 });
    expect(await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { unique_key: "k" }))).not.toBe(key);
    await jobs.idle([kind.name]);
  });

  test("JB20: records of those that were done together go a day after their end, as the others", async () => {
    const kind = kindOf("kept", async () => {});
    await fill(kind, 10);
    const claims = await take(kind, 10);
    await store.finish(sql.pool, claims);
    const [before] = (await sql.pool`SELECT count(*)::int AS n FROM jobs_jobs WHERE kind = ${kind.name}`) as [
      { n: number },
    ];
    expect(before.n).toBe(10);
    await keepJobs(sql);
    await sql.pool`UPDATE jobs_done SET ended_at = ended_at - interval '25 hours' WHERE ids @> ARRAY[${claims[0]!.id}::bigint]`;
    expect((await keepJobs(sql)).deleted).toBe(10);
    const [after] = (await sql.pool`SELECT count(*)::int AS n FROM jobs_jobs WHERE kind = ${kind.name}`) as [
      { n: number },
    ];
    expect(after.n).toBe(0);
  });

  test("JB36: while jobs are short they are claimed ahead and each runs once; with groups of one they end one by one", async () => {
    for (const group_max of [512, 1]) {
      await using jobs = open({ workers: 4, group_max });
      const ran = new Map<unknown, number>();
      const kind = kindOf(`ahead_${group_max}`, async ({ n }) => void ran.set(n, (ran.get(n) ?? 0) + 1));
      jobs.define(kind);
      await fill(kind, 300);
      jobs.start();
      await jobs.idle([kind.name]);
      expect([...ran.values()].every((times) => times === 1)).toBe(true);
      expect(ran.size).toBe(300);
      if (group_max > 1) continue;
      const [{ n }] = (await sql.pool`
        SELECT count(*)::int AS n FROM jobs_jobs WHERE kind = ${kind.name} AND state = 'done'`) as [{ n: number }];
      expect(n).toBe(300);
    }
  });

  test("JB36: what was claimed ahead of workers that turn out busy is given back to the others", async () => {
    await using one = open({ workers: 2 });
    await using two = open({ workers: 2 });
    const release = Promise.withResolvers<void>();
    const by: string[] = [];
    const kind = (node: string) =>
      kindOf(
        "given_back",
        async ({ n }) => {
          by.push(`${node} ${String(n)}`);
          // The hundredth and what comes after it on the first node takes for ever.
          if (node === "one" && Number(n) >= 100) await release.promise;
        },
        { class: "interactive" },
      );
    one.define(kind("one"));
    two.define(kind("two"));
    await fill(kind("one"), 200);
    one.start();
    while (!by.some((ran) => Number(ran.split(" ")[1]) >= 100)) await Bun.sleep(1);
    two.start();
    while (by.length < 200) await Bun.sleep(2);
    release.resolve();
    await one.idle(["given_back"]);
    expect(new Set(by.map((ran) => ran.split(" ")[1])).size).toBe(200);
    expect(by.length).toBe(200);
  });

  test("JB39: while ends cannot be written no more than 1,024 gather beside the workers, and afterwards all goes on", async () => {
    await using jobs = open({ workers: 4 });
    let ran = 0;
    const kind = kindOf("unwritten", async () => void ran++);
    jobs.define(kind);
    await fill(kind, 1_500);
    const release = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = sql.tx(async (tx) => {
      await tx`LOCK TABLE jobs_jobs, jobs_done IN SHARE MODE`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    jobs.start();
    while (ran < 1_028) await Bun.sleep(2);
    await Bun.sleep(0);
    expect(ran).toBe(1_028);
    release.resolve();
    await holding;
    await jobs.idle([kind.name]);
    expect(ran).toBe(1_500);
  });

  test("JB37: an effect that ends with its job happens once: it rolls back with a failure, and in a zombie it does not happen", async () => {
    await using jobs = open();
    await sql.pool`CREATE TABLE effects (what text, attempt int)`;
    const heard = Promise.withResolvers<unknown>();
    const kind = kindOf("exactly", async ({ what }, run) => {
      if (what === "zombie")
        await sql.pool`UPDATE jobs_queue SET token = nextval('jobs_tokens'), wakes_at = 'infinity' WHERE job_id = ${run.id}::bigint`;
      try {
        await run.finish(async (tx) => {
          await tx`INSERT INTO effects VALUES (${String(what)}, ${run.attempt})`;
          if (what === "fails" && run.attempt === 1) throw new Error("no");
        });
      } catch (error) {
        if (what === "zombie") heard.resolve(error);
        throw error;
      }
      // It is done: what comes later is not heard.
      if (what === "late") throw new Error("late");
    });
    jobs.define(kind);
    jobs.start();
    const ids: Record<string, string> = {};
    for (const what of ["plain", "fails", "late"])
      ids[what] = await sql.tx((tx) => jobs.enqueue(tx, kind.name, { what }));
    await jobs.idle([kind.name]);
    const zombie = await sql.tx((tx) => jobs.enqueue(tx, kind.name, { what: "zombie" }));
    expect(await heard.promise).toBeInstanceOf(LeaseLost);
    await jobs.drain(1_000);
    expect(await jobs.get(zombie)).toMatchObject({ state: "running" });
    expect(await sql.pool`SELECT what, attempt FROM effects ORDER BY what`.values()).toEqual([
      ["fails", 2],
      ["late", 1],
      ["plain", 1],
    ]);
    expect(await jobs.get(ids.late!)).toMatchObject({ state: "done" });
    expect(await jobs.get(ids.fails!)).toMatchObject({ state: "done", attempt: 2 });
    await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  });

  test("JB38: draining gives back at once what was claimed and has not begun, without counting a try", async () => {
    const one = open({ workers: 1 });
    const blocked = Promise.withResolvers<void>();
    let ran = 0;
    const kind = kindOf("drained", async (_, run) => {
      if (++ran < 20) return;
      await Promise.race([blocked.promise, new Promise((resolve) => run.signal.addEventListener("abort", resolve))]);
      run.signal.throwIfAborted();
    });
    one.define(kind);
    await fill(kind, 300);
    one.start();
    while (ran < 20) await Bun.sleep(1);
    await one[Symbol.asyncDispose]();
    const left =
      (await sql.pool`SELECT state, attempt, count(*)::int AS n FROM jobs_queue WHERE kind = ${kind.name} GROUP BY 1, 2`) as unknown[];
    expect(left).toEqual([{ state: "ready", attempt: 0, n: 281 }]);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  });

  test("JB29: a failure over the budget is buried with its reason, and what fails again and again does not hold up the others", async () => {
    await using jobs = open({ workers: 2 });
    const bad = kindOf(
      "poison",
      async () => {
        throw new Error("poison");
      },
      { tries_max: 50, retry_budget: { per_minute_min: 5, part: 0, wait_ms_max: 0 } },
    );
    let good = 0;
    const fine = kindOf("fine", async () => void good++);
    jobs.define(bad);
    jobs.define(fine);
    await fill(bad, 30);
    await fill(fine, 30);
    jobs.start();
    await jobs.idle([fine.name]);
    expect(good).toBe(30);
    await jobs.idle([bad.name]);
    const dead = (await jobs.list({ kind: bad.name, state: "dead", jobs_max: 200 })).jobs;
    expect(dead.length).toBe(30);
    expect(dead.every((job) => job.reason === "over the retry budget: poison")).toBe(true);
    const tries = dead.reduce((sum, job) => sum + job.attempt, 0);
    expect(tries).toBe(35);
  });

  test("JB30: a claim and a look read the first of a long list, also where others have a backlog", async () => {
    const kind = kindOf("long", async () => {});
    await fill(kind, 3_000);
    const readBy20 = () =>
      sql.tx(async (tx) => {
        for (let i = 0; i < 20; i++) {
          await store.sweep(tx, tx.array(["nobody", kind.name], "TEXT"));
          await tx`SELECT * FROM jobs_take('batch', ARRAY['nobody'], ARRAY['-infinity'::timestamptz], ARRAY[8], ARRAY[1000], ARRAY[0], 8)`;
        }
        // Only what this transaction has read.
        const [row] = await tx<{ n: number }[]>`
          SELECT sum(pg_stat_get_xact_tuples_returned(c.oid))::int AS n FROM pg_class c WHERE c.relname LIKE 'jobs_queue_%'`;
        return row!.n;
      });
    let read: number;
    // Dead rows of the tests before are read as well, and while the server analyses a table beside this they cannot be removed.
    // To walk over the list each time would be to read 60,000 or more, whatever is dead.
    do {
      await sql.pool`VACUUM (ANALYZE) jobs_queue`;
      read = await readBy20();
    } while (read >= 3_000 && read < 30_000);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(3_000);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  });
});
