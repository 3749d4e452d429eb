import { notFound, Problem } from "#kernel/errors.ts";
import { NOBODY, type SignedIn, type Viewer } from "#kernel/viewer.ts";
import type { Api, Door, DoorAsked } from "#ports/http/index.ts";

import type { Asked, Desk, Endpoint, Serve } from "./api/endpoint.ts";
import { CALL_MS_MAX } from "./bounds.ts";
import { bound } from "./ground.ts";
import type { Caller } from "./oauth/tokens.ts";
import { pictureAt } from "./pictures.ts";
import { behindDoor, covers } from "./policy.ts";
import { readFields } from "./wire/fields.ts";
import { CORS_HEADERS, limitHeaders, preflight, refusal, type Reply } from "./wire/reply.ts";
import { createRouter } from "./wire/router.ts";

/** Paths below which all is Mastodon's. `/oauth/authorize` is a page of the house. */
const PATHS = [
  "/api/v1",
  "/api/v2",
  "/oauth/token",
  "/oauth/revoke",
  "/oauth/userinfo",
  "/.well-known/oauth-authorization-server",
  "/.well-known/nodeinfo",
  "/nodeinfo",
];

/** Opens the doors of Mastodon's client API and gives back how endpoints are added. */
export function openDoors(api: Api, desk: Desk): Serve {
  const router = createRouter<Endpoint>();
  const { ground, tokens } = desk;
  /** Of requests under way: what each was let in for, which a viewer does not say. */
  const callers = new WeakMap<Request, Caller>();
  const door = (path: string): Door => ({
    path,
    summary: "Mastodon's client API",
    tag: "mastodon",
    access: { who: "anyone", scope: "read" },
    open_methods: ["OPTIONS"],
    // No cookie counts here: a page elsewhere that calls brings a token or is nobody.
    authenticate: async (request) => {
      const { viewer, ...granted } = await callerOf(request);
      const caller = { viewer: viewer.kind === "person" ? behindDoor(viewer) : viewer, ...granted };
      callers.set(request, caller);
      return caller.viewer.kind === "person" ? caller.viewer : null;
    },
    refuse: (problem, _request, request_id) => refusal(problem, request_id),
    limit_headers: limitHeaders(ground.clock.now),
    handle: answer,
  });
  for (const path of PATHS) api.door(door(path));
  api.door({
    path: "/api/pictures",
    summary: "Pictures of who has none",
    tag: "mastodon",
    access: { who: "anyone", scope: "read" },
    authenticate: async () => null,
    handle: async ({ request }) => pictureAt(new URL(request.url).pathname.slice("/api/pictures/".length)),
  });

  async function callerOf(request: Request): Promise<Caller> {
    const header = request.headers.get("authorization");
    const { pathname, searchParams } = new URL(request.url);
    // What reads server-sent events in a browser cannot set a header.
    const given = pathname.startsWith("/api/v1/streaming/") ? searchParams.get("access_token") : null;
    if (header === null && given !== null) return tokens.caller(given);
    if (header === null || /^Basic /i.test(header)) return { viewer: NOBODY, app_id: null, scopes: [] };
    const token = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(header)?.[1];
    if (token === undefined)
      throw new Problem(401, "session.invalid", "The Authorization header is not `Bearer <token>`.");
    return tokens.caller(token);
  }

  async function answer(came: DoorAsked): Promise<Response> {
    const { request } = came;
    if (request.method === "OPTIONS") return preflight();
    const { pathname } = new URL(request.url);
    const found = router.find(request.method, pathname);
    if (!found) throw notFound("record");
    if (!found.value)
      throw new Problem(405, "route.wrong_method", `This path answers to ${found.methods.join(", ")}.`, {
        headers: { allow: found.methods.join(", ") },
      });
    const { rule, handler } = found.value;
    const caller = callers.get(request) ?? (await callerOf(request));
    admit(rule, caller);
    const late = AbortSignal.timeout(rule.ms_max ?? CALL_MS_MAX);
    const signal = AbortSignal.any([request.signal, late]);
    const fields = rule.reads_body ? {} : await inTime(readFields(request), late);
    const asked = askedOf(came, caller, found.params, fields, signal, api);
    return respond(await inTime(handler(asked), late), came.viewer, request.method === "HEAD");
  }

  function respond(reply: Reply, viewer: Viewer, headless: boolean): Response {
    if (reply instanceof Response) {
      for (const [name, value] of Object.entries(CORS_HEADERS)) reply.headers.set(name, value);
      return reply;
    }
    const text = bound(ground, viewer.kind === "person" ? viewer : null, JSON.stringify(reply.body));
    return new Response(headless ? null : text, {
      status: reply.status ?? 200,
      headers: { "content-type": "application/json; charset=utf-8", ...CORS_HEADERS, ...reply.headers },
    });
  }

  return (method, path, rule, handler) => router.add(method, path, { rule, handler });
}

/** @throws Problem 401, 403 */
export function admit(rule: Endpoint["rule"], { viewer, app_id, scopes }: Caller): void {
  if (rule.who === "app" && app_id === null)
    throw new Problem(401, "session.required", "This needs a program's token.");
  if (rule.who === "person") {
    if (viewer.kind === "nobody")
      throw app_id === null
        ? new Problem(401, "session.required", "Sign in first.")
        : new Problem(422, "request.invalid", "This method requires an authenticated user");
    if (viewer.suspended) throw new Problem(403, "person.suspended", "This account is suspended.");
  }
  if ((viewer.kind === "person" || app_id !== null) && !covers(scopes, rule.scope))
    throw new Problem(403, "token.scope", `This token lacks the scope "${rule.scope}".`);
}

export function askedOf(
  came: DoorAsked,
  { viewer, app_id, scopes }: Caller,
  params: Record<string, string>,
  fields: Asked["fields"],
  signal: AbortSignal,
  api: Api,
): Asked {
  const { request, origin, address, request_id } = came;
  const by = { viewer, address, origin, request_id, signal };
  return {
    request,
    params,
    fields,
    viewer,
    app_id,
    scopes,
    origin,
    address,
    request_id,
    signal,
    get me(): SignedIn {
      if (viewer.kind === "nobody") throw new Problem(401, "session.required", "Sign in first.");
      return viewer;
    },
    shown: { viewer, origin },
    call: (route, asked) => api.call(route, by, asked),
  };
}

/** What was begun goes on behind the answer; its own signal tells it to stop. */
async function inTime<T>(work: Promise<T>, late: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onLate = () =>
    reject(
      new Problem(503, "request.deadline", "This took too long and was given up. Try again.", { retry_after_s: 1 }),
    );
  late.addEventListener("abort", onLate, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    late.removeEventListener("abort", onLate);
    work.catch(() => {});
  }
}
