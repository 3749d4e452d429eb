import { Problem, Transient } from "#kernel/errors.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey, type Api, inTurn, type LimitAsked, problemResponse, type Served } from "#ports/http/index.ts";
import type { Load } from "#ports/load/index.ts";
import { isAway } from "#ports/sql/index.ts";

import { DOCS_CSS, docsPage } from "./docs-page.ts";
import type { Peer } from "./listen.ts";
import type { Metrics } from "./metrics.ts";
import type { Program } from "./program.ts";

export interface FrontNeeds {
  api: Api;
  blobs: Blobs;
  clock: Clock;
  /** Told of what limits count here, as the API tells of its own. */
  onServed: (served: Served) => void;
  /** Refuses new files while memory is short, and pages while the house has too much to do. */
  load: Load;
  /** Of a caller, as far as it can be trusted. */
  addressOf: (request: Request, peer_address: string) => string;
  metrics: Metrics;
  metrics_token: string | null;
  /** Whether the house can be used; answers always. */
  ready: (request: Request, peer_address: string) => Promise<Response>;
  /** What a request for anything but a route costs; the page asks the database for the house, beside what it asks the API. */
  cost: { route: string; cost_tokens: number };
  asset: (name: string, request: Request) => Response;
  page: (request: Request, peer_address: string) => Promise<Response>;
  embed: (request: Request, peer_address: string) => Promise<Response>;
  program: Program;
  about: { title: string; version: string; description: string };
}

/** The outermost door: sends each request to the part that answers it. Media go to storage's own handler, never through the API. */
export function createFront(needs: FrontNeeds) {
  const { api, blobs, metrics } = needs;
  let openapi: string | null = null;
  let docs: string | null = null;

  return async (request: Request, peer: Peer): Promise<Response> => {
    const path = pathOf(request.url);
    // First, because it is asked most; storage reads a path and never an address.
    if (path.startsWith("/blobs/") || path.startsWith("/blobs-allow/")) {
      const refusal = request.method === "PUT" ? refused(() => needs.load.hold("upload")) : null;
      return refusal ?? blobs.handler(request);
    }
    const peer_address = peer();
    // Without a Host that can be in an address there is no address, and everything behind this door reads one.
    if (!URL.canParse(request.url)) return refuse(400, "request.bad_host", "The Host header names no host.");
    if (api.answers(path)) return api.fetch(request, peer_address);
    if (request.method !== "GET" && request.method !== "HEAD")
      return refuse(405, "route.wrong_method", "This path answers to GET, HEAD.", { allow: "GET, HEAD" });
    if (path.startsWith("/assets/")) return needs.asset(path.slice("/assets/".length), request);
    if (path === "/healthz") return text(200, "ok");
    if (path === "/sw.js") return needs.program.worker();
    // Whoever looks whether the house is well may stand behind an address that floods it.
    if (path === "/readyz") return needs.ready(request, peer_address);
    return counted(request, path, peer_address);
  };

  /** What may ask the database, as the API does: it draws from the same buckets, and is told of like the API's own. */
  async function counted(request: Request, path: string, peer_address: string): Promise<Response> {
    const began_ms = needs.clock.monotonic();
    const request_id = crypto.randomUUID();
    let limited: LimitAsked | null = null;
    let failure: { error?: unknown } = {};
    let response: Response;
    try {
      const work = async () => {
        await api.admit(request, peer_address, needs.cost, (asked) => (limited = asked));
        return answer(request, path, peer_address);
      };
      const from = () => addressKey(needs.addressOf(request, peer_address));
      // Before anybody is asked who they are. A page is the way to all else, so it is as important as what people do there.
      response = path === "/metrics" ? await work() : await inTurn(needs.load, "act", { request, from }, work);
    } catch (error) {
      const problem = error instanceof Problem ? error : problemOf(error);
      if (problem !== error) failure = { error };
      response = problemResponse(problem, request_id, PLAIN_HEADERS);
    }
    const viewer = (limited as LimitAsked | null)?.viewer;
    needs.onServed({
      method: request.method,
      route: routeOf(path),
      status: response.status,
      ms: needs.clock.monotonic() - began_ms,
      request_id,
      person_id: viewer?.kind === "person" ? viewer.person_id : null,
      limited,
      ...failure,
    });
    return response;
  }

  async function answer(request: Request, path: string, peer_address: string): Promise<Response> {
    if (path.startsWith("/embed/")) return needs.embed(request, peer_address);
    switch (path) {
      case "/metrics":
        return mayScrape(request, peer_address, needs.metrics_token)
          ? new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } })
          : refuse(
              403,
              "metrics.token_needed",
              "Metrics are for this machine, or for a caller with the token in FOLKHUS_METRICS_TOKEN.",
            );
      case "/openapi.json":
        openapi ??= JSON.stringify(api.openapi(needs.about), null, 1);
        return new Response(openapi, { headers: { "content-type": "application/json", ...PLAIN_HEADERS } });
      case "/manifest.webmanifest":
        return needs.program.manifest();
      case "/docs":
        docs ??= docsPage(api.openapi(needs.about));
        return new Response(docs, {
          headers: {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": DOCS_CSP,
            ...PLAIN_HEADERS,
          },
        });
      case "/docs.css":
        return new Response(DOCS_CSS, { headers: { "content-type": "text/css; charset=utf-8", ...PLAIN_HEADERS } });
      case "/robots.txt":
        return text(200, "User-agent: *\nDisallow: /v1/\nDisallow: /blobs/\n");
      default:
        return needs.page(request, peer_address);
    }
  }
}

/** What there is beside pages; each page is `/`, since what stands behind it is the page's own to say. */
const BESIDE_PAGES = new Set([
  "/metrics",
  "/openapi.json",
  "/manifest.webmanifest",
  "/docs",
  "/docs.css",
  "/robots.txt",
]);
const routeOf = (path: string): string =>
  path.startsWith("/embed/") ? "/embed/{path}" : BESIDE_PAGES.has(path) ? path : "/";

const problemOf = (error: unknown): Problem =>
  error instanceof Transient || isAway(error)
    ? new Problem(503, "house.unavailable", "A part of the house is away for a moment. Try again.", {
        retry_after_s: 2,
      })
    : new Problem(500, "internal", "Something broke on our side. The log has it under this request id.");

function refused(ask: () => void): Response | null {
  try {
    ask();
    return null;
  } catch (error) {
    if (error instanceof Problem) return problemResponse(error, crypto.randomUUID(), PLAIN_HEADERS);
    throw error;
  }
}

const PLAIN_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};
const DOCS_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const text = (status: number, body: string) =>
  new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", ...PLAIN_HEADERS } });

const refuse = (status: number, code: string, detail: string, headers: Record<string, string> = {}) =>
  problemResponse(new Problem(status, code, detail), crypto.randomUUID(), { ...PLAIN_HEADERS, ...headers });

/** The path without parsing the whole URL: this runs for every request. */
function pathOf(url: string): string {
  const from = url.indexOf("/", url.indexOf("//") + 2);
  if (from < 0) return "/";
  const query = url.indexOf("?", from);
  return query < 0 ? url.slice(from) : url.slice(from, query);
}

/** A proxy on the same machine makes every caller look local, so a forwarded request is not. */
function mayScrape(request: Request, peer_address: string, token: string | null): boolean {
  if (token !== null && request.headers.get("authorization") === `Bearer ${token}`) return true;
  const local = ["127.0.0.1", "::1", "::ffff:127.0.0.1"].includes(peer_address);
  return local && !request.headers.has("x-forwarded-for") && !request.headers.has("forwarded");
}
