import { OpenApiGeneratorV31, OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { Hono } from "hono";

import { priorityOf, type Route } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import { createTurns } from "#kernel/turns.ts";
import { NOBODY, type SignedIn, type Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Load, Rank } from "#ports/load/index.ts";
import { isPassing } from "#ports/sql/index.ts";

import { addressOf, admit, originOf, pathOf, patienceOf, requestIdOf } from "./asking.ts";
import { problemOf } from "./broken.ts";
import { type Door, openDoor } from "./door.ts";
import type { Idempotency } from "./idempotency.ts";
import type { Answer, Api, Asked, Authenticate, Handler, Served } from "./index.ts";
import { callWithin } from "./inside.ts";
import { createLeash, type Leash } from "./leash.ts";
import {
  addressKey,
  type HttpLimits,
  type LimitAsked,
  type LimitBook,
  type LimitsTaken,
  plainBook,
  takeLimits,
} from "./limits.ts";
import { fits, NO_ROUTE } from "./no-route.ts";
import { idempotencyKeyOf, LEASE_SLACK_MS, once, textOf } from "./once.ts";
import { openapiRoute } from "./openapi.ts";
import { problemResponse } from "./problem.ts";
import {
  BODY_BYTES_DEFAULT_MAX,
  credentialOf,
  heldBy,
  parse,
  readJson,
  refuseCrossSite,
  sessionCookie,
} from "./request.ts";
import { HANDSHAKES_AT_ONCE_MAX, openSocket, type SocketDoor } from "./socket.ts";
import { gone, inTurn } from "./turn.ts";

export const DEADLINE_DEFAULT_MS = 10_000;
export interface ApiNeeds {
  authenticate: Authenticate;
  limiter: Limiter;
  /** What each request draws from; three buckets are a plain book. */
  limits: HttpLimits | LimitBook;
  idempotency: Idempotency;
  clock: Clock;
  /** Lets requests in as long as the house can do them; without it all come in. */
  load?: Load;
  /** Number of proxies in front whose `X-Forwarded-*` is believed; 0 for none. */
  trusted_proxies: number;
  /** Where people reach the house, if it was told: under this name its scheme holds, whatever a proxy leaves unsaid. */
  public_url?: string | null;
  /**
   * The last hand on an answer's text before it leaves for this caller, taken when the request comes: whatever they lose
   * while it is under way is not theirs in the answer either.
   */
  textFor?: (viewer: SignedIn) => (text: string) => string;
  /** Makes one id per request. */
  requestId: () => string;
  onServed: (served: Served) => void;
}

/** The same with what every request needs made once. */
export interface ApiParts extends Omit<ApiNeeds, "limits"> {
  book: LimitBook;
}

interface Env {
  Bindings: { peer_address: string };
}

/** Everything that all routes share, in the order in which it must happen: who, may they, how often, what, then the work. */
export function createApi({ limits, ...rest }: ApiNeeds): Api {
  const needs: ApiParts = { ...rest, book: "draw" in limits ? limits : plainBook(limits) };
  const app = new Hono<Env>();
  const registry = new OpenAPIRegistry();
  const routes: Route[] = [];
  const doors: Door[] = [];
  const opened: { path: string; run: ReturnType<typeof openDoor> }[] = [];
  const handlers = new Map<Route, Handler<Route>>();
  const sockets: SocketDoor[] = [];
  const handshakes = createTurns(HANDSHAKES_AT_ONCE_MAX);
  const public_at = needs.public_url ? new URL(needs.public_url) : null;
  /** Paths without parameters are found without a router. */
  const fixed = new Map<string, ReturnType<typeof handle>>();

  const api: Api = {
    routes,
    serve(route, handler) {
      if (routes.some((r) => r.method === route.method && r.path === route.path)) {
        throw new Error(`${route.method} ${route.path} is served twice`);
      }
      routes.push(route);
      registry.registerPath(openapiRoute(route));
      const run = handle(route, handler as unknown as Handler<Route>, needs);
      handlers.set(route, handler as unknown as Handler<Route>);
      if (!route.path.includes("{")) fixed.set(`${route.method} ${route.path}`, run);
      app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ":$1"), (c) =>
        run(c.req.raw, c.req.param(), c.env.peer_address),
      );
    },
    doors,
    door(door) {
      if (doors.some((other) => other.path === door.path)) throw new Error(`${door.path} is served twice`);
      doors.push(door);
      opened.push({ path: door.path, run: openDoor(door, needs) });
    },
    call: (route, by, asked) => callWithin(handlers.get(route), route, by, asked, needs),
    socket(door) {
      if (sockets.some((other) => other.path === door.path)) throw new Error(`${door.path} is served twice`);
      sockets.push(door);
    },
    async upgrade(request, peer_address) {
      const pathname = new URL(request.url).pathname.replace(/\/$/, "");
      const door = sockets.find(({ path }) => path === pathname);
      return door ? openSocket(door, request, peer_address, needs, handshakes) : null;
    },
    async admit(request, peer_address, what, onAsked) {
      const asked = await limitedOf(request, peer_address, what);
      onAsked?.(asked);
      const { headers, release } = await takeLimits(needs.limiter, needs.book, asked);
      await release?.();
      return headers;
    },
    limited: () => [
      ...routes.map(({ method, path }) => `${method} ${path}`),
      ...doors.map(({ path }) => `* ${path}`),
      ...sockets.map(({ path }) => `GET ${path}`),
      NO_ROUTE.route,
    ],
    answers: (pathname) =>
      pathname.startsWith("/v1/") ||
      pathname === "/v1" ||
      opened.some(({ path }) => pathname === path || pathname.startsWith(`${path}/`)),
    async fetch(request, peer_address) {
      const pathname = pathOf(request.url);
      const run = fixed.get(`${request.method} ${pathname}`);
      if (run) return run(request, {}, peer_address);
      const door = opened.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
      return door ? door.run(request, peer_address) : app.fetch(request, { peer_address });
    },
    openapi(info) {
      return new OpenApiGeneratorV31(registry.definitions).generateDocument({
        openapi: "3.1.0",
        info,
        security: [{ bearer: [] }, { cookie: [] }],
      });
    },
  };
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "cookie", {
    type: "apiKey",
    in: "cookie",
    name: sessionCookie("http:"),
  });

  /** Whose request it is, for what is no route of its own. */
  async function limitedOf(
    request: Request,
    peer_address: string,
    what: Pick<LimitAsked, "route" | "cost_tokens">,
  ): Promise<LimitAsked> {
    const address = addressOf(request, peer_address, needs.trusted_proxies);
    const credential = heldBy(request, originOf(request, needs.trusted_proxies, public_at));
    const viewer = (credential && (await needs.authenticate(credential.value))) ?? NOBODY;
    return { ...what, viewer, address };
  }

  /** Whoever looks for what is not there draws as whoever finds something: a search for paths costs as much as one for passwords. */
  async function lost(
    request: Request,
    peer_address: string,
    request_id: string,
  ): Promise<[Response, LimitAsked | null]> {
    let limited: LimitAsked | null = null;
    let limit_headers: Record<string, string> = {};
    try {
      limited = await limitedOf(request, peer_address, NO_ROUTE);
      const { headers, release } = await takeLimits(needs.limiter, needs.book, limited);
      limit_headers = headers;
      await release?.();
    } catch (error) {
      if (error instanceof Problem) return [problemResponse(error, request_id), limited];
      // Without the database nobody is known, and there is no such path all the same.
      if (!isPassing(error)) throw error;
    }
    const path = pathOf(request.url);
    const allowed = routes.filter((r) => fits(r, path)).map((r) => r.method);
    const problem = allowed.length
      ? new Problem(405, "route.wrong_method", `This path answers to ${allowed.join(", ")}.`)
      : new Problem(404, "route.not_found", "There is no such path. See /docs for those that there are.");
    const headers = allowed.length ? { ...limit_headers, allow: allowed.join(", ") } : limit_headers;
    return [problemResponse(problem, request_id, headers), limited];
  }

  app.notFound(async (c) => {
    const request_id = needs.requestId();
    const [response, limited] = await lost(c.req.raw, c.env.peer_address, request_id);
    needs.onServed({
      method: c.req.method,
      route: "unmatched",
      status: response.status,
      ms: 0,
      request_id,
      person_id: limited?.viewer.kind === "person" ? limited.viewer.person_id : null,
      limited,
    });
    return response;
  });
  return api;
}

