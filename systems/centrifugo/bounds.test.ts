import { afterAll, expect, test } from "bun:test";

import type { PublicationContext, SubscribedContext } from "centrifuge";

import { createLocalBus } from "#ports/bus/index.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import type { NewItem } from "#systems/realtime/index.ts";
import { testLine } from "#systems/realtime/testing.ts";

import * as b from "./bounds.ts";
import { MESSAGE_BYTES_MAX } from "./contract.ts";
import { serveCentrifugo } from "./index.ts";
import { clientOn, hear, next, nodeOf, type RawClient, testNet } from "./testing.ts";

const line = await testLine();
const { house, realtime } = line;
const { sql } = house.db;
serveCentrifugo(house.api, { clock: house.db.clock, people: house.people, line: realtime, version: "house" });
const net = testNet(house);
const ann = await house.person("ann");
const clients: ReturnType<typeof clientOn>[] = [];
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await line[Symbol.asyncDispose]();
});
const anybody = { mayRead: async () => true };
realtime.streams("room", {
  ...anybody,
  ephemeral: async (_viewer, _key, _slot, data) => data,
});
const add = (stream: string, ...items: NewItem[]) => sql.tx((tx) => realtime.append(tx, stream, items));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const items = (from: number, to: number): NewItem[] => numbers(from, to).map((n) => ({ kind: "word", data: n }));

function clientOf(more: Parameters<typeof clientOn>[2] = {}) {
  const client = clientOn(net, ann.token, more);
  clients.push(client);
  client.connect();
  return client;
}
async function rawOf(): Promise<RawClient> {
  const raw = await net.raw(ann.token);
  raw.say('{"id":1,"connect":{}}');
  await raw.reply(1);
  return raw;
}

test("CF12: what is no command, or comes before the first, ends the connection; nobody is told why", async () => {
  const broken = [
    "",
    "x",
    "[]",
    "7",
    "null",
    '{"id":2}',
    '{"id":2,"nothing":{}}',
    '{"subscribe":{"channel":"room:a"}}',
    '{"id":-1,"ping":{}}',
    '{"id":2,"subscribe":{}}',
    '{"id":2,"subscribe":{"channel":"room:a","recover":true,"offset":-1}}',
    '{"id":2,"subscribe":{"channel":"room:a","recover":true,"offset":1e300}}',
    '{"id":2,"subscribe":{"channel":"room:a","recover":true,"offset":9007199254740993}}',
    `{"id":2,"history":{"channel":"room:a","limit":"1"}}`,
    `{"id":2,"subscribe":{"channel":"${"r".repeat(b.CHANNEL_CHARS_MAX + 1)}"}}`,
    '{"id":2,"ping":{}}\n{"id":3',
    '{"id":2,"__proto__":{"ping":{}}}',
    '{"id":2,"connect":{}}',
    `{"id":2,"ping":{"x":"${"y".repeat(MESSAGE_BYTES_MAX)}"}}`,
  ];
  for (const text of broken.slice(1)) {
    const raw = await rawOf();
    raw.say(text);
    expect([text.slice(0, 80), await raw.closed]).toEqual([text.slice(0, 80), 3501]);
    expect(raw.heard).toHaveLength(1);
  }
  const early = await net.raw(ann.token);
  early.say('{"id":1,"subscribe":{"channel":"room:a"}}');
  expect(await early.closed).toBe(3501);
});

test("CF12: an empty message and an empty command say nothing, and end nothing", async () => {
  const raw = await rawOf();
  raw.say("\n\n");
  raw.say("{}\n{}");
  raw.say('{"id":2,"ping":{}}');
  expect(await raw.reply(2)).toEqual({ id: 2, ping: {} });
});

