/**
 * What can go wrong, in one vocabulary. A `Problem` is an answer for the caller (RFC 9457); everything else that is
 * thrown is a bug or a broken dependency and reaches the caller only as `internal`.
 */

/**
 * How a failure behaves when the same is tried again; retries, breakers and jobs look at nothing else.
 * `transient`: it may pass by itself. `throttled`: the other side is well and wants to be asked less, or later.
 * `permanent`: an answer, and it stays the same. `bug`: nobody foresaw it, so trying again would only hide it.
 */
export type Nature = "transient" | "throttled" | "permanent" | "bug";

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

export interface AgainOptions extends ErrorOptions {
  /** Before so many ms have passed trying again is in vain; left out where nobody knows. */
  retry_after_ms?: number;
}

/** A dependency was slow or away; the same call may succeed later. */
export class Transient extends Error {
  override readonly name: string = "Transient";
  readonly retry_after_ms: number;

  constructor(message: string, { retry_after_ms = 0, ...options }: AgainOptions = {}) {
    super(message, options);
    this.retry_after_ms = retry_after_ms;
  }
}

/** The other side is there and wants to be asked less, or later. */
export class Throttled extends Transient {
  override readonly name: string = "Throttled";
}

/** Its time was over before an answer came. */
export class DeadlinePassed extends Transient {
  override readonly name: string = "DeadlinePassed";
}

/** The same call will fail the same way; do not retry. The message is shown to the owner of the work. */
export class Permanent extends Error {
  override readonly name = "Permanent";
}

/** The nature of anything thrown. Unknown errors count as bugs; who talks to a vendor knows more of its errors, and says so beside its client. */
export function natureOf(error: unknown): Nature {
  if (error instanceof Problem) return natureOfStatus(error.status);
  if (error instanceof Throttled) return "throttled";
  if (error instanceof Transient) return "transient";
  if (error instanceof Permanent) return "permanent";
  return "bug";
}

/**
 * Of a refusal by HTTP (RFC 9110, 15.5 and 15.6). Only 503 of the house itself is transient: 500 is a bug wherever it came
 * from, and of the others none says that the same would go through later.
 */
const natureOfStatus = (status: number): Nature =>
  status === 429 ? "throttled" : status === 503 ? "transient" : "permanent";

/** Before so many ms have passed the same would be refused again; 0 where the failure says nothing of it. */
export function retryAfterMs(error: unknown): number {
  if (error instanceof Transient) return error.retry_after_ms;
  return error instanceof Problem ? (error.extras.retry_after_s ?? 0) * 1_000 : 0;
}