function handle(route: Route, handler: Handler<Route>, needs: ApiParts) {
  const { limiter, book } = needs;
  const drawn = { route: `${route.method} ${route.path}`, cost_tokens: route.cost_tokens ?? 1 };
  const mutates = route.method !== "GET";
  const public_at = needs.public_url ? new URL(needs.public_url) : null;
  const deadline_ms_max = route.deadline_ms ?? DEADLINE_DEFAULT_MS;
  const priority = priorityOf(route);
  const route_rank = priority === "critical" && route.access.who === "anyone" ? "claimed" : priority;
  const body_bytes_max = route.body_bytes_max ?? BODY_BYTES_DEFAULT_MAX;

  return async (request: Request, params: Record<string, string>, peer_address: string): Promise<Response> => {
    const began = needs.clock.monotonic();
    const request_id = requestIdOf(request) ?? needs.requestId();
    let viewer: Viewer = NOBODY;
    let limitHeaders: Record<string, string> = {};
    let taken: LimitsTaken | null = null;
    let limited: LimitAsked | null = null;
    const served = (response: Response, error?: unknown): Response => {
      needs.onServed({
        method: route.method,
        route: route.path,
        status: response.status,
        ms: needs.clock.monotonic() - began,
        request_id,
        person_id: viewer.kind === "person" ? viewer.person_id : null,
        limited,
        ...(error === undefined ? {} : { error }),
      });
      return response;
    };
    const deadline_ms = Math.min(deadline_ms_max, patienceOf(request));
    let is_in = false;
    let rank: Rank = route_rank;
    let leash: Leash | null = null;
    try {
      // Before all that costs: who cannot be served learns it while there is time to ask elsewhere, or later.
      // A body may come slowly, and whoever sends it so must not hold a place meanwhile.
      const address = addressOf(request, peer_address, needs.trusted_proxies);
      const origin = originOf(request, needs.trusted_proxies, public_at);
      const from = () => addressKey(address);
      // Whoever asks for what only admins may and does not even say who they are is told so, when there is time.
      if (rank === "critical" && heldBy(request, origin) === null) rank = "spare";
      if (needs.load && route.waits) await inTurn(needs.load, rank, { request, from, left_ms: deadline_ms }, () => {});
      else if (needs.load && route.body) needs.load.look(rank, from);
      else if (needs.load) {
        const turn = needs.load.enter(rank, deadline_ms, from);
        if (turn !== null) await turn;
        is_in = true;
        // Who left while it waited is many, where many wait: for them nothing is begun.
        if (turn !== null && request.signal.aborted) throw gone();
      }
      leash = createLeash(request, needs.clock, began + deadline_ms, mutates);
      const held = leash;
      let credential: ReturnType<typeof credentialOf>;
      try {
        credential = credentialOf(request, sessionCookie(origin));
      } catch (error) {
        // What is no credential at all is a wrong one, and whoever guesses pays for it.
        taken = await takeLimits(limiter, book, (limited = { ...drawn, viewer, address, params }));
        limitHeaders = taken.headers;
        throw error;
      }
      // Also before there is a cookie: another site must not sign a browser in as somebody of its choice.
      if (mutates && credential?.from !== "bearer") refuseCrossSite(request, origin);
      if (credential) {
        // A database that stands still must not hold who asks beyond their time, nor the place that they were given.
        const known = await held.hold(held.run(() => needs.authenticate(credential.value)));
        if (known) {
          viewer = known;
        } else if (credential.from === "bearer") {
          taken = await takeLimits(limiter, book, (limited = { ...drawn, viewer, address, params }));
          limitHeaders = taken.headers;
          throw new Problem(401, "session.invalid", "This token is unknown, expired or revoked. Sign in again.");
        }
      }
      if (viewer.kind === "person" && viewer.bot && priority !== "spare") needs.load?.look("spare");
      const textFor = viewer.kind === "person" ? (needs.textFor?.(viewer) ?? null) : null;
      limited = { ...drawn, viewer, address, params };
      const taking = takeLimits(limiter, book, limited);
      taken = await held.hold(taking).catch((error: unknown) => {
        // What it takes after all is given back.
        void taking.then(
          ({ release }) => release?.(),
          () => {},
        );
        throw error;
      });
      limitHeaders = taken.headers;
      admit(route.access, viewer);
      const parsedParams = route.params ? parse(route.params, params, "path") : undefined;
      const url = request.url;
      const queryAt = url.indexOf("?");
      const query = route.query
        ? parse(route.query, queryAt < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(queryAt))), "query")
        : undefined;
      // Under the deadline too: a body that comes a byte a minute must not hold its connection for ever.
      const raw = route.body ? await held.hold(readJson(request, body_bytes_max, route.body_as_text)) : undefined;
      const body = route.body ? parse(route.body, raw, "body") : undefined;
      if (needs.load && route.body && !route.waits) {
        const turn = needs.load.enter(rank, began + deadline_ms - needs.clock.monotonic(), from);
        if (turn !== null) await turn;
        is_in = true;
      }

      const idempotency_key = mutates ? idempotencyKeyOf(request) : null;
      const asked: Asked<Route> = {
        viewer: viewer as SignedIn,
        params: parsedParams as never,
        query: query as never,
        body: body as never,
        get signal() {
          return held.signal;
        },
        deadline: held,
        request_id,
        address,
        idempotency_key,
        header: (name) => request.headers.get(name),
        origin,
      };
      // Whatever came before may have taken all of the time: what nobody waits for any more is not begun.
      const work = () => (held.check(), held.run(() => handler(asked)));
      const answer = await held.hold(
        idempotency_key !== null && viewer.kind === "person"
          ? once(needs.idempotency, {
              owner: viewer.person_id,
              key: idempotency_key,
              request: [route.method, route.path, params, raw ?? null],
              lease_ms: deadline_ms_max + LEASE_SLACK_MS,
              work,
            })
          : work(),
      );
      return served(respond(answer, request_id, limitHeaders, textFor));
    } catch (error) {
      if (error instanceof Problem) return served(problemResponse(error, request_id, limitHeaders));
      return served(problemResponse(problemOf(error), request_id, limitHeaders), error);
    } finally {
      leash?.end();
      if (is_in) needs.load?.leave(rank);
      await taken?.release?.();
    }
  };
}

function respond(
  answer: Answer<Route>,
  request_id: string,
  limitHeaders: Record<string, string>,
  textFor: ((text: string) => string) | null,
): Response {
  if ("response" in answer) {
    const to = answer.response.headers.get("location");
    if (to !== null && textFor) answer.response.headers.set("location", textFor(to));
    answer.response.headers.set("x-request-id", request_id);
    answer.response.headers.set("x-content-type-options", "nosniff");
    return answer.response;
  }
  const headers: Record<string, string> = {
    "x-request-id": request_id,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...limitHeaders,
    ...answer.headers,
  };
  const text = textOf(answer);
  if (text === null) return new Response(null, { status: answer.status, headers });
  headers["content-type"] ??= "application/json";
  return new Response(textFor ? textFor(text) : text, { status: answer.status, headers });
}
