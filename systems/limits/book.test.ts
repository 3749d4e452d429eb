import { afterAll, expect, test } from "bun:test";

import { NOBODY, type Viewer } from "#kernel/viewer.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import { type LimitAsked, takeLimits } from "#ports/http/index.ts";
import { createLocalLimiter, type Limiter } from "#ports/limiter/index.ts";

import { createBook } from "./book.ts";
import * as b from "./bounds.ts";
import { limitsRoutes as r } from "./contract.ts";
import { createCounts } from "./counts.ts";
import { createReserved } from "./reserved.ts";
import { compileRuleSet } from "./rule-set-book.ts";
import { readRuleSet } from "./rule-set.ts";
import { testLimits, type TestNode } from "./testing.ts";

const house = await testLimits();
const one = await house.node();
const two = await house.node();
const root = await house.person("root", "admin");
const ann = await house.person("ann");
const bob = await house.person("bob");
const eve = await house.person("eve");
const { token } = root;
await house.space("weavers", bob, [ann]);

afterAll(async () => {
  expect([...one.broken, ...two.broken]).toEqual([]);
  for (const owned of [two, one, house]) await owned[Symbol.asyncDispose]();
});

const slow = (burst_tokens: number) => ({ kind: "bucket", burst_tokens, tokens_per_s: 0.001 }) as const;
const rule = (id: string, level: string, burst_tokens: number, more: object = {}) => ({
  id,
  level,
  limit: slow(burst_tokens),
  ...more,
});
/** Keys go on under a rule's name, so each test has names of its own. */
async function hold(...rules: object[]): Promise<void> {
  const { body } = await one.client.call(r.createSet, { token, body: { set: { rules } } });
  const { version } = (await one.client.call(r.inForce, { token })).body;
  const asked = { token, params: { version: body.version }, body: { instead_of: version } };
  expect((await one.client.call(r.publishSet, asked)).status).toBe(200);
  await Promise.all([one.log.tailsCaughtUp(), two.log.tailsCaughtUp()]);
}

async function get(path: string, as: string | null, { node = one, address = "192.0.2.1" } = {}): Promise<Response> {
  const headers: Record<string, string> = as === null ? {} : { authorization: `Bearer ${as}` };
  return node.fetch(new Request(`http://house.test${path}`, { headers }), address);
}
async function statuses(
  times: number,
  path: string,
  as: string | null,
  more: { node?: TestNode; address?: string } = {},
) {
  const found = [];
  for (let i = 0; i < times; i++) found.push((await get(path, as, more)).status);
  return found;
}
const limitOf = async (answer: Response) =>
  ((await answer.json()) as { "violated-policies"?: string[] })["violated-policies"];
const sums = async (rule_id: string) => {
  const { items } = (await one.client.call(r.decisions, { token, query: { minutes: 60 } })).body;
  const { minutes: _, ...found } = items.find((item) => item.rule_id === rule_id)!;
  return found;
};

test("LM14: a request draws from all rules or none, and the answer names them", async () => {
  await hold(rule("wide", "person", 100), rule("house", "route", 2, { routes: ["GET /v1/house"], counts: "requests" }));
  const first = await get("/v1/house", ann.token);
  expect(first.headers.get("ratelimit-policy")).toBe('"wide";q=100;w=100000, "house";q=2;w=2000');
  expect(await statuses(2, "/v1/house", ann.token)).toEqual([200, 429]);
  expect(await limitOf(await get("/v1/house", bob.token))).toEqual(["house"]);
  // Refusals took nothing of the wide one.
  const other = await get("/v1/people/me", ann.token);
  expect(other.headers.get("ratelimit")).toMatch(/^"wide";r=97;/);
  expect((await get("/v1/people/me", bob.token)).headers.get("ratelimit")).toMatch(/^"wide";r=99;/);
});

