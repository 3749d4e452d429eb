import { afterAll, expect, test } from "bun:test";

import type { Centrifuge, PublicationContext, SubscribedContext, Subscription, UnsubscribedContext } from "centrifuge";
import fc from "fast-check";

import type { Json } from "#kernel/json.ts";
import { createLocalBus } from "#ports/bus/index.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import { testLine } from "#systems/realtime/testing.ts";

import { serveCentrifugo } from "./index.ts";
import { decode, encode, framed, type Shape, unframed } from "./protobuf.ts";
import { COMMAND } from "./shapes.ts";
import { clientOn, hear, next, nodeOf, testNet, witnessOf } from "./testing.ts";

const line = await testLine();
const { house, realtime } = line;
const { sql } = house.db;
serveCentrifugo(house.api, { clock: house.db.clock, people: house.people, line: realtime, version: "house" });
const net = testNet(house);
const ann = await house.person("ann");
const clients: Centrifuge[] = [];
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await line[Symbol.asyncDispose]();
});
let may = true;
realtime.streams("room", {
  mayRead: async () => may,
  here: async ({ person_id }) => [person_id],
  async send({ person_id }, key, cid, data) {
    const item = { kind: "message", data, sender_id: person_id, cid };
    return (await sql.tx((tx) => realtime.append(tx, `room:${key}`, [item]))).items[0]!;
  },
});
const utf8 = { to: new TextEncoder(), from: new TextDecoder() };
const bytes = (value: Json) => utf8.to.encode(JSON.stringify(value));
const json = (data: unknown): Json => JSON.parse(utf8.from.decode(data as Uint8Array)) as Json;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const add = (stream: string, ...data: Json[]) =>
  sql.tx((tx) =>
    realtime.append(
      tx,
      stream,
      data.map((one) => ({ kind: "word", data: one })),
    ),
  );

async function subscribed(sub: Subscription): Promise<SubscribedContext> {
  const told = next<SubscribedContext>(sub, "subscribed");
  sub.subscribe();
  return told;
}

test("CF20: the npm client in protobuf does all that it does in JSON", async () => {
  const stream = "room:whole";
  const client = clientOn(net, ann.token, {}, "protobuf");
  clients.push(client);
  client.connect();
  const sub = client.newSubscription(stream);
  const heard = hear(sub);
  expect(await subscribed(sub)).toMatchObject({ recoverable: true, positioned: true });
  const told = await witnessOf(line, ann, stream);
  await sub.publish(bytes({ cid: "a-letter", data: { body: "hej å \\u0000" } }));
  expect(await heard.upTo(1)).toEqual([1]);
  const { data, tags, info } = heard.publications[0]!;
  expect(json(data)).toEqual({ body: "hej å \\u0000" });
  expect([tags!.kind, tags!.cid, info!.user]).toEqual(["message", "a-letter", ann.id]);

  const again = next<SubscribedContext>(sub, "subscribed");
  net.down = true;
  net.cut();
  await add(stream, ...numbers(2, 60));
  await told(60);
  net.down = false;
  expect(await again).toMatchObject({ wasRecovering: true, recovered: true, hasRecoveredPublications: true });
  // Together, as one frame.
  await add(stream, 61, 62, 63);
  expect(await heard.upTo(63)).toEqual(numbers(1, 63));
  expect(heard.publications.slice(1).map((one) => json(one.data))).toEqual(numbers(2, 63));

  const page = await sub.history({ limit: -1, reverse: true });
  expect(page.publications.map(({ offset }) => offset!)).toEqual(numbers(1, 63).toReversed());
  expect((await sub.history({ limit: 2, since: { offset: 4, epoch: page.epoch } })).publications).toHaveLength(2);
  expect(await sub.presence()).toMatchObject({ clients: { [ann.id]: { user: ann.id } } });
  expect(await sub.presenceStats()).toEqual({ numClients: 1, numUsers: 1 });
  const typed = next<PublicationContext>(sub, "publication");
  realtime.ephemeral(stream, "typing", ann.id, { by: "ann" });
  expect(json((await typed).data)).toEqual({ by: "ann" });
  const code = (work: Promise<unknown>) => work.then(String, (error: { code: number }) => error.code);
  expect(await code(client.rpc("any", bytes(1)))).toBe(104);
  expect(await code(client.history("nothing:1"))).toBe(102);

  const ended = next<UnsubscribedContext>(sub, "unsubscribed");
  may = false;
  realtime.recheck({ stream });
  expect(await ended).toMatchObject({ code: 2103, reason: "permission denied" });
  may = true;
});

