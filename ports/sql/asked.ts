import type { Asker } from "#ports/calls/index.ts";
import { askerHere, onOwnTime, onTimeOf } from "#ports/calls/index.ts";

import { sqlState } from "./errors.ts";

/**
 * Statements know by themselves for whom they are: none begins for who waits no more, and when they give up the server is told to
 * stop those that run. What it costs is in `bench/askers.ts`.
 */
export function forAskers<Q extends object>(query: Q): Q {
  return new Proxy(query, {
    apply(target, self, given: unknown[]) {
      const asker = askerHere();
      const run = target as unknown as (...given: unknown[]) => Cancellable;
      if (asker === null || !isTemplate(given[0])) return Reflect.apply(run, self, given);
      asker.mustWait();
      const statement = Reflect.apply(run, self, given);
      asker.hold(statement);
      return statement;
    },
  });
}

interface Cancellable {
  cancel(): unknown;
}

/** Rows and names are given to the same function, and are no statement. */
const isTemplate = (given: unknown): boolean => Array.isArray(given) && "raw" in given;

/** A transaction's work on the time of who asked for it: the pool calls back when it has a connection, whoever gave that back. */
export function onTheirTime<Q extends object, T>(asker: Asker | null, tx: Q, work: (tx: Q) => Promise<T>): Promise<T> {
  if (asker === null) return onOwnTime(() => work(tx));
  asker.mustWait();
  return onTimeOf(asker, async () => {
    const result = await work(tx);
    // Whoever was told that it was given up must not find it done.
    asker.mustWait();
    return result;
  });
}

/** SQLSTATE of a statement that was stopped by the server, and what is said of one that Bun has not sent. */
const STOPPED = "57014";
export const isStopped = (error: unknown): boolean =>
  sqlState(error) === STOPPED || (error as { code?: unknown } | null)?.code === "ERR_POSTGRES_QUERY_CANCELLED";
