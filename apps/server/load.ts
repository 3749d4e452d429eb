import type { Logger } from "pino";

import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { createLoad, type Load } from "#ports/load/index.ts";
import type { Sql } from "#ports/sql/index.ts";

/** Of what each cache holds, what is left to it when memory runs short. */
const CACHES_LEFT = { calm: 1, caution: 1, shed: 0.5, refuse: 0.1 };

/** The gate and the watchdogs of this process: what they ask, and what they may take back. */
export function watchLoad(needs: {
  clock: Clock;
  sql: Sql;
  caches: Caches;
  lines: Logger;
  wait_target_ms: number;
}): Load {
  const load: Load = createLoad({
    clock: needs.clock,
    wait_target_ms: needs.wait_target_ms,
    probe: () => needs.sql.pool`SELECT 1`,
    collect: () => {
      Bun.gc(false);
    },
    onStage(stage, was) {
      needs.caches.shrink(CACHES_LEFT[stage]);
      needs.lines.warn({ stage, was, ...load.stats() }, "what this process has of memory came to another stage");
    },
  });
  return load;
}