test("CF17: in protobuf a sign of life is an empty message", async () => {
  const clock = createVirtualClock();
  await using bus = createLocalBus();
  await using node = await nodeOf(house, { bus, clock });
  const client = clientOn(node.net, ann.token, {}, "protobuf");
  clients.push(client);
  const connected = next(client, "connected");
  client.connect();
  await connected;
  // It answers each of them, or it would be gone.
  for (let i = 0; i < 4; i++) {
    await clock.advance(26_000);
    await client.ready();
  }
  expect(client.state as string).toBe("connected");
  client.disconnect();
});

test("CF12: bytes that are no commands end the connection", async () => {
  const id_and_ping = encode(COMMAND, { id: 2, ping: {} });
  const broken = [
    Uint8Array.of(5, 1),
    Uint8Array.of(1, 0xff),
    framed([encode(COMMAND, { id: 2 })]),
    framed([encode(COMMAND, { ping: {} })]),
    framed([encode(COMMAND, { id: 2, publish: { channel: "room:a", data: utf8.to.encode("{") } })]),
    framed([encode(COMMAND, { id: 2, publish: { channel: "room:a", data: Uint8Array.of(0xff) } })]),
    framed([encode(COMMAND, { id: 2, subscribe: { channel: "room:a", recover: true, offset: 2 ** 60 } })]),
    framed([id_and_ping.subarray(0, id_and_ping.length - 1)]),
    Uint8Array.of(11, ...Array.from({ length: 11 }, () => 0xff)),
  ];
  for (const [i, message] of broken.entries()) {
    const part = await house.api.upgrade(
      new Request("http://house.test/connection/websocket", {
        headers: { "sec-websocket-protocol": "centrifuge-protobuf", authorization: `Bearer ${ann.token}` },
      }),
      "192.0.2.1",
    );
    if (!part || part instanceof Response) throw new Error("no line");
    const closed = Promise.withResolvers<number>();
    const connected = Promise.withResolvers<void>();
    part.opened({
      send: () => true,
      sendBytes: () => (connected.resolve(), true),
      close: closed.resolve,
      waiting: () => 0,
    });
    part.saidBytes!(framed([encode(COMMAND, { id: 1, connect: {} })]));
    await connected.promise;
    part.saidBytes!(message);
    expect([i, await closed.promise]).toEqual([i, 3501]);
    part.closed();
  }
  expect(house.broken).toEqual([]);
});

test("CF20: what is encoded is decoded as it was, and any bytes are decoded or refused", () => {
  const shape: Shape = {
    number: [1, "uint"],
    whole: [2, "int32"],
    is: [3, "bool"],
    word: [4, "string"],
    raw: [15, "bytes"],
    inner: [1000, { word: [2, "string"], number: [3, "uint"] }],
  };
  const seed = Number(process.env.CF_SEED ?? Math.floor(Math.random() * 2 ** 31));
  fc.assert(
    fc.property(
      fc.record({
        number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        whole: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        is: fc.constant(true),
        word: fc.string({ minLength: 1, unit: "grapheme" }),
        raw: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        inner: fc.record({ word: fc.string({ minLength: 1 }), number: fc.integer({ min: 1, max: 300 }) }),
      }),
      (value) => expect(decode(shape, encode(shape, value))).toEqual(value),
    ),
    { seed, numRuns: 300 },
  );
  // −1 goes over the wire as ten bytes.
  const minus_one = Uint8Array.of(16, ...Array.from({ length: 9 }, () => 0xff), 1);
  expect(decode(shape, minus_one)).toEqual({ whole: -1 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (random) => {
      try {
        for (const message of unframed(random)) decode(COMMAND, message);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { seed, numRuns: 2_000 },
  );
});
