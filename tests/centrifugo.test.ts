import { afterAll, describe, expect, test } from "bun:test";

import { Centrifuge, type SubscribedContext, type Subscription, type UnsubscribedContext } from "centrifuge";

import { createRedis, createRedisBus } from "#engines/redis/index.ts";
import { REDIS_SERVER, testRedis } from "#engines/redis/testing.ts";
import { clientOn, hear, next, nodeOf, type TestNode } from "#systems/centrifugo/testing.ts";
import { chatRoutes as r } from "#systems/chat/contract.ts";
import { testLine } from "#systems/realtime/testing.ts";

import { personOf, startHouse } from "./house.ts";

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function subscribed(sub: Subscription): Promise<SubscribedContext> {
  const told = next<SubscribedContext>(sub, "subscribed");
  sub.subscribe();
  return told;
}

test("CF21: the npm client, unmodified, follows a chat over a real network, publishes by its rules, and lacks nothing after kill -9", async () => {
  const house = opened.use(await startHouse());
  const [ann, ben, eve] = [await personOf(house, "ann"), await personOf(house, "ben"), await personOf(house, "eve")];
  const { body: group } = await house.client.call(r.createGroup, {
    token: ann,
    body: { name: "Us", handles: ["ben", "eve"] },
  });
  const channel = `chat:${group.id}`;
  const clientOf = (token: string) => {
    const client = new Centrifuge(`${house.url.replace("http", "ws")}/connection/websocket`, {
      token,
      minReconnectDelay: 20,
      maxReconnectDelay: 200,
      // A machine that is busy is not away.
      timeout: 60_000,
    });
    opened.defer(() => client.disconnect());
    client.connect();
    return client;
  };
  const write = (token: string, body: string) =>
    house.client.call(r.sendMessage, { token, params: { id: group.id }, body: { cid: crypto.randomUUID(), body } });
  const client = clientOf(ben);
  const sub = client.newSubscription(channel);
  const heard = hear(sub);
  const { streamPosition } = await subscribed(sub);
  const { offset: at, epoch } = streamPosition!;
  const words = () =>
    heard.publications.flatMap(({ data, tags }) =>
      tags?.kind === "message.created" ? [(data as { body: string }).body] : [],
    );

  await write(ann, "Hej");
  await heard.upTo(at + 1);
  expect(heard.publications[0]!.info?.user).toMatch(/^\d+$/);
  const letter = { cid: crypto.randomUUID(), data: { body: "And you?" } };
  await sub.publish(letter);
  await sub.publish(letter);
  await heard.upTo(at + 2);
  expect(words()).toEqual(["Hej", "And you?"]);
  expect(await sub.publish({ body: "" }).then(String, (error: { code: number }) => error.code)).toBe(422);
  expect(await sub.publish({ nothing: 1 }).then(String, (error: { code: number }) => error.code)).toBe(422);
  const there = await sub.presence();
  expect(Object.keys(there.clients)).toContain(heard.publications[1]!.info!.user);

  const again = next<SubscribedContext>(sub, "subscribed");
  await house.crash();
  await house.restart();
  for (const n of numbers(1, 5)) await write(ann, `Missed ${n}`);
  expect(await again).toMatchObject({ wasRecovering: true, recovered: true });
  expect(await heard.upTo(at + 7)).toEqual(numbers(at + 1, at + 7));
  expect(words()).toEqual(["Hej", "And you?", ...numbers(1, 5).map((n) => `Missed ${n}`)]);

  // The page of another one's client, who is put out while it listens.
  const hers = clientOf(eve).newSubscription(channel, { since: { offset: at, epoch } });
  const her_words = hear(hers);
  expect(await subscribed(hers)).toMatchObject({ recovered: true });
  await her_words.upTo(at + 7);
  const ended = next<UnsubscribedContext>(hers, "unsubscribed");
  await house.client.call(r.removeMember, { token: ann, params: { id: group.id, handle: "eve" } });
  await write(ann, "Not for eve");
  expect((await ended).code).toBe(2103);
  while (words().at(-1) !== "Not for eve") await next(sub, "publication");
  expect(her_words.publications.map(({ data }) => (data as { body?: string } | null)?.body)).not.toContain(
    "Not for eve",
  );
  expect(
    await clientOf(eve)
      .history(channel, { limit: 1 })
      .then(String, (error: { code: number }) => error.code),
  ).toBe(103);
}, 240_000);

describe.skipIf(REDIS_SERVER === null)("two nodes on Redis", () => {
  test("CF22: who goes from one node to the other, whoever dies, has everything once and in order", async () => {
    const redis = opened.use(await testRedis());
    const line = opened.use(await testLine());
    const { house } = line;
    const { clock, sql } = house.db;
    const nodes: TestNode[] = [];
    for (const _ of numbers(1, 2)) {
      const client = opened.use(createRedis({ url: redis.url, clock, command_ms_max: 2_000 }));
      const bus = opened.use(createRedisBus({ redis: client, url: redis.url, clock, house: "h" }));
      const node = opened.use(await nodeOf(house, { bus, clock }));
      node.realtime.streams("room", { mayRead: async () => true });
      nodes.push(node);
    }
    const ann = await house.person("ann");
    const stream = "room:both";
    let written = 0;
    /** On the other node than the one that tells it, by turns. */
    const write = async (count: number) => {
      for (let i = 0; i < count; i++) {
        written += 1;
        const { realtime } = nodes[written % 2]!;
        await sql.tx((tx) => realtime.append(tx, stream, [{ kind: "word", data: written }]));
      }
    };
    let at = 0;
    // The browser's WebSocket, which reaches whichever node the house sends it to.
    const Anywhere = function (url: string) {
      return new nodes[at]!.net.WebSocket(url);
    } as unknown as typeof WebSocket;
    const client = clientOn({ ...nodes[0]!.net, WebSocket: Anywhere }, ann.token);
    opened.defer(() => client.disconnect());
    client.connect();
    const sub = client.newSubscription(stream);
    const heard = hear(sub);
    await subscribed(sub);
    for (let round = 0; round < 6; round++) {
      await write(10);
      await heard.upTo(written);
      const again = next<SubscribedContext>(sub, "subscribed");
      const { net } = nodes[at]!;
      at = 1 - at;
      net.cut();
      await write(10);
      expect(await again).toMatchObject({ wasRecovering: true, recovered: true });
    }
    expect(await heard.upTo(written)).toEqual(numbers(1, written));
    expect(heard.publications.map(({ data }) => data as unknown)).toEqual(numbers(1, written));
  }, 60_000);
});
