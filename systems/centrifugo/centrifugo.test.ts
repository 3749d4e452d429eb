import { afterAll, expect, test } from "bun:test";

import type { SubscribedContext, Subscription, UnsubscribedContext } from "centrifuge";

import { Problem } from "#kernel/errors.ts";
import type { Json } from "#kernel/json.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { LINE_CLOSE, type NewItem } from "#systems/realtime/index.ts";
import { testLine } from "#systems/realtime/testing.ts";

import { serveCentrifugo } from "./index.ts";
import { clientOn, hear, next, testNet, witnessOf } from "./testing.ts";

const line = await testLine();
const { house, realtime } = line;
const { sql } = house.db;
serveCentrifugo(house.api, { clock: house.db.clock, people: house.people, line: realtime, version: "house" });
const net = testNet(house);
const ann = await house.person("ann");
const ben = await house.person("ben");
const clients: ReturnType<typeof clientOn>[] = [];
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await line[Symbol.asyncDispose]();
});

/** Rooms of this file: whoever is in `members` of a key may read and send there. */
const members = new Map<string, Set<string>>();
const is = (key: string, person_id: string) => members.get(key)?.has(person_id) ?? false;
realtime.streams("room", {
  mayRead: async ({ person_id }, key) => is(key, person_id),
  async send({ person_id }, key, cid, data) {
    if (!is(key, person_id)) throw new Problem(403, "room.not_yours", "You are not in this room.");
    if (data === "slow down") throw new Problem(429, "room.slow", "Slow down.", { retry_after_s: 3 });
    if (data === "odd") throw new Problem(422, "room.odd", "This is no message.");
    const { items } = await sql.tx((tx) =>
      realtime.append(tx, `room:${key}`, [{ kind: "message", data, sender_id: person_id, cid }]),
    );
    return items[0]!;
  },
  async here({ person_id }, key) {
    if (key === "crowd") return null;
    return [...(members.get(key) ?? [])].filter((id) => id === person_id || id === ben.id) as (typeof ben.id)[];
  },
});
realtime.streams("silent", { mayRead: async () => true });
let made = 0;
function room(...people: { id: string }[]): string {
  const key = `r${made++}`;
  members.set(key, new Set(people.map(({ id }) => id)));
  return `room:${key}`;
}
const add = (stream: string, ...items: NewItem[]) => sql.tx((tx) => realtime.append(tx, stream, items));
const words = (...data: Json[]): NewItem[] => data.map((one) => ({ kind: "word", data: one }));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function clientOf(person: typeof ann, more: Parameters<typeof clientOn>[2] = {}) {
  const client = clientOn(net, person.token, more);
  clients.push(client);
  client.connect();
  return client;
}
async function subscribed(sub: Subscription): Promise<SubscribedContext> {
  const told = next<SubscribedContext>(sub, "subscribed");
  sub.subscribe();
  return told;
}

test("CF1: a client gets in by a token of the house, and by nothing else", async () => {
  const wrong = clientOn(net, "not a token");
  clients.push(wrong);
  const gone = next<{ code: number }>(wrong, "disconnected");
  wrong.connect();
  // It is told that the token has ended, and has no other.
  expect((await gone).code).toBe(1);
  const nobody = await net.raw();
  nobody.say('{"id":1,"connect":{}}');
  expect(await nobody.reply(1)).toMatchObject({ error: { code: 101 } });
  const client = clientOf(ann);
  const connected = await next<{ client: string }>(client, "connected");
  expect(connected.client).toMatch(/^[0-9a-f-]{36}$/);
  const header = await net.raw(ann.token);
  header.say('{"id":1,"connect":{}}');
  expect(await header.reply(1)).toMatchObject({ connect: { version: "house", ping: 25, pong: true } });
});

test("CF1: who has ended is asked for another token, gets in by it, and goes on where they were", async () => {
  const stream = room(ann);
  await add(stream, ...words(1));
  const { body } = await house.client.call(peopleRoutes.createToken, {
    token: ann.token,
    body: { name: "ends", scopes: ["read"], expires_in_d: null },
  });
  const client = clientOf({ ...ann, token: body.secret }, { getToken: async () => ann.token });
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  expect((await subscribed(sub)).recovered).toBe(false);
  const lost = next<{ code: number }>(client, "connecting");
  const again = next<SubscribedContext>(sub, "subscribed");
  await house.client.call(peopleRoutes.revokeToken, { token: ann.token, params: { id: body.id } });
  expect((await lost).code).toBe(3005);
  await add(stream, ...words(2, 3));
  expect(await again).toMatchObject({ wasRecovering: true, recovered: true });
  expect(await heard.upTo(3)).toEqual([2, 3]);
});

