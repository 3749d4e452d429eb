import { STATUS_CODES } from "node:http";

import type { Problem } from "#kernel/errors.ts";

/** RFC 9457. Never a stack, never a message that was not written for the caller. */
export function problemResponse(problem: Problem, request_id: string, headers: Record<string, string> = {}): Response {
  const { retry_after_s, errors, violated_policies } = problem.extras;
  const body = JSON.stringify({
    type: `urn:folkhus:problem:${problem.code}`,
    title: STATUS_CODES[problem.status] ?? "Problem",
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    request_id,
    ...(retry_after_s === undefined ? {} : { retry_after_s }),
    ...(errors ? { errors } : {}),
    ...(violated_policies ? { "violated-policies": violated_policies } : {}),
  });
  return new Response(body, {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      "x-request-id": request_id,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      ...(retry_after_s === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retry_after_s))) }),
      ...problem.extras.headers,
      ...headers,
    },
  });
}
