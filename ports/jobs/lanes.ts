import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { LOOK_LANES_MAX } from "./bounds.ts";
import { single } from "./claims.ts";
import type { JobClass } from "./index.ts";
import * as store from "./store.ts";

/**
 * Looks into lanes whose room was decided by two transactions that could not see each other: whoever lay down in one, and
 * whoever left room beside one, asks here after its commit. The later of the two sees both. What a process owed when it died is
 * found by the sweep.
 */
export interface Lanes extends AsyncDisposable {
  /** Call it when what was written is committed. */
  look(lane: store.Lane): void;
}

/** One statement is on its way at a time, and what is asked meanwhile goes with the next. */
export function createLanes(needs: {
  sql: Sql;
  clock: Clock;
  onRoom: (of: JobClass) => Promise<void>;
  onError: (error: unknown) => void;
}): Lanes {
  const asked = new Map<string, store.Lane>();
  let looking: Promise<void> | null = null;

  async function lookAll(): Promise<void> {
    // Those that end in this turn go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (asked.size > 0) {
      const lanes = [...asked.values()];
      asked.clear();
      try {
        const array = (values: string[]) => needs.sql.pool.array(values, "TEXT");
        for (const of of await single(needs, (query) => store.lookInLanes(query, array, lanes))) await needs.onRoom(of);
      } catch (error) {
        needs.onError(error);
      }
    }
    looking = null;
  }

  return {
    look(lane) {
      if (asked.size < LOOK_LANES_MAX) asked.set(JSON.stringify([lane.kind, lane.tenant]), lane);
      looking ??= lookAll();
    },
    async [Symbol.asyncDispose]() {
      await looking;
    },
  };
}
