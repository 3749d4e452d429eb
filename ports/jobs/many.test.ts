import { afterAll, describe, expect, test } from "bun:test";

import { Permanent } from "#kernel/errors.ts";
import { askerHere } from "#ports/calls/index.ts";
import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createJobs, type JobKindOfMany, LeaseLost } from "./index.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (
  name: string,
  handleMany: JobKindOfMany["handleMany"],
  more: Partial<JobKindOfMany> = {},
): JobKindOfMany => ({
  name,
  class: "batch",
  tries_max: 2,
  lease_ms: 30_000,
  run_ms_max: 30_000,
  concurrency_max: 1,
  many_max: 50,
  backoff: { base_ms: 1, delay_ms_max: 5 },
  handleMany,
  ...more,
});
const open = (workers = 4) => createJobs({ sql, clock, workers, onError: (error) => console.error(error) });
const fill = (kind: JobKindOfMany, count: number) =>
  sql.pool`SELECT jobs_enqueue(${kind.name}, jsonb_build_object('n', n), ${kind.class}, 0, 0, NULL, NULL, NULL, 60) FROM generate_series(1, ${count}::int) n`;
const endsOf = async (kind: JobKindOfMany) => {
  const ends = await sql.pool<{ n: number; state: string; attempt: number; reason: string | null }[]>`
    SELECT (j.payload ->> 'n')::int AS n, jobs_state(j.state, q.state) AS state, j.attempt, j.reason
    FROM jobs_jobs j LEFT JOIN jobs_living q ON q.job_id = j.id WHERE j.kind = ${kind.name} ORDER BY 1`;
  return ends.map((end) => [end.n, end.state, ...(end.state === "dead" ? [end.attempt, end.reason] : [])]);
};

describe("ports/jobs, many in a call", () => {
  test("JB45: how many a call may get is 1…512", async () => {
    await using jobs = open();
    for (const many_max of [0, 513, 1.5])
      expect(() => jobs.defineMany(kindOf("wrong", async () => {}, { many_max }))).toThrow(RangeError);
  });

  test("JB45: as many as are there come in one call of one worker; all are done when it returns", async () => {
    await using jobs = open();
    const calls: number[][] = [];
    let at_once = 0;
    let most = 0;
    const kind = kindOf("together", async (batch) => {
      most = Math.max(most, ++at_once);
      await Bun.sleep(5);
      calls.push(batch.map(({ payload }) => Number(payload.n)));
      at_once -= 1;
    });
    jobs.defineMany(kind);
    await fill(kind, 120);
    jobs.start();
    await jobs.idle([kind.name]);
    expect(calls.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
    expect(Math.max(...calls.map((call) => call.length))).toBe(50);
    expect(most).toBe(1);
    expect((await endsOf(kind)).every(([, state]) => state === "done")).toBe(true);
  });

  test("JB45: each ends by itself where its end is told: done, tried again, dead", async () => {
    await using jobs = open();
    const tries = new Map<number, number>();
    const kind = kindOf("each", async (batch) =>
      Promise.allSettled(
        batch.map(async ({ payload, run }) => {
          const n = Number(payload.n);
          tries.set(n, run.attempt);
          if (n === 2 && run.attempt === 1) throw new Error("once");
          if (n === 3) throw new Permanent("never");
          if (n === 4) await run.finish((tx) => tx`SELECT 1`);
          if (n === 4) throw new Error("not heard");
        }),
      ),
    );
    jobs.defineMany(kind);
    await fill(kind, 5);
    jobs.start();
    await jobs.idle([kind.name]);
    expect(await endsOf(kind)).toEqual([
      [1, "done"],
      [2, "done"],
      [3, "dead", 1, "never"],
      [4, "done"],
      [5, "done"],
    ]);
    expect(Object.fromEntries(tries)).toEqual({ 1: 1, 2: 2, 3: 1, 4: 1, 5: 1 });
  });

  test("JB45: when the call throws, or tells fewer ends than it got jobs, each has failed", async () => {
    await using jobs = open();
    const throws = kindOf("throws", async () => {
      throw new Error("all of them");
    });
    const short = kindOf("short", async (batch) => (await Promise.allSettled(batch)).slice(1));
    for (const kind of [throws, short]) {
      jobs.defineMany(kind);
      await fill(kind, 3);
    }
    jobs.start();
    await jobs.idle();
    expect(await endsOf(throws)).toEqual([1, 2, 3].map((n) => [n, "dead", 2, "all of them"]));
    for (const [, state, attempt, reason] of await endsOf(short)) {
      expect([state, attempt]).toEqual(["dead", 2]);
      expect(String(reason)).toMatch(/^short got \d+ jobs and told how \d+ ended$/);
    }
  });

  test("JB45: one of a call is cancelled or lost by itself", async () => {
    await using jobs = open();
    const ready = Promise.withResolvers<string[]>();
    const release = Promise.withResolvers<void>();
    const lost: unknown[] = [];
    const kind = kindOf(
      "alone",
      async (batch) => {
        ready.resolve(batch.map(({ run }) => run.id));
        await Promise.all(
          batch.map(async ({ payload, run }) => {
            if (payload.n === 1) await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
          }),
        );
        await release.promise;
        for (const { payload, run } of batch)
          if (payload.n === 2) await run.fenced((tx) => tx`SELECT 1`).catch((error) => lost.push(error));
      },
      { tries_max: 1 },
    );
    jobs.defineMany(kind);
    await fill(kind, 3);
    jobs.start();
    const [first, second] = (await ready.promise) as [string, string, string];
    await sql.pool`UPDATE jobs_queue SET token = nextval('jobs_tokens'), wakes_at = 'infinity' WHERE job_id = ${second}::bigint`;
    await sql.tx((tx) => jobs.cancel(tx, first));
    release.resolve();
    while ((await jobs.get(first))!.state !== "cancelled") await Bun.sleep(2);
    await sql.pool`DELETE FROM jobs_queue WHERE job_id = ${second}::bigint`;
    await jobs.idle([kind.name]);
    expect(lost).toEqual([expect.any(LeaseLost)]);
    expect((await endsOf(kind)).map(([n, state]) => [n, state])).toEqual([
      [1, "cancelled"],
      [2, "done"],
      [3, "done"],
    ]);
  });

  test("JB61: what a call asks of others ends when the last of its jobs is told to stop, and not before", async () => {
    await using jobs = open();
    const ready = Promise.withResolvers<string[]>();
    let told = 0;
    const kind = kindOf("stopped", async (batch) => {
      const { signal } = askerHere()!;
      let over = false;
      signal.addEventListener("abort", () => (over = true));
      ready.resolve(batch.map(({ run }) => run.id));
      await Promise.all(
        batch.map(async ({ run }) => {
          await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
          if (++told < batch.length) expect(over).toBe(false);
        }),
      );
      expect(over).toBe(true);
    });
    jobs.defineMany(kind);
    await fill(kind, 2);
    jobs.start();
    const ids = await ready.promise;
    expect(ids.length).toBe(2);
    for (const [at, id] of ids.entries()) {
      await sql.tx((tx) => jobs.cancel(tx, id));
      while (told <= at) await Bun.sleep(2);
    }
    await jobs.idle([kind.name]);
    for (const id of ids) expect((await jobs.get(id))!.state).toBe("cancelled");
  });
});
