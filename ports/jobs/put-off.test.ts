import { afterAll, expect, test } from "bun:test";

import { Transient } from "#kernel/errors.ts";
import { createCalls, DependencyAway } from "#ports/calls/index.ts";
import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createJobs, type JobKind } from "./index.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (name: string, handle: JobKind["handle"], more: Partial<JobKind> = {}): JobKind => ({
  name,
  class: "interactive",
  tries_max: 2,
  lease_ms: 5_000,
  run_ms_max: 30_000,
  concurrency_max: 8,
  handle,
  ...more,
});
/** How it lies in the queue, once nobody has it in hand. */
async function lying(id: string) {
  for (;;) {
    const [row] = (await sql.pool`
      SELECT q.state, q.attempt, q.wakes_at - clock_timestamp() > '25 s' AS is_far, j.reason, j.deadline_at = q.wakes_at AS is_last
      FROM jobs_queue q JOIN jobs_jobs j ON j.id = q.job_id WHERE q.job_id = ${id}::bigint`) as {
      state: string;
      attempt: number;
      is_far: boolean;
      reason: string | null;
      is_last: boolean | null;
    }[];
    if (row?.state === "waiting") return row;
    await clock.sleep(5);
  }
}
const away = (ms: number) => new DependencyAway("mail", ms);

test("JB60: what was not sent comes back when who is away is asked again, and no try is gone", async () => {
  await using jobs = createJobs({ sql, clock });
  const attempts: number[] = [];
  const kind = kindOf("unasked", async (_, run) => {
    attempts.push(run.attempt);
    // As an engine says it: in its own words, with the reason behind them.
    if (attempts.length < 6) throw new Transient("the letter waits", { cause: away(30_000), retry_after_ms: 30_000 });
  });
  jobs.define(kind);
  jobs.start();
  const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}));
  for (let i = 0; i < 5; i++) {
    expect(await lying(id)).toMatchObject({ attempt: 0, is_far: true, reason: "the letter waits" });
    await sql.tx((tx) => jobs.retryNow(tx, id));
    while (attempts.length < i + 2) await clock.sleep(5);
  }
  await jobs.idle([kind.name]);
  expect(attempts).toEqual([1, 1, 1, 1, 1, 1]);
  expect(await jobs.get(id)).toMatchObject({ state: "done" });
});

test("JB60: it comes back by its deadline, and after a day refusals count as any failure", async () => {
  await using jobs = createJobs({ sql, clock });
  const kind = kindOf("unasked_late", async () => {
    throw away(600_000);
  });
  jobs.define(kind);
  jobs.start();
  const deadline_at = new Date(clock.now() + 60_000);
  const dated = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}, { deadline_at }));
  expect(await lying(dated)).toMatchObject({ attempt: 0, is_far: true, is_last: true });
  const old = await sql.tx(async (tx) => {
    const id = await jobs.enqueue(tx, kind.name, {});
    await tx`UPDATE jobs_jobs SET enqueued_at = enqueued_at - interval '25 h' WHERE id = ${id}::bigint`;
    return id;
  });
  expect(await lying(old)).toMatchObject({ attempt: 1 });
});

test("JB61: what a job asks of others ends with its attempt, and so does what it would still ask", async () => {
  await using jobs = createJobs({ sql, clock });
  const server = createCalls({ clock }).to({ name: "server", away: "-" });
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown[]>();
  const kind = kindOf("slow_elsewhere", async () => {
    const never = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
        begun.resolve();
      });
    const heard = [
      await server.call(never).catch((error: unknown) => error),
      await server.call(async () => "asked").catch((error: unknown) => error),
    ];
    // Where it stopped may still be written.
    heard.push(...(await sql.pool<{ one: number }[]>`SELECT 1 AS one`));
    ended.resolve(heard);
  });
  jobs.define(kind);
  jobs.start();
  const id = await sql.tx((tx) => jobs.enqueue(tx, kind.name, {}));
  await begun.promise;
  await sql.tx((tx) => jobs.cancel(tx, id));
  const stopped = expect.objectContaining({ message: "the job was stopped: cancelled" });
  expect(await ended.promise).toEqual([stopped, stopped, { one: 1 }]);
});
