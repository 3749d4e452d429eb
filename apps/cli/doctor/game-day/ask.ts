import { z } from "zod";

import { ANSWER_MS_MAX } from "./bounds.ts";

/**
 * What a person saw of one request. `refused` was told clearly what is the matter (and when to come back); `failed` met an
 * error that says nothing; `unanswered` met silence or a line that broke.
 */
export type Fate = "ok" | "refused" | "failed" | "unanswered";

export interface Answered {
  fate: Fate;
  /** The problem's code, the status, or what broke. */
  because: string;
  body: unknown;
  etag: string | null;
}

export interface Asked {
  token?: string;
  body?: unknown;
  bytes?: Uint8Array<ArrayBuffer>;
  /** Idempotency-Key. */
  key?: string;
}

export type Ask = (method: string, path: string, asked?: Asked) => Promise<Answered>;

const zProblem = z.object({ code: z.string().min(1), detail: z.string().min(10) });
/** Come later, or: there is no room. */
const REFUSALS = new Set([429, 503, 507]);

export function createAsk(base: string): Ask {
  return async (method, path, { token, body, bytes, key } = {}) => {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    if (key !== undefined) headers.set("idempotency-key", key);
    const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body));
    try {
      const response = await fetch(new URL(path, base), {
        method,
        headers,
        ...(sent === undefined ? {} : { body: sent }),
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const text = await response.text();
      const is_json = /^application\/(?:problem\+)?json\b/.test(response.headers.get("content-type") ?? "");
      const read: unknown = is_json && text !== "" ? JSON.parse(text) : null;
      const etag = response.headers.get("etag");
      if (response.ok) return { fate: "ok", because: String(response.status), body: read, etag };
      const problem = zProblem.safeParse(read);
      const says_when = response.status === 507 || response.headers.has("retry-after");
      const fate = REFUSALS.has(response.status) && problem.success && says_when ? "refused" : "failed";
      return { fate, because: problem.success ? problem.data.code : `status ${response.status}`, body: read, etag };
    } catch (error) {
      const { name, code } = error as { name: string; code?: unknown };
      const because = name === "TimeoutError" ? "no answer in time" : typeof code === "string" ? code : name;
      return { fate: "unanswered", because, body: null, etag: null };
    }
  };
}
