import { Transient } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { FINISH_JOBS_MAX } from "./bounds.ts";
import { single } from "./claims.ts";
import * as store from "./store.ts";

/**
 * Writes down what is done, in groups: one statement is on its way at a time, and what ends meanwhile goes with the next.
 * So a group is as large as the load makes it, and a single one at rest waits for nobody.
 */
export interface Finisher {
  /** @returns not `ok` for a zombie. @throws when it could not be written; then none of its group was */
  finish(claimed: store.Claimed): Promise<store.Settled>;
}

interface Pending {
  claimed: store.Claimed;
  resolve(settled: store.Settled): void;
  reject(error: unknown): void;
}

const LOST: store.Settled = { ok: false, classes: [] };

/** @param jobs_max in one group; 1 writes each by itself */
export function createFinisher(needs: { sql: Sql; clock: Clock }, jobs_max = FINISH_JOBS_MAX): Finisher {
  let pending: Pending[] = [];
  let writing = false;

  async function write(group: Pending[]): Promise<void> {
    const claims = group.map(({ claimed }) => claimed);
    try {
      const { ended, classes } = await single(needs, (query) => store.finish(query, claims));
      let first = true;
      for (const { claimed, resolve } of group) {
        const ok = ended.has(claimed.token);
        // What the group has let out of lanes needs to be told once.
        resolve(ok ? { ok, classes: first ? classes : [], counted: "done" } : LOST);
        if (ok) first = false;
      }
    } catch (error) {
      for (const { reject } of group) reject(error instanceof Error ? error : new Transient(String(error)));
    }
  }

  async function writeAll(): Promise<void> {
    // Those that end in this turn go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) {
      const group = pending.slice(0, jobs_max);
      pending = pending.slice(jobs_max);
      await write(group);
    }
    writing = false;
  }

  return {
    finish: (claimed) =>
      new Promise((resolve, reject) => {
        pending.push({ claimed, resolve, reject });
        if (writing) return;
        writing = true;
        // Owned by those that wait for it; it never rejects.
        void writeAll();
      }),
  };
}
