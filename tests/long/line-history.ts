import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Several processes whose clocks disagree, a PostgreSQL and a Redis of their own; kills, stops, restarts of the database, cuts in the
 * handshake and after it, half-open lines, readers who stall, a bus that loses, repeats and delays. Then every history is compared
 * with every other, and it says how often each of these happened: one that never did proves nothing.
 *
 *     bun tests/long/line-history.ts [seconds of trouble = 60] [processes = 3] [seed]
 */
const seconds = Number(process.argv[2] ?? 60);
const processes = Number(process.argv[3] ?? 3);
const seed = Number(process.argv[4] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
const folder = await mkdtemp(join(tmpdir(), "folkhus-history-"));
await Bun.$`chmod 755 ${folder}`;
// A cluster that may be killed: all that is opened from here on is in it.
process.env.FOLKHUS_TEST_CLUSTER = join(folder, "postgres");
const [{ liveHistory }, { startEmbeddedPostgres }, { CLUSTER, TEST_SETTINGS }] = await Promise.all([
  import("../line-history/run.ts"),
  import("#ports/sql/index.ts"),
  import("#ports/sql/testing.ts"),
]);
// What was acknowledged must be there after a kill.
const settings = TEST_SETTINGS.filter((line) => !line.startsWith("synchronous_commit"));
let postgres = await startEmbeddedPostgres({ folder: CLUSTER, settings });
async function restartDatabase(): Promise<void> {
  process.kill(postgres.pid, "SIGQUIT");
  while (isThere(postgres.pid)) await Bun.sleep(20);
  await Bun.sleep(500);
  postgres = await startEmbeddedPostgres({ folder: CLUSTER, settings });
}
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
const { faults, happened, ...report } = await liveHistory(seed, seconds * 1_000, processes, {
  restartDatabase,
  long: true,
});
await postgres[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });
for (const fault of faults) console.log(`✗ ${fault}`);
for (const [name, times] of Object.entries(happened))
  console.log(`${String(times).padStart(7)}  ${name.replaceAll("_", " ")}`);
const never = Object.entries(happened).flatMap(([name, times]) => (times === 0 ? [name] : []));
console.log(`${seconds} s of trouble on ${processes} processes: ${faults.length} faults. ${JSON.stringify(report)}`);
if (never.length > 0) console.log(`never happened, and so not proven: ${never.join(", ")}`);
process.exit(faults.length > 0 ? 1 : 0);
