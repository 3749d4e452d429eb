import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import { z } from "zod";

import { defineRoute, PRIORITIES, type Priority, priorityOf } from "#kernel/contract.ts";
import { type Deadline, leftMs, NO_DEADLINE } from "#kernel/deadline.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLoad } from "#ports/load/index.ts";
import { testDatabase } from "#ports/sql/testing.ts";

import { createApi, createIdempotency, DEFAULT_LIMITS, type Served } from "./index.ts";
import { createTestClient } from "./testing.ts";

const db = await testDatabase([{ system: "http", folder: join(import.meta.dirname, "sql") }]);
afterAll(() => db[Symbol.asyncDispose]());

const person = (id: string, more: Partial<SignedIn> = {}): SignedIn => ({
  kind: "person",
  person_id: id as SignedIn["person_id"],
  handle: `p${id}`,
  role: "member",
  suspended: false,
  credential: { kind: "session", id: `s${id}` },
  scopes: SCOPES,
  ...more,
});
const people: Record<string, SignedIn> = {
  ann: person("1"),
  robot: person("2", { bot: true }),
  boss: person("3", { role: "admin" }),
};

const read = defineRoute({
  method: "GET",
  path: "/v1/read",
  summary: "Read",
  tag: "test",
  access: { who: "anyone", scope: "read", bots: true },
  answers: { 200: z.object({ ok: z.boolean() }) },
});
const spare = defineRoute({ ...read, path: "/v1/spare", priority: "spare" });
const critical = defineRoute({ ...read, path: "/v1/critical", priority: "critical" });
const tending = defineRoute({ ...read, path: "/v1/tending", access: { who: "admin", scope: "read" } });
const waiting = defineRoute({ ...read, path: "/v1/waiting", waits: true });
const write = defineRoute({
  ...read,
  method: "POST",
  path: "/v1/write",
  access: { who: "signed_in", scope: "write", bots: true },
  body: z.strictObject({ text: z.string().max(10) }),
  deadline_ms: 400,
});

/** A house whose time and turns are the test's, and whose work goes on until it is told to end. */
function house() {
  const clock = createVirtualClock();
  const turns: (() => void)[] = [];
  const used = { rss: 1 };
  const load = createLoad({
    clock,
    afterTurn: (work) => turns.push(work),
    memory: { bytes_max: 100, rss: () => used.rss, free: () => 1 },
  });
  const served: Served[] = [];
  const begun: { path: string; deadline: Deadline; end: () => void }[] = [];
  let held = false;
  const api = createApi({
    authenticate: async (credential) => people[credential] ?? null,
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    limits: DEFAULT_LIMITS,
    idempotency: createIdempotency(db.sql, "a secret of tests"),
    clock,
    load,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: (request) => served.push(request),
  });
  for (const route of [read, spare, critical, tending, waiting, write]) {
    api.serve(route, async ({ deadline }) => {
      const ended = Promise.withResolvers<void>();
      begun.push({ path: route.path, deadline, end: ended.resolve });
      if (held) await ended.promise;
      return { status: 200, body: { ok: true } };
    });
  }
  api.door({
    path: "/v1/files",
    summary: "Files",
    tag: "test",
    access: { who: "anyone", scope: "write", bots: true },
    takes_uploads: true,
    authenticate: async (request) => people[request.headers.get("x-who") ?? ""] ?? null,
    handle: async ({ request }) => {
      const ended = Promise.withResolvers<void>();
      begun.push({ path: request.method, deadline: NO_DEADLINE, end: ended.resolve });
      if (held) await ended.promise;
      return new Response("taken");
    },
  });
  api.socket({
    path: "/v1/line",
    summary: "A line",
    tag: "test",
    access: { who: "anyone", scope: "read" },
    open: async () => ({ protocol: null, opened() {}, said() {}, closed() {} }),
  });
  const send = (request: Request, address = "192.0.2.1") => api.fetch(request, address);
  const { call } = createTestClient((request) => send(request));
  return {
    api,
    call,
    send,
    load,
    clock,
    used,
    served,
    begun,
    hold: () => (held = true),
    endTurn: () => turns.splice(0).forEach((work) => work()),
    /** Six long turns, and the seventh has begun. */
    async fallBehind() {
      for (let i = 0; i < 6; i++) {
        load.look("critical");
        await clock.advance(100);
        for (const work of turns.splice(0)) work();
      }
      load.look("critical");
    },
  };
}

