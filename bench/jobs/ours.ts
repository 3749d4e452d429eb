/**
 * Our side of `bench/jobs.ts`: fills a queue, waits for "go", empties it.
 *   bun ours.ts target way jobs workers
 */
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createSql, migrate, type SqlTarget } from "#ports/sql/index.ts";

import { runSide } from "./side.mjs";

const [target, way, count, workers] = process.argv.slice(2) as [string, string, string, string];
const jobs_max = Number(count);
const clock = createSystemClock();
await using sql = createSql(JSON.parse(target) as SqlTarget, { clock, connections_max: 12, statement_ms_max: 600_000 });
const folder = (name: string) => ({ system: name, folder: join(import.meta.dirname, `../../ports/${name}/sql`) });
await migrate(sql, [folder("sql"), folder("jobs")]);
await using jobs = createJobs({
  sql,
  clock,
  workers: Number(workers),
  ...(way === "single" ? { group_max: 1 } : {}),
  onError: (error) => console.error(error),
});
const over = Promise.withResolvers<void>();
let done = 0;
const kind = {
  name: "bench",
  class: "interactive" as const,
  tries_max: 3,
  lease_ms: 30_000,
  run_ms_max: 60_000,
  concurrency_max: 1_000,
  async handle() {
    if (++done === jobs_max) over.resolve();
  },
};
jobs.define(kind);

await runSide({
  async fill() {
    for (let n = 0; n < jobs_max; n += 1_000)
      await sql.pool`SELECT jobs_enqueue('bench', jsonb_build_object('n', n), 'interactive', 0, 0, NULL, NULL, NULL, 60)
        FROM generate_series(${n}::int, ${Math.min(jobs_max, n + 1_000) - 1}::int) n`;
    await sql.pool.unsafe("VACUUM ANALYZE");
  },
  async empty() {
    jobs.start();
    await over.promise;
    while ((await sql.pool`(SELECT FROM jobs_queue LIMIT 1) UNION ALL (SELECT FROM jobs_leases LIMIT 1)`).length > 0)
      await Bun.sleep(1);
  },
});
