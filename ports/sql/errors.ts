import { SQL } from "bun";

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
