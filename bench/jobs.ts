/**
 * Jobs a second beside graphile-worker and pg-boss (npm, `bench/peers`) on one embedded PostgreSQL as the house starts it: durable,
 * `synchronous_commit` on for all. Each side in a process and a database of its own, in turns; medians of the rounds, and CPU of client and server.
 * The handlers are empty: what is measured is the queue.
 *
 *   npm install --prefix bench/peers
 *   bun bench/jobs.ts [--rounds=3] [--single=6000] [--grouped=40000] [--workers=8]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, startEmbeddedPostgres } from "#ports/sql/index.ts";

import { cpuSeconds, median } from "./feed-read/load.ts";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const ROUNDS = option("rounds", 3);
const WORKERS = option("workers", 8);
const WAYS = { single: option("single", 6_000), grouped: option("grouped", 40_000) };
const here = join(import.meta.dirname, "jobs");
const only = process.argv.find((arg) => arg.startsWith("--only="))?.split("=")[1];
const SIDES: Record<string, string[]> = {
  ours: [process.execPath, join(here, "ours.ts")],
  "graphile-worker on Bun": [process.execPath, join(here, "graphile.mjs")],
  "graphile-worker on Node": ["node", join(here, "graphile.mjs")],
  "pg-boss on Bun": [process.execPath, join(here, "boss.mjs")],
};

const clock = createSystemClock();
await using stack = new AsyncDisposableStack();
const home = await mkdtemp(join(tmpdir(), "folkhus-bench-"));
stack.defer(() => rm(home, { recursive: true, force: true }));
await Bun.$`chmod 755 ${home}`;
const postgres = stack.use(await startEmbeddedPostgres({ folder: join(home, "postgres") }));
const admin = stack.use(createSql(postgres.target, { clock, connections_max: 1, statement_ms_max: 600_000 }));
const [setting] = (await admin.pool`
  SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`) as {
  fsync: string;
  commit: string;
}[];

interface Took {
  per_s: number;
  client_us: number;
  server_us: number;
}
let made = 0;

async function once(argv: string[], way: string, jobs: number): Promise<Took> {
  const database = `bench_${made++}`;
  await admin.pool.unsafe(`CREATE DATABASE ${database}`);
  const target = JSON.stringify({ ...postgres.target, database });
  const child = Bun.spawn([...argv, target, way, String(jobs), String(WORKERS)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  let before = 0;
  let server = 0;
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (before === 0 && text.includes("ready\n")) {
      await admin.pool.unsafe("CHECKPOINT");
      before = cpuSeconds([postgres.pid]);
      await child.stdin.write("go\n");
      await child.stdin.flush();
    }
    if (server === 0 && text.includes("}\n")) server = cpuSeconds([postgres.pid]) - before;
  }
  await child.exited;
  await admin.pool.unsafe(`DROP DATABASE ${database} WITH (FORCE)`);
  const took = JSON.parse(text.trim().split("\n").at(-1)!) as { cpu_s: number; wall_s: number };
  const us = (s: number) => (s / jobs) * 1e6;
  return { per_s: jobs / took.wall_s, client_us: us(took.cpu_s), server_us: us(server) };
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}, PostgreSQL ${postgres.version}, fsync=${setting!.fsync}, ` +
    `synchronous_commit=${setting!.commit}, ${WORKERS} workers, ${ROUNDS} rounds in turns, load ${loadavg()[0]!.toFixed(1)}`,
);
for (const [way, jobs] of Object.entries(WAYS)) {
  if (jobs === 0) continue;
  const seen: Record<string, Took[]> = {};
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, argv] of Object.entries(SIDES))
      if (!only || name.startsWith(only)) (seen[name] ??= []).push(await once(argv, way, jobs));
  console.log(`\n${way}, ${jobs} jobs: jobs a second, CPU µs of a job (client, server)`);
  const of = (name: string, what: keyof Took) => median(seen[name]!.map((took) => took[what]));
  for (const name of Object.keys(seen)) {
    const ratio = seen.ours ? (of("ours", "per_s") / of(name, "per_s")).toFixed(2) : "–";
    console.log(
      `  ${name.padEnd(24)} ${of(name, "per_s").toFixed(0).padStart(7)}   ${of(name, "client_us").toFixed(0).padStart(5)} + ` +
        `${of(name, "server_us").toFixed(0).padStart(5)}   ours ÷ it ${ratio}`,
    );
  }
}
