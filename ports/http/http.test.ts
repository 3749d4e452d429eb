import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { Problem, Transient } from "#kernel/errors.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { testDatabase } from "#ports/sql/testing.ts";

import {
  type Answer,
  type ApiNeeds,
  type Asked,
  createApi,
  createIdempotency,
  DEFAULT_LIMITS,
  type Served,
} from "./index.ts";
import { addressKey } from "./limits.ts";
import { createTestClient } from "./testing.ts";

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
  bob: person("2"),
  root: person("3", { role: "admin" }),
  gone: person("4", { suspended: true }),
  reader: person("5", { credential: { kind: "token", id: "t5" }, scopes: ["read"] }),
};

const echo = defineRoute({
  method: "POST",
  path: "/v1/echo/{id}",
  summary: "Echo",
  tag: "test",
  access: { who: "signed_in", scope: "write" },
  params: z.strictObject({ id: z.string().regex(/^\d+$/) }),
  query: z.strictObject({ loud: z.enum(["yes", "no"]).optional() }),
  body: z.strictObject({ text: z.string().max(10) }),
  body_bytes_max: 1_000,
  deadline_ms: 8_000,
  answers: { 200: z.object({ text: z.string() }) },
});
const open = defineRoute({
  method: "GET",
  path: "/v1/open",
  summary: "Open",
  tag: "test",
  access: { who: "anyone", scope: "read" },
  answers: { 200: z.object({ ok: z.boolean() }) },
});
const adminOnly = defineRoute({ ...open, path: "/v1/admin", access: { who: "admin", scope: "people:admin" } });

/** A deadline that passes while a test waits, and yet is long enough for what comes before the handler. */
const SOON = { prefer: "wait=1" };

let served: Served[] = [];
let run: (asked: Asked<typeof echo>) => Promise<Answer<typeof echo>>;
beforeEach(() => {
  served = [];
  run = async ({ body }) => ({ status: 200, body: { text: body.text } });
});

function house(more: Partial<ApiNeeds> = {}) {
  const api = createApi({
    authenticate: async (credential) => people[credential] ?? null,
    limiter: createLocalLimiter({ clock: db.clock, keys_max: 1_000 }),
    limits: DEFAULT_LIMITS,
    idempotency: createIdempotency(db.sql, "a secret of tests"),
    clock: db.clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: (request) => served.push(request),
    ...more,
  });
  api.serve(echo, (asked) => run(asked));
  api.serve(open, async () => ({ status: 200, body: { ok: true } }));
  api.serve(adminOnly, async () => ({ status: 200, body: { ok: true } }));
  const send = (request: Request) => api.fetch(request, "192.0.2.1");
  return { api, send, ...createTestClient(send) };
}

const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request("http://house.test/v1/echo/1", {
    method: "POST",
    body,
    headers: { authorization: "Bearer ann", "content-type": "application/json", ...headers },
  });
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