test("CF13: what is not here is refused with a reason, and harms nothing else", async () => {
  const raw = await rawOf();
  const commands: [object, number][] = [
    [{ rpc: { method: "delete_all", data: {} } }, 104],
    [{ sub_refresh: { channel: "room:a", token: "x" } }, 108],
    [{ subscribe: { channel: "room:a", type: 1 } }, 108],
    [{ publish: { channel: "room:a", data: {}, type: 1, key: "k" } }, 108],
    [{ subscribe: { channel: "room:a", tf: { op: "and" } } }, 107],
    [{ publish: { channel: "room:a", data: {} } }, 102],
    [{ presence: { channel: "room:a" } }, 102],
    [{ history: { channel: "nothing:a" } }, 102],
  ];
  for (const [i, [command, code]] of commands.entries()) {
    raw.say(JSON.stringify({ id: 10 + i, ...command }));
    expect(await raw.reply(10 + i)).toMatchObject({ error: { code, message: expect.any(String) as string } });
  }
  raw.say(
    '{"id":2,"subscribe":{"channel":"room:a"}}\n{"id":3,"subscribe":{"channel":"room:a"}}\n{"id":4,"unsubscribe":{"channel":"room:a"}}\n{"id":5,"subscribe":{"channel":"room:a"}}',
  );
  expect(await raw.reply(2)).toMatchObject({ subscribe: { recoverable: true } });
  expect(await raw.reply(3)).toMatchObject({ error: { code: 105 } });
  expect(await raw.reply(4)).toEqual({ id: 4, unsubscribe: {} });
  expect(await raw.reply(5)).toMatchObject({ subscribe: { recoverable: true } });
  raw.say('{"send":{"data":{}}}');
  expect(await raw.closed).toBe(3508);
});

test("CF14: commands that wait, channels and connections are bounded; as many channels as may be come in one message", async () => {
  const flood = await rawOf();
  flood.say(
    numbers(2, b.COMMANDS_WAITING_MAX + 2)
      .map((id) => `{"id":${id},"ping":{}}`)
      .join("\n"),
  );
  expect(await flood.closed).toBe(3013);

  const eve = await house.person("eve");
  const raw = await net.raw(eve.token);
  raw.say(
    ['{"id":1,"connect":{}}']
      .concat(numbers(2, 502).map((id) => JSON.stringify({ id, subscribe: { channel: `room:n${id}`, flag: 1 } })))
      .join("\n"),
  );
  expect(await raw.reply(502)).toMatchObject({ error: { code: 106 } });
  expect(raw.heard.filter((text) => text.includes('"recoverable":true'))).toHaveLength(500);

  const dan = await house.person("dan");
  const lines = await Promise.all(
    numbers(1, 20).map(async () => {
      const one = await net.raw(dan.token);
      one.say('{"id":1,"connect":{}}');
      await one.reply(1);
      return one;
    }),
  );
  expect(lines).toHaveLength(20);
  const more = await net.raw(dan.token);
  more.say('{"id":1,"connect":{}}');
  expect(await more.closed).toBe(3013);
});

test("CF15: who does not read is pushed no more, comes back where they were when they read again, and lacks nothing", async () => {
  const stream = "room:slow";
  const client = clientOf();
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  const ready = next(sub, "subscribed");
  sub.subscribe();
  await ready;
  await add(stream, ...items(1, 3));
  await heard.upTo(3);
  const socket = net.open.at(-1)!;
  const quick = hear(clientOf().newSubscription(stream));
  const other = clients.at(-1)!.getSubscription(stream)!;
  const ready_too = next(other, "subscribed");
  other.subscribe();
  await ready_too;
  socket.stalled = true;
  socket.waiting = 256 * 1024 + 1;
  await add(stream, ...items(4, 30));
  await add(stream, ...items(31, 60));
  expect(await quick.upTo(60)).toEqual(numbers(4, 60));
  const again = next<{ code: number }>(sub, "subscribing");
  const back = next<SubscribedContext>(sub, "subscribed");
  socket.read();
  expect((await again).code).toBe(2500);
  expect(await back).toMatchObject({ wasRecovering: true, recovered: true });
  expect(await heard.upTo(60)).toEqual(numbers(1, 60));
  socket.waiting = 1024 * 1024;
  const lost = next<{ code: number }>(client, "connecting");
  client.publish(stream, "x").catch(() => {});
  expect((await lost).code).toBe(3008);
});

test("CF16: what may be lost has no number, and moves nobody on", async () => {
  const stream = "room:typing";
  const client = clientOf();
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  const ready = next(sub, "subscribed");
  sub.subscribe();
  await ready;
  const typed = next<PublicationContext>(sub, "publication");
  realtime.ephemeral(stream, "typing", ann.id, { by: "ann" });
  expect(await typed).toEqual({
    channel: stream,
    data: { by: "ann" },
    tags: { slot: "typing" },
    info: { user: ann.id, client: "" },
  });
  await add(stream, ...items(1, 1));
  expect(await heard.upTo(1)).toEqual([1]);
});

