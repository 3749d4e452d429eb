import type { Nature } from "#kernel/errors.ts";

/**
 * What a status of another server says of the same request later (RFC 9110, 15.5 and 15.6; RFC 8470 for 425). 500 counts as
 * passing: it is their bug, perhaps of a moment, and only calls that may be repeated are.
 */
export function natureOfStatus(status: number): Nature {
  if (status === 429) return "throttled";
  return status === 408 || status === 425 || (status >= 500 && status !== 501 && status !== 505)
    ? "transient"
    : "permanent";
}

/**
 * Of what `fetch` throws before there is an answer: every line that could not be made, or broke, may be whole the next time.
 * A certificate that is not to be trusted is no answer either; its keeper may mend it. What is wrong with the request itself
 * (a `TypeError` without a code) is a bug.
 */
export function natureOfFetch(error: unknown): Nature {
  const { name, code } = (error ?? {}) as { name?: string; code?: unknown };
  if (name === "TimeoutError" || name === "AbortError") return "transient";
  return typeof code === "string" && code !== "ERR_INVALID_URL" && !code.startsWith("ERR_INVALID_ARG")
    ? "transient"
    : "bug";
}
