import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { addHomeReads } from "./store.ts";

const HOUR_MS = 3_600_000;
const FLUSH_MS = 60_000;
const KEPT_MS = 30 * 24 * HOUR_MS;

/** Counts reads of home and adds them to the hour's row once a minute; who reads is not in it. */
export interface ReadCounter extends AsyncDisposable {
  count(): void;
  flush(): Promise<void>;
}

export function createReadCounter({ sql, clock }: { sql: Sql; clock: Clock }): ReadCounter {
  let reads = 0;

  async function flush(): Promise<void> {
    if (reads === 0) return;
    const counted = reads;
    reads = 0;
    const now = clock.now();
    try {
      await addHomeReads(sql.pool, new Date(now - (now % HOUR_MS)), counted, new Date(now - KEPT_MS));
    } catch {
      // The database is away: they are counted with the next minute's, and lost with this process at the worst.
      reads += counted;
    }
  }

  const timer = clock.every(FLUSH_MS, flush);
  return {
    count() {
      reads += 1;
    },
    flush,
    async [Symbol.asyncDispose]() {
      timer[Symbol.dispose]();
      await flush();
    },
  };
}