test("LM15: a shadow is asked when the request was let in, refuses nobody, and is told to admins only", async () => {
  await hold(rule("lm15", "person", 4), rule("lm15-tried", "person", 1, { mode: "shadow" }));
  expect(await statuses(6, "/v1/people/me", ann.token)).toEqual([200, 200, 200, 200, 429, 429]);
  expect((await get("/v1/people/me", bob.token)).headers.get("ratelimit-policy")).toBe('"lm15";q=4;w=4000');
  expect(await sums("lm15")).toMatchObject({ allowed: 5, refused: 2, would_allow: 0, would_refuse: 0 });
  // Two were refused by what holds, and never tried.
  expect(await sums("lm15-tried")).toMatchObject({ allowed: 0, refused: 0, would_allow: 2, would_refuse: 3 });
});

test("LM15: a shadow without anything beside it is tried too, one that holds slots gives them back, and one that fails hurts nobody", async () => {
  const slots = { kind: "slots", slots: 1, hold_ms: 3_600_000 };
  await hold(rule("lm15-slots", "person", 1, { mode: "shadow", limit: slots }));
  expect(await statuses(3, "/v1/people/me", ann.token)).toEqual([200, 200, 200]);
  expect(await sums("lm15-slots")).toMatchObject({ would_allow: 3, would_refuse: 0 });
  const broken: Limiter = {
    ...createLocalLimiter({ clock: house.db.clock, keys_max: 100 }),
    take: () => Promise.reject(new Error("away")),
  };
  await using third = await house.node({ limiter: broken });
  expect((await get("/v1/people/me", ann.token, { node: third })).status).toBe(200);
});

test("LM15: so many are tried at once, and what comes beyond is let through untried, and counted", async () => {
  await hold(rule("lm15-many", "person", 5, { mode: "shadow" }));
  const gate = Promise.withResolvers<void>();
  const inner = createLocalLimiter({ clock: house.db.clock, keys_max: 100 });
  await using third = await house.node({
    limiter: { ...inner, take: (claims) => gate.promise.then(() => inner.takeNow(claims)) },
  });
  const { book } = third.limits;
  const asked: LimitAsked = { route: "GET /v1/people/me", cost_tokens: 1, viewer: ann.viewer, address: "192.0.2.1" };
  for (let i = 0; i < b.SHADOWS_AT_ONCE_MAX + 7; i++) book.decided!(asked, await book.draw(asked), null);
  expect(book.shadows()).toEqual({ pending: b.SHADOWS_AT_ONCE_MAX, skipped: 7 });
  gate.resolve();
});

test("LM6: a canary holds for its part of the people, and would for the others", async () => {
  await hold(rule("lm6", "person", 1, { mode: "canary", canary_percent: 50 }));
  const people = [];
  for (let i = 0; i < 12; i++) people.push(await house.person(`canary${i}`));
  const refused = [];
  for (const person of people) refused.push((await statuses(2, "/v1/people/me", person.token))[1] === 429);
  const found = await sums("lm6");
  expect(found.refused).toBe(refused.filter(Boolean).length);
  expect(found.refused + found.would_refuse).toBe(12);
  // The same people on the other node, and again.
  for (const [i, person] of people.entries())
    expect((await statuses(2, "/v1/people/me", person.token, { node: two }))[1] === 429).toBe(refused[i]!);
});

test("LM16: who is signed in goes on behind an address that is flooded; who guesses does not; and the way in stays open", async () => {
  await hold(rule("lm16", "address", 3), rule("lm16-person", "person", 1_000));
  const address = "198.51.100.7";
  expect(await statuses(5, "/v1/house", null, { address })).toEqual([200, 200, 200, 429, 429]);
  expect(await statuses(1, "/v1/house", "guessed", { address })).toEqual([429]);
  expect(await statuses(5, "/v1/people/me", ann.token, { address })).toEqual([200, 200, 200, 200, 200]);
  // Another of the same IPv6 network is the same; another address is not.
  expect(await statuses(4, "/v1/house", null, { address: "2001:db8:1:2::1" })).toEqual([200, 200, 200, 429]);
  expect(await statuses(1, "/v1/house", null, { address: "2001:db8:1:2::2" })).toEqual([429]);
  expect(await statuses(1, "/v1/house", null, { address: "2001:db8:1:3::1" })).toEqual([200]);
  const signIn = (as: string | null) => {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (as) headers.authorization = `Bearer ${as}`;
    const body = JSON.stringify({ handle: "ann", password: "wrong words here" });
    return one.fetch(new Request("http://house.test/v1/sessions", { method: "POST", headers, body }), address);
  };
  const knocked = await signIn(null);
  expect([knocked.status, knocked.headers.get("ratelimit-policy")]).toEqual([401, '"sign-in";q=3000;w=10']);
  expect((await signIn(ann.token)).headers.get("ratelimit-policy")).toBe('"sign-in";q=3000;w=10');
});

