import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createSql, type Sql, type SqlTarget, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { readFolder } from "#ports/sql/migrate.ts";

import type { Config } from "../../server/config.ts";
import { migrationFolders } from "../../server/migrations.ts";
import { broken, type Finding, ok, warn } from "./finding.ts";

const SKEW_MS_MAX = 2_000;
const LAG_S_WARN = 60;
const WAIT_S_WARN = 600;
const VERSION_MIN = 160_000;

/**
 * The database and what is kept in it. An embedded one that does not run is started for the look and stopped again; it
 * changes nothing.
 */
export async function state(config: Config, clock: Clock): Promise<Finding[]> {
  await using opened = new AsyncDisposableStack();
  let target: SqlTarget;
  let engine: string;
  try {
    if (config.database_url === null) {
      const folder = join(config.data_folder, "postgres");
      if (!existsSync(join(folder, "cluster", "PG_VERSION"))) {
        return [ok("database", "embedded PostgreSQL, made at the first start")];
      }
      const embedded = opened.use(await startEmbeddedPostgres({ folder, leave_running_if_adopted: true }));
      target = embedded.target;
      engine = `embedded PostgreSQL, ${embedded.adopted ? `running as process ${embedded.pid}` : "not running"}`;
    } else {
      target = { url: config.database_url };
      engine = "PostgreSQL by DATABASE_URL";
    }
    const sql = opened.use(createSql(target, { clock, connections_max: 2 }));
    return await look(sql, clock, engine);
  } catch (error) {
    return [broken("database", "cannot be reached", error instanceof Error ? error.message : String(error))];
  }
}

async function look(sql: Sql, clock: Clock, engine: string): Promise<Finding[]> {
  const [row] = await sql.pool<{ version: string; number: number; now: Date }[]>`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, clock_timestamp() AS now`;
  if (!row) return [broken("database", engine, "It answers without an answer.")];
  const skew_ms = Math.round(Math.abs(row.now.getTime() - clock.now()));
  const findings = [
    row.number >= VERSION_MIN
      ? ok("database", `${engine}, version ${row.version}`)
      : broken("database", `version ${row.version}`, "PostgreSQL 16 or newer is needed."),
    skew_ms <= SKEW_MS_MAX
      ? ok("clock", `within ${Math.max(1, skew_ms)} ms of the database's`)
      : warn(
          "clock",
          `${skew_ms} ms from the database's`,
          "Set both machines by NTP: times shown and links that expire will be off.",
        ),
  ];
  const tables = await schema(sql);
  return [...findings, tables, ...(tables.state === "ok" ? await work(sql, clock) : [])];
}

async function schema(sql: Sql): Promise<Finding> {
  const wanted = migrationFolders().flatMap(readFolder);
  const [table] = await sql.pool<{ there: boolean }[]>`SELECT to_regclass('sql_migrations') IS NOT NULL AS there`;
  const rows = table?.there
    ? await sql.pool<{ name: string; checksum: string }[]>`SELECT name, checksum FROM sql_migrations`
    : [];
  const ran = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const edited = wanted.find(({ name, checksum }) => ran.has(name) && ran.get(name) !== checksum);
  if (edited) {
    return broken(
      "schema",
      `${edited.name} was edited after it ran`,
      "The house will not start on this database. Bring the file back as it was, and put the change into a new one.",
    );
  }
  const pending = wanted.filter(({ name }) => !ran.has(name)).map(({ name }) => name);
  if (pending.length === 0) return ok("schema", "up to date");
  return warn("schema", `${pending.length} migrations wait`, `The next start runs them: ${pending.join(", ")}.`);
}

async function work(sql: Sql, clock: Clock): Promise<Finding[]> {
  // Neither is started: they only tell what others have done.
  const quiet = { onFailure: () => {}, onError: () => {} };
  await using log = createLog({ sql, clock, ...quiet });
  await using jobs = createJobs({ sql, clock, ...quiet });
  const lags = await log.lags();
  const counts = await jobs.counts();
  const slow = lags.filter((lag) => lag.oldest_s > LAG_S_WARN);
  const parked = lags.filter((lag) => lag.parked > 0);
  const sum = (state: string) => counts.filter((c) => c.state === state).reduce((total, c) => total + c.jobs, 0);
  const oldest_s = Math.max(0, ...counts.filter((c) => c.state === "queued").map((c) => c.oldest_s));
  const detail = `${sum("queued")} waiting, ${sum("running")} running, ${sum("dead")} dead`;
  const kinds = [...new Set(counts.filter((c) => c.state === "dead").map((c) => c.kind))].join(", ");
  return [
    ...slow.map((lag) =>
      warn(
        "log",
        `${lag.group} is ${Math.round(lag.oldest_s)} s behind in ${lag.topic}`,
        lag.reason ?? "It catches up while a server runs.",
      ),
    ),
    ...parked.map((lag) =>
      warn(
        "log",
        `${lag.group} gave up on ${lag.parked} events of ${lag.topic}`,
        lag.reason ?? "Their reasons are in the log.",
      ),
    ),
    ...(slow.length + parked.length === 0 ? [ok("log", `${lags.length} readers, none behind`)] : []),
    sum("dead") > 0
      ? warn("jobs", detail, `Dead ones were tried as often as they may: ${kinds}.`)
      : oldest_s > WAIT_S_WARN
        ? warn(
            "jobs",
            detail,
            `The oldest has waited ${Math.round(oldest_s / 60)} minutes. Jobs only run while a server does.`,
          )
        : ok("jobs", detail),
  ];
}