test("CF1: bots, and tokens that may not read, do not get in by a command what they do not get by the handshake", async () => {
  const { bots } = house.people;
  const bot_token = await sql.tx(async (tx) => {
    const asked = { handle: "robot", display_name: "Robot", owner_id: ann.id, avatar_image_id: null };
    const bot_id = await bots.create(tx, asked);
    return (await bots.makeToken(tx, bot_id, { name: "its", scopes: ["read", "write"], expires_in_d: null })).secret;
  });
  const { body } = await house.client.call(peopleRoutes.createToken, {
    token: ann.token,
    body: { name: "a writer", scopes: ["write"], expires_in_d: null },
  });
  for (const token of [bot_token, body.secret]) {
    const raw = await net.raw();
    raw.say(JSON.stringify({ id: 1, connect: { token } }));
    expect(await raw.closed).toBe(3503);
    const line_of_ours = await line.connect(null);
    line_of_ours.say(["identify", token]);
    expect(await line_of_ours.closed).toBe(LINE_CLOSE.forbidden);
  }
});

test("CF2: a token that ends says when, and is renewed on the same connection, for the same person alone", async () => {
  const short = await house.client.call(peopleRoutes.createToken, {
    token: ann.token,
    body: { name: "short", scopes: ["read"], expires_in_d: 1 },
  });
  const raw = await net.raw();
  raw.say(JSON.stringify({ id: 1, connect: { token: short.body.secret } }));
  const { connect } = (await raw.reply(1)) as { connect: { expires: boolean; ttl: number } };
  expect(connect.expires).toBe(true);
  expect(connect.ttl).toBeGreaterThan(86_000);
  expect(connect.ttl).toBeLessThanOrEqual(86_400);
  raw.say('{"id":2,"refresh":{"token":"nobody"}}');
  expect(await raw.reply(2)).toMatchObject({ error: { code: 109, temporary: true } });
  raw.say(JSON.stringify({ id: 3, refresh: { token: ann.token } }));
  expect(await raw.reply(3)).toEqual({ id: 3, refresh: {} });
  // The first one may go now: the line stands on the other.
  await house.client.call(peopleRoutes.revokeToken, { token: ann.token, params: { id: short.body.id } });
  raw.say('{"id":4,"ping":{}}');
  expect(await raw.reply(4)).toEqual({ id: 4, ping: {} });
  raw.say(JSON.stringify({ id: 5, refresh: { token: ben.token } }));
  expect(await raw.closed).toBe(3500);
});

test("CF3: channels are the streams of the line; others, and those of others, are refused", async () => {
  const client = clientOf(ann);
  const cases: [string, number][] = [
    ["nobody:1", 102],
    ["no stream", 102],
    [room(ben), 103],
    [`person:${ben.id}`, 103],
  ];
  for (const [channel, code] of cases) {
    const sub = client.newSubscription(channel);
    const ended = next<UnsubscribedContext>(sub, "unsubscribed");
    sub.subscribe();
    expect((await ended).code).toBe(code);
  }
  expect(await subscribed(client.newSubscription(`person:${ann.id}`))).toMatchObject({ recoverable: true });
});

test("CF4: publications carry the number, the name, the kind and the sender of an item, in order", async () => {
  const stream = room(ann, ben);
  const { epoch } = await add(stream, ...words("before"));
  const client = clientOf(ann);
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  expect(await subscribed(sub)).toMatchObject({
    streamPosition: { offset: 1, epoch },
    positioned: true,
    recoverable: true,
  });
  const { items } = await add(stream, { kind: "word", data: { it: "is\nhere" }, sender_id: ben.id, cid: "c-1" });
  await add(stream, ...numbers(3, 60).map((n) => words(n)[0]!));
  expect(await heard.upTo(60)).toEqual(numbers(2, 60));
  expect(heard.publications[0]).toEqual({
    channel: stream,
    data: { it: "is\nhere" },
    offset: 2,
    tags: { id: items[0]!.id, kind: "word", at: items[0]!.at.toISOString(), cid: "c-1" },
    info: { user: ben.id, client: "" },
  });
  expect(heard.publications.slice(1).map(({ data }) => data as unknown)).toEqual(numbers(3, 60));
});

