/**
 * graphile-worker as its page on performance shows it. Plain JavaScript, for it runs on Node too.
 *   node graphile.mjs target way jobs workers   (way: single | grouped)
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { runSide } from "./side.mjs";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const { run, makeWorkerUtils, Logger } = await import(pathToFileURL(require.resolve("graphile-worker")).href);
const { Pool } = require("pg");
const [target, way, count, workers] = process.argv.slice(2);
const { socket_path, database, user } = JSON.parse(target);
const jobs = Number(count);
const pgPool = new Pool({ host: socket_path.replace(/\/\.s\.PGSQL\.\d+$/, ""), database, user, max: 12 });
const logger = new Logger(() => () => {});
let done = 0;
let over;
const all = new Promise((resolve) => (over = resolve));
const tables = "SELECT FROM graphile_worker._private_jobs LIMIT 1";

await runSide({
  async fill() {
    const utils = await makeWorkerUtils({ pgPool, logger });
    await utils.migrate();
    for (let n = 0; n < jobs; n += 1_000)
      await pgPool.query(
        `SELECT graphile_worker.add_jobs(array_agg(('bench', json_build_object('n', n), null, null, null, null, null, null)::graphile_worker.job_spec))
         FROM generate_series($1::int, $2::int) n`,
        [n, Math.min(jobs, n + 1_000) - 1],
      );
    await pgPool.query("VACUUM ANALYZE");
  },
  async empty() {
    const grouped = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
    const runner = await run({
      pgPool,
      logger,
      noHandleSignals: true,
      preset: {
        worker: { concurrentJobs: Number(workers), maxPoolSize: 12, ...(way === "grouped" ? grouped : {}) },
      },
      taskList: {
        bench: async () => {
          if (++done === jobs) over();
        },
      },
    });
    await all;
    while ((await pgPool.query(tables)).rowCount > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    void runner.stop().then(() => process.exit(0));
  },
});