test("LM17: a set that refuses everybody is taken back by an admin, and by nobody else", async () => {
  await hold(rule("lm17", "global", 1), rule("lm17-person", "person", 1), rule("lm17-address", "address", 1));
  await get("/v1/house", null);
  expect(await statuses(1, "/v1/people/me", token)).toEqual([429]);
  expect(await statuses(1, "/v1/admin/limits", ann.token)).toEqual([429]);
  expect(await statuses(3, "/v1/admin/limits", token)).toEqual([200, 200, 200]);
  await hold(rule("lm17-after", "person", 100));
  expect(await statuses(1, "/v1/people/me", token)).toEqual([200]);
});

test("LM18: a space is the one that the path names; guests never use up what members have", async () => {
  await hold(rule("lm18", "space", 3));
  const path = "/v1/spaces/weavers";
  expect(await statuses(2, path, eve.token)).toEqual([200, 200]);
  expect(await statuses(2, path, null)).toEqual([200, 429]);
  expect(await statuses(2, path, ann.token)).toEqual([200, 200]);
  expect(await statuses(2, "/v1/spaces/WEAVERS", bob.token)).toEqual([200, 429]);
  expect((await get("/v1/people/me", ann.token)).headers.get("ratelimit")).toBeNull();
  expect(await statuses(2, "/v1/spaces/nowhere", ann.token)).toEqual([404, 404]);
  const { top } = await sums("lm18");
  expect(top.map(({ space, label }) => [space?.slug, label.startsWith("guests")])).toEqual([
    ["weavers", false],
    ["weavers", true],
  ]);
});

test("LM18: where too many would have to be looked up, a request is counted without its space", async () => {
  await hold(rule("lm18-many", "space", 3), rule("lm18-person", "person", 1_000));
  const gate = Promise.withResolvers<void>();
  await using third = await house.node({
    spaces: { ...house.spaces, find: (name) => gate.promise.then(() => house.spaces.find(name)) },
  });
  const asked = (slug: string, viewer: Viewer = ann.viewer): LimitAsked => ({
    route: "GET /v1/spaces/{slug}",
    cost_tokens: 1,
    viewer,
    address: "192.0.2.1",
    params: { slug },
  });
  const { book } = third.limits;
  const waiting = Array.from({ length: b.SPACE_LOOKUPS_AT_ONCE_MAX }, (_, i) => book.draw(asked(`none${i}`)));
  const beyond = await book.draw(asked("weavers"));
  expect(beyond.map((claim) => claim.rule.name)).toEqual(["lm18-person"]);
  gate.resolve();
  await Promise.all(waiting);
  expect((await book.draw(asked("weavers"))).map((claim) => claim.rule.name)).toEqual(["lm18-many", "lm18-person"]);
  expect((await book.draw(asked("weavers", NOBODY))).map((claim) => claim.rule.name)).toEqual(["lm18-many"]);
});

