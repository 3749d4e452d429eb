import { MINUTE_MS, SECOND_MS } from "#kernel/time.ts";
import type { Query } from "#ports/sql/index.ts";

import { DELIVERIES_AT_ONCE_MAX, DELIVERIES_KEPT_MS, ROWS_PER_PORTION_MAX } from "../bounds.ts";
import type { DeliveryId, Ground } from "../needs.ts";
import type { Deliverer } from "./deliver.ts";
import { type DeliveryRow, trimDeliveries } from "./store.ts";

export const DELIVER_JOB = "hooks.deliver";
const TRIM_JOB = "hooks.trim";

/**
 * The next try of a delivery; each has a job of its own, so that one that is done twice finds the other's mark.
 * @param put_off what tells it from the job that puts the same try off
 */
export async function deliverLater(
  { jobs }: Pick<Ground, "jobs">,
  tx: Query,
  { id, hook_id, run, tries }: Pick<DeliveryRow, "id" | "hook_id" | "run" | "tries">,
  delay_ms: number,
  put_off = "",
): Promise<void> {
  await jobs.enqueue(
    tx,
    DELIVER_JOB,
    { id, run, tries },
    { delay_ms, tenant: `hook:${hook_id}`, unique_key: `${DELIVER_JOB}:${id}:${run}:${tries}${put_off}` },
  );
}

export function defineDelivering(ground: Pick<Ground, "sql" | "jobs" | "clock">, deliverer: Deliverer): void {
  ground.jobs.define({
    name: DELIVER_JOB,
    class: "batch",
    // Of the house's own troubles: an address that does not answer has its own waits.
    tries_max: 20,
    lease_ms: 30 * SECOND_MS,
    run_ms_max: MINUTE_MS,
    concurrency_max: 16,
    tenant_concurrency_max: DELIVERIES_AT_ONCE_MAX,
    handle: (payload, run) =>
      deliverer.run(
        { id: payload.id as DeliveryId, run: Number(payload.run), tries: Number(payload.tries) },
        run.signal,
        run.fenced,
      ),
  });
  ground.jobs.define({
    name: TRIM_JOB,
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: 60 * MINUTE_MS,
    async handle(_payload, run) {
      const before = new Date(ground.clock.now() - DELIVERIES_KEPT_MS);
      for (;;) {
        run.signal.throwIfAborted();
        if ((await trimDeliveries(ground.sql.pool, before, ROWS_PER_PORTION_MAX)) < ROWS_PER_PORTION_MAX) break;
      }
      await ground.sql.pool`DELETE FROM hooks_answers WHERE expires_at < ${new Date(ground.clock.now())}`;
    },
  });
}
