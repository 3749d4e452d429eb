import { SQL } from "bun";

import { type Nature, natureOf } from "#kernel/errors.ts";

/** The SQLSTATE of a server error, or undefined for anything else. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof SQL.PostgresError && error.errno !== undefined ? String(error.errno) : undefined;

const constraintOf = (error: unknown): string | undefined =>
  error instanceof SQL.PostgresError ? (error.constraint as string | undefined) : undefined;

const violates = (state: string) => (error: unknown, constraint?: string) =>
  sqlState(error) === state && (constraint === undefined || constraintOf(error) === constraint);

export const isUniqueViolation = violates("23505");
export const isForeignKeyViolation = violates("23503");
export const isCheckViolation = violates("23514");

/** Serialisation failure and deadlock: the transaction did nothing and may be run again. */
export const isRetryable = (error: unknown): boolean => ["40001", "40P01"].includes(sqlState(error) ?? "");

/** The server is away, starting, or stopping. The outcome of a COMMIT that was under way is unknown. */
export function isAway(error: unknown): boolean {
  if (["57P01", "57P02", "57P03", "53300"].includes(sqlState(error) ?? "")) return true;
  const code = (error as { code?: string } | null)?.code ?? "";
  return /^ERR_POSTGRES_(CONNECTION|IDLE_TIMEOUT|LIFETIME)/.test(code) || code === "ECONNREFUSED" || code === "ENOENT";
}

/** The disk has no room: nothing was written, and nothing can be until there is some. */
export const isFull = (error: unknown): boolean => sqlState(error) === "53100";

/** Locks that did not come in time, a statement that was stopped, and a server without room: each may pass by itself. */
const PASSING = new Set(["55P03", "57014", "53000", "53100", "53200", "53400"]);

/** The same may go through in a moment: the database is away, or a statement, a lock or a place did not come in time. */
export const isPassing = (error: unknown): boolean => ["transient", "throttled"].includes(natureOfSql(error));

/**
 * Of what a statement throws, raw or not. A constraint that says no is left to its caller, who knows what it means; where nobody
 * foresaw it, it is a bug.
 */
export function natureOfSql(error: unknown): Nature {
  const state = sqlState(error);
  if (state === "53300") return "throttled";
  if (isAway(error) || isRetryable(error) || (state !== undefined && PASSING.has(state))) return "transient";
  return state?.startsWith("08") ? "transient" : natureOf(error);
}
