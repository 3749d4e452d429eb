import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";

/**
 * What an idle house costs, and how long it takes to start: cold (an empty data folder: cluster made, schema made, page built)
 * and warm. Memory is the proportional set size (PSS) of every process, so that pages shared between them count once.
 *
 *     bun bench/idle.ts [runs]
 */
const ROOT = join(import.meta.dirname, "..");
const RUNS = Number(process.argv[2] ?? 5);
const IDLE_S = 20;

interface Run {
  cold_ms: number;
  warm_ms: number;
  server_mib: number;
  database_mib: number;
  idle_cpu_percent: number;
}

async function start(folder: string): Promise<{ child: Bun.Subprocess; ms: number }> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const began = performance.now();
  const child = Bun.spawn([process.execPath, "apps/server/main.ts"], {
    cwd: ROOT,
    stdout: "ignore",
    stderr: "inherit",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      PORT: String(port),
      FOLKHUS_DATA: join(folder, "data"),
      FOLKHUS_LOG: "warn",
    },
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the house ended with ${child.exitCode}`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (ready?.ok) return { child, ms: performance.now() - began };
    await Bun.sleep(10);
  }
}

async function stop(child: Bun.Subprocess) {
  child.kill("SIGTERM");
  await child.exited;
}

const read = (path: string) => readFile(path, "utf8").catch(() => "");

async function mib(pids: number[]): Promise<number> {
  let kib = 0;
  for (const pid of pids) kib += Number(/^Pss:\s+(\d+)/m.exec(await read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return kib / 1024;
}

/** The postmaster and its children, found by the data folder on its command line. */
async function databasePids(folder: string): Promise<number[]> {
  const all = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  let postmaster = -1;
  for (const pid of all) {
    parents.set(pid, Number(/^\d+ \(.*\) \S (\d+)/.exec(await read(`/proc/${pid}/stat`))?.[1] ?? 0));
    const command = await read(`/proc/${pid}/cmdline`);
    if (command.includes("/postgres\0") && command.includes(folder)) postmaster = pid;
  }
  return all.filter((pid) => pid === postmaster || parents.get(pid) === postmaster);
}

/** User and system ticks, 100 a second. */
async function cpuTicks(pids: number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const fields = (await read(`/proc/${pid}/stat`)).replace(/^\d+ \(.*\) /, "").split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks;
}

async function once(): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "idle-"));
  const cold = await start(folder);
  await stop(cold.child);
  const warm = await start(folder);
  const database = await databasePids(folder);
  const everything = [warm.child.pid, ...database];
  await Bun.sleep(3_000);
  const before = await cpuTicks(everything);
  await Bun.sleep(IDLE_S * 1000);
  const used = (await cpuTicks(everything)) - before;
  const run = {
    cold_ms: cold.ms,
    warm_ms: warm.ms,
    server_mib: await mib([warm.child.pid]),
    database_mib: await mib(database),
    idle_cpu_percent: used / IDLE_S,
  };
  await stop(warm.child);
  await rm(folder, { recursive: true, force: true });
  return run;
}

const runs: Run[] = [];
for (let i = 0; i < RUNS; i++) runs.push(await once());

const spread = (of: (run: Run) => number) => {
  const values = runs.map(of).toSorted((a, b) => a - b);
  return { median: values[Math.floor(values.length / 2)] ?? 0, min: values[0] ?? 0, max: values.at(-1) ?? 0 };
};
const rows: [string, string, (run: Run) => number][] = [
  ["start, cold (empty folder)", "ms", (run) => run.cold_ms],
  ["start, warm", "ms", (run) => run.warm_ms],
  ["memory of the server, idle", "MiB", (run) => run.server_mib],
  ["memory of PostgreSQL, idle", "MiB", (run) => run.database_mib],
  ["CPU of both, idle", "% of a core", (run) => run.idle_cpu_percent],
];
console.log(
  `Bun ${Bun.version}; ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB; ${RUNS} runs, memory after 23 s`,
);
console.log("| | unit | median | min | max |\n|---|---|---|---|---|");
for (const [name, unit, of] of rows) {
  const { median, min, max } = spread(of);
  console.log(
    `| ${name} | ${unit} | ${[median, min, max].map((value) => (value < 10 ? value.toFixed(2) : value.toFixed(0))).join(" | ")} |`,
  );
}
