import { expect, test } from "bun:test";

import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createLocalLimiter, type LimitClaim, type LimitDecision } from "#ports/limiter/index.ts";

import { createApi, DEFAULT_LIMITS, type HttpLimits, type LimitAsked, type LimitBook } from "./index.ts";

const ann: SignedIn = {
  kind: "person",
  person_id: "1",
  handle: "ann",
  role: "member",
  suspended: false,
  credential: { kind: "token", id: "7" },
  scopes: ["read", "write"],
};
const read = defineRoute({
  method: "GET",
  path: "/v1/things/{id}",
  summary: "Reads",
  tag: "test",
  access: { who: "anyone", scope: "read" },
  params: z.object({ id: z.string().max(9) }),
  answers: { 200: z.object({ ok: z.boolean() }) },
  cost_tokens: 3,
});

const clock = createSystemClock();

function house(limits: HttpLimits | LimitBook) {
  let work: () => Promise<void> = async () => {};
  const limiter = createLocalLimiter({ clock, keys_max: 1_000 });
  const api = createApi({
    authenticate: async (credential) => (credential === "ann" ? ann : null),
    limiter,
    limits,
    idempotency: { begin: () => Promise.reject(new Error("not asked")) } as never,
    clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: () => {},
  });
  api.serve(read, async () => (await work(), { status: 200, body: { ok: true } }));
  const get = (headers: Record<string, string> = {}, address = "192.0.2.9") =>
    api.fetch(new Request("http://house.test/v1/things/5", { headers }), address);
  return { api, get, limiter, working: (by: () => Promise<void>) => (work = by) };
}

const slow = { tokens_per_s: 0.001 };

test("HT21: the book is asked with the route, its cost, the caller, the address and the params; all is decided at once, and it is told how", async () => {
  const asked: LimitAsked[] = [];
  const told: [string[], LimitDecision][] = [];
  const wide = { name: "wide", burst_tokens: 100, ...slow };
  const narrow = { name: "narrow", burst_tokens: 2, ...slow };
  const book: LimitBook = {
    async draw(what) {
      asked.push(what);
      return [
        { key: "wide", rule: wide, cost_tokens: what.cost_tokens },
        { key: "narrow", rule: narrow, cost_tokens: 1 },
      ];
    },
    decided(_, claims, decision) {
      told.push([claims.map(({ key }) => key), decision!]);
    },
  };
  const { get, limiter } = house(book);
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await get({ authorization: "Bearer ann" })).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect(asked[0]).toEqual({
    route: "GET /v1/things/{id}",
    cost_tokens: 3,
    viewer: ann,
    address: "192.0.2.9",
    params: { id: "5" },
  });
  expect(told.map(([keys, { allowed, rule }]) => [...keys, allowed, rule.name])).toEqual([
    ["wide", "narrow", true, "narrow"],
    ["wide", "narrow", true, "narrow"],
    ["wide", "narrow", false, "narrow"],
    ["wide", "narrow", false, "narrow"],
  ]);
  // What was refused took nothing of the other.
  const left = limiter.takeNow([{ key: "wide", rule: wide, cost_tokens: 0 }]);
  expect(left.remaining_tokens).toBe(100 - 2 * 3);
});

test("HT21: a request of which the book names nothing is not counted, and says nothing of limits", async () => {
  const { get } = house({ draw: () => [] });
  const answer = await get();
  expect([answer.status, answer.headers.get("ratelimit")]).toEqual([200, null]);
});

test("HT22: all policies that held are named, and a refusal names its limit and its time", async () => {
  const claims: LimitClaim[] = [
    { key: "a", rule: { name: "a", burst_tokens: 50, tokens_per_s: 5 }, cost_tokens: 1 },
    { key: "b", rule: { kind: "fixed", name: "b", tokens: 2, window_ms: 3_600_000 }, cost_tokens: 1 },
    { key: "c", rule: { kind: "slots", name: "c", slots: 8, hold_ms: 1_000 }, cost_tokens: 1 },
  ];
  const { get } = house({ draw: () => claims });
  const first = await get();
  expect(first.headers.get("ratelimit-policy")).toBe('"a";q=50;w=10, "b";q=2;w=3600, "c";q=8;qu="concurrent-requests"');
  expect(first.headers.get("ratelimit")).toMatch(/^"b";r=1;t=\d+$/);
  await get();
  const refused = await get();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_500);
  expect(refused.headers.get("ratelimit-policy")).toContain('"a";q=50');
  const problem = (await refused.json()) as { detail: string };
  expect(problem.detail).toMatch(/the limit "b" is used up\. Try again in (?:59|60) minutes\./);
  expect(problem).toMatchObject({ code: "limit.exceeded", "violated-policies": ["b"] });
});

