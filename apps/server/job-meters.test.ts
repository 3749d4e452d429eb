import { afterAll, expect, test } from "bun:test";

import { Registry } from "prom-client";

import { createJobs } from "#ports/jobs/index.ts";
import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";
import { waitOf } from "#systems/jobs/waits.ts";

import { createJobMeters, createLapses } from "./job-meters.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());

test("JP14: leases that ran out are counted by kind, failures of other sorts are not, and each class tells what it is promised", async () => {
  const { sql, clock } = db;
  const job_lapses = createLapses();
  await using jobs = createJobs({ sql, clock, workers: 2, onFailure: job_lapses.note });
  let tries = 0;
  const kind = { class: "batch", tries_max: 3, lease_ms: 30_000, run_ms_max: 30_000, concurrency_max: 2 } as const;
  const backoff = { base_ms: 1, delay_ms_max: 1 };
  jobs.define({ ...kind, name: "m.left", async handle() {} });
  jobs.define({
    ...kind,
    backoff,
    name: "m.fails",
    async handle() {
      if (++tries === 1) throw new Error("once");
    },
  });
  // As a worker leaves it that was killed a while ago.
  await sql.pool`
    WITH left_behind AS (
      INSERT INTO jobs_jobs (kind, class, priority, payload, unique_key) VALUES ('m.left', 'batch', 0, '{}', 'one') RETURNING id)
    INSERT INTO jobs_queue (slot, job_id, kind, class, priority, state, sort_at, wakes_at, attempt, token)
    SELECT slot, id, 'm.left', 'batch', 0, 'running', clock_timestamp(), clock_timestamp() - interval '1 minute', 1, nextval('jobs_tokens')
    FROM left_behind, jobs_house`;
  await sql.tx((tx) => jobs.enqueue(tx, "m.fails", {}));
  jobs.start();
  await jobs.idle(["m.left", "m.fails"]);
  expect([...job_lapses.totals()]).toEqual([["m.left", 1]]);

  const registry = new Registry();
  const meters = createJobMeters(registry, {
    jobs,
    job_lapses,
    waits: async () => [waitOf("batch", 90, { interactive: 1, batch: 60_000, maintenance: 1 })],
  });
  for (let times = 0; times < 2; times += 1) await meters.refresh();
  const text = await registry.metrics();
  expect(text).toContain('folkhus_jobs_leases_lapsed_total{kind="m.left"} 1\n');
  expect(text).toContain('folkhus_jobs_leases_lapsed_total{kind="m.fails"} 0\n');
  expect(text).toContain('folkhus_jobs_ended_total{class="batch",kind="m.fails",end="failed"} 1\n');
  expect(text).toContain('folkhus_jobs_wait_seconds{class="batch"} 90\n');
  expect(text).toContain('folkhus_jobs_wait_bound_seconds{class="batch"} 60\n');
  const shares = [...text.matchAll(/^folkhus_jobs_share_promised_ratio{class="\w+"} (\S+)$/gm)].map(([, share]) =>
    Number(share),
  );
  expect(shares).toHaveLength(3);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
});
