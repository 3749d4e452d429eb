/**
 * pg-boss: fetch and complete in loops, for its own `work` looks twice a second at most. Plain JavaScript, for it runs on Node too.
 *   node boss.mjs target way jobs workers   (way: single | grouped)
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { runSide } from "./side.mjs";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const { PgBoss } = await import(pathToFileURL(require.resolve("pg-boss")).href);
const [target, way, count, workers] = process.argv.slice(2);
const { socket_path, database, user } = JSON.parse(target);
const jobs = Number(count);
const GROUP = 500;
const boss = new PgBoss({
  host: socket_path.replace(/\/\.s\.PGSQL\.\d+$/, ""),
  database,
  user,
  max: 12,
  supervise: false,
  schedule: false,
});
boss.on("error", console.error);
let done = 0;

async function one(batchSize) {
  while (done < jobs) {
    const got = await boss.fetch("bench", { batchSize });
    if (got.length === 0) return;
    await Promise.all(got.map(async () => done++));
    await boss.complete(
      "bench",
      got.map((job) => job.id),
    );
  }
}

await runSide({
  async fill() {
    await boss.start();
    await boss.createQueue("bench");
    for (let n = 0; n < jobs; n += 1_000)
      await boss.insert(
        "bench",
        Array.from({ length: Math.min(1_000, jobs - n) }, (_, i) => ({ data: { n: n + i } })),
      );
    await boss.getDb().executeSql("VACUUM ANALYZE");
  },
  async empty() {
    await Promise.all(
      Array.from({ length: way === "grouped" ? 2 : Number(workers) }, () => one(way === "grouped" ? GROUP : 1)),
    );
  },
});
process.exit(0);
