import { limitHeaders } from "../../ports/limiter/index.ts";
import type { Decision } from "./index.ts";

/** `RateLimit`, `RateLimit-Policy` and `X-RateLimit-*`; for a refusal also `Retry-After`, in whole seconds and never too early. */
export function headersOf(decision: Decision): Record<string, string> {
  const headers = limitHeaders(decision, decision.claims);
  if (!decision.allowed) headers["retry-after"] = String(Math.max(1, Math.ceil(decision.retry_after_ms / 1_000)));
  return headers;
}

/** RFC 9457. */
export interface LimitProblem {
  type: string;
  title: string;
  status: 429;
  code: "limit.exceeded";
  detail: string;
  "violated-policies": string[];
}

/** Which limit refused, and when to come back. */
export function problemOf({ rule, retry_after_ms }: Decision): LimitProblem {
  const seconds = Math.max(1, Math.ceil(retry_after_ms / 1_000));
  return {
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    title: "Too Many Requests",
    status: 429,
    code: "limit.exceeded",
    detail: `The limit "${rule.name}" is used up. Try again in ${seconds} s.`,
    "violated-policies": [rule.name],
  };
}
