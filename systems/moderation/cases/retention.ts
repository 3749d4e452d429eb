import type { Jobs } from "#ports/jobs/index.ts";

import { ERASED_AT_ONCE_MAX, RETENTION_EVERY_MS, SNAPSHOT_KEPT_MS } from "../bounds.ts";
import type { Ground } from "../ground.ts";
import { eraseSnapshots } from "./store.ts";

export const RETENTION_JOB = "moderation.retention";

/** What was kept as evidence is not kept for ever: some at a time, with a line of the log for each time. */
export function defineRetention({ sql, clock, audit }: Pick<Ground, "sql" | "clock" | "audit">, jobs: Jobs): void {
  const eraseSome = () =>
    sql.tx(async (tx) => {
      const at = new Date(clock.now());
      const snapshots = await eraseSnapshots(tx, new Date(at.getTime() - SNAPSHOT_KEPT_MS), at, ERASED_AT_ONCE_MAX);
      if (snapshots > 0) await audit.append(tx, { by: null, what: "snapshots.erased", detail: { snapshots } });
      return snapshots;
    });
  jobs.define({
    name: RETENTION_JOB,
    class: "maintenance",
    tries_max: 3,
    lease_ms: 60_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 1,
    every_ms: RETENTION_EVERY_MS,
    async handle(_payload, run) {
      while ((await eraseSome()) === ERASED_AT_ONCE_MAX) run.signal.throwIfAborted();
    },
  });
}
