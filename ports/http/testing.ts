import type { AnswerOf, BodyIn, QueryIn, Route } from "#kernel/contract.ts";

/** Calls a route by its contract, as the page does, and hands back what came, refusals too. */
export interface TestClient {
  call<R extends Route>(route: R, asked?: CallOptions<R>): Promise<Called<R>>;
}

export interface CallOptions<R extends Route> {
  params?: Record<string, string>;
  query?: QueryIn<R>;
  body?: BodyIn<R>;
  token?: string | null;
  headers?: Record<string, string>;
}

export interface Called<R extends Route> {
  status: number;
  /** The answer; a problem where `status` is 4xx or 5xx, then read `code`. */
  body: AnswerOf<R>;
  code: string | undefined;
  headers: Headers;
}

/** @param send the API itself, or `fetch` against a running house */
export function createTestClient(
  send: (request: Request) => Promise<Response>,
  origin = "http://house.test",
): TestClient {
  return {
    async call(route, asked = {}) {
      let path = route.path;
      for (const [name, value] of Object.entries(asked.params ?? {}))
        path = path.replace(`{${name}}`, encodeURIComponent(value));
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(asked.query ?? {}))
        if (value !== undefined) query.set(name, String(value));
      const headers = new Headers(asked.headers);
      if (asked.token) headers.set("authorization", `Bearer ${asked.token}`);
      if (asked.body !== undefined) headers.set("content-type", "application/json");
      const search = query.size > 0 ? `?${query.toString()}` : "";
      const response = await send(
        new Request(`${origin}${path}${search}`, {
          method: route.method,
          headers,
          body: asked.body === undefined ? null : JSON.stringify(asked.body),
        }),
      );
      const text = await response.text();
      // What is no JSON (a feed for readers of feeds) is given as it came.
      const is_json = /^application\/(?:\w+\+)?json\b/.test(response.headers.get("content-type") ?? "");
      const body: unknown = text === "" ? null : is_json ? JSON.parse(text) : text;
      const code = response.status >= 400 ? (body as { code?: string } | null)?.code : undefined;
      return { status: response.status, body: body as AnswerOf<typeof route>, code, headers: response.headers };
    },
  };
}

/** Below the ports that systems hand out by themselves, and above the last that browsers refuse (10080). */
const PORTS_FROM = 11_000;
const PORTS_PER_PROCESS = 10;
const PROCESSES = 2_000;
let ports_taken = 0;

/**
 * A port that stays free until it is used, seconds later: the system gives it to nobody who asks for any port or
 * connects somewhere, and processes that test beside each other choose from ranges of their own.
 */
export function freePort(): number {
  const first = PORTS_FROM + (process.pid % PROCESSES) * PORTS_PER_PROCESS;
  for (let tries = 0; tries < PORTS_PER_PROCESS; tries++) {
    const port = first + (ports_taken++ % PORTS_PER_PROCESS);
    try {
      void Bun.serve({ port, hostname: "127.0.0.1", fetch: () => new Response() }).stop(true);
      return port;
    } catch {
      // Somebody listens there.
    }
  }
  throw new Error(`None of the ports from ${first} on is free.`);
}
