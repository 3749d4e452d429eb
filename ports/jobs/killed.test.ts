import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createJobs } from "./index.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());

const KIND = "killed";
const JOBS = 160;

function startWorker() {
  const bun = process.execPath;
  return Bun.spawn([bun, join(import.meta.dirname, "testing-worker.ts"), JSON.stringify(db.target), KIND], {
    stdout: "pipe",
    stderr: "inherit",
  });
}

test("JB18: workers killed with SIGKILL in the middle lose no job, and fenced effects of one attempt are never lost or doubled", async () => {
  await using jobs = createJobs({ sql: db.sql, clock: db.clock });
  await db.sql.pool`CREATE TABLE killed_effects (n int, attempt int, PRIMARY KEY (n, attempt))`;
  await db.sql.tx(async (tx) => {
    for (let n = 0; n < JOBS; n++) await jobs.enqueue(tx, KIND, { n });
  });
  const ended = async () =>
    JOBS - (await db.sql.pool<{ n: number }[]>`SELECT count(*)::int AS n FROM jobs_living`)[0]!.n;
  let kills = 0;
  let hit = 0;
  for (let goal = 30; goal < JOBS; goal += 30) {
    const worker = startWorker();
    while ((await ended()) < goal) await Bun.sleep(5);
    worker.kill("SIGKILL");
    await worker.exited;
    kills++;
    const [left] = await db.sql.pool<
      { n: number }[]
    >`SELECT count(*)::int AS n FROM jobs_living WHERE state = 'running'`;
    hit += left!.n;
  }
  const last = startWorker();
  await jobs.idle([KIND]);
  last.kill("SIGKILL");
  await last.exited;

  expect(kills).toBe(5);
  // The kills did hit running jobs, or this test proves nothing.
  expect(hit).toBeGreaterThan(0);
  expect(await ended()).toBe(JOBS);
  const effects = await db.sql.pool<
    { n: number; times: number }[]
  >`SELECT n, count(*)::int AS times FROM killed_effects GROUP BY n`;
  expect(effects.length).toBe(JOBS);
  // A second effect of one job is possible only where the first attempt died between its effect and its end.
  const doubled = effects.filter((e) => e.times > 1).length;
  expect(doubled).toBeLessThanOrEqual(kills * 4);
});
