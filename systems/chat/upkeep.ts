import { DAY_MS, HOUR_MS } from "#kernel/time.ts";

import { ROWS_PER_PORTION_MAX } from "./bounds.ts";
import { type Ground, nowOf, streamOf } from "./ground.ts";
import { releaseLink } from "./links/hold.ts";
import { carries } from "./messages/store.ts";
import * as store from "./upkeep-store.ts";

export const TRIM_JOB = "chat.trim";
export const PARTITIONS_JOB = "chat.partitions";
const MONTHS_AHEAD = 3;

/** Messages go when their channel keeps them no longer; months get their partitions before they begin. */
export function defineUpkeep(ground: Ground): void {
  const { sql, jobs } = ground;
  jobs.define({
    name: TRIM_JOB,
    class: "maintenance",
    tries_max: 5,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    every_ms: HOUR_MS,
    async handle(_payload, run) {
      for (const { id, retention_days } of await store.channelsToTrim(sql.pool)) {
        const before = new Date(ground.clock.now() - retention_days * DAY_MS);
        for (;;) {
          run.signal.throwIfAborted();
          const gone = await run.fenced(async (tx) => {
            const rows = await store.trimSome(tx, id, before, ROWS_PER_PORTION_MAX);
            if (rows.length > 0)
              await ground.line.redact(
                tx,
                streamOf(id),
                rows.map((row) => row.seq),
              );
            for (const row of rows) {
              if (carries(row)) await ground.media.releaseMessage(tx, row.id);
              await releaseLink(ground, tx, row);
            }
            return rows.length;
          });
          if (gone < ROWS_PER_PORTION_MAX) break;
        }
      }
    },
  });
  jobs.define({
    name: PARTITIONS_JOB,
    class: "maintenance",
    tries_max: 5,
    lease_ms: 60_000,
    run_ms_max: 60_000,
    concurrency_max: 1,
    every_ms: DAY_MS,
    handle: () => store.makePartitions(sql.pool, nowOf(ground), MONTHS_AHEAD),
  });
}
