import { afterAll, describe, expect, test } from "bun:test";

import { Permanent } from "#kernel/errors.ts";
import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createJobs, type JobKind, type JobRecord, type JobsFilter } from "./index.ts";
import { keepJobs } from "./keep.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (name: string, handle: JobKind["handle"], more: Partial<JobKind> = {}): JobKind => ({
  name,
  class: "batch",
  tries_max: 3,
  lease_ms: 5_000,
  run_ms_max: 30_000,
  concurrency_max: 8,
  handle,
  ...more,
});
const open = () => createJobs({ sql, clock });

describe("ports/jobs, watched", () => {
  test("JB23: a page has 1…200 jobs, and anything else is refused", async () => {
    await using jobs = open();
    for (const jobs_max of [0, 201, 1.5]) expect(jobs.list({ jobs_max })).rejects.toThrow(RangeError);
    expect(await jobs.list({ kind: "nobody", jobs_max: 200 })).toEqual({ jobs: [], next: null });
  });

  test("JB23: pages give each job once, newest first, by class, kind, state and tenant", async () => {
    await using jobs = open();
    const kind = kindOf("pages", async (payload) => {
      if (payload.dies) throw new Permanent("no");
    });
    const other = kindOf("pages_too", async () => {}, { class: "interactive" });
    jobs.define(kind);
    jobs.define(other);
    const ids: string[] = [];
    for (let n = 0; n < 7; n++)
      ids.push(await sql.tx((tx) => jobs.enqueue(tx, kind.name, { dies: n % 2 === 0 }, { tenant: `t${n % 3}` })));
    const quick = await sql.tx((tx) => jobs.enqueue(tx, other.name, {}));
    const all = async (filter: JobsFilter) => {
      const found: JobRecord[] = [];
      for (let before: string | undefined; ;) {
        const page = await jobs.list({ ...filter, jobs_max: 2, ...(before ? { before } : {}) });
        expect(page.jobs.length).toBeLessThanOrEqual(2);
        found.push(...page.jobs);
        if (page.next === null) return found.map((job) => job.id);
        before = page.next;
      }
    };
    const newest = ids.toReversed();
    expect(await all({ kind: kind.name })).toEqual(newest);
    expect(await all({ kind: kind.name, state: "queued" })).toEqual(newest);
    expect(await all({ kind: kind.name, state: "running" })).toEqual([]);
    expect(await all({ class: "interactive" })).toEqual([quick]);
    expect(await all({ tenant: "t1", state: "queued" })).toEqual([ids[4]!, ids[1]!]);
    jobs.start();
    await jobs.idle();
    expect(await all({ kind: kind.name, state: "queued" })).toEqual([]);
    expect(await all({ kind: kind.name, state: "dead" })).toEqual(newest.filter((id) => ids.indexOf(id) % 2 === 0));
    expect(await all({ kind: kind.name, state: "done" })).toEqual(newest.filter((id) => ids.indexOf(id) % 2 === 1));
    expect(await all({ kind: kind.name, state: "cancelled" })).toEqual([]);
    expect(await all({})).toEqual([quick, ...newest]);
  });

  test("JB24: a job tells what it waits for, who holds it and how it ended, and never its payload", async () => {
    await using jobs = open();
    const release = Promise.withResolvers<void>();
    const kind = kindOf("told", () => release.promise, { tenant_concurrency_max: 1 });
    jobs.define(kind);
    const of_tenant = { tenant: "t" };
    const first = await sql.tx((tx) =>
      jobs.enqueue(tx, kind.name, { secret: "hunter2" }, { ...of_tenant, priority: 3 }),
    );
    jobs.start();
    const begun = async () => {
      const job = await jobs.inspect(first);
      return job?.state === "running" && job.tries_max === 3;
    };
    while (!(await begun())) await Bun.sleep(2);
    const waits = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, of_tenant));
    const later = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { delay_ms: 3_600_000 }));
    const foreign = await sql.tx((tx) => jobs.enqueue(tx, "told_nowhere", {}));
    expect(await jobs.inspect(first)).toMatchObject({
      state: "running",
      attempt: 1,
      tries_max: 3,
      tenant: "t",
      priority: 3,
      waits_for: null,
      due_at: null,
      stop_asked: false,
      lease_until: expect.any(Date),
      ended_at: null,
      class: "batch",
    });
    expect(JSON.stringify(await jobs.inspect(first))).not.toContain("hunter2");
    expect(await jobs.inspect(waits)).toMatchObject({ state: "queued", waits_for: "tenant", lease_until: null });
    expect((await jobs.inspect(later))!.due_at!.getTime()).toBeGreaterThan(clock.now() + 3_000_000);
    expect(await jobs.inspect(foreign)).toMatchObject({ waits_for: "worker", tries_max: null });
    expect(await jobs.inspect("9223372036854775807")).toBeNull();
    await sql.tx((tx) => jobs.cancel(tx, later));
    await sql.tx((tx) => jobs.cancel(tx, foreign));
    release.resolve();
    await jobs.idle([kind.name]);
    expect(await jobs.inspect(first)).toMatchObject({ state: "done", ended_at: expect.any(Date), progress: 1 });
    expect((await jobs.list({ kind: kind.name, state: "cancelled" })).jobs.map((job) => job.id)).toEqual([later]);
  });

  test("JB25: the last hour is told by minute and kind, with who waits how long, and older minutes go", async () => {
    const kind = kindOf(
      "flows",
      async (payload, run) => {
        if (payload.dies) throw new Permanent("no");
        if (run.attempt === 1) throw new Error("once more");
      },
      { backoff: { base_ms: 1, delay_ms_max: 2 } },
    );
    {
      await using jobs = open();
      jobs.define(kind);
      for (const dies of [false, false, true]) await sql.tx((tx) => jobs.enqueue(tx, kind.name, { dies }));
      jobs.start();
      await jobs.idle([kind.name]);
      // What a node has not told yet it tells when it leaves.
    }
    await using jobs = open();
    const id = await sql.tx((tx) => jobs.enqueue(tx, "flows_nowhere", {}, { class: "maintenance", priority: 50 }));
    await sql.pool`UPDATE jobs_queue SET sort_at = sort_at - interval '90 seconds' WHERE job_id = ${id}::bigint`;
    await sql.pool`INSERT INTO jobs_minutes (minute_at, kind, class, done) VALUES (now() - interval '61 minutes', 'flows', 'batch', 1000),
      (now() - interval '121 minutes', 'flows', 'batch', 1000)`;
    const { minutes, waits } = await jobs.flow();
    const mine = minutes.filter((minute) => minute.kind === kind.name);
    const sum = (what: "started" | "done" | "failed" | "dead" | "cancelled") => mine.reduce((n, m) => n + m[what], 0);
    expect([sum("started"), sum("done"), sum("failed"), sum("dead"), sum("cancelled")]).toEqual([5, 2, 2, 1, 0]);
    expect(waits.map((wait) => wait.class)).toEqual(["interactive", "batch", "maintenance"]);
    expect(waits[0]).toMatchObject({ queued: 0, running: 0, oldest_s: 0 });
    expect(waits[2]).toMatchObject({ queued: 1, running: 0 });
    expect(waits[2]!.oldest_s).toBeGreaterThanOrEqual(90);
    await keepJobs(sql);
    const [old] = await sql.pool`SELECT count(*)::int AS n FROM jobs_minutes WHERE done = 1000`;
    expect(old.n).toBe(1);
    await sql.tx((tx) => jobs.cancel(tx, id));
  });

  test("JB26: all dead jobs of a kind come back, longest dead first, save those whose unique key lives", async () => {
    await using jobs = open();
    let healed = false;
    const ran: unknown[] = [];
    const kind = kindOf("again", async (payload) => {
      if (!healed) throw new Permanent("no");
      ran.push(payload.n);
    });
    jobs.define(kind);
    jobs.start();
    for (const n of [1, 2, 3]) {
      await sql.tx((tx) => jobs.enqueue(tx, kind.name, { n }, n < 3 ? { unique_key: "one" } : {}));
      await jobs.idle([kind.name]);
    }
    await jobs.drain(1_000);
    expect(sql.tx((tx) => jobs.replayAll(tx, kind.name, 1_001))).rejects.toThrow(RangeError);
    expect(await sql.tx((tx) => jobs.replayAll(tx, "another"))).toBe(0);
    expect(await sql.tx((tx) => jobs.replayAll(tx, kind.name, 1))).toBe(1);
    // The second one of the key "one" is passed over while the first lives.
    expect(await sql.tx((tx) => jobs.replayAll(tx, kind.name))).toBe(1);
    expect(await sql.tx((tx) => jobs.replayAll(tx, kind.name))).toBe(0);
    healed = true;
    jobs.start();
    await jobs.idle([kind.name]);
    expect(ran.toSorted()).toEqual([1, 3]);
    expect(await sql.tx((tx) => jobs.replayAll(tx, kind.name))).toBe(1);
    await jobs.idle([kind.name]);
    expect(ran.at(-1)).toBe(2);
  });

  test("JB27: a job that waits for its time can be let go now, and no other can", async () => {
    await using jobs = open();
    const kind = kindOf(
      "hurried",
      async (_, run) => {
        if (run.attempt === 1) throw new Error("not yet");
      },
      { backoff: { base_ms: 3_600_000, delay_ms_max: 3_600_000 } },
    );
    jobs.define(kind);
    const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}));
    expect(await sql.tx((tx) => jobs.retryNow(tx, id))).toBe(false);
    jobs.start();
    while ((await jobs.inspect(id))?.waits_for !== "time") await Bun.sleep(2);
    expect(await sql.tx((tx) => jobs.retryNow(tx, id))).toBe(true);
    await jobs.idle([kind.name]);
    expect(await jobs.inspect(id)).toMatchObject({ state: "done", attempt: 2 });
    expect(await sql.tx((tx) => jobs.retryNow(tx, id))).toBe(false);
  });
});
