import { afterAll, expect, test } from "bun:test";

import type { BodyIn } from "#kernel/contract.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import * as b from "./bounds.ts";
import { createCheck } from "./check.ts";
import { limitsRoutes as r } from "./contract.ts";
import { testLimits } from "./testing.ts";

const house = await testLimits();
const one = await house.node();
const ann = await house.person("ann");
const bob = await house.person("bob");

afterAll(async () => {
  expect(one.broken).toEqual([]);
  for (const owned of [one, house]) await owned[Symbol.asyncDispose]();
});

const slow = (burst_tokens: number) => ({ kind: "bucket", burst_tokens, tokens_per_s: 0.02 }) as const;
const claim = (key: string, limit: object = slow(3), cost_tokens = 1) => ({ key, limit, cost_tokens }) as never;
const take = (...claims: never[]) => ({ do: "take" as const, claims });
type Items = BodyIn<typeof r.check>["items"];
const check = (items: Items, { token = ann.token, namespace }: { token?: string | null; namespace?: string } = {}) =>
  one.client.call(r.check, { token, body: { items, ...(namespace ? { namespace } : {}) } });
const allowed = async (...asked: Parameters<typeof check>) =>
  (await check(...asked)).body.items.map((item) => item.allowed);

test("LM23: nobody, and a token without the scope, is not counted for; one with it is, and it opens nothing else", async () => {
  const items = [take(claim("a"))];
  expect((await check(items, { token: null })).code).toBe("session.required");
  const tokenOf = async (scopes: ("read" | "limits")[]) =>
    (await one.client.call(peopleRoutes.createToken, { token: ann.token, body: { name: "program", scopes } })).body
      .secret;
  expect((await check(items, { token: await tokenOf(["read"]) })).code).toBe("token.scope");
  const token = await tokenOf(["limits"]);
  expect((await check(items, { token })).status).toBe(200);
  expect((await one.client.call(peopleRoutes.me, { token })).code).toBe("token.scope");
});

test("LM24: one key of two people, two namespaces and the house are different keys", async () => {
  const drain = [take(claim("shared", slow(2), 2)), take(claim("shared", slow(2)))];
  expect(await allowed(drain)).toEqual([true, false]);
  expect(await allowed(drain, { token: bob.token })).toEqual([true, false]);
  expect(await allowed(drain, { namespace: "other" })).toEqual([true, false]);
  // Names that would reach out of a namespace, were they paths.
  for (const key of [`book/person/person/${bob.id}`, `../${bob.id}/main/shared`, `check/${bob.id}/main/shared`])
    await check([take(claim(key, slow(1_000), 1_000))]);
  const me = await one.client.call(peopleRoutes.me, { token: bob.token });
  // A drained bucket would have a third of it.
  expect([me.status, Number(me.headers.get("x-ratelimit-remaining")) > 1_000]).toEqual([200, true]);
  expect((await check([take(claim("x"))], { namespace: "Big/Name" })).code).toBe("request.invalid");
});

test("LM24: however many keys others use, the house's own stay where they are", async () => {
  const clock = createVirtualClock();
  const own = createLocalLimiter({ clock, keys_max: 100 });
  const others = createLocalLimiter({ clock, keys_max: 100 });
  const rule = { name: "person", burst_tokens: 5, tokens_per_s: 0.001 };
  own.takeNow([{ key: "book/person/1", rule, cost_tokens: 5 }]);
  const many = createCheck({ limiter: others, house: own, clock });
  for (let call = 0; call < 10; call++)
    await many.run(
      ann.viewer,
      "main",
      Array.from({ length: b.CHECK_ITEMS_MAX }, (_, i) => ({ ...take(claim(`${call}.${i}`)), patience_ms: 0 })),
    );
  expect([others.keys, own.keys]).toEqual([100, 2]);
  expect(own.takeNow([{ key: "book/person/1", rule, cost_tokens: 1 }]).allowed).toBe(false);
});

test("LM25: items are decided in their order, each over all of its claims or none, and to ask takes nothing", async () => {
  const wide = claim("order-wide", slow(10));
  const narrow = claim("order-narrow", slow(2));
  const ask = [take(claim("order-wide", slow(10), 0)), take(claim("order-narrow", slow(2), 0))];
  expect(await allowed([take(wide, narrow), take(wide, narrow), take(wide, narrow), take(wide)])).toEqual([
    true,
    true,
    false,
    true,
  ]);
  for (let i = 0; i < 5; i++) {
    const { body } = await check(ask);
    expect(body.items.map(({ key, allowed: is }) => [key, is])).toEqual([
      ["order-wide", true],
      ["order-narrow", true],
    ]);
    expect(body.items[0]!.remaining_tokens).toBeGreaterThanOrEqual(7);
  }
  const refused = (await check([take(wide, narrow)])).body.items[0]!;
  if (!refused.allowed) expect(refused).toMatchObject({ key: "order-narrow", hold: null });
});

