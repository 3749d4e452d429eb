import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { startEmbeddedPostgres } from "#ports/sql/index.ts";
import { TEST_SETTINGS } from "#ports/sql/testing.ts";

import { databasesFolder, RUN_NAME } from "./memory.ts";
import { readReport, type Report } from "./report.ts";

/**
 * `npm test`: the files in two processes, each with a database cluster of its own, and a closing summary from Bun's own report.
 * Arguments are folders or parts of file names; without any, everything runs.
 */
const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["kernel", "ports", "engines", "packages", "systems", "apps", "deploy", "tests"];
/** Files beside each other; much of what they do is waiting, so a machine with cores to spare may take more. */
const WORKERS = Number(process.env.FOLKHUS_TEST_WORKERS ?? 2);
/** How long each file takes, so that the longest begin first; only the order rests on it. `FOLKHUS_TEST_TIMINGS=write npm test` writes it anew. */
const TIMINGS = join(ROOT, "tests/timings.json");
/** Files clone a database, start a browser or encode film: a test that hangs is killed after this long. */
const TEST_MS_MAX = 60_000;
/** Of why a test failed, in the closing summary: the whole of it stands further up. */
const REASON_LINES_MAX = 12;
/** Variables that would point the tests at somebody's house. */
const HOUSE_VARIABLES = /^(FOLKHUS_.*|PORT|HOST|DATABASE_URL|REDIS_URL|NATS_URL|S3_URL|SMTP_URL)$/;

const files = await testFiles(process.argv.slice(2));
if (files.length === 0) {
  process.stderr.write(`No test file matches: ${process.argv.slice(2).join(" ")}\n`);
  process.exit(1);
}
const folder = await mkdtemp(join(await databasesFolder(), `${RUN_NAME}${process.pid}-`));
const junit = join(folder, "junit.xml");
const began = performance.now();
const { code, report } = await run();
process.exit(await summarise(code, report));

async function run(): Promise<{ code: number; report: Report }> {
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const clusters = Array.from({ length: Math.min(WORKERS, files.length) }, (_, i) => join(folder, `postgres-${i + 1}`));
  for (const cluster of clusters)
    cleanUp.use(await startEmbeddedPostgres({ folder: cluster, settings: TEST_SETTINGS, say: console.error }));
  const environment = Object.entries(process.env).filter(([name]) => !HOUSE_VARIABLES.test(name));
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      `--parallel=${WORKERS}`,
      `--timeout=${TEST_MS_MAX}`,
      `--timings=${TIMINGS}`,
      ...(process.env.FOLKHUS_TEST_TIMINGS === "write" ? ["--update-timings"] : []),
      "--reporter=junit",
      `--reporter-outfile=${junit}`,
      ...files.map((file) => `./${file}`),
    ],
    {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...Object.fromEntries(environment), FOLKHUS_TEST_CLUSTER: clusters.join(delimiter) },
    },
  );
  // A terminal's Ctrl-C reaches the child too; this process stays to stop the database.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const code = await child.exited;
  return { code, report: readReport(await readFile(junit, "utf8").catch(() => "")) };
}

/** @returns the exit code: a file that reported nothing and a skip without a reason are failures too */
async function summarise(code: number, report: Report): Promise<number> {
  const silent = files.filter((file) => !report.files.has(file));
  const unexplained = report.skipped.filter((skip) => skip.reason === null);
  const failed = report.failed.length + silent.length + unexplained.length;
  const skipped = report.skipped.length - unexplained.length;
  const lines = [
    "",
    ...report.failed.map(({ file, title, reason }) => `✗ ${file}: ${title}\n${indented(reason)}`),
    ...silent.map((file) => `✗ ${file}: reported no test; see above for what it threw`),
    ...unexplained.map(({ file, title }) => `✗ ${file}: ${title}: skipped without a reason in its title`),
    ...report.skipped.filter((s) => s.reason !== null).map((s) => `- skipped: ${s.file}: ${s.title}`),
    `Tests: ${report.passed} passed · ${failed} failed · ${skipped} skipped · ${files.length} files · ${Math.round((performance.now() - began) / 1000)} s`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  const tally = process.env.FOLKHUS_TALLY;
  if (tally) await appendFile(tally, `${JSON.stringify({ passed: report.passed, failed, skipped })}\n`);
  return failed > 0 ? 1 : code;
}

function indented(reason: string): string {
  const lines = reason.split("\n").filter((line) => line.trim() !== "");
  return lines
    .slice(0, REASON_LINES_MAX)
    .map((line) => `    ${line}`)
    .join("\n");
}

async function testFiles(wanted: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const room of FOLDERS) {
    if (!existsSync(join(ROOT, room))) continue;
    for await (const file of new Bun.Glob("**/*.test.{ts,tsx}").scan({ cwd: join(ROOT, room) })) {
      if (!file.includes("node_modules/")) found.push(`${room}/${file}`);
    }
  }
  return found
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part.replace(/^\.\//, ""))))
    .sort();
}
