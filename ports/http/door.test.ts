import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import type { Problem } from "#kernel/errors.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { testDatabase } from "#ports/sql/testing.ts";

import { createApi, createIdempotency, DEFAULT_LIMITS, type Door, type Served } from "./index.ts";

const db = await testDatabase([{ system: "http", folder: join(import.meta.dirname, "sql") }]);
afterAll(() => db[Symbol.asyncDispose]());

const person = (id: string, more: Partial<SignedIn> = {}): SignedIn => ({
  kind: "person",
  person_id: id,
  handle: `p${id}`,
  role: "member",
  suspended: false,
  credential: { kind: "session", id: `s${id}` },
  scopes: SCOPES,
  ...more,
});
const people: Record<string, SignedIn> = {
  ann: person("1"),
  gone: person("4", { suspended: true }),
  reader: person("5", { credential: { kind: "token", id: "t5" }, scopes: ["read"] }),
};

function house(more: Partial<Door> = {}, limits = DEFAULT_LIMITS) {
  const served: Served[] = [];
  const api = createApi({
    authenticate: async (credential) => people[credential] ?? null,
    limiter: createLocalLimiter({ clock: db.clock, keys_max: 1_000 }),
    limits,
    idempotency: createIdempotency(db.sql, "a secret of tests"),
    clock: db.clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: (request) => served.push(request),
  });
  api.door({
    path: "/v1/other",
    summary: "Another protocol",
    tag: "test",
    access: { who: "signed_in", scope: "write" },
    open_methods: ["OPTIONS"],
    handle: async ({ viewer }) => new Response(viewer.kind === "person" ? viewer.handle : "nobody"),
    ...more,
  });
  const ask = async (method: string, headers: Record<string, string> = {}, path = "/v1/other/x") => {
    const answer = await api.fetch(new Request(`http://house.test${path}`, { method, headers }), "192.0.2.1");
    const text = await answer.text();
    return [answer.status, text.startsWith("{") ? (JSON.parse(text) as { code: string }).code : text] as const;
  };
  return { api, ask, served };
}
const bearer = (name: string) => ({ authorization: `Bearer ${name}` });

test("HT16: a door lets nobody in, nor who lacks the scope, is suspended, or comes by another site's page", async () => {
  const { ask } = house();
  expect(await ask("PATCH")).toEqual([401, "session.required"]);
  expect(await ask("PATCH", bearer("nonsense"))).toEqual([401, "session.invalid"]);
  expect(await ask("PATCH", bearer("reader"))).toEqual([403, "token.scope"]);
  expect(await ask("PATCH", bearer("gone"))).toEqual([403, "person.suspended"]);
  const cookie = { cookie: "folkhus_session=ann" };
  expect(await ask("PATCH", { ...cookie, origin: "https://evil.test" })).toEqual([403, "request.cross_site"]);
  expect(await ask("PATCH", { ...cookie, "sec-fetch-site": "cross-site" })).toEqual([403, "request.cross_site"]);
  expect(await ask("GET", {}, "/v1/otherwise")).toEqual([404, "route.not_found"]);
});

test("HT16: who may come in does, by token or cookie, below the path and at it; open methods are for anyone", async () => {
  const { ask, served } = house();
  expect(await ask("PATCH", bearer("ann"))).toEqual([200, "p1"]);
  expect(await ask("POST", { cookie: "folkhus_session=ann", "sec-fetch-site": "same-origin" }, "/v1/other")).toEqual([
    200,
    "p1",
  ]);
  expect(await ask("OPTIONS")).toEqual([200, "nobody"]);
  expect(served.map(({ route, person_id }) => [route, person_id])).toEqual([
    ["/v1/other", "1"],
    ["/v1/other", "1"],
    ["/v1/other", null],
  ]);
});

test("HT16: a door draws from the same buckets, also for who guesses", async () => {
  const one = { name: "one", burst_tokens: 1, tokens_per_s: 0.01 };
  const { ask } = house({}, { ...DEFAULT_LIMITS, address: one });
  expect(await ask("PATCH", bearer("nonsense"))).toEqual([401, "session.invalid"]);
  expect(await ask("PATCH", bearer("nonsense"))).toEqual([429, "limit.exceeded"]);
  expect(await ask("PATCH", bearer("ann"))).toEqual([200, "p1"]);
});

test("HT16: refusals have the protocol's form, and an exception says nothing of itself", async () => {
  const refuse = (problem: Problem) => new Response(`<Code>${problem.code}</Code>`, { status: problem.status });
  const broken = house({
    refuse,
    handle: async () => {
      throw new Error("a secret");
    },
  });
  expect(await broken.ask("GET", bearer("ann"))).toEqual([500, "<Code>internal</Code>"]);
  expect(String(broken.served[0]?.error)).toContain("a secret");
  const own = house({ refuse, authenticate: async () => people.reader ?? null });
  expect(await own.ask("GET")).toEqual([403, "<Code>token.scope</Code>"]);
});

test("HT16: of a caller who left in the middle nobody thinks that the house broke", async () => {
  const gone = new AbortController();
  const { api, served } = house({
    access: { who: "anyone", scope: "read" },
    handle: async ({ request }) => {
      gone.abort();
      request.signal.throwIfAborted();
      return new Response("never");
    },
  });
  const answer = await api.fetch(new Request("http://house.test/v1/other/x", { signal: gone.signal }), "192.0.2.1");
  expect(answer.status).toBe(499);
  expect(served).toMatchObject([{ status: 499 }]);
  expect(served[0]!.error).toBeUndefined();
});