const settle = async () => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

test("HT25: a route's priority is what it says, else by who may call it and whether it writes", () => {
  const of = (more: object) => priorityOf({ ...read, ...more });
  expect([
    of({}),
    of({ method: "POST" }),
    of({ method: "DELETE" }),
    of({ access: { who: "admin", scope: "read" } }),
    of({ access: { who: "moderator", scope: "read" } }),
    of({ method: "POST", priority: "spare" }),
  ]).toEqual(["read", "act", "act", "critical", "critical", "spare"]);
});

test("HT26: behind, a request is refused before anything is asked, by its priority, with when to come back", async () => {
  const { call, clock, fallBehind, begun, served, endTurn } = house();
  await fallBehind();
  const refused = await call(spare, { token: "nobody knows this" });
  expect([refused.status, refused.code]).toEqual([503, "load.busy"]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await call(read)).status).toBe(200);
  await clock.advance(60);
  expect((await call(read)).code).toBe("load.busy");
  const first = call(critical);
  await settle();
  endTurn();
  expect((await first).status).toBe(200);
  expect(begun.map(({ path }) => path)).toEqual(["/v1/read", "/v1/critical"]);
  // They are logged and counted like all others.
  expect(served.map(({ status }) => status)).toEqual([503, 200, 503, 200]);
});

test("HT27: what a bot wants is spare, whatever it calls", async () => {
  const { call, fallBehind, endTurn } = house();
  await fallBehind();
  const asked = { body: { text: "a" } };
  expect((await call(write, { ...asked, token: "robot" })).code).toBe("load.busy");
  expect((await call(critical, { token: "robot" })).code).toBe("load.busy");
  expect((await call(write, { ...asked, token: "ann" })).status).toBe(200);
  endTurn();
  expect((await call(write, { ...asked, token: "robot" })).status).toBe(200);
});

test("HT28: a place is held while the work goes on, and free however it ends; not while a body comes, nor by who waits for news", async () => {
  const { call, send, begun, hold, load } = house();
  hold();
  const at_work = call(read);
  const waits = call(waiting);
  const slow = new ReadableStream<Uint8Array>({ start() {} });
  const half = send(
    new Request("http://house.test/v1/write", {
      method: "POST",
      body: slow,
      headers: { "content-type": "application/json", authorization: "Bearer ann" },
    }),
  );
  await settle();
  expect([load.stats().in_flight, begun.length]).toEqual([1, 2]);
  for (const { end } of begun) end();
  expect([(await at_work).status, (await waits).status, (await half).status]).toEqual([200, 200, 503]);
  expect((await call(write, { body: { text: "too long, far too long" }, token: "ann" })).status).toBe(400);
  expect(load.stats().in_flight).toBe(0);
});

test("HT29: short of memory no new socket and no new file is taken; what is read and written is", async () => {
  const { api, call, clock, send, used, endTurn } = house();
  used.rss = 95;
  await clock.advance(1_000);
  const file = (method: string) => send(new Request("http://house.test/v1/files", { method }));
  expect([(await file("PUT")).status, (await file("GET")).status]).toEqual([503, 200]);
  const line = await api.upgrade(new Request("http://house.test/v1/line"), "192.0.2.1");
  expect(line instanceof Response && [line.status, ((await line.json()) as { code: string }).code]).toEqual([
    503,
    "load.memory",
  ]);
  expect((await call(write, { body: { text: "a" }, token: "ann" })).status).toBe(200);
  used.rss = 10;
  await clock.advance(1_000);
  endTurn();
  expect((await file("PUT")).status).toBe(200);
  expect(await api.upgrade(new Request("http://house.test/v1/line"), "192.0.2.1")).not.toBeInstanceOf(Response);
});