test("LM19: a tier holds on all nodes, is given with who and why, and what was before is kept", async () => {
  await hold(
    rule("lm19", "person", 2, { tiers: { pro: slow(5) } }),
    rule("lm19-space", "space", 2, { tiers: { enterprise: slow(6) } }),
  );
  const give = (
    kind: "person" | "space",
    name: string,
    body: { tier: "free" | "pro" | "enterprise" | "custom"; percent?: number; note?: string },
  ) => one.client.call(r.giveTier, { token, params: { kind, name }, body });
  const policy = async (path: string, node: TestNode) =>
    (await get(path, ann.token, { node })).headers.get("ratelimit-policy");
  expect((await give("person", "nobody-here", { tier: "pro" })).code).toBe("person.not_found");
  expect((await give("space", "nowhere", { tier: "pro" })).code).toBe("space.not_found");
  expect((await give("person", "ann", { tier: "custom" })).code).toBe("request.invalid");
  expect((await give("person", "ann", { tier: "pro", percent: 5 })).code).toBe("request.invalid");
  expect(await policy("/v1/people/me", two)).toBe('"lm19";q=2;w=2000');
  const given = await give("person", "ann", { tier: "pro", note: "She teaches here." });
  expect(given.body).toMatchObject({
    tier: "pro",
    person: { handle: "ann" },
    by: { handle: "root" },
    note: "She teaches here.",
  });
  expect(await policy("/v1/people/me", one)).toBe('"lm19";q=5;w=5000');
  await two.log.tailsCaughtUp();
  expect(await policy("/v1/people/me", two)).toBe('"lm19";q=5;w=5000');
  await give("space", "weavers", { tier: "enterprise" });
  await give("person", ann.id, { tier: "custom", percent: 350 });
  expect(await policy("/v1/spaces/weavers", one)).toBe('"lm19";q=7;w=1750, "lm19-space";q=6;w=6000');
  const listed = await one.client.call(r.listTiers, { token, query: { limit: 1 } });
  expect(listed.body.items.map(({ tier, percent }) => [tier, percent])).toEqual([["custom", 350]]);
  const rest = await one.client.call(r.listTiers, { token, query: { limit: 5, cursor: listed.body.next_cursor! } });
  expect(rest.body.items.map(({ kind, space }) => [kind, space?.slug])).toEqual([["space", "weavers"]]);
  // One that begins now knows them all.
  await using third = await house.node();
  expect(await policy("/v1/people/me", third)).toBe('"lm19";q=7;w=1750');
  await give("person", "ann", { tier: "free" });
  const { changes, now } = (await one.client.call(r.getTier, { token, params: { kind: "person", name: "ann" } })).body;
  expect([now.tier, ...changes.map(({ tier }) => tier)]).toEqual(["free", "free", "custom", "pro"]);
  const never = (await one.client.call(r.getTier, { token, params: { kind: "person", name: "bob" } })).body;
  expect(never).toMatchObject({ now: { tier: "free", at: null }, changes: [] });
});

test("LM19: so many have a tier at most", async () => {
  await house.db.sql.pool`INSERT INTO limits_tiers (kind, subject_id, tier, note, by_id, at)
    SELECT 'person', 1000 + n, 'pro', '', 1, now() FROM generate_series(1, ${b.TIERS_MAX}) n`;
  const full = await one.client.call(r.giveTier, {
    token,
    params: { kind: "person", name: "eve" },
    body: { tier: "pro" },
  });
  expect(full.code).toBe("limits.too_many_tiers");
  expect(
    (await one.client.call(r.giveTier, { token, params: { kind: "person", name: "eve" }, body: { tier: "free" } }))
      .status,
  ).toBe(200);
  await house.db.sql.pool`DELETE FROM limits_tiers WHERE subject_id > 1000 AND by_id = 1`;
});

/** The book alone, at a time of its own. */
function bookOf(...rules: object[]) {
  const clock = createVirtualClock();
  const limiter = createLocalLimiter({ clock, keys_max: 1_000 });
  const { set, troubles } = readRuleSet({ rules });
  if (set === null) throw new Error(JSON.stringify(troubles));
  const book = createBook({
    limiter,
    clock,
    in_force: { now: { version: "1", set: compileRuleSet(set) }, trouble: null, reload: async () => {} },
    reserved: createReserved([], []),
    tiers: { grantOf: () => null },
    where: { paramOf: () => null, find: async () => null },
    counts: createCounts({ sql: house.db.sql, clock, nameOf: ({ subject }) => subject }),
  });
  const ask = (route = "GET /v1/people/me", viewer: Viewer = ann.viewer) =>
    takeLimits(limiter, book, { route, cost_tokens: 1, viewer, address: "192.0.2.1" }).then(
      () => "in",
      (error: { code: string }) => error.code,
    );
  return { clock, book, ask };
}

