import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs, type JobKind, type Jobs } from "#ports/jobs/index.ts";
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
  /** Many at once, by the database itself; the last one by the port, which tells the workers. */
  const fill = (kind: JobKind, count: number, jobs: Jobs, tenant: string | null = null) =>
    sql.tx(async (tx) => {
      await tx`
        SELECT jobs_enqueue(${kind.name}, jsonb_build_object('n', n), ${kind.class}, 0, 0, NULL, NULL, ${tenant}, 60)
        FROM generate_series(1, ${count - 1}::int) n`;
      await jobs.enqueue(tx, kind.name, { n: count }, tenant === null ? {} : { tenant });
    });
  /** A backlog as so many enqueueings leave it, `ready` of them to be claimed and the others in their tenant's lane, written at once. */
  const backlog = (kind: JobKind, count: number, ready: number, tenant: string | null = null) => sql.pool`
    WITH made AS (
      INSERT INTO jobs_jobs (kind, class, priority, tenant, payload)
      SELECT ${kind.name}, ${kind.class}, 0, ${tenant}, jsonb_build_object('n', n) FROM generate_series(1, ${count}::int) n RETURNING id, tenant)
    INSERT INTO jobs_queue (slot, job_id, kind, class, priority, tenant, state, sort_at)
    SELECT h.slot, m.id, ${kind.name}, ${kind.class}, 0, m.tenant,
      CASE WHEN row_number() OVER (ORDER BY m.id) <= ${ready}::int THEN 'ready' ELSE 'lane' END, clock_timestamp()
    FROM made m CROSS JOIN jobs_house h`;
  const kept = opened.move();
  return {
    clock,
    sql,
    open,
    fill,
    backlog,
    target: postgres.target,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
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
