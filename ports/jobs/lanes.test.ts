import { afterAll, describe, expect, test } from "bun:test";

import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createClaims } from "./claims.ts";
import { createJobs, type JobKind } from "./index.ts";
import * as store from "./store.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;
// Here nobody looks at all lanes now and then: what comes out of one was let out by those that had to.
await sql.pool.unsafe(`
  CREATE OR REPLACE FUNCTION jobs_sweep(kinds text[], step_s integer, OUT classes text[], OUT next_ms float8, OUT lapsed boolean)
  LANGUAGE sql AS $$ SELECT '{}'::text[], NULL::float8, false $$`);

const TENANT = `a, "tenant" {\\}`;
const kindOf = (name: string, handle: JobKind["handle"] = async () => {}): JobKind => ({
  name,
  class: "batch",
  tries_max: 3,
  lease_ms: 30_000,
  run_ms_max: 30_000,
  concurrency_max: 8,
  tenant_concurrency_max: 1,
  handle,
});
const stateOf = async (id: string): Promise<string | null> => {
  const [row] = await sql.pool<{ state: string }[]>`SELECT state FROM jobs_queue WHERE job_id = ${id}::bigint`;
  return row?.state ?? null;
};
const take = async (kind: JobKind) =>
  (await createClaims({ sql, clock }).claim("batch", [{ kind, room: 8 }], 8)).jobs[0]!;
const declare = (kind: JobKind) =>
  store.insertKind(sql.pool, {
    name: kind.name,
    class: kind.class,
    lane_max: 1,
    tries_max: 3,
    every_ms: null,
    cron: null,
    time_zone: null,
  });

describe("ports/jobs lanes", () => {
  test("JB22: a job comes out that lay down in a lane while the one before it ended", async () => {
    await using jobs = createJobs({ sql, clock });
    const kind = kindOf("lies_down");
    await declare(kind);
    const enqueue = (tx: typeof sql.pool) => jobs.enqueue(tx, kind.name, {}, { tenant: TENANT });
    await sql.tx(enqueue);
    const first = await take(kind);
    const second = await sql.tx(async (tx) => {
      const id = await enqueue(tx);
      // Sees nobody in the lane, for that is not committed.
      expect(await store.finish(sql.pool, [first])).toMatchObject({ classes: [] });
      return id;
    });
    while ((await stateOf(second)) !== "ready") await Bun.sleep(2);
    await store.finish(sql.pool, [await take(kind)]);
  });

  test("JB22: a job comes out that was replayed into a lane, by itself or with all of its kind, while the one before it ended", async () => {
    await using jobs = createJobs({ sql, clock });
    for (const way of ["itself", "all"]) {
      const kind = kindOf(`replayed_by_${way}`);
      await declare(kind);
      const dead = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { tenant: TENANT }));
      await sql.tx((tx) => jobs.cancel(tx, dead));
      await sql.pool`UPDATE jobs_jobs SET state = 'dead' WHERE id = ${dead}::bigint`;
      await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { tenant: TENANT }));
      const first = await take(kind);
      await sql.tx(async (tx) => {
        expect(await (way === "all" ? jobs.replayAll(tx, kind.name) : jobs.replay(tx, dead))).toBeTruthy();
        // Sees nobody in the lane, for that is not committed.
        expect(await store.finish(sql.pool, [first])).toMatchObject({ classes: [] });
      });
      while ((await stateOf(dead)) !== "ready") await Bun.sleep(2);
      await store.finish(sql.pool, [await take(kind)]);
    }
  });

  test("JB22: a job comes out that lay down and looked while the end of the one before it was not committed", async () => {
    const writers = createJobs({ sql, clock });
    await using jobs = createJobs({ sql, clock });
    let second: string | null = null;
    const kind = kindOf("leaves_room", (_, run) =>
      run.finish(async () => {
        if (second) return;
        second = await sql.tx((tx) => writers.enqueue(tx, kind.name, {}, { tenant: TENANT }));
        // It has looked once it is disposed.
        await writers[Symbol.asyncDispose]();
        expect(await stateOf(second)).toBe("lane");
      }),
    );
    jobs.define(kind);
    await declare(kind);
    await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { tenant: TENANT }));
    jobs.start();
    await jobs.idle([kind.name]);
    expect(await jobs.get(second!)).toMatchObject({ state: "done" });
  });

  test("JB22: a job comes out that a claim sent to the lane while the one before it ended", async () => {
    await using jobs = createJobs({ sql, clock });
    const end = Promise.withResolvers<void>();
    let ran = 0;
    const kind = kindOf("sent_back", () => (++ran === 1 ? end.promise : Promise.resolve()));
    jobs.define(kind);
    await declare(kind);
    const first = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { tenant: TENANT }));
    jobs.start();
    while (ran === 0) await Bun.sleep(2);
    // A claim that sends somebody to the lane waits there until it may commit.
    await sql.pool.unsafe(`
      CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
      CREATE TRIGGER hold_back AFTER UPDATE ON jobs_queue FOR EACH ROW WHEN (new.state = 'lane') EXECUTE FUNCTION hold_back()`);
    const second = await sql.tx(async (tx) => {
      await tx`SELECT pg_advisory_xact_lock(4711)`;
      const id = await sql.tx((other) => jobs.enqueue(other, kind.name, {}, { tenant: TENANT, delay_ms: 1 }));
      expect(await sql.tx((other) => jobs.retryNow(other, id))).toBe(true);
      const held = () => sql.pool`SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted`;
      while ((await held()).length === 0) await Bun.sleep(2);
      end.resolve();
      while ((await stateOf(first)) !== null) await Bun.sleep(2);
      return id;
    });
    await jobs.idle([kind.name]);
    expect(await jobs.get(second)).toMatchObject({ state: "done" });
  });
});
