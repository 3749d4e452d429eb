/**
 * Workers killed with SIGKILL every second, for five minutes, on a durable PostgreSQL of its own: no job is lost, and no effect
 * that ends with its job happens twice.
 *
 *   bun tests/long/jobs-killed.ts [--seconds=300] [--nodes=2] [--per-s=60] [--seed=1]
 *
 * Three kinds: `effects` write a row and end in one transaction (`run.finish`), which nothing but that keeps from coming twice;
 * `fenced` write theirs in `run.fenced`, once per attempt; `quick` ones are claimed ahead and ended in groups, and are counted by their key.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs, type JobKind } from "#ports/jobs/index.ts";
import { createSql, migrate, type SqlTarget, startEmbeddedPostgres } from "#ports/sql/index.ts";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const ROOT = join(import.meta.dirname, "../..");
const clock = createSystemClock();

async function work(target: SqlTarget): Promise<void> {
  const sql = createSql(target, { clock, connections_max: 6 });
  const jobs = createJobs({ sql, clock });
  const kind = (name: string, lease_ms: number, handle: JobKind["handle"]): JobKind => ({
    name,
    class: "batch",
    tries_max: 1_000,
    lease_ms,
    run_ms_max: 20_000,
    concurrency_max: 8,
    backoff: { base_ms: 1, delay_ms_max: 5 },
    retry_budget: { per_minute_min: 100_000 },
    handle,
  });
  jobs.define(
    kind("effects", 1_500, async ({ n }, run) => {
      await clock.sleep(Number(n) % 40);
      await run.finish((tx) => tx`INSERT INTO effects (n) VALUES (${Number(n)})`);
      await clock.sleep(Number(n) % 5);
    }),
  );
  jobs.define(
    kind("fenced", 1_500, async ({ n }, run) => {
      await run.fenced((tx) => tx`INSERT INTO fenced (n, attempt) VALUES (${Number(n)}, ${run.attempt})`);
      await clock.sleep(Number(n) % 10);
    }),
  );
  jobs.define(
    kind("quick", 3_000, async ({ n }) => {
      await sql.pool`INSERT INTO quick (n) VALUES (${Number(n)}) ON CONFLICT DO NOTHING`;
    }),
  );
  jobs.start();
  await new Promise(() => {});
}

async function watch(): Promise<number> {
  const seconds = option("seconds", 300);
  const nodes = option("nodes", 2);
  const per_s = option("per-s", 60);
  let seed = option("seed", 1);
  const chance = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * n);
  };
  await using stack = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "folkhus-jobs-"));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  await Bun.$`chmod 755 ${home}`;
  const postgres = stack.use(await startEmbeddedPostgres({ folder: join(home, "postgres") }));
  const sql = stack.use(createSql(postgres.target, { clock, connections_max: 4 }));
  await migrate(sql, [
    { system: "sql", folder: join(ROOT, "ports/sql/sql") },
    { system: "jobs", folder: join(ROOT, "ports/jobs/sql") },
  ]);
  await sql.pool.unsafe(
    "CREATE TABLE effects (n int); CREATE TABLE fenced (n int, attempt int); CREATE TABLE quick (n int PRIMARY KEY)",
  );
  const jobs = stack.use(createJobs({ sql, clock }));
  const spawn = () =>
    Bun.spawn([process.execPath, import.meta.path, "worker", JSON.stringify(postgres.target)], {
      stdout: "inherit",
      stderr: "inherit",
    });
  const workers = Array.from({ length: nodes }, spawn);
  let n = 0;
  let kills = 0;
  let hit = 0;
  const began = clock.monotonic();
  while (clock.monotonic() - began < seconds * 1_000) {
    await sql.tx(async (tx) => {
      for (let i = 0; i < per_s; i++, n++)
        for (const kind of ["effects", "fenced", "quick"]) await jobs.enqueue(tx, kind, { n });
    });
    await clock.sleep(Math.max(0, (kills + 1) * 1_000 - (clock.monotonic() - began)));
    const at = chance(nodes);
    workers[at]!.kill("SIGKILL");
    await workers[at]!.exited;
    kills++;
    const [left] = (await sql.pool`SELECT count(*)::int AS n FROM jobs_living WHERE state = 'running'`) as {
      n: number;
    }[];
    hit += left!.n;
    workers[at] = spawn();
    if (kills % 30 === 0) console.log(`${kills} kills, ${n * 3} jobs enqueued`);
  }
  await jobs.idle();
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map((worker) => worker.exited));
  const one = async (text: string) => Number((await sql.pool.unsafe(text).values())[0]![0]);
  const lost = {
    effects: n - (await one("SELECT count(DISTINCT n) FROM effects")),
    fenced: n - (await one("SELECT count(DISTINCT n) FROM fenced")),
    quick: n - (await one("SELECT count(*) FROM quick")),
  };
  const doubled = await one("SELECT count(*) FROM (SELECT n FROM effects GROUP BY n HAVING count(*) > 1) d");
  const torn = await one(
    "SELECT count(*) FROM (SELECT n, attempt FROM fenced GROUP BY n, attempt HAVING count(*) > 1) d",
  );
  const dead = await one("SELECT count(*) FROM jobs_jobs WHERE state NOT IN ('live', 'done')");
  const again = await one("SELECT count(*) FROM jobs_jobs WHERE attempt > 1");
  console.log(
    `${kills} kills in ${seconds} s of ${nodes} nodes, ${hit} claims in the hands of the killed or their neighbours, ${n * 3} jobs; ` +
      `lost ${JSON.stringify(lost)}, doubled effects ${doubled}, doubled within an attempt ${torn}, not done ${dead}, tried again ${again}`,
  );
  return Object.values(lost).every((l) => l === 0) && doubled === 0 && torn === 0 && dead === 0 && again > 0 ? 0 : 1;
}

if (process.argv[2] === "worker") await work(JSON.parse(process.argv[3]!) as SqlTarget);
else process.exitCode = await watch();
