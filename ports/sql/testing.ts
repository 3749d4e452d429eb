import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, rm, stat } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

import { createIds, type Ids } from "#kernel/ids.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";

import { createSql, migrate, type MigrationFolder, type Sql, type SqlTarget, startEmbeddedPostgres } from "./index.ts";
import { readFolder } from "./migrate.ts";

/**
 * A database of its own for a test file: cloned from a template that holds the migrations, so it costs milliseconds.
 * Real PostgreSQL; only its durability is off, and the suites that kill it start their own.
 */
export interface TestDatabase extends AsyncDisposable {
  sql: Sql;
  target: SqlTarget;
  clock: Clock;
  ids: Ids;
}

const ROOT = join(import.meta.dirname, "../..");
/** One for each process of a run: what is read of the log waits for every transaction of its cluster, also in other databases. */
const CLUSTERS = process.env.FOLKHUS_TEST_CLUSTER?.split(delimiter) ?? [join(ROOT, ".cache/test-postgres")];
export const CLUSTER = CLUSTERS[(Number(process.env.BUN_TEST_WORKER_ID ?? 1) - 1) % CLUSTERS.length]!;
export const TEST_SETTINGS = [
  "fsync=off",
  "synchronous_commit=off",
  "full_page_writes=off",
  // Nobody replays this log: a copied database is then its files and not a second time every page of them.
  "wal_level=minimal",
  "max_wal_senders=0",
  "max_connections=400",
  "max_wal_size=512MB",
];

export const SQL_FOLDER: MigrationFolder = { system: "sql", folder: join(ROOT, "ports/sql/sql") };
export const LOG_FOLDER: MigrationFolder = { system: "log", folder: join(ROOT, "ports/log/sql") };
export const JOBS_FOLDER: MigrationFolder = { system: "jobs", folder: join(ROOT, "ports/jobs/sql") };

let counter = 0;
const COPY_MS_MAX = 120_000;

/** @param folders what the template holds, in order; each distinct set gets a template of its own */
export async function testDatabase(
  folders: MigrationFolder[] = [SQL_FOLDER],
  needs: { clock?: Clock } = {},
): Promise<TestDatabase> {
  const clock = needs.clock ?? createSystemClock();
  const cluster = await startTestCluster();
  const at = (database: string): SqlTarget => ({ ...(cluster as { socket_path: string; user: string }), database });
  // To copy a database takes as long as the disk does, which many tests share.
  const admin = createSql(at("postgres"), { clock, connections_max: 1, statement_ms_max: COPY_MS_MAX });
  const template = await ensureTemplate(admin, at, folders, clock);
  const name = `t_${process.pid}_${counter++}_${Math.random().toString(36).slice(2, 8)}`;
  await admin.pool.unsafe(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const target = at(name);
  const sql = createSql(target, { clock, connections_max: 8 });
  return {
    sql,
    target,
    clock,
    ids: createIds(Math.floor(Math.random() * 1024), () => clock.now()),
    async [Symbol.asyncDispose]() {
      await sql[Symbol.asyncDispose]();
      await admin.pool.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin[Symbol.asyncDispose]();
    },
  };
}

/** The cluster that the test files of a process share. It is left running between runs; `npm test` stops the one it started. */
async function startTestCluster(): Promise<SqlTarget> {
  return oneAtATime(CLUSTER, async () => {
    const running = await startEmbeddedPostgres({ folder: CLUSTER, settings: TEST_SETTINGS });
    return running.target;
  });
}

async function ensureTemplate(
  admin: Sql,
  at: (d: string) => SqlTarget,
  folders: MigrationFolder[],
  clock: Clock,
): Promise<string> {
  const hash = createHash("sha256");
  for (const m of folders.flatMap(readFolder)) hash.update(`${m.name}:${m.checksum};`);
  const name = `template_${hash.digest("hex").slice(0, 20)}`;
  const session = await admin.pool.reserve();
  try {
    await session`SELECT pg_advisory_lock(77001)`;
    const found = await session`SELECT 1 FROM pg_database WHERE datname = ${name} AND datistemplate`;
    if (found.length === 0) {
      await session.unsafe(`DROP DATABASE IF EXISTS ${name}`);
      await session.unsafe(`CREATE DATABASE ${name}`);
      {
        await using sql = createSql(at(name), { clock, connections_max: 2 });
        await migrate(sql, folders);
      }
      await session.unsafe(`ALTER DATABASE ${name} WITH is_template true allow_connections false`);
    }
  } finally {
    await session`SELECT pg_advisory_unlock(77001)`;
    await session.release();
  }
  return name;
}

const LOCK_STALE_MS = 60_000;

/** Test files run in processes of their own: what they make once for all, one of them makes while the others wait. */
export async function oneAtATime<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    const handle = await open(lock, "wx").catch(() => null);
    if (handle) {
      try {
        return await work();
      } finally {
        await handle.close();
        await rm(lock, { force: true });
      }
    }
    const age = existsSync(lock) ? Date.now() - (await stat(lock).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs : 0;
    if (age > LOCK_STALE_MS) await rm(lock, { force: true });
    await Bun.sleep(20);
  }
}