test("LM25: a wait is booked, and told", async () => {
  const clock = createVirtualClock();
  const [limiter, own] = [0, 1].map(() => createLocalLimiter({ clock, keys_max: 100 }));
  const { run } = createCheck({ limiter: limiter!, house: own!, clock });
  const gcra = { kind: "gcra", tokens: 1, window_ms: 4_000, burst_tokens: 1 };
  const patient = { ...take(claim("drops", gcra)), patience_ms: b.PATIENCE_MS_MAX };
  const items = await run(ann.viewer, "main", [patient, patient, patient]);
  expect(items.map(({ allowed: is, wait_ms, retry_after_ms }) => [is, wait_ms, retry_after_ms])).toEqual([
    [true, 0, 0],
    [true, 4_000, 0],
    [false, 0, 8_000],
  ]);
});

test("LM26: slots are held, renewed and released by their holder; what is given back is there again", async () => {
  const slots = { kind: "slots", slots: 1, hold_ms: 3_600_000 };
  const claims = [claim("seat", slots)];
  const [first, second] = (await check([take(...claims), take(...claims)])).body.items;
  expect([first!.allowed, second!.allowed]).toEqual([true, false]);
  const hold = first!.hold!;
  const renew = { do: "renew" as const, hold, claims };
  const release = { do: "release" as const, hold, claims };
  expect(await allowed([renew])).toEqual([true]);
  // Another's word for the same hold reaches another's key.
  expect(await allowed([renew, release], { token: bob.token })).toEqual([false, true]);
  expect(await allowed([take(...claims)])).toEqual([false]);
  expect(await allowed([release, renew, release, take(...claims)])).toEqual([true, false, true, true]);
  const spent = { kind: "fixed", tokens: 2, window_ms: 3_600_000 };
  const all = claim("returned", spent, 2);
  expect(await allowed([take(all), take(all), { do: "give_back", claims: [all] }, take(all)])).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("LM27: a call with anything in it that cannot be meant does nothing at all", async () => {
  const good = take(claim("whole", slow(5)));
  const code = async (...items: Items) => (await check([good, ...items])).code;
  const day = { kind: "fixed", tokens: 1, window_ms: b.CHECK_WINDOW_MS_MAX };
  expect(await code(take(claim("x", { ...day, window_ms: b.CHECK_WINDOW_MS_MAX + 1 })))).toBe("limits.check_rule");
  expect(await code(take(claim("x", { kind: "bucket", burst_tokens: 1_000, tokens_per_s: 0.001 })))).toBe(
    "limits.check_rule",
  );
  expect(await code(take(claim("x", { kind: "log", tokens: b.CHECK_LOG_TOKENS_MAX + 1, window_ms: 1_000 })))).toBe(
    "limits.check_rule",
  );
  expect(await code(take(claim("x", { kind: "counter", tokens: 5, window_ms: 1_000, slices: 7 })))).toBe(
    "limits.check_rule",
  );
  expect(await code(take(claim("x", { ...day, kind: "gcra", burst_tokens: 2 })))).toBe("limits.check_rule");
  expect(await code(take(claim("x"), claim("x", slow(4))))).toBe("limits.check_rule");
  expect(await code({ do: "release", hold: "1", claims: [claim("x")] })).toBe("limits.check_rule");
  expect(await code(take(claim("sp ace")))).toBe("request.invalid");
  expect(await code(take())).toBe("request.invalid");
  expect((await check([take(claim("x", day))])).status).toBe(200);
  const { items } = (await check([good])).body;
  expect(items[0]!.remaining_tokens).toBe(4);
});

test("LM28: so many items a second, in a call, and so many keys in an hour", async () => {
  const clock = createVirtualClock();
  const needs = {
    limiter: createLocalLimiter({ clock, keys_max: 100 }),
    house: createLocalLimiter({ clock, keys_max: 100 }),
    clock,
  };
  const bounded = createCheck(needs);
  const items = (from: number) =>
    Array.from({ length: b.CHECK_ITEMS_MAX }, (_, i) => ({ ...take(claim(`k${from + i}`)), patience_ms: 0 }));
  const run = (from: number, of = ann) =>
    bounded.run(of.viewer, "main", items(from)).then(
      () => "ok",
      (error: { code: string }) => error.code,
    );
  for (let i = 0; i < 20; i++) expect(await run(0)).toBe("ok");
  expect(await run(0)).toBe("limit.exceeded");
  expect(await run(0, bob)).toBe("ok");
  let used = b.CHECK_ITEMS_MAX;
  for (; used < b.CHECK_KEYS_PER_PERSON_MAX; used += b.CHECK_ITEMS_MAX) {
    await clock.advance(1_000);
    expect(await run(used)).toBe("ok");
  }
  await clock.advance(1_000);
  expect(await run(used)).toBe("limits.too_many_keys");
  expect(await run(0)).toBe("ok");
  expect(await run(used, bob)).toBe("ok");
  await clock.advance(3_600_000);
  expect(await run(used)).toBe("ok");
  expect((await check(Array.from({ length: b.CHECK_ITEMS_MAX + 1 }, () => take(claim("x"))))).code).toBe(
    "request.invalid",
  );
});

test("LM36: what keeps each grant counts for as many keys and items as it is large, so that nobody fills the house's memory with a few calls", async () => {
  const clock = createVirtualClock();
  const limiters = [0, 1].map(() => createLocalLimiter({ clock, keys_max: 20_000 }));
  const { run } = createCheck({ limiter: limiters[0]!, house: limiters[1]!, clock });
  const large = { kind: "log", tokens: b.CHECK_LOG_TOKENS_MAX, window_ms: b.CHECK_WINDOW_MS_MAX };
  const tried = async (item: object, of = ann) => {
    await clock.advance(1_000);
    return run(of.viewer, "main", [{ patience_ms: 0, ...item } as never]).then(
      () => "ok",
      (error: { code: string }) => error.code,
    );
  };
  let keys = 0;
  while ((await tried(take(claim(`large-${keys}`, large)))) === "ok") keys++;
  expect(keys).toBe(
    Math.floor(b.CHECK_KEYS_PER_PERSON_MAX / (1 + Math.floor(b.CHECK_LOG_TOKENS_MAX / b.CHECK_GRANTS_PER_KEY))),
  );
  // A key that comes to be larger counts for what it is then.
  expect(await tried(take(claim("grows")), bob)).toBe("ok");
  for (let i = 0; i < keys; i++) await tried(take(claim(`large-${i}`, large)), bob);
  expect(await tried(take(claim("grows", large)), bob)).toBe("limits.too_many_keys");
  const slots = { kind: "slots", slots: b.CHECK_SLOTS_MAX + 1, hold_ms: 1_000 };
  expect(await tried(take(claim("seats", slots)), bob)).toBe("limits.check_rule");
  const eight = Array.from({ length: 8 }, (_, i) => claim(`large-${i}`, large));
  const many = Array.from({ length: 25 }, () => ({ ...take(...eight), patience_ms: 0 }));
  await clock.advance(60_000);
  await run(ann.viewer, "main", many);
  expect(((await run(ann.viewer, "main", many).catch((error: unknown) => error)) as { code: string }).code).toBe(
    "limit.exceeded",
  );
});

test("LM37: of two keys under one limit the one that refuses is told; what costs afterwards is taken as a fine", async () => {
  const [first, second] = [claim("twin-a", slow(2)), claim("twin-b", slow(2))];
  const told = async (...claims: never[]) => (await check([take(...claims)])).body.items[0]!;
  await told(claim("twin-b", slow(2), 2));
  expect(await told(first, second)).toMatchObject({ allowed: false, key: "twin-b" });
  expect(await told(second, first)).toMatchObject({ allowed: false, key: "twin-b" });
  expect(await told(first, first)).toMatchObject({ allowed: true, key: "twin-a", remaining_tokens: 0 });
  const fine = { do: "penalise" as const, claims: [claim("fined", slow(5), 4)] };
  expect(await allowed([fine, take(claim("fined", slow(5), 2)), fine, take(claim("fined", slow(5), 0))])).toEqual([
    true,
    false,
    true,
    true,
  ]);
  const debt = (await check([take(claim("fined", slow(5)))])).body.items[0]!;
  expect([debt.allowed, debt.retry_after_ms > 3 * 50_000]).toEqual([false, true]);
  const seats = { do: "penalise" as const, claims: [claim("seat", { kind: "slots", slots: 1, hold_ms: 1_000 })] };
  expect((await check([seats])).code).toBe("limits.check_rule");
});
