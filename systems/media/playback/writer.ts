import { Problem } from "#kernel/errors.ts";
import type { Sql } from "#ports/sql/index.ts";

import { BEACONS_WAITING_MAX, BEACONS_WRITTEN_AT_ONCE } from "./bounds.ts";
import type { Told } from "./fold.ts";
import * as store from "./store.ts";

export interface TellWriter {
  /** Resolves when it is committed. @throws Problem 503 `media.busy` where too much waits already */
  add(told: Told): Promise<void>;
}

interface Waiting {
  told: Told;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Writes what came in while the write before it ran as one statement: alone a call waits for nobody, and thousands at once
 * cost a few transactions. There is no timer, and nothing is answered before it is committed.
 */
export function createTellWriter({ sql }: { sql: Sql }): TellWriter {
  const waiting: Waiting[] = [];
  let writing = false;

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BEACONS_WRITTEN_AT_ONCE);
      try {
        await store.addTold(
          sql.pool,
          batch.map(({ told }) => told),
        );
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    writing = false;
  }

  return {
    add(told) {
      if (waiting.length >= BEACONS_WAITING_MAX) {
        return Promise.reject(
          new Problem(503, "media.busy", "Too many players tell at once. Tell it again in a while.", {
            retry_after_s: 10,
          }),
        );
      }
      return new Promise((done, failed) => {
        waiting.push({ told, done, failed });
        // Never rejects: each call hears of its own failure.
        if (!writing) void write();
      });
    },
  };
}