test("HT30: a handler is given its deadline; Prefer: wait shortens it and never lengthens it", async () => {
  const { call, clock, begun } = house();
  const prefers = [
    undefined,
    "wait=2",
    "respond-async, wait=3",
    'handling=lenient; wait="4"',
    "wait=0",
    "wait=60",
    "wait=x",
  ];
  for (const prefer of prefers) await call(read, prefer === undefined ? {} : { headers: { prefer } });
  expect(begun.map(({ deadline }) => leftMs(deadline, clock.monotonic()))).toEqual([
    10_000, 2_000, 3_000, 4_000, 100, 10_000, 10_000,
  ]);
});

test("HT31: what has no time left is not begun, though its timer has not said so yet", async () => {
  const clock = createVirtualClock();
  const slowly = createApi({
    authenticate: async (credential) => {
      // Whatever it was that held the thread: the loop's own timers have not run.
      await clock.advance(10_000);
      return people[credential] ?? null;
    },
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    limits: DEFAULT_LIMITS,
    idempotency: createIdempotency(db.sql, "a secret of tests"),
    clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: () => {},
  });
  let begun = 0;
  slowly.serve(read, async () => ({ status: 200, body: { ok: ++begun > 0 } }));
  const { call } = createTestClient((request) => slowly.fetch(request, "192.0.2.1"));
  const given_up = await call(read, { token: "ann" });
  expect([given_up.status, given_up.code, begun]).toEqual([503, "request.deadline", 0]);
  expect([(await call(read)).status, begun]).toEqual([200, 1]);
});

test("HT32: a call from within has the deadline of the door's own request", async () => {
  const { api, begun } = house();
  const { signal } = new AbortController();
  const by = { viewer: people.ann!, address: "192.0.2.1", origin: "http://house.test", request_id: "r", signal };
  await api.call(read, by);
  await api.call(read, { ...by, deadline: { at_ms: 5_000, signal } });
  expect(begun.map(({ deadline }) => [deadline.at_ms, deadline.signal === signal])).toEqual([
    [Infinity, true],
    [5_000, true],
  ]);
});

test("HT33: however many come at once, all are answered, and what matters most is", async () => {
  const { call, begun, hold, load } = house();
  hold();
  const answers: Promise<[Priority, number]>[] = [];
  const routes = { critical: tending, act: null, read, spare } as const;
  for (let i = 0; i < 900; i++) {
    const priority = PRIORITIES[i % 4]!;
    const route = routes[priority];
    if (route) answers.push(call(route, { token: "boss" }).then(({ status }) => [priority, status]));
  }
  await settle();
  expect(load.stats().in_flight).toBe(141);
  expect(load.stats().waiting).toBe(512);
  // Each that ends makes room for the next.
  for (let i = 0; i < 900; i++) {
    for (const { end } of begun.splice(0)) end();
    await settle();
    if (load.stats().in_flight === 0) break;
  }
  const came = await Promise.all(answers);
  expect(came.filter(([priority, status]) => priority === "critical" && status !== 200)).toEqual([]);
  expect(came.filter(([, status]) => status === 503).every(([priority]) => priority === "spare")).toBe(true);
  expect(came.filter(([, status]) => status === 200)).toHaveLength(653);
});

test("HT36: who left while it waited for its turn is not begun", async () => {
  const { call, send, begun, hold, load, endTurn } = house();
  hold();
  const at_work = Array.from({ length: 115 }, () => call(read));
  await settle();
  const leaving = new AbortController();
  const left = send(new Request("http://house.test/v1/read", { signal: leaving.signal }));
  const stays = call(read);
  await settle();
  expect([begun.length, load.stats().waiting]).toEqual([115, 2]);
  leaving.abort();
  for (const { end } of begun.splice(0)) end();
  await settle();
  endTurn();
  await settle();
  for (const { end } of begun) end();
  expect([(await left).status, (await stays).status, begun.length]).toEqual([499, 200, 1]);
  expect((await Promise.all(at_work)).every(({ status }) => status === 200)).toBe(true);
  expect(load.stats().in_flight).toBe(0);
});