test("CF5: what was missed comes once and in order, whatever was cut off in between", async () => {
  const stream = room(ann);
  const client = clientOf(ann);
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  const answers: SubscribedContext[] = [];
  await subscribed(sub);
  const told = await witnessOf(line, ann, stream);
  sub.on("subscribed", (ctx) => answers.push(ctx));
  let written = 0;
  for (let round = 0; round < 5; round++) {
    await add(stream, ...numbers(written + 1, written + 7).map((n) => words(n)[0]!));
    await heard.upTo(written + 7);
    written += 7;
    const again = next(sub, "subscribed");
    net.down = true;
    net.cut();
    await add(stream, ...numbers(written + 1, written + 40).map((n) => words(n)[0]!));
    written += 40;
    await told(written);
    net.down = false;
    await again;
  }
  expect(await heard.upTo(written)).toEqual(numbers(1, written));
  const whole = { wasRecovering: true, recovered: true, hasRecoveredPublications: true };
  expect(answers).toMatchObject(Array.from({ length: 5 }, () => whole));
});

test("CF5: much that was missed, and large, comes in portions and lacks nothing", async () => {
  const stream = room(ann);
  const { epoch } = await add(stream, ...words("first"));
  for (let i = 0; i < 5; i++) await add(stream, ...numbers(1, 30).map((n) => words("x".repeat(8_000) + n)[0]!));
  const client = clientOf(ann);
  const sub = client.newSubscription(stream, { since: { offset: 1, epoch } });
  const heard = hear(sub);
  expect(await subscribed(sub)).toMatchObject({ recovered: true, hasRecoveredPublications: true });
  expect(await heard.upTo(151)).toEqual(numbers(2, 151));
});

test("CF6: who is too far behind, or comes with another history, is told so, is live from the head, and reads the rest in pages", async () => {
  const stream = room(ann);
  const { epoch } = await add(stream, ...words(1));
  await add(stream, ...numbers(2, 301).map((n) => words(n)[0]!));
  const client = clientOf(ann);
  const sub = client.newSubscription(stream, { since: { offset: 1, epoch } });
  const heard = hear(sub);
  expect(await subscribed(sub)).toMatchObject({
    wasRecovering: true,
    recovered: false,
    streamPosition: { offset: 301, epoch },
  });
  const pulled: unknown[] = [];
  for (let since = { offset: 1, epoch }; ;) {
    const page = await sub.history({ since, limit: 200 });
    pulled.push(...page.publications.map(({ data }) => data as unknown));
    expect(page).toMatchObject({ offset: 301, epoch });
    if (page.publications.length === 0) break;
    since = { offset: page.publications.at(-1)!.offset!, epoch };
  }
  expect(pulled).toEqual(numbers(2, 301));
  await add(stream, ...words(302));
  expect(await heard.upTo(302)).toEqual([302]);

  const other = clientOf(ann).newSubscription(stream, { since: { offset: 300, epoch: "another" } });
  expect(await subscribed(other)).toMatchObject({ wasRecovering: true, recovered: false });
  const raw = await net.raw(ann.token);
  raw.say(
    `{"id":1,"connect":{}}\n${JSON.stringify({ id: 2, subscribe: { channel: stream, recover: true, offset: 1, epoch, flag: 3 } })}`,
  );
  expect(await raw.reply(2)).toMatchObject({ error: { code: 112 } });
  raw.say(JSON.stringify({ id: 3, subscribe: { channel: stream } }));
  expect(await raw.reply(3)).toMatchObject({ subscribe: { offset: 302 } });
});

test("CF7: publishing asks the stream's system, is answered after the commit, and says why it was refused", async () => {
  const stream = room(ann);
  const client = clientOf(ann);
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  await subscribed(sub);
  await sub.publish({ text: "hej" });
  // The same letter twice is one publication.
  for (let i = 0; i < 2; i++) await sub.publish({ cid: "letter-1", data: "once" });
  await sub.publish("last");
  expect(await heard.upTo(3)).toEqual([1, 2, 3]);
  expect(heard.publications.map(({ data, tags }) => [data as unknown, tags?.cid === "letter-1"])).toEqual([
    [{ text: "hej" }, false],
    ["once", true],
    ["last", false],
  ]);
  const refused = (channel: string, data: Json) =>
    client.publish(channel, data).then(
      () => null,
      (error: { code: number; message: string }) => [error.code, error.message.split(":")[0]],
    );
  expect(await refused(stream, "slow down")).toEqual([111, "room.slow"]);
  expect(await refused(stream, "odd")).toEqual([422, "room.odd"]);
  expect(await refused(room(ben), "x")).toEqual([103, "room.not_yours"]);
  expect(await refused("silent:1", "x")).toEqual([102, "realtime.unknown_stream"]);
  const { body } = await house.client.call(peopleRoutes.createToken, {
    token: ann.token,
    body: { name: "a reader", scopes: ["read"], expires_in_d: null },
  });
  const reader = clientOf({ ...ann, token: body.secret });
  await next(reader, "connected");
  expect(await reader.publish(stream, "x").then(String, (error: { code: number }) => error.code)).toBe(103);
});

