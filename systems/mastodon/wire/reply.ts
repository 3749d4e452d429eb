import type { Problem } from "#kernel/errors.ts";
import { type LimitDecision, quotaOf } from "#ports/limiter/index.ts";

/** What an endpoint answers. `text` is JSON already. */
export type Reply = { status?: number; body: unknown; headers?: Record<string, string> } | Response;

/**
 * Any page may call this API: what it is asked, it is asked with a token that the page holds, and no cookie counts here. So
 * the answer to "who may read this?" is everybody, and never with credentials.
 */
export const CORS_HEADERS: Record<string, string> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "Link, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, Deprecation",
};
const PREFLIGHT_HEADERS: Record<string, string> = {
  "access-control-allow-methods": "POST, PUT, DELETE, GET, PATCH, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, X-Requested-With, Accept",
  "access-control-max-age": "7200",
};

export const preflight = () => new Response(null, { status: 204, headers: { ...CORS_HEADERS, ...PREFLIGHT_HEADERS } });

/** What Mastodon says in so many words, by our code; everything else says our own sentence. */
const SAID: Record<string, string> = {
  "session.invalid": "The access token is invalid",
  "session.required": "This method requires an authenticated user",
  "token.scope": "This action is outside the authorized scopes",
  "person.suspended": "Your login is currently disabled",
  "limit.exceeded": "Too many requests",
};

/** `{ error }`, with the code and the sentence of the house beside it. */
export function refusal(problem: Problem, request_id: string): Response {
  const { status, code, detail, extras } = problem;
  const oauth = code.startsWith("oauth.") ? code.slice("oauth.".length) : null;
  const body = oauth
    ? { error: oauth, error_description: detail }
    : {
        error: SAID[code] ?? (code.endsWith(".not_found") ? "Record not found" : detail),
        error_description: detail,
        code,
      };
  return new Response(JSON.stringify(body), {
    // Mastodon says 422 of what is not as it should be.
    status: code === "request.invalid" ? 422 : status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "x-request-id": request_id,
      "cache-control": "no-store",
      ...CORS_HEADERS,
      ...(status === 401 ? { "www-authenticate": 'Bearer realm="Folkhus"' } : {}),
      ...(extras.retry_after_s === undefined
        ? {}
        : { "retry-after": String(Math.max(1, Math.ceil(extras.retry_after_s))) }),
      ...extras.headers,
    },
  });
}

/** Of a bucket that fills all the time: when it will be full again. */
export const limitHeaders =
  (now: () => number) =>
  ({ rule, remaining_tokens, reset_after_ms }: LimitDecision): Record<string, string> => ({
    "x-ratelimit-limit": String(quotaOf(rule).tokens),
    "x-ratelimit-remaining": String(remaining_tokens),
    "x-ratelimit-reset": new Date(now() + reset_after_ms).toISOString(),
  });

/** Pages to both sides, with all else that was asked. Null places are the ends. */
export function linkHeader(
  url: string,
  origin: string,
  places: { next: [name: string, place: string] | null; prev: [name: string, place: string] | null },
): Record<string, string> {
  const { pathname, searchParams } = new URL(url);
  const to = ([name, place]: [string, string], rel: string) => {
    const query = new URLSearchParams(searchParams);
    for (const known of ["max_id", "since_id", "min_id", "offset", "access_token"]) query.delete(known);
    query.set(name, place);
    return `<${origin}${pathname}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [...(places.next ? [to(places.next, "next")] : []), ...(places.prev ? [to(places.prev, "prev")] : [])];
  return links.length === 0 ? {} : { link: links.join(", ") };
}
