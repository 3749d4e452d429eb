/**
 * Who waits for whom. One node of 8 workers on a durable PostgreSQL of its own; jobs take 20 ms and no CPU.
 *
 *   bun bench/jobs-fair.ts [--rounds=3] [--flood=100000] [--samples=300] [--seconds=20] [--bound=1] [--free=1] [--shares=1] [--aging=0]
 *
 * Tenants: one has 100,000 jobs of a kind in the queue; another enqueues one of the same kind each 30 ms, and from its commit to its
 * start is measured, in turns with a queue that is empty otherwise. Once with `tenant_concurrency_max` of half the workers, once without.
 * Shares: all classes have far more than ten times the work that can be done. Aging (`--aging=1`, takes three minutes): a job one step and
 * another two steps of priority below jobs that come faster than they are done.
 */
import { kindOf, openJobs, option, quantile } from "./jobs/database.ts";

const ROUNDS = option("rounds", 3);
const FLOOD = option("flood", 100_000);
const SAMPLES = option("samples", 300);
const SECONDS = option("seconds", 20);
const WORKERS = 8;
const JOB_MS = 20;
/** Steps of priority by which the low jobs of the aging part lie below the others. */
const LOWER = [1, 2];
const median = (of: number[]) => quantile(of, 0.5);

async function tenants(bound: number | null): Promise<void> {
  await using house = await openJobs({ workers: WORKERS });
  const { sql, clock } = house;
  const p50: Record<string, number[]> = { idle: [], flooded: [] };
  const p99: Record<string, number[]> = { idle: [], flooded: [] };
  let begun: (() => void) | null = null;
  const kind = kindOf(
    "tenants",
    async ({ small }) => {
      if (small) begun?.();
      await Bun.sleep(JOB_MS);
    },
    bound === null ? {} : { tenant_concurrency_max: bound },
  );
  await using jobs = house.open();
  jobs.define(kind);
  jobs.start();
  await house.fill(kind, 10, jobs);
  await jobs.idle();
  const sample = async (): Promise<number[]> => {
    const took: number[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const start = new Promise<number>((resolve) => (begun = () => resolve(performance.now())));
      await sql.tx((tx) => jobs.enqueue(tx, kind.name, { small: true }, { tenant: "small" }));
      const committed = performance.now();
      took.push(Math.max(0, (await start) - committed));
      await clock.sleep(30);
    }
    return took;
  };
  await sample();
  for (let round = 0; round < ROUNDS; round++)
    for (const state of ["idle", "flooded"]) {
      if (state === "flooded") {
        await house.backlog(kind, FLOOD, bound ?? 16, "big");
        await house.fill(kind, 20, jobs, "big");
        await sql.pool.unsafe("VACUUM ANALYZE jobs_queue");
        // What the filling itself has to write to disk is over.
        await sql.pool.unsafe("CHECKPOINT");
        await clock.sleep(1_000);
      }
      const took = await sample();
      p50[state]!.push(median(took));
      p99[state]!.push(quantile(took, 0.99));
      if (state === "flooded") {
        await sql.pool`DELETE FROM jobs_queue WHERE tenant = 'big' AND state <> 'running'`;
        await jobs.idle();
        await sql.pool.unsafe("VACUUM jobs_queue");
      }
    }
  const said = (of: Record<string, number[]>, state: string) => median(of[state]!).toFixed(1);
  console.log(
    `  ${bound === null ? "no bound of a tenant" : `at most ${bound} of a tenant at once`}: idle p50 ${said(p50, "idle")}, p99 ${said(p99, "idle")} ms; ` +
      `flooded p50 ${said(p50, "flooded")}, p99 ${said(p99, "flooded")} ms; p99 ratio ${(median(p99.flooded!) / median(p99.idle!)).toFixed(2)}`,
  );
}

async function shares(): Promise<void> {
  await using house = await openJobs({ workers: WORKERS });
  await using jobs = house.open();
  const ran = { interactive: 0, batch: 0, maintenance: 0 };
  const kinds = (["interactive", "batch", "maintenance"] as const).map((of) =>
    kindOf(
      `share_${of}`,
      async () => {
        const began = performance.now();
        // Batch work takes longer: the shares are of time, not of starts.
        await Bun.sleep(of === "batch" ? 2 * JOB_MS : JOB_MS);
        ran[of] += performance.now() - began;
      },
      { class: of },
    ),
  );
  const capacity = (WORKERS * SECONDS * 1_000) / JOB_MS;
  for (const kind of kinds) {
    const backlog = Math.ceil((capacity * 10) / 3);
    await house.backlog(kind, backlog, backlog);
    jobs.define(kind);
  }
  jobs.start();
  await Bun.sleep(SECONDS * 1_000);
  const all = ran.interactive + ran.batch + ran.maintenance;
  const said = Object.entries(ran).map(([of, ms]) => `${of} ${((100 * ms) / all).toFixed(1)} %`);
  console.log(`  ${said.join(", ")} of the workers' time (at least 66.7, 25.0 and 8.3 are promised)`);
  await house.sql.pool`DELETE FROM jobs_queue WHERE state <> 'running'`;
}

async function aging(): Promise<void> {
  await using house = await openJobs({ workers: WORKERS });
  await using jobs = house.open();
  const { sql } = house;
  /** Of each low one, by its priority: when it began, and the newest of the others that began before it. */
  const lows = new Map(LOWER.map((steps) => [1 - steps, { steps, waited_s: 0, newest_s: 0 }]));
  const over = Promise.withResolvers<void>();
  let enqueued_at = 0;
  const kind = kindOf("aging", async ({ at, low }) => {
    const now_s = (performance.now() - enqueued_at) / 1_000;
    const mine = lows.get(Number(low ?? Number.NaN));
    if (mine) mine.waited_s = now_s;
    else if (enqueued_at > 0)
      for (const one of lows.values())
        if (one.waited_s === 0) one.newest_s = Math.max(one.newest_s, (Number(at) - enqueued_at) / 1_000);
    if ([...lows.values()].every((one) => one.waited_s > 0)) over.resolve();
    await Bun.sleep(JOB_MS);
  });
  jobs.define(kind);
  jobs.start();
  let stop = false;
  const per_s = ((WORKERS - 2) * 1_000) / JOB_MS;
  const stream = (async () => {
    while (!stop) {
      const at = performance.now();
      await sql.tx(async (tx) => {
        for (let i = 0; i < per_s / 5; i++) await jobs.enqueue(tx, kind.name, { at }, { priority: 1 });
      });
      await Bun.sleep(Math.max(0, 180 - (performance.now() - at)));
    }
  })();
  await Bun.sleep(2_000);
  enqueued_at = performance.now();
  for (const priority of lows.keys())
    await sql.tx((tx) => jobs.enqueue(tx, kind.name, { low: priority }, { priority }));
  await over.promise;
  stop = true;
  await stream;
  for (const { steps, waited_s, newest_s } of lows.values())
    console.log(
      `  ${steps} lower: waited ${waited_s.toFixed(1)} s; the newest that went before it had come ${newest_s.toFixed(1)} s after it (bound ${60 * steps} s)`,
    );
  await sql.pool`DELETE FROM jobs_queue WHERE state <> 'running'`;
}

console.log(`One tenant has ${FLOOD} jobs of 20 ms in the queue, another's start after its commit:`);
if (option("bound", 1) > 0) await tenants(WORKERS / 2);
if (option("free", 1) > 0) await tenants(null);
if (option("shares", 1) > 0) {
  console.log("Shares while all have ten times too much:");
  await shares();
}
if (option("aging", 0) > 0) {
  console.log("Aging:");
  await aging();
}
