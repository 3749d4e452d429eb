import { Transient } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { FINISH_JOBS_MAX } from "./bounds.ts";
import { single } from "./claims.ts";
import * as store from "./store.ts";

/**
 * Writes down what is done, in groups: one statement is on its way at a time, and what ends meanwhile goes with the next.
 * So a group is as large as the load makes it, and a single one at rest waits for nobody. Where all that is left of a lease
 * has ended, it goes as a whole.
 */
export interface Finisher {
  /** @returns not `ok` for a zombie. @throws when it could not be written; then none of its group was */
  finish(claimed: store.Claimed): Promise<store.Settled>;
  /** The same for one that hears of its end by a call: at 40,000 a second a promise for each is felt. */
  add(ender: Ender): void;
}

export interface Ender {
  readonly claimed: store.Claimed;
  ended(settled: store.Settled): void;
  failed(error: unknown): void;
}

const LOST: store.Settled = { ok: false, classes: [] };
const DONE: store.Settled = { ok: true, classes: [], counted: "done" };

/** @param jobs_max in one group; 1 writes each by itself */
export function createFinisher(needs: { sql: Sql; clock: Clock }, jobs_max = FINISH_JOBS_MAX): Finisher {
  let pending: Ender[] = [];
  let writing = false;

  /** Those of whole leases first. @returns the others, and those whose lease has lost some to somebody else */
  async function writeWhole(group: Ender[]): Promise<Ender[]> {
    const by = new Map<store.Lease, number>();
    for (const { lease } of group.map((ender) => ender.claimed)) if (lease) by.set(lease, (by.get(lease) ?? 0) + 1);
    const whole = [...by].filter(([lease, jobs]) => lease.left === jobs).map(([lease]) => lease);
    if (whole.length === 0) return group;
    const ended = await single(needs, (query) => store.finishLeases(query, whole));
    return group.filter((ender) => {
      const { lease } = ender.claimed;
      if (!lease || !ended.has(lease.token)) return true;
      ender.ended(DONE);
      return false;
    });
  }

  async function write(group: Ender[]): Promise<void> {
    let rest = group;
    try {
      rest = await writeWhole(group);
      if (rest.length === 0) return;
      const claims = rest.map(({ claimed }) => claimed);
      const { ended, classes } = await single(needs, (query) => store.finish(query, claims));
      let first = true;
      for (const ender of rest) {
        const { token, lease } = ender.claimed;
        const ok = ended.has(token);
        if (lease) lease.left -= 1;
        // What the group has let out of lanes needs to be told once.
        ender.ended(ok ? { ok, classes: first ? classes : [], counted: "done" } : LOST);
        if (ok) first = false;
      }
    } catch (error) {
      for (const ender of rest) ender.failed(error instanceof Error ? error : new Transient(String(error)));
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

  function add(ender: Ender): void {
    pending.push(ender);
    if (writing) return;
    writing = true;
    // Owned by those that wait for it; it never rejects.
    void writeAll();
  }

  return {
    add,
    finish: (claimed) => new Promise((ended, failed) => add({ claimed, ended, failed })),
  };
}
