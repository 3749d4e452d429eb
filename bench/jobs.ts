/**
 * Jobs a second beside graphile-worker and pg-boss (npm, `bench/peers`) on one embedded PostgreSQL as the house starts it: durable,
 * `synchronous_commit` on for all. Each side in a process and a database of its own, in turns; medians of the rounds, and CPU of client and server.
 * The handlers are empty: what is measured is the queue. "As it comes" is without any option about batches; groups of one is `group_max: 1`.
 *
 *   npm install --prefix bench/peers
 *   bun bench/jobs.ts [--rounds=3] [--few=4000] [--many=40000] [--workers=8]
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
const FEW = option("few", 4_000);
const MANY = option("many", 40_000);
const here = join(import.meta.dirname, "jobs");
const only = process.argv.find((arg) => arg.startsWith("--only="))?.split("=")[1];
/** Name, program, way and jobs. */
const SIDES: [string, string[], "single" | "grouped", number][] = [
  ["ours, as it comes", [process.execPath, join(here, "ours.ts")], "grouped", MANY],
  ["ours, groups of one", [process.execPath, join(here, "ours.ts")], "single", FEW],
  ["graphile-worker, as it comes", [process.execPath, join(here, "graphile.mjs")], "single", FEW],
  ["graphile-worker, batches of 500", [process.execPath, join(here, "graphile.mjs")], "grouped", MANY],
  ["the same on Node", ["node", join(here, "graphile.mjs")], "grouped", MANY],
  ["pg-boss, fetched one by one", [process.execPath, join(here, "boss.mjs")], "single", FEW],
  ["pg-boss, batches of 500", [process.execPath, join(here, "boss.mjs")], "grouped", MANY],
];

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
const seen = new Map<string, Took[]>();
for (let round = 0; round < ROUNDS; round++)
  for (const [name, argv, way, jobs] of SIDES)
    if (!only || only.split("|").some((one) => name.startsWith(one)))
      seen.set(name, [...(seen.get(name) ?? []), await once(argv, way, jobs)]);
const of = (name: string, what: keyof Took) => median(seen.get(name)!.map((took) => took[what]));
const cpu = (name: string) => of(name, "client_us") + of(name, "server_us");
const ours = SIDES[0]![0];
console.log("\njobs a second, CPU µs of a job (client + server); ours as it comes ÷ it, and its CPU ÷ ours");
for (const name of seen.keys()) {
  const ratio = seen.has(ours)
    ? `${(of(ours, "per_s") / of(name, "per_s")).toFixed(2)}, ${(cpu(name) / cpu(ours)).toFixed(2)}`
    : "";
  console.log(
    `  ${name.padEnd(32)} ${of(name, "per_s").toFixed(0).padStart(7)}   ${of(name, "client_us").toFixed(0).padStart(4)} + ` +
      `${of(name, "server_us").toFixed(0).padStart(4)}   ${ratio}`,
  );
}
