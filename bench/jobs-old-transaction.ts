/**
 * Jobs a second beside a transaction that stays open, so that PostgreSQL can remove no dead row. A backlog is kept up, the handlers are
 * empty; as much time without the old transaction, as the baseline, with one, and once more without.
 *
 *   bun bench/jobs-old-transaction.ts [--seconds=30]      (the long form: --seconds=600)
 */
import { createSql } from "#ports/sql/index.ts";

import { kindOf, openJobs, option } from "./jobs/database.ts";

const SECONDS = option("seconds", 30);
const BASE_S = Math.min(40, SECONDS);
const BACKLOG = 4_000;
const CHUNK = 500;

await using house = await openJobs({ workers: 8 });
const { sql, clock } = house;
await using jobs = house.open();
let done = 0;
const kind = kindOf("bench", async () => void done++);
jobs.define(kind);
jobs.start();
let stop = false;
let filled = 0;
const producer = (async () => {
  while (!stop) {
    if (filled - done < BACKLOG) {
      await house.fill(kind, CHUNK, jobs);
      filled += CHUNK;
    } else await Bun.sleep(1);
  }
})();
async function measure(seconds: number): Promise<number[]> {
  const parts = Math.max(5, Math.ceil(seconds / 60));
  const rates: number[] = [];
  for (let part = 0; part < parts; part++) {
    const from = done;
    const began = performance.now();
    await Bun.sleep((seconds * 1_000) / parts);
    rates.push(((done - from) * 1_000) / (performance.now() - began));
  }
  return rates;
}
const mean = (of: number[]) => of.reduce((sum, n) => sum + n, 0) / of.length;
const said = (of: number[]) => of.map((n) => n.toFixed(0)).join(", ");

await measure(5);
const before = await measure(BASE_S);
console.log(`without: ${mean(before).toFixed(0)} jobs/s (${said(before)})`);
const old = createSql(house.target, { clock, connections_max: 1, statement_ms_max: 3_600_000 });
await old.pool`SET idle_in_transaction_session_timeout = 0`;
const opened = Promise.withResolvers<void>();
const close = Promise.withResolvers<void>();
const held = old.tx(
  async (tx) => {
    await tx`SELECT pg_current_xact_id()`;
    opened.resolve();
    await close.promise;
  },
  { isolation: "repeatable read" },
);
await opened.promise;
const beside = await measure(SECONDS);
const [bytes] = (await sql.pool`
  SELECT sum(pg_total_relation_size(('jobs_queue_' || n)::regclass))::int AS n FROM generate_series(0, 3) n`) as {
  n: number;
}[];
const looked = performance.now();
await sql.pool`SELECT * FROM jobs_look(${sql.pool.array([kind.name], "TEXT")}, 60)`;
const look_ms = performance.now() - looked;
const [dead] = (await sql.pool`SELECT n_dead_tup::int AS n FROM pg_stat_user_tables WHERE relname = 'jobs_leases'`) as {
  n: number;
}[];
close.resolve();
await held;
await old[Symbol.asyncDispose]();
console.log(
  `beside an open transaction of ${SECONDS} s: ${mean(beside).toFixed(0)} jobs/s = ${(mean(beside) / mean(before)).toFixed(2)}; ` +
    `its last part ${(beside.at(-1)! / mean(before)).toFixed(2)} (${said(beside)}); the queue has ${(bytes!.n / 1e6).toFixed(1)} MB; ` +
    `${dead!.n} dead leases, and a look took ${look_ms.toFixed(1)} ms`,
);
await sql.pool`CHECKPOINT`;
const after = await measure(BASE_S);
console.log(`afterwards: ${mean(after).toFixed(0)} jobs/s (${said(after)})`);
stop = true;
await producer;
await sql.pool`DELETE FROM jobs_queue WHERE state <> 'running'`;