test("LM34: a request that a patient rule would let through soon waits for its place at the door; what is too far off is refused, and nobody waits for a slot", async () => {
  const drop = { kind: "gcra", tokens: 1, window_ms: 600, burst_tokens: 1 };
  const { clock, book, ask } = bookOf(
    { id: "drop", level: "person", limit: drop, patience_ms: 1_000 },
    rule("wide", "route", 50),
  );
  const three = [ask(), ask(), ask()];
  expect([await three[0], await three[2], book.waiting()]).toEqual(["in", "limit.exceeded", 1]);
  await clock.advance(600);
  expect([await three[1], book.waiting()]).toEqual(["in", 0]);
  const refused = readRuleSet({
    rules: [{ id: "seat", level: "person", limit: { kind: "slots", slots: 1, hold_ms: 1_000 }, patience_ms: 5 }],
  });
  expect(refused.troubles.map(({ pointer }) => pointer)).toEqual(["/rules/0/patience_ms"]);
});

test("LM34: so many wait at once; whoever comes then has no patience", async () => {
  const drop = { kind: "gcra", tokens: 1, window_ms: 1_000, burst_tokens: 1 };
  const { clock, book, ask } = bookOf({ id: "drop", level: "person", limit: drop, patience_ms: 1_000 });
  const of = (i: number): Viewer => ({ ...ann.viewer, person_id: String(1_000 + i) as typeof ann.id });
  const all = Array.from({ length: b.WAITING_AT_ONCE_MAX + 1 }, (_, i) => of(i));
  for (const viewer of all) expect(await ask("GET /v1/people/me", viewer)).toBe("in");
  const again = all.map((viewer) => ask("GET /v1/people/me", viewer));
  expect([await again.at(-1), book.waiting()]).toEqual(["limit.exceeded", b.WAITING_AT_ONCE_MAX]);
  await clock.advance(1_000);
  expect((await Promise.all(again)).filter((what) => what === "in")).toHaveLength(b.WAITING_AT_ONCE_MAX);
  expect(book.waiting()).toBe(0);
});

test("LM38: for a route that came after a set was published it counts by so many rules at most, and breaks nothing", async () => {
  const rules = Array.from({ length: b.RULES_PER_SET_MAX }, (_, i) => rule(`many-${i}`, "person", 50));
  const { book, ask } = bookOf(...rules);
  expect(await ask("GET /v1/new")).toBe("in");
  const claims = book.draw({ route: "GET /v1/new", cost_tokens: 1, viewer: ann.viewer, address: "192.0.2.1" });
  expect(claims).toHaveLength(b.RULES_PER_REQUEST_MAX);
});

test("LM38: a rule that comes to count by another level counts anew: person 7 and space 7 are not the same", () => {
  const id = "7";
  const as = (level: string) => compileRuleSet(readRuleSet({ rules: [rule("turned", level, 1)] }).set!);
  const asking = {
    route: "GET /v1/spaces/{slug}",
    cost_tokens: 1,
    address: null,
    person_id: id,
    token_id: null,
    space: { id, is_member: true },
    person_grant: null,
    space_grant: null,
  };
  const [person] = as("person").draw(asking).holds;
  const [space] = as("space").draw(asking).holds;
  expect(person!.key).not.toBe(space!.key);
});

test("LM32: what the page asks for before it shows an admin the limits is not refused to them by any set, and to others it is", async () => {
  await using third = await house.node({ desk_routes: ["GET /v1/people/me"] });
  await hold(rule("lm32", "global", 1));
  await third.log.tailsCaughtUp();
  expect(await statuses(3, "/v1/people/me", token, { node: third })).toEqual([200, 200, 200]);
  await statuses(1, "/v1/people/me", ann.token, { node: third });
  expect(await statuses(1, "/v1/people/me", ann.token, { node: third })).toEqual([429]);
  await hold(rule("lm32-after", "person", 100));
});
