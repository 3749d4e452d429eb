import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs, type JobKind } from "#ports/jobs/index.ts";
import { createSql, migrate, startEmbeddedPostgres } from "#ports/sql/index.ts";

/** A durable PostgreSQL of a bench's own, as the house starts one, with the jobs' tables. */
export async function openJobs(needs: { workers: number }) {
  const clock = createSystemClock();
  await using opened = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "folkhus-bench-"));
  opened.defer(() => rm(home, { recursive: true, force: true }));
  await Bun.$`chmod 755 ${home}`;
  const postgres = opened.use(await startEmbeddedPostgres({ folder: join(home, "postgres") }));
  const sql = opened.use(createSql(postgres.target, { clock, connections_max: 12, statement_ms_max: 600_000 }));
  const folder = (name: string) => ({ system: name, folder: join(import.meta.dirname, `../../ports/${name}/sql`) });
  await migrate(sql, [folder("sql"), folder("jobs")]);
  const open = () => createJobs({ sql, clock, workers: needs.workers, onError: (error) => console.error(error) });
  /** Many at once, by the database itself. */
  const fill = (kind: JobKind, count: number, tenant: string | null = null, priority = 0) => sql.pool`
    SELECT jobs_enqueue(${kind.name}, jsonb_build_object('n', n), ${kind.class}, ${priority}::int, 0, NULL, NULL, ${tenant}, 60)
    FROM generate_series(1, ${count}::int) n`;
  const kept = opened.move();
  return { clock, sql, open, fill, target: postgres.target, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

export const kindOf = (name: string, handle: JobKind["handle"], more: Partial<JobKind> = {}): JobKind => ({
  name,
  class: "batch",
  tries_max: 3,
  lease_ms: 30_000,
  run_ms_max: 60_000,
  concurrency_max: 1_000,
  handle,
  ...more,
});
export const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
export const quantile = (of: number[], q: number) =>
  of.toSorted((a, b) => a - b)[Math.min(of.length - 1, Math.floor(of.length * q))]!;