test("HT37: what is critical for whoever calls it takes half of the places at most; who asks for what admins may and shows nothing is spare", async () => {
  const { call, begun, hold, load, endTurn } = house();
  hold();
  const crowd = Array.from({ length: 300 }, () => call(critical));
  await settle();
  expect([begun.length, load.stats().waiting]).toEqual([64, 236]);
  const others = [call(tending, { token: "boss" }), call(write, { body: { text: "a" }, token: "ann" }), call(read)];
  await settle();
  endTurn();
  await settle();
  expect(
    begun
      .slice(64)
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(["/v1/read", "/v1/tending", "/v1/write"]);
  const nobody = call(tending);
  await settle();
  expect([begun.length, load.stats().waiting]).toEqual([67, 237]);
  while (load.stats().in_flight > 0) {
    for (const { end } of begun.splice(0)) end();
    await settle();
    endTurn();
    await settle();
  }
  expect((await Promise.all(crowd)).every(({ status }) => status === 200)).toBe(true);
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await nobody).status).toBe(401);
});

test("HT38: one address that floods a route waits behind itself, and whoever comes from another has the next turn", async () => {
  const { send, begun, hold, load, endTurn } = house();
  hold();
  const ask = (address: string) => send(new Request("http://house.test/v1/critical"), address);
  const flood = Array.from({ length: 200 }, () => ask("2001:db8::1"));
  await settle();
  expect(load.stats().waiting).toBe(136);
  // Of the same /64, so of the same place.
  flood.push(ask("2001:db8::2"));
  let other_status = 0;
  const other = ask("192.0.2.7").then(({ status }) => (other_status = status));
  await settle();
  for (const { end } of begun.splice(0, 2)) end();
  await settle();
  endTurn();
  await settle();
  // Two places came free: one for the flood, whose turn it was, and one for the other.
  expect(begun).toHaveLength(64);
  begun.at(-1)!.end();
  await other;
  expect([other_status, load.stats().waiting]).toEqual([200, 135]);
  while (load.stats().in_flight > 0) {
    for (const { end } of begun.splice(0)) end();
    await settle();
    endTurn();
    await settle();
  }
  expect(await Promise.all(flood)).toHaveLength(201);
});

test("HT39: what is read at a door holds a place, what is written there and who waits for news have their turn and hold none; a bot there is spare", async () => {
  const { call, send, begun, hold, load, endTurn } = house();
  hold();
  const at_door = (method: string, who = "") =>
    send(new Request("http://house.test/v1/files", { method, headers: { "x-who": who } })).then(({ status }) => status);
  const asked = [at_door("GET"), at_door("PUT"), call(waiting).then(({ status }) => status)];
  await settle();
  expect([begun.length, load.stats().in_flight]).toEqual([3, 1]);
  const full = Array.from({ length: 114 }, () => at_door("GET"));
  await settle();
  expect(load.stats()).toMatchObject({ in_flight: 115, waiting: 0 });
  asked.push(
    at_door("GET"),
    call(waiting).then(({ status }) => status),
  );
  await settle();
  expect([begun.length, load.stats().waiting]).toEqual([117, 2]);
  while (load.stats().in_flight + load.stats().waiting > 0) {
    for (const { end } of begun.splice(0)) end();
    await settle();
    endTurn();
    await settle();
  }
  for (const { end } of begun.splice(0)) end();
  expect(new Set(await Promise.all([...asked, ...full]))).toEqual(new Set([200]));
  const { fallBehind, send: sent } = house();
  await fallBehind();
  const by = (who: string) =>
    sent(new Request("http://house.test/v1/files", { method: "PUT", headers: { "x-who": who } }));
  expect([(await by("robot")).status, (await by("ann")).status]).toEqual([503, 200]);
});
