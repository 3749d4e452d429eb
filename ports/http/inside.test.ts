import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import { NOBODY, SCOPES, type SignedIn, type Viewer } from "#kernel/viewer.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { testDatabase } from "#ports/sql/testing.ts";

import { createApi, createIdempotency, DEFAULT_LIMITS, type Served, type SocketDoor } from "./index.ts";
import { HANDSHAKES_AT_ONCE_MAX } from "./socket.ts";

const db = await testDatabase([{ system: "http", folder: join(import.meta.dirname, "sql") }]);
afterAll(() => db[Symbol.asyncDispose]());

const person = (more: Partial<SignedIn> = {}): SignedIn => ({
  kind: "person",
  person_id: "1",
  handle: "ann",
  role: "member",
  suspended: false,
  credential: { kind: "session", id: "s1" },
  scopes: SCOPES,
  ...more,
});
const people: Record<string, SignedIn> = {
  ann: person(),
  gone: person({ person_id: "4", suspended: true }),
  reader: person({ person_id: "5", scopes: ["read"] }),
};
const double = defineRoute({
  method: "POST",
  path: "/v1/numbers/{id}/double",
  summary: "Doubles",
  tag: "test",
  access: { who: "signed_in", scope: "write" },
  params: z.object({ id: z.string().max(3) }),
  query: z.strictObject({ times: z.coerce.number().int().default(1) }),
  body: z.strictObject({ n: z.number() }),
  answers: { 200: z.object({ n: z.number() }) },
  cost_tokens: 40,
});

function house(door: Partial<SocketDoor> = {}, limits = DEFAULT_LIMITS) {
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
  api.serve(double, async ({ body, query }) => ({ status: 200, body: { n: body.n * 2 * query.times } }));
  api.socket({
    path: "/v1/line",
    summary: "A line",
    tag: "test",
    access: { who: "signed_in", scope: "read" },
    open: async () => ({ protocol: null, opened() {}, said() {}, closed() {} }),
    ...door,
  });
  const by = (viewer: Viewer) => ({
    viewer,
    address: "192.0.2.1",
    origin: "http://house.test",
    request_id: "r",
    signal: new AbortController().signal,
  });
  const upgrade = (headers: Record<string, string>) =>
    api.upgrade(
      new Request("http://house.test/v1/line", { headers: { upgrade: "websocket", ...headers } }),
      "192.0.2.1",
    );
  return { api, served, by, upgrade };
}
const codeOf = (error: unknown) => (error instanceof Problem ? error.code : error);

test("HT18: a call from within is refused as one from outside: nobody, the suspended, a lacking scope, a wrong shape", async () => {
  const { api, by } = house();
  const call = (viewer: Viewer, body: unknown, params = { id: "1" }) =>
    api.call(double, by(viewer), { params, body: body as { n: number } }).catch(codeOf);
  expect(await call(NOBODY, { n: 1 })).toBe("session.required");
  expect(await call(people.gone!, { n: 1 })).toBe("person.suspended");
  expect(await call(people.reader!, { n: 1 })).toBe("token.scope");
  expect(await call(people.ann!, { n: "1" })).toBe("request.invalid");
  expect(await call(people.ann!, { n: 1, more: 2 })).toBe("request.invalid");
  expect(await call(people.ann!, { n: 1 }, { id: "1234" })).toBe("request.invalid");
});

test("HT18: it costs what the route costs, and answers what the route answers", async () => {
  const limits = { ...DEFAULT_LIMITS, person: { name: "person", burst_tokens: 100, tokens_per_s: 0.001 } };
  const { api, by } = house({}, limits);
  const call = () =>
    api.call(double, by(people.ann!), { params: { id: "1" }, query: { times: 3 }, body: { n: 7 } }).catch(codeOf);
  expect(await call()).toEqual({ n: 42 });
  expect(await call()).toEqual({ n: 42 });
  expect(await call()).toBe("limit.exceeded");
});

test("HT19: a socket is refused to nobody, a wrong token, the suspended, a lacking scope and another site's page", async () => {
  const { upgrade, served } = house({ access: { who: "signed_in", scope: "write" } });
  const refused = async (headers: Record<string, string>) => {
    const answer = await upgrade(headers);
    return answer instanceof Response ? [answer.status, ((await answer.json()) as { code: string }).code] : answer;
  };
  expect(await refused({})).toEqual([401, "session.required"]);
  expect(await refused({ authorization: "Bearer unknown" })).toEqual([401, "session.invalid"]);
  expect(await refused({ authorization: "Bearer gone" })).toEqual([403, "person.suspended"]);
  expect(await refused({ authorization: "Bearer reader" })).toEqual([403, "token.scope"]);
  const cookie = "folkhus_session=ann";
  expect(await refused({ cookie, origin: "https://elsewhere.test" })).toEqual([403, "request.cross_site"]);
  expect(await refused({ cookie, "sec-fetch-site": "cross-site" })).toEqual([403, "request.cross_site"]);
  expect(served.map(({ status }) => status)).toEqual([401, 401, 403, 403, 403, 403]);
});

test("HT19: whoever may gets the house's end of the line; other paths have none; what breaks is a 500 without a word of itself", async () => {
  const { upgrade, api } = house();
  expect(await upgrade({ cookie: "folkhus_session=ann", "sec-fetch-site": "same-origin" })).toHaveProperty("opened");
  expect(await upgrade({ authorization: "Bearer reader" })).toHaveProperty("said");
  expect(await api.upgrade(new Request("http://house.test/v1/other"), "192.0.2.1")).toBeNull();
  const broken = house({
    open: async () => {
      throw new Error("secret words");
    },
  });
  const answer = (await broken.upgrade({ authorization: "Bearer ann" })) as Response;
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain("secret words");
  expect(broken.served[0]?.error).toBeInstanceOf(Error);
});

test("HT19: a socket draws from the same buckets, and a credential of the protocol's own is asked first", async () => {
  const limits = { ...DEFAULT_LIMITS, address: { name: "address", burst_tokens: 1, tokens_per_s: 0.001 } };
  const { upgrade } = house(
    {
      authenticate: async (request) => {
        if (request.headers.get("x-key") === "ann") return people.ann!;
        throw new Problem(401, "key.wrong", "No.");
      },
    },
    limits,
  );
  expect(await upgrade({ "x-key": "ann" })).toHaveProperty("opened");
  expect(((await upgrade({ "x-key": "x" })) as Response).status).toBe(401);
  expect(((await upgrade({ "x-key": "x" })) as Response).status).toBe(429);
  expect(await upgrade({ "x-key": "ann" })).toHaveProperty("opened");
});

test("HT20: who asks for a socket is looked up for so many at once, and the others wait and are not refused", async () => {
  let running = 0;
  let most = 0;
  const { upgrade } = house({
    async authenticate() {
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      running -= 1;
      return people.ann!;
    },
  });
  const parts = await Promise.all(Array.from({ length: 4 * HANDSHAKES_AT_ONCE_MAX }, () => upgrade({})));
  for (const part of parts) expect(part).toHaveProperty("opened");
  expect(most).toBe(HANDSHAKES_AT_ONCE_MAX);
});
