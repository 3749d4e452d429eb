import type { SQL, TransactionSQL } from "bun";

import type { Deadline } from "#kernel/deadline.ts";

/** Anything that runs a query: the pool or an open transaction. Store functions take this. */
export type Query = SQL | TransactionSQL;
export type Tx = TransactionSQL;
/** A piece of a statement with its parameters, to be put into another one; not run by itself. */
export type Fragment = SQL.Query<unknown>;

export interface TxOptions {
  isolation?: "serializable" | "repeatable read";
  /**
   * By when it is wanted: it is not begun, nor tried again, after it, and no statement of it runs longer than was left when it
   * began (one round trip more). @throws the signal's reason, or `DeadlinePassed`, after the rollback
   */
  deadline?: Deadline;
}

/**
 * The database. Rows come back as objects with `snake_case` fields; `bigint` is a decimal string (our ids),
 * `timestamptz` a `Date`. PostgreSQL ≥ 16, one dialect.
 */
export interface Sql extends AsyncDisposable {
  /** The pool, for single statements: `` sql.pool`SELECT …` ``. */
  pool: SQL;
  /**
   * Runs `work` in a transaction and retries it whole on a serialisation failure or a deadlock, so `work` must have no
   * effect outside the database. Default isolation is READ COMMITTED.
   * @throws what `work` throws, after the rollback; `Transient` when the database is away
   */
  tx<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>;
  /**
   * For work that writes by one statement, which is a transaction by itself: it is tried again as `tx` does, and costs a third
   * of the round trips.
   * @throws as `tx`
   */
  single<T>(work: (db: SQL) => Promise<T>): Promise<T>;
  /** Calls back at each `NOTIFY channel`, and once after every reconnect (then notifications may have been lost). */
  listen(channel: string, onNotify: (payload: string) => void): Promise<AsyncDisposable>;
}

export { createSql, type SqlTarget } from "./pool.ts";
export { until } from "./until.ts";
export { afterCommit } from "./after-commit.ts";
export { createWakes, type Wakes } from "./wake.ts";
export { migrate, type MigrationFolder } from "./migrate.ts";
export { leaseNode, liveNodes, type NodeLease } from "./node-lease.ts";
export { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded.ts";
export { keepRunning, type Keeper } from "./keeper.ts";
export {
  sqlState,
  isAway,
  isFull,
  isRetryable,
  isPassing,
  natureOfSql,
  isUniqueViolation,
  isForeignKeyViolation,
  isCheckViolation,
} from "./errors.ts";