test("CF17: the house asks for a sign of life, closes who gives none, and closes who never says who they are", async () => {
  const clock = createVirtualClock();
  await using bus = createLocalBus();
  await using node = await nodeOf(house, { bus, clock });
  const [alive, dead, mute] = [
    await node.net.raw(ann.token),
    await node.net.raw(ann.token),
    await node.net.raw(ann.token),
  ];
  for (const raw of [alive, dead]) {
    raw.say('{"id":1,"connect":{}}');
    await raw.reply(1);
  }
  await clock.advance(11_000);
  expect(await mute.closed).toBe(3502);
  await clock.advance(15_000);
  expect([alive.heard.at(-1), dead.heard.at(-1)]).toEqual(["{}", "{}"]);
  alive.say("{}");
  await clock.advance(11_000);
  expect(await dead.closed).toBe(3012);
  alive.say('{"id":2,"ping":{}}');
  expect(await alive.reply(2)).toEqual({ id: 2, ping: {} });
});

test("CF18: another history is noticed on a standing connection too, and told as one that cannot be recovered", async () => {
  const stream = "room:restored";
  const { epoch } = await add(stream, ...items(1, 3));
  const clock = createVirtualClock();
  await using bus = createLocalBus();
  await using node = await nodeOf(house, { bus, clock });
  node.realtime.streams("room", anybody);
  const raw = await node.net.raw(ann.token);
  raw.say(`{"id":1,"connect":{}}\n${JSON.stringify({ id: 2, subscribe: { channel: stream } })}`);
  expect(await raw.reply(2)).toMatchObject({ subscribe: { offset: 3, epoch } });
  await sql.pool`UPDATE realtime_streams SET last_seq = 1 WHERE stream = ${stream}`;
  // The next look at the heads finds it.
  const told = raw.push("unsubscribe");
  await clock.advance(5_000);
  expect(await told).toEqual({ channel: stream, unsubscribe: { code: 2500, reason: "insufficient state" } });
  raw.say(JSON.stringify({ id: 3, subscribe: { channel: stream, recover: true, offset: 3, epoch } }));
  expect(await raw.reply(3)).toMatchObject({ subscribe: { was_recovering: true, recovered: false, offset: 1 } });
});

test("CF19: a node that closes sends its clients to others, each at a moment of its own, and takes nobody new", async () => {
  const clock = createVirtualClock();
  await using bus = createLocalBus();
  await using node = await nodeOf(house, { bus, clock });
  const raw = await node.net.raw(ann.token);
  raw.say('{"id":1,"connect":{}}');
  await raw.reply(1);
  const drained = node.realtime.drain();
  await clock.advance(6_000);
  expect(await raw.closed).toBe(3001);
  await drained;
  expect(node.net.raw(ann.token)).rejects.toThrow("realtime.too_many_lines");
});

test("CF20: JSON is spoken where nothing else is asked for, and nothing but what was agreed on", async () => {
  for (const [query, offered, agreed] of [
    ["", "", null],
    ["", "centrifuge-json", "centrifuge-json"],
    ["", "chat, centrifuge-protobuf", "centrifuge-protobuf"],
    ["?cf_protocol=protobuf", "", null],
    ["?format=protobuf", "", null],
  ] as const) {
    const part = await house.api.upgrade(
      new Request(`http://house.test/connection/websocket${query}`, {
        headers: offered === "" ? {} : { "sec-websocket-protocol": offered },
      }),
      "192.0.2.1",
    );
    if (!part || part instanceof Response) throw new Error("no line");
    expect(part.protocol).toBe(agreed);
    const closed = Promise.withResolvers<number>();
    part.opened({ send: () => true, sendBytes: () => true, close: closed.resolve, waiting: () => 0 });
    const is_json = agreed !== "centrifuge-protobuf" && query === "";
    if (is_json) part.saidBytes!(Uint8Array.of(0));
    else part.said("{}");
    expect(await closed.promise).toBe(3501);
    part.closed();
  }
  expect(house.broken).toEqual([]);
});
