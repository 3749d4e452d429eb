import type { AnswerOf, BodyIn, QueryIn, Route } from "#kernel/contract.ts";
import { type Deadline, untilGone } from "#kernel/deadline.ts";
import { Problem } from "#kernel/errors.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";

import type { ApiParts } from "./api.ts";
import { admit } from "./asking.ts";
import type { Answer, Asked, Handler } from "./index.ts";
import { takeLimits } from "./limits.ts";
import { parse } from "./request.ts";

/** For whom a call from within is made, and from where they came: taken over from the door's own request, never made up. */
export interface CallBy {
  viewer: Viewer;
  address: string;
  origin: string;
  request_id: string;
  signal: AbortSignal;
  /** Of the door's own request, where it has one. */
  deadline?: Deadline;
}

export interface CallAsked<R extends Route> {
  params?: Record<string, string>;
  query?: QueryIn<R>;
  body?: BodyIn<R>;
  idempotency_key?: string | null;
  headers?: Record<string, string>;
}

/** The same order as of a call from outside: may they, how much, what; then the work. Its answer is the route's body as a value. */
export async function callWithin<R extends Route>(
  handler: Handler<Route> | undefined,
  route: R,
  by: CallBy,
  asked: CallAsked<R> = {},
  needs: Pick<ApiParts, "limiter" | "book">,
): Promise<AnswerOf<R>> {
  if (!handler) throw new Error(`${route.method} ${route.path} is not served`);
  admit(route.access, by.viewer);
  // The door took one token for the request itself.
  const drawn = { route: `${route.method} ${route.path}`, cost_tokens: route.cost_tokens ?? 1, is_inner: true };
  const { viewer, address } = by;
  const { release } = await takeLimits(needs.limiter, needs.book, {
    ...drawn,
    viewer,
    address,
    ...(asked.params ? { params: asked.params } : {}),
  });
  try {
    return await callAdmitted(handler, route, by, asked);
  } finally {
    await release?.();
  }
}

async function callAdmitted<R extends Route>(
  handler: Handler<Route>,
  route: R,
  by: CallBy,
  asked: CallAsked<R>,
): Promise<AnswerOf<R>> {
  by.signal.throwIfAborted();
  const call: Asked<Route> = {
    viewer: by.viewer as SignedIn,
    params: (route.params ? parse(route.params, asked.params ?? {}, "path") : undefined) as never,
    query: (route.query ? parse(route.query, strings(asked.query ?? {}), "query") : undefined) as never,
    body: (route.body ? parse(route.body, asked.body, "body") : undefined) as never,
    signal: by.signal,
    deadline: by.deadline ?? untilGone(by.signal),
    request_id: by.request_id,
    address: by.address,
    idempotency_key: asked.idempotency_key ?? null,
    header: (name) => asked.headers?.[name] ?? null,
    origin: by.origin,
  };
  return bodyOf(await handler(call)) as Promise<AnswerOf<R>>;
}

/** A query is text, whoever writes it. */
const strings = (query: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

async function bodyOf(answer: Answer<Route>): Promise<unknown> {
  if ("json" in answer) return JSON.parse(answer.json) as unknown;
  if ("body" in answer) return answer.body;
  if (!("response" in answer)) return null;
  if (answer.response.headers.get("content-type")?.startsWith("application/json")) return answer.response.json();
  throw new Problem(500, "internal", "This route answers with what is no JSON.");
}
