import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";

import { createJobs } from "./index.ts";

/** A process that runs jobs until it is killed: `killed.test.ts` starts it. Each effect is fenced, half of them come late. */
const [target, kind] = process.argv.slice(2);
const clock = createSystemClock();
const sql = createSql(JSON.parse(target!) as SqlTarget, { clock, connections_max: 4 });
const jobs = createJobs({ sql, clock, workers: 4 });
jobs.define({
  name: kind!,
  class: "batch",
  tries_max: 50,
  lease_ms: 1_500,
  run_ms_max: 20_000,
  concurrency_max: 4,
  backoff: { base_ms: 1, delay_ms_max: 5 },
  async handle(payload, run) {
    await clock.sleep(Number(payload.n) % 2 === 0 ? 1 : 25);
    await run.fenced(async (tx) => {
      await tx`INSERT INTO killed_effects (n, attempt) VALUES (${Number(payload.n)}, ${run.attempt})`;
    });
    // The effect is there and the job is not ended yet: the moment at which a kill hurts.
    await clock.sleep(Number(payload.n) % 5);
  },
});
jobs.start();
console.log("running");