test("CF8: history goes both ways, holds what was asked for, and asks each time whether they may", async () => {
  const stream = room(ann);
  const { epoch } = await add(stream, ...numbers(1, 10).map((n) => words(n)[0]!));
  const client = clientOf(ann);
  await next(client, "connected");
  const page = async (asked: Parameters<typeof client.history>[1]) =>
    (await client.history(stream, asked)).publications.map(({ offset }) => offset!);
  expect(await client.history(stream)).toEqual({ publications: [], epoch, offset: 10 });
  expect(await page({ limit: 3 })).toEqual([1, 2, 3]);
  expect(await page({ limit: -1 })).toEqual(numbers(1, 10));
  expect(await page({ limit: 3, reverse: true })).toEqual([10, 9, 8]);
  expect(await page({ limit: 3, since: { offset: 4, epoch } })).toEqual([5, 6, 7]);
  expect(await page({ limit: 3, since: { offset: 4, epoch }, reverse: true })).toEqual([3, 2, 1]);
  expect(await page({ limit: 3, since: { offset: 10, epoch } })).toEqual([]);
  const code = (channel: string, asked: Parameters<typeof client.history>[1]) =>
    client.history(channel, asked).then(String, (error: { code: number }) => error.code);
  expect(await code(stream, { limit: 3, since: { offset: 4, epoch: "another" } })).toBe(112);
  expect(await code(stream, { limit: 3, since: { offset: 40, epoch } })).toBe(112);
  members.get(stream.slice(5))!.clear();
  expect(await code(stream, { limit: 3 })).toBe(103);
});

test("CF9: who is here is said by the stream's system, of people, to those who may read; where it says nothing, nothing is said", async () => {
  const stream = room(ann, ben);
  const client = clientOf(ann);
  await next(client, "connected");
  expect(await client.presence(stream)).toEqual({
    clients: { [ann.id]: { client: ann.id, user: ann.id }, [ben.id]: { client: ben.id, user: ben.id } },
  });
  expect(await client.presenceStats(stream)).toEqual({ numClients: 2, numUsers: 2 });
  members.set("crowd", new Set([ann.id]));
  const code = (channel: string) => client.presence(channel).then(String, (error: { code: number }) => error.code);
  expect(await code("room:crowd")).toBe(108);
  expect(await code(room(ben))).toBe(103);
  expect(await code("silent:1")).toBe(102);
});

test("CF10: who may not read any more is unsubscribed for good, and hears nothing that comes after", async () => {
  const stream = room(ann, ben);
  const [one, other] = [clientOf(ann).newSubscription(stream), clientOf(ben).newSubscription(stream)];
  const [heard, heard_by_other] = [hear(one), hear(other)];
  for (const sub of [one, other]) await subscribed(sub);
  await add(stream, ...words(1));
  await heard.upTo(1);
  const ended = next<UnsubscribedContext>(one, "unsubscribed");
  members.get(stream.slice(5))!.delete(ann.id);
  await add(stream, { kind: "left", data: null, recheck: ann.id }, ...words(3));
  expect(await ended).toMatchObject({ code: 2103, reason: "permission denied" });
  expect(await heard_by_other.upTo(3)).toEqual([1, 2, 3]);
  expect([heard.offsets(), one.state as string]).toEqual([[1], "unsubscribed"]);
  // And by a word of their system, without an item.
  const gone = next<UnsubscribedContext>(other, "unsubscribed");
  members.get(stream.slice(5))!.clear();
  realtime.recheck({ stream });
  expect((await gone).code).toBe(2103);
});

test("CF11: sessions that end, and people who are suspended, are closed within the second; only the first come back", async () => {
  const eve = await house.person("eve");
  const client = clientOf(eve);
  await next(client, "connected");
  const ended = next<{ code: number }>(client, "disconnected");
  const connecting = next<{ code: number }>(client, "connecting");
  await house.client.call(peopleRoutes.revokeSession, {
    token: eve.token,
    params: { id: eve.viewer.credential.id },
  });
  expect((await connecting).code).toBe(3005);
  // Its token is the same: it gets in no more, and has nobody to ask for another.
  expect((await ended).code).toBe(1);

  const gus = await house.person("gus");
  const suspended = clientOf(gus);
  await next(suspended, "connected");
  const closed = next<{ code: number }>(suspended, "disconnected");
  const done = await sql.tx((tx) =>
    house.people.discipline.suspend(tx, gus.id, {
      by: ann.id,
      act_id: house.db.ids.next(),
      reason: "a test",
      until: null,
    }),
  );
  done?.();
  expect((await closed).code).toBe(3503);
});