describe("ports/http refuses", () => {
  test("HT1: unknown paths with 404 and wrong methods with 405 and Allow", async () => {
    const { send } = house();
    expect(await codeOf(await send(new Request("http://house.test/v1/nothing")))).toEqual([404, "route.not_found"]);
    const wrong = await send(new Request("http://house.test/v1/open", { method: "DELETE" }));
    expect(wrong.headers.get("allow")).toBe("GET");
    expect(await codeOf(wrong)).toEqual([405, "route.wrong_method"]);
  });

  const endless = () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("a".repeat(500)));
      },
    });
  const bodies: [string, BodyInit | null, Record<string, string>, number, string][] = [
    ["broken JSON", "{", {}, 400, "request.broken_json"],
    ["no body", null, {}, 400, "request.invalid"],
    ["an array", "[]", {}, 400, "request.invalid"],
    ["an unknown field", '{"text":"a","admin":true}', {}, 400, "request.invalid"],
    ["a wrong type", '{"text":1}', {}, 400, "request.invalid"],
    ["an over-long string", JSON.stringify({ text: "a".repeat(11) }), {}, 400, "request.invalid"],
    ["a prototype key", '{"text":"a","__proto__":{"x":1}}', {}, 400, "request.invalid"],
    ["a form", "text=a", { "content-type": "application/x-www-form-urlencoded" }, 415, "request.not_json"],
    ["a body over the bound", JSON.stringify({ text: "a".repeat(2_000) }), {}, 413, "request.too_large"],
    ["a body without length or end", endless(), {}, 413, "request.too_large"],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), {}, 400, "request.broken_json"],
  ];
  for (const [what, body, headers, status, code] of bodies) {
    test(`HT2: ${what} answers ${status} ${code}`, async () => {
      expect(await codeOf(await house().send(post(body, headers)))).toEqual([status, code]);
    });
  }

  test("HT2: a wrong path parameter and an unknown query parameter are named", async () => {
    const { call } = house();
    const path = await call(echo, { params: { id: "x" }, body: { text: "a" }, token: "ann" });
    expect([path.status, (path.body as unknown as { errors: { pointer: string }[] }).errors[0]?.pointer]).toEqual([
      400,
      "/path/id",
    ]);
    const query = await call(echo, {
      params: { id: "1" },
      query: { odd: "1" } as never,
      body: { text: "a" },
      token: "ann",
    });
    expect([query.status, query.code]).toEqual([400, "request.invalid"]);
  });

  test("HT2: no string of a call has U+0000, wherever it stands; the letters of its escape are text", async () => {
    const { call, send } = house();
    const nul = { path: "1%00", query: "loud=%00" };
    for (const url of [`/v1/echo/${nul.path}`, `/v1/echo/1?${nul.query}`]) {
      const asked = new Request(`http://h${url}`, {
        method: "POST",
        body: '{"text":"a"}',
        headers: { authorization: "Bearer ann" },
      });
      expect(await codeOf(await send(asked))).toEqual([400, "request.invalid"]);
    }
    for (const body of [
      '{"text":"a\\u0000"}',
      '{"text":"a","\\u0000":1}',
      `{"a":${"[".repeat(400)}"\\u0000"${"]".repeat(400)}}`,
    ])
      expect(await codeOf(await send(post(body)))).toEqual([400, "request.invalid"]);
    const letters = await call(echo, { params: { id: "1" }, body: { text: "\\u0000" }, token: "ann" });
    expect(letters.body.text).toBe("\\u0000");
  });

  test("HT3: no credential, an unknown one and a malformed header answer 401", async () => {
    const { call } = house();
    const asked = { params: { id: "1" }, body: { text: "a" } };
    expect((await call(echo, asked)).code).toBe("session.required");
    expect((await call(echo, { ...asked, token: "nobody" })).code).toBe("session.invalid");
    expect((await call(open, { headers: { authorization: "Basic YTpi" } })).code).toBe("session.invalid");
    expect((await call(open, {})).status).toBe(200);
  });

  test("HT4: the suspended, a token without the scope and a person without the role answer 403, before the body is read", async () => {
    const { call } = house();
    const asked = { params: { id: "1" }, body: { text: 1 } as never };
    expect((await call(echo, { ...asked, token: "gone" })).code).toBe("person.suspended");
    expect((await call(echo, { ...asked, token: "reader" })).code).toBe("token.scope");
    expect((await call(adminOnly, { token: "ann" })).code).toBe("role.required");
    expect((await call(adminOnly, { token: "root" })).status).toBe(200);
  });

  test("HT5: a cookie's mutation from another site is refused, from our own page it is not", async () => {
    const { send } = house();
    const byCookie = (headers: Record<string, string>) =>
      send(
        new Request("http://house.test/v1/echo/1", {
          method: "POST",
          body: '{"text":"a"}',
          headers: {
            cookie: "other=1; folkhus_session=ann",
            host: "house.test",
            "content-type": "application/json",
            ...headers,
          },
        }),
      );
    expect(await codeOf(await byCookie({ "sec-fetch-site": "cross-site" }))).toEqual([403, "request.cross_site"]);
    expect(await codeOf(await byCookie({ "sec-fetch-site": "same-site" }))).toEqual([403, "request.cross_site"]);
    expect(await codeOf(await byCookie({ origin: "http://evil.test" }))).toEqual([403, "request.cross_site"]);
    expect((await byCookie({ "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await byCookie({ origin: "http://house.test" })).status).toBe(200);
    expect((await send(post('{"text":"a"}', { "sec-fetch-site": "cross-site" }))).status).toBe(200);
  });

  test("HT17: an answer's text has a last hand for who asks, chosen when they come; replays and addresses to go to too", async () => {
    let mark = "first";
    const own = house({
      textFor: (viewer) => {
        const chosen = mark;
        return (text) => text.replaceAll("HERE", `${viewer.handle}-${chosen}`);
      },
    });
    run = async () => {
      mark = "second";
      return { status: 200, json: JSON.stringify({ text: "HERE" }) };
    };
    const send = (headers: Record<string, string>) => own.send(post(JSON.stringify({ text: "x" }), headers));
    const key = { "idempotency-key": "hand-1" };
    expect(await (await send(key)).text()).toContain("p1-first");
    const replayed = await send(key);
    expect([replayed.headers.get("idempotency-replayed"), await replayed.text()]).toEqual([
      "true",
      JSON.stringify({ text: "p1-second" }),
    ]);
    run = async () => ({ response: new Response(null, { status: 302, headers: { location: "/to/HERE" } }) });
    expect((await send({})).headers.get("location")).toBe("/to/p1-second");
    const stranger = await own.send(new Request("http://house.test/v1/open"));
    expect(await stranger.text()).not.toContain("p1");
  });

  test("HT5: before there is a cookie, another site's page is refused too, and a program without a page is not", async () => {
    const api = createApi({
      authenticate: async () => null,
      limiter: createLocalLimiter({ clock: db.clock, keys_max: 1_000 }),
      limits: DEFAULT_LIMITS,
      idempotency: createIdempotency(db.sql, "a secret of tests"),
      clock: db.clock,
      trusted_proxies: 0,
      requestId: () => crypto.randomUUID(),
      onServed: () => {},
    });
    const door = defineRoute({ ...open, method: "POST", path: "/v1/door", body: z.strictObject({}) });
    api.serve(door, async () => ({ status: 200, body: { ok: true } }));
    // A Blob without a type goes without a Content-Type, which needs no preflight from any page.
    const knock = (headers: Record<string, string>) =>
      api.fetch(new Request("http://house.test/v1/door", { method: "POST", body: new Blob(["{}"]), headers }), "::1");
    expect(await codeOf(await knock({ "sec-fetch-site": "cross-site" }))).toEqual([403, "request.cross_site"]);
    expect(await codeOf(await knock({ "sec-fetch-site": "same-site" }))).toEqual([403, "request.cross_site"]);
    expect(await codeOf(await knock({ origin: "null" }))).toEqual([403, "request.cross_site"]);
    const stale = { cookie: "folkhus_session=old", "sec-fetch-site": "cross-site" };
    expect(await codeOf(await knock(stale))).toEqual([403, "request.cross_site"]);
    expect((await knock({ "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await knock({})).status).toBe(200);
  });

  test("HT5: under https only the cookie that no other host can have set is a credential", async () => {
    const { send } = house({ public_url: "https://house.test" });
    const me = (cookie: string) =>
      send(new Request("http://house.test/v1/admin", { headers: { cookie, host: "house.test" } })).then(
        (answer) => answer.status,
      );
    expect(await me("folkhus_session=root")).toBe(401);
    expect(await me("__Host-folkhus_session=root")).toBe(200);
  });

  test("HT6: an empty bucket answers 429 with the limit's name, and other callers go on", async () => {
    const limits = { ...DEFAULT_LIMITS, person: { name: "person", burst_tokens: 2, tokens_per_s: 0.001 } };
    const { call, send } = house({ limits });
    const asked = { params: { id: "1" }, body: { text: "a" } };
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(echo, { ...asked, token: "ann" })).status);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await call(echo, { ...asked, token: "ann" });
    expect(refused.code).toBe("limit.exceeded");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toMatch(/^"person";r=0;t=\d+$/);
    expect(refused.headers.get("ratelimit-policy")).toBe('"person";q=2;w=2000');
    expect(refused.headers.get("x-ratelimit-limit")).toBe("2");
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(Number(refused.headers.get("x-ratelimit-reset"))).toBeGreaterThan(0);
    expect(await (await send(post('{"text":"a"}'))).json()).toMatchObject({ "violated-policies": ["person"] });
    expect((await call(echo, { ...asked, token: "bob" })).status).toBe(200);
  });

  test("HT6: an IPv6 caller counts as its /64, a mapped IPv4 as itself", () => {
    expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe(addressKey("2001:db8:1:2::1"));
    expect(addressKey("2001:db8:1:2::1")).not.toBe(addressKey("2001:db8:1:3::1"));
    expect(addressKey("2001:0db8:0001:0002::")).toBe("2001:db8:1:2::/64");
    expect(addressKey("::1")).toBe("0:0:0:0::/64");
    expect(addressKey("::ffff:192.0.2.7")).toBe("192.0.2.7");
  });

  test("HT7: an exception answers 500 without a word of itself and reaches the log", async () => {
    run = async () => Promise.reject(new Error("secret table missing"));
    const response = await house().send(post('{"text":"a"}'));
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("secret");
    expect(served[0]).toMatchObject({
      status: 500,
      error: expect.any(Error),
      request_id: response.headers.get("x-request-id"),
    });
  });

  test("HT8: a database that is away answers 503 with Retry-After", async () => {
    run = async () => Promise.reject(new Transient("the database is away"));
    const response = await house().send(post('{"text":"a"}'));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
    run = async () => Promise.reject(Object.assign(new Error("no socket"), { code: "ERR_POSTGRES_CONNECTION_CLOSED" }));
    expect((await house().send(post('{"text":"a"}'))).status).toBe(503);
  });

  test("HT9: a handler past its deadline answers 503 and its signal fires", async () => {
    const aborted = Promise.withResolvers<void>();
    run = ({ signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return new Promise(() => {});
    };
    expect(await codeOf(await house().send(post('{"text":"a"}', SOON)))).toEqual([503, "request.deadline"]);
    await aborted.promise;
  });

  test("HT9: a body that does not come to its end answers 503 at the deadline", async () => {
    const stuck = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    expect(await codeOf(await house().send(post(stuck, SOON)))).toEqual([503, "request.deadline"]);
  });

  test("HT14: no answer may be taken for another type than it says", async () => {
    const { call } = house();
    const answers = [await call(open, {}), await call(adminOnly, {})];
    expect(answers.map((a) => [a.status, a.headers.get("x-content-type-options")])).toEqual([
      [200, "nosniff"],
      [401, "nosniff"],
    ]);
  });

  test("HT13: a route that is served already", () => {
    const { api } = house();
    expect(() => api.serve(open, async () => ({ status: 200, body: { ok: true } }))).toThrow("served twice");
  });
});

describe("ports/http serves", () => {
  test("HT10: the first answer is replayed, a changed body is 422, another person's key is their own", async () => {
    let runs = 0;
    run = async ({ body, viewer }) => ({ status: 200, body: { text: `${body.text}${viewer.person_id}${++runs}` } });
    const { call } = house();
    const asked = (text: string, token: string) => ({
      params: { id: "1" },
      body: { text },
      token,
      headers: { "idempotency-key": "k-one" },
    });
    expect((await call(echo, asked("a", "ann"))).body.text).toBe("a11");
    const again = await call(echo, asked("a", "ann"));
    expect([again.body.text, again.headers.get("idempotency-replayed"), runs]).toEqual(["a11", "true", 1]);
    expect((await call(echo, asked("b", "ann"))).code).toBe("idempotency.other_request");
    expect((await call(echo, asked("b", "bob"))).body.text).toBe("b22");
    expect((await call(echo, { ...asked("b", "bob"), headers: { "idempotency-key": "x".repeat(200) } })).code).toBe(
      "idempotency.bad_key",
    );
  });

  test("HT10: one still running is 409, a failed one may run again", async () => {
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    run = async () => {
      started.resolve();
      await gate.promise;
      throw new Problem(422, "test.no", "No.");
    };
    const { call } = house();
    const asked = { params: { id: "1" }, body: { text: "a" }, token: "ann", headers: { "idempotency-key": "k-two" } };
    const first = call(echo, asked);
    await started.promise;
    expect((await call(echo, asked)).code).toBe("idempotency.in_flight");
    gate.resolve();
    expect((await first).code).toBe("test.no");
    run = async () => ({ status: 200, body: { text: "now" } });
    expect((await call(echo, asked)).body.text).toBe("now");
  });

  test("HT10: a run that may go on past its deadline keeps its key, so that a retry does not overlap it", async () => {
    run = () => new Promise(() => {});
    const { call } = house();
    const asked = { params: { id: "1" }, body: { text: "a" }, token: "ann", headers: { "idempotency-key": "k-late" } };
    const hurried = { ...asked, headers: { ...asked.headers, ...SOON } };
    expect((await call(echo, hurried)).code).toBe("request.deadline");
    expect((await call(echo, asked)).code).toBe("idempotency.in_flight");
  });

  test("HT34: what was given up at its deadline is settled when it ends: a repeat has its answer, and it ran once", async () => {
    const gate = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    let runs = 0;
    run = async () => {
      runs += 1;
      await gate.promise;
      return { status: 200, body: { text: "late" } };
    };
    const kept = createIdempotency(db.sql, "a secret of tests");
    const watched = {
      ...kept,
      async done(...settled: Parameters<typeof kept.done>) {
        await kept.done(...settled);
        ended.resolve();
      },
    };
    const { call } = house({ idempotency: watched });
    const asked = { params: { id: "1" }, body: { text: "a" }, token: "ann", headers: { "idempotency-key": "k-slow" } };
    const hurried = { ...asked, headers: { ...asked.headers, ...SOON } };
    expect((await call(echo, hurried)).code).toBe("request.deadline");
    expect((await call(echo, asked)).code).toBe("idempotency.in_flight");
    gate.resolve();
    await ended.promise;
    const again = await call(echo, asked);
    expect([again.body.text, again.headers.get("idempotency-replayed"), runs]).toEqual(["late", "true", 1]);
  });

  test("HT35: an answer is kept with where it is and its version; one that cannot be kept is told of, and not made twice", async () => {
    let runs = 0;
    const { call } = house();
    const asked = (key: string) => ({
      params: { id: "1" },
      body: { text: "a" },
      token: "ann",
      headers: { "idempotency-key": key },
    });
    run = async ({ body }) => ({
      status: 200,
      body: { text: body.text },
      headers: { location: `/v1/echo/${++runs}`, etag: '"7"', "x-once": "only" },
    });
    await call(echo, asked("k-where"));
    const { headers } = await call(echo, asked("k-where"));
    expect([headers.get("location"), headers.get("etag"), headers.get("x-once"), runs]).toEqual([
      "/v1/echo/1",
      '"7"',
      null,
      1,
    ]);
    const large = ["x".repeat(300_000), null];
    for (const [i, text] of large.entries()) {
      run = async () => {
        runs += 1;
        return text === null ? { response: new Response("a stream") } : { status: 200, body: { text } };
      };
      const key = `k-large-${i}`;
      expect((await call(echo, asked(key))).status).toBe(200);
      const again = await call(echo, asked(key));
      expect([again.status, again.code]).toEqual([409, "idempotency.answer_not_kept"]);
    }
    expect(runs).toBe(3);
  });

  test("HT11: a well-formed request id is taken over, another is not", async () => {
    const { call } = house();
    expect((await call(open, { headers: { "x-request-id": "abcdef-123456" } })).headers.get("x-request-id")).toBe(
      "abcdef-123456",
    );
    expect((await call(open, { headers: { "x-request-id": 'x"><script>' } })).headers.get("x-request-id")).toMatch(
      /^[\w-]{36}$/,
    );
    expect(served.map((s) => s.route)).toEqual(["/v1/open", "/v1/open"]);
  });

  test("HT12: forwarded addresses are believed from the right, and only with proxies of ours", async () => {
    const seen: string[] = [];
    run = async ({ address, body }) => {
      seen.push(address);
      return { status: 200, body };
    };
    const headers = { "x-forwarded-for": "10.9.9.9, 198.51.100.7" };
    await house().send(post('{"text":"a"}', headers));
    await house({ trusted_proxies: 1 }).send(post('{"text":"a"}', headers));
    await house({ trusted_proxies: 2 }).send(post('{"text":"a"}', headers));
    expect(seen).toEqual(["192.0.2.1", "198.51.100.7", "10.9.9.9"]);
  });

  test("HT15: under its public name the house has its public scheme, though the proxy says nothing; under others it has its own", async () => {
    const seen: string[] = [];
    run = async ({ origin, body }) => {
      seen.push(origin);
      return { status: 200, body };
    };
    const { send } = house({ public_url: "https://hall.example" });
    for (const host of ["hall.example", "localhost:4000", "hall.example.evil.test"])
      await send(post('{"text":"a"}', { host }));
    expect(seen).toEqual(["https://hall.example", "http://localhost:4000", "http://hall.example.evil.test"]);
  });

  test("HT13: the OpenAPI document is 3.1 and has every route with its bounds", () => {
    const document = house().api.openapi({ title: "t", version: "1", description: "" }) as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    expect(document.openapi).toStartWith("3.1");
    expect(Object.keys(document.paths)).toEqual(["/v1/echo/{id}", "/v1/open", "/v1/admin"]);
    expect(JSON.stringify(document.paths["/v1/echo/{id}"])).toContain('"maxLength":10');
  });
});
