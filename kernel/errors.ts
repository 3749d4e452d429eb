/**
 * What can go wrong, in one vocabulary. A `Problem` is an answer for the caller (RFC 9457); everything else that is
 * thrown is a bug or a broken dependency and reaches the caller only as `internal`.
 */

/** How a failure behaves when it is tried again; retries look at nothing else. */
export type Temper = "transient" | "throttled" | "permanent" | "bug";

export interface ProblemExtras {
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  retry_after_s?: number;
  /** What is wrong with which field: a JSON pointer and a sentence. */
  errors?: { pointer: string; detail: string }[];
  /** Names of the limits that are used up (draft-ietf-httpapi-ratelimit-headers); becomes `violated-policies`. */
  violated_policies?: string[];
  headers?: Record<string, string>;
}

/** An answer of refusal. `code` is stable and reads `system.reason`; `detail` says what to do about it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly extras: ProblemExtras;

  constructor(status: number, code: string, detail: string, extras: ProblemExtras = {}) {
    super(`${code}: ${detail}`);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.extras = extras;
  }
}

export const notFound = (what: string) =>
  new Problem(404, `${what}.not_found`, `There is no such ${what.replaceAll("_", " ")}, or it is not for you.`);

export const forbidden = (because: string, code = "forbidden") => new Problem(403, code, because);

export const conflict = (code: string, detail: string) => new Problem(409, code, detail);

/** The temper of anything thrown. Unknown errors count as bugs: retrying them hides them. */
export function temperOf(error: unknown): Temper {
  if (error instanceof Problem) {
    if (error.status === 429) return "throttled";
    return error.status === 503 ? "transient" : "permanent";
  }
  if (error instanceof Transient) return "transient";
  if (error instanceof Permanent) return "permanent";
  return "bug";
}

/** A dependency was slow or away; the same call may succeed later. */
export class Transient extends Error {
  override readonly name = "Transient";
}

/** The same call will fail the same way; do not retry. The message is shown to the owner of the work. */
export class Permanent extends Error {
  override readonly name = "Permanent";
}
