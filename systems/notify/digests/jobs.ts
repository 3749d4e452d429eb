import {
  CLEAR_ROWS_PER_PORTION_MAX,
  DIGEST_HANDS_MAX,
  DIGEST_KEPT_MS,
  DIGESTS_PER_CLAIM_MAX,
  LOOK_EVERY_MS,
} from "../bounds.ts";
import type { Ground } from "../needs.ts";
import type { Postman } from "./send.ts";
import { dueDigests, trimDigests } from "./store.ts";

const HAND_JOB = "notify.digest";
const LOOK_JOB = "notify.digest_look";

/** Now and then somebody looks what is due and calls as many hands as it needs; each takes what the others do not have. */
export function defineDigests({ sql, jobs, clock }: Pick<Ground, "sql" | "jobs" | "clock">, postman: Postman): void {
  jobs.define({
    name: HAND_JOB,
    class: "batch",
    tries_max: 2,
    lease_ms: 10_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 2,
    async handle(_payload, run) {
      await postman.run(run.signal);
    },
  });
  jobs.define({
    name: LOOK_JOB,
    class: "batch",
    tries_max: 3,
    lease_ms: 10_000,
    run_ms_max: 60_000,
    concurrency_max: 1,
    every_ms: LOOK_EVERY_MS,
    async handle(_payload, run) {
      const due = await dueDigests(sql.pool, new Date(clock.now()), DIGEST_HANDS_MAX * DIGESTS_PER_CLAIM_MAX);
      const hands = Math.ceil(due / DIGESTS_PER_CLAIM_MAX);
      await run.fenced(async (tx) => {
        for (let hand = 0; hand < hands; hand++)
          await jobs.enqueue(tx, HAND_JOB, { hand }, { unique_key: `${HAND_JOB}:${hand}` });
      });
      await trimDigests(sql.pool, new Date(clock.now() - DIGEST_KEPT_MS), CLEAR_ROWS_PER_PORTION_MAX);
    },
  });
}