test("HT23: who floods the address is refused there, guesses at tokens with them; who has a good one is not, on routes and on what is beside them", async () => {
  const limits = { ...DEFAULT_LIMITS, address: { name: "address", burst_tokens: 9, ...slow } };
  const { api, get } = house(limits);
  const statuses = [];
  const callers: Record<string, string>[] = [
    {},
    { authorization: "Bearer guessed" },
    { cookie: "folkhus_session=stale" },
    {},
  ];
  for (const headers of callers) statuses.push((await get(headers)).status);
  expect(statuses).toEqual([200, 401, 200, 429]);
  expect((await get({ authorization: "Bearer guessed" })).status).toBe(429);
  expect((await get({ authorization: "Bearer ann" })).status).toBe(200);
  expect((await get({ cookie: "folkhus_session=ann" })).status).toBe(200);
  expect((await get({}, "192.0.2.10")).status).toBe(200);
  const page = (headers: Record<string, string>) =>
    api.admit(new Request("http://house.test/", { headers }), "192.0.2.9", { route: "GET /", cost_tokens: 2 });
  expect(await page({ cookie: "folkhus_session=ann" })).toHaveProperty("ratelimit");
  expect(await page({}).catch((error: { code: string }) => error.code)).toBe("limit.exceeded");
  expect(await page({ authorization: "nonsense" }).catch((error: { code: string }) => error.code)).toBe(
    "limit.exceeded",
  );
});

test("HT24: a slot is held while the work goes on, and free when the answer begins, also when the work fails", async () => {
  const rule = { kind: "slots", name: "at-once", slots: 1, hold_ms: 3_600_000 } as const;
  const { get, working } = house({ draw: () => [{ key: "s", rule, cost_tokens: 1 }] });
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  working(async () => (begun.resolve(), gate.promise));
  const first = get();
  await begun.promise;
  expect((await get()).status).toBe(429);
  gate.resolve();
  expect((await first).status).toBe(200);
  working(() => Promise.reject(new Error("broken")));
  expect((await get()).status).toBe(500);
  expect((await get({ authorization: "Bearer guessed" })).status).toBe(401);
  working(async () => {});
  expect((await get()).status).toBe(200);
});

test("LM39: what is no route, what is asked by a method that it has not, and what is no credential draw from the address too", async () => {
  const { api } = house({ ...DEFAULT_LIMITS, address: { name: "address", burst_tokens: 4, ...slow } });
  const ask = async (path: string, init: RequestInit = {}, address = "192.0.2.9") => {
    const answer = await api.fetch(new Request(`http://house.test${path}`, init), address);
    return [answer.status, answer.headers.get("x-ratelimit-remaining"), answer.headers.has("retry-after")];
  };
  expect(await ask("/v1/nothing")).toEqual([404, "3", false]);
  expect(await ask("/v1/things/5", { method: "OPTIONS" })).toEqual([405, "2", false]);
  expect(await ask("/v1/things/5", { method: "DELETE" })).toEqual([405, "1", false]);
  expect(await ask("/v1/nothing")).toEqual([404, "0", false]);
  expect(await ask("/v1/nothing")).toEqual([429, "0", true]);
  expect(await ask("/v1/things/5", { method: "HEAD" })).toEqual([429, "0", true]);
  // Who is signed in looks around by their own.
  expect((await ask("/v1/nothing", { headers: { authorization: "Bearer ann" } }))[0]).toBe(404);
  const broken = { headers: { authorization: "Basic YTpi" } };
  expect(await ask("/v1/things/5", broken, "192.0.2.10")).toEqual([401, "1", false]);
  expect(await ask("/v1/things/5", broken, "192.0.2.10")).toEqual([429, "1", true]);
  expect(api.limited()).toContain("* /v1/*");
});
