import { afterAll, describe, expect, test } from "bun:test";

import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createClaims } from "./claims.ts";
import { createJobs, type JobKind } from "./index.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;
// Here nobody looks at the whole queue now and then: what begins was looked for by those that had to.
await sql.pool.unsafe(`
  CREATE OR REPLACE FUNCTION jobs_sweep(kinds text[], step_s integer, OUT classes text[], OUT next_ms float8, OUT lapsed boolean)
  LANGUAGE sql AS $$ SELECT '{}'::text[], NULL::float8, false $$`);

const kindOf = (name: string, handle: JobKind["handle"] = async () => {}, more: Partial<JobKind> = {}): JobKind => ({
  name,
  class: "interactive",
  tries_max: 3,
  lease_ms: 30_000,
  run_ms_max: 30_000,
  concurrency_max: 1_000,
  handle,
  ...more,
});
const open = (workers: number) => createJobs({ sql, clock, workers, onError: (error) => console.error(error) });

describe("ports/jobs, hands and tenants", () => {
  test("JB44: while a tenant has more long jobs than there are workers, another's begins at once, and each of its own in the end", async () => {
    await using jobs = open(4);
    const release = Promise.withResolvers<void>();
    const small = Promise.withResolvers<void>();
    const ran: unknown[] = [];
    let big = 0;
    let most = 0;
    const handle: JobKind["handle"] = async ({ n }) => {
      if (n === "small") return small.resolve();
      most = Math.max(most, ++big);
      await release.promise;
      big -= 1;
      ran.push(n);
    };
    // Of two kinds and classes: it is the tenant that is bounded, whatever it has in the queue.
    const kinds = [kindOf("long", handle), kindOf("long_too", handle, { class: "batch" })];
    for (const kind of kinds) jobs.define(kind);
    await sql.tx(async (tx) => {
      for (let n = 0; n < 40; n++) await jobs.enqueue(tx, kinds[n % 2]!.name, { n }, { tenant: "big" });
    });
    jobs.start();
    while (big < 3) await Bun.sleep(1);
    await sql.tx((tx) => jobs.enqueue(tx, "long", { n: "small" }, { tenant: "small", class: "interactive" }));
    await small.promise;
    // What has no tenant is nobody's flood.
    await sql.tx((tx) => jobs.enqueue(tx, "long", { n: "nobody's" }, { class: "interactive" }));
    while (big < 4) await Bun.sleep(1);
    release.resolve();
    await jobs.idle();
    expect(ran.length).toBe(41);
    expect(most).toBe(4);
    expect(new Set(ran).size).toBe(41);
  });

  test("JB12: the next of a kind that has its fill of a node begins when one of it ends", async () => {
    // Nothing is claimed ahead, as of jobs that are not short.
    await using jobs = createJobs({ sql, clock, workers: 4, group_max: 1, onError: (error) => console.error(error) });
    let running = 0;
    let most = 0;
    const kind = kindOf(
      "filled",
      async () => {
        most = Math.max(most, ++running);
        await Bun.sleep(1);
        running -= 1;
      },
      { class: "batch", concurrency_max: 1 },
    );
    jobs.define(kind);
    await sql.tx(async (tx) => {
      for (let n = 0; n < 8; n++) await jobs.enqueue(tx, kind.name, { n });
    });
    jobs.start();
    // Nobody looks later here: what is not claimed when there is room for it never is.
    await jobs.idle([kind.name]);
    expect(most).toBe(1);
  });

  test("JB44: a node with one worker has it for anybody", async () => {
    await using jobs = open(1);
    const kind = kindOf("alone");
    jobs.define(kind);
    const ids = await sql.tx((tx) =>
      Promise.all([1, 2].map((n) => jobs.enqueue(tx, kind.name, { n }, { tenant: "one", class: kind.class }))),
    );
    jobs.start();
    await jobs.idle([kind.name]);
    for (const id of ids) expect((await jobs.get(id))!.state).toBe("done");
  });

  test("JB44: a claim goes past those whose tenant has its fill, keeps their place, and takes no more of a kind than it may", async () => {
    const kind = kindOf("passed", async () => {}, { class: "batch" });
    for (const [at, tenant] of ["a", "a", "a", null, "b", "b", "b", null, "c"].entries())
      await sql.pool`SELECT jobs_enqueue(${kind.name}, jsonb_build_object('n', ${at}::int), 'batch', 0, 0, NULL, NULL, ${tenant}, 60)`;
    const { claim } = createClaims({ sql, clock });
    const took = async (room: number, names: string[], rooms: number[], others: number) => {
      const { jobs, left, more } = await claim("batch", [{ kind, room }], 8, { names, rooms, others });
      return { n: jobs.map((job) => job.payload.n), left, more };
    };
    expect(await took(3, ["a"], [0], 1)).toEqual({ n: [3, 4, 7], left: true, more: true });
    expect(await took(8, ["a", "b"], [0, -1], 2)).toEqual({ n: [8], left: true, more: false });
    expect(await took(8, ["a", "b"], [1, 0], 2)).toEqual({ n: [0], left: true, more: false });
    expect(await took(8, ["a"], [0], 2)).toEqual({ n: [5, 6], left: true, more: false });
    expect(await took(8, [], [], 2)).toEqual({ n: [1, 2], left: false, more: false });
    await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  });

  test("JB44: a node from before, which tells nothing of tenants, claims all of one's as it did, once", async () => {
    await using jobs = open(1);
    const kind = kindOf("from-before");
    jobs.define(kind);
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++)
      ids.push(
        await sql.tx((tx) => jobs.enqueue(tx, kind.name, { n }, { class: "batch", tenant: n < 5 ? "one" : "two" })),
      );
    const take = (most: number) => sql.pool<{ id: string | null; attempt: number; payload: object; tenant: string }[]>`
      SELECT * FROM jobs_take('batch', ARRAY[${kind.name}], ARRAY['-infinity'::timestamptz], ARRAY[8], ARRAY[1000], ARRAY[0], ${most}::int)`;
    const first = await take(3);
    expect(first.map(({ id, attempt, payload }) => [id, attempt, payload])).toEqual(
      ids.slice(0, 3).map((id, i) => [id, 1, { n: i + 1 }]),
    );
    expect((await take(8)).map(({ id, tenant }) => [id, tenant])).toEqual([
      [ids[3]!, "one"],
      [ids[4]!, "two"],
    ]);
    expect(await take(8)).toHaveLength(0);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = ${kind.name}`;
  });
});
