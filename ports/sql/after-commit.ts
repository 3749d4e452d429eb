import { onOwnTime } from "#ports/calls/index.ts";

import type { Query } from "./index.ts";

const hooks = new WeakMap<Query, Map<string, () => void>>();

/**
 * Runs `work` once the transaction has committed; never when it rolled back. One per `name`, so that a thousand writes of
 * one transaction cause one effect. For wake-ups only: a process that dies between the commit and this loses the call, so
 * whatever is woken must also look by itself now and then.
 * @returns false when `tx` was not opened by `sql.tx` (the pool, a savepoint, somebody's `begin`): nothing will be called
 */
export function afterCommit(tx: Query, name: string, work: () => void): boolean {
  const known = hooks.get(tx);
  known?.set(name, work);
  return known !== undefined;
}

/** For `sql.tx` alone: opens the list of a transaction. A retried transaction gets a fresh one. */
export function watchCommit(tx: Query): () => void {
  const list = new Map<string, () => void>();
  hooks.set(tx, list);
  // What it wakes is for all, and not for who happened to write.
  return () =>
    onOwnTime(() => {
      for (const work of list.values()) work();
    });
}
