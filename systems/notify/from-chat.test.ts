import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOutboxMail } from "#ports/mail/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { chatRoutes as c } from "#systems/chat/contract.ts";
import { testChat } from "#systems/chat/testing.ts";
import { peopleRoutes as p } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";
import { spacesRoutes as s } from "#systems/spaces/contract.ts";

import { notifyRoutes as r } from "./contract.ts";
import { chatNotices, createNotify, NOTIFY_FOLDER, serveNotify } from "./index.ts";
import { groupOf } from "./intake.ts";
import { TEST_SECRET, TEST_URL } from "./testing.ts";

const chat = await testChat([NOTIFY_FOLDER]);
const { house } = chat;
const { client, log } = house;
const { sql, clock } = house.db;
const folder = await mkdtemp(join(tmpdir(), "notify-"));
const notify = createNotify({
  sql,
  log,
  jobs: chat.jobs,
  clock,
  people: house.people,
  // No post is in what chat tells.
  feed: {
    posts: async () => new Map(),
    commentTexts: async () => new Map(),
    mutedIn: async (_person_id, texts) => texts.map(() => null),
  },
  mail: createOutboxMail({ folder, clock }),
  outside: createOutside({ clock }),
  secret: TEST_SECRET,
  public_url: TEST_URL,
  house_name: async () => "Test house",
});
notify.register(chatNotices(chat.chat));
serveNotify(house.api, notify);
const working = notify.work();
afterAll(async () => {
  working[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await chat[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const list = async (who: TestPerson) => {
  await log.caughtUp("chat", groupOf("chat"));
  return (await client.call(r.listNotifications, { token: who.token })).body.items;
};
let made = 0;
const people = (count: number) => Promise.all(Array.from({ length: count }, () => house.person(`chatting${made++}`)));

test("CH106: of a voice note without words it is told that it is one, and how long", async () => {
  const [a, b] = await people(2);
  const channel = await chat.direct(a!, b!);
  chat.media.sound("950", b!.id);
  await chat.send(b!, channel, "", { sound_id: "950" });
  expect((await list(a!)).map(({ thing }) => thing?.text)).toEqual(["Voice note (0:12)"]);
});

test("NO36: who is written to is told, once for all that came, and no more when it was read over there", async () => {
  const [a, b] = await people(2);
  const channel = await chat.direct(a!, b!);
  await chat.send(b!, channel, "Are you there?");
  const last = await chat.send(b!, channel, "Tea is ready");
  expect(await list(a!)).toMatchObject([
    {
      kind: "direct_message",
      actor_count: 1,
      actors: [{ id: b!.id }],
      thing: { title: "", text: "Tea is ready", path: `/chat/${channel.id}?at=${last.seq}` },
    },
  ]);
  expect(await list(b!)).toEqual([]);
  await client.call(c.readChannel, { token: a!.token, params: { id: channel.id }, body: { seq: last.seq } as never });
  await log.caughtUp("chat", groupOf("chat"));
  expect(await list(a!)).toEqual([]);
});

test("NO36: named and written to at once is told as named; a block and a deletion hold on the next read", async () => {
  const [a, b, d] = await people(3);
  const group = await chat.group(a!, [b!, d!], "Orchard");
  const named = await chat.send(b!, group, `Look, @${a!.handle}`);
  expect((await list(a!)).map((one) => [one.kind, one.thing?.title])).toEqual([["chat_mention", "in Orchard"]]);
  expect((await list(d!)).map((one) => one.kind)).toEqual(["direct_message"]);
  await client.call(c.deleteMessage, { token: b!.token, params: { id: named.id } });
  expect(await list(a!)).toEqual([]);
  await log.caughtUp("chat", "notify.gone_chat");
  // It lay on a locked screen: there it is to go too.
  const [pushed] = (await sql.pool`
    INSERT INTO notify_pushes (person_id, group_id, seq, state, due_at, since)
    SELECT person_id, group_id, seq, 'sent', now(), now() FROM notify_items WHERE person_id = ${a!.id} RETURNING group_id`) as {
    group_id: string;
  }[];
  await chat.runJob("notify.erase", { thing: `chat:${group.id}:${named.id}` });
  const [push] = (await sql.pool`SELECT group_id, state FROM notify_pushes WHERE person_id = ${a!.id}`) as object[];
  expect(push).toEqual({ ...pushed!, state: "clear" });
  const left = await sql.pool`SELECT 1 FROM notify_items WHERE thing LIKE ${`chat:${group.id}:%`}`;
  expect(left.length).toBe(0);
  await chat.send(b!, group, "Again");
  expect((await list(d!)).length).toBe(1);
  await client.call(p.block, { token: d!.token, params: { handle: b!.handle } });
  expect(await list(d!)).toEqual([]);
});

test("NO36: what stands in a channel that one is put out of is shown no more", async () => {
  const [a, b] = await people(2);
  await client.call(s.createSpace, {
    token: b!.token,
    body: { name: "Weavers", slug: "weavers", join_policy: "open" } as never,
  });
  await client.call(s.joinSpace, { token: a!.token, params: { slug: "weavers" }, body: {} as never });
  const room = await chat.channel(b!, "weavers", "private", "Looms", [a!]);
  await chat.send(b!, room, `A new loom, @${a!.handle}`);
  expect((await list(a!)).map((one) => one.thing?.title)).toEqual(["in Looms"]);
  await client.call(c.leaveChannel, { token: a!.token, params: { id: room.id } });
  expect(await list(a!)).toEqual([]);
});

test("NO36: of a channel somebody hears all that wishes for it, and of what is announced everybody", async () => {
  const [owner, a, b] = await people(3);
  await client.call(s.createSpace, {
    token: owner!.token,
    body: { name: "Bakers", slug: "bakers", join_policy: "open" } as never,
  });
  for (const who of [a!, b!])
    await client.call(s.joinSpace, { token: who.token, params: { slug: "bakers" }, body: {} as never });
  const room = await chat.channel(owner!, "bakers", "public", "Ovens", [a!, b!]);
  const news = await chat.channel(owner!, "bakers", "announcement", "News", [a!, b!]);
  const wish = (who: TestPerson, id: string, body: object) =>
    client.call(c.setWishes, { token: who.token, params: { id: id as never }, body });
  await wish(a!, room.id, { level: "all" });
  await wish(b!, news.id, { level: "mentions" });
  await chat.send(owner!, room, "The oven is hot");
  await chat.send(b!, room, "And the dough has risen");
  await chat.send(owner!, news, "Bread at noon");
  expect((await list(a!)).map((one) => [one.kind, one.actor_count, one.thing?.title, one.thing?.text])).toEqual([
    ["announcement", 1, "in News", "Bread at noon"],
    ["channel_message", 2, "in Ovens", "And the dough has risen"],
  ]);
  expect(await list(b!)).toEqual([]);
  await wish(a!, room.id, { muted: true });
  await chat.send(owner!, room, "Muted");
  expect((await list(a!)).map((one) => one.thing?.text)).toEqual(["Bread at noon", "And the dough has risen"]);
});

test("NO33: very many are told in portions, each once, however often a portion comes", async () => {
  const [owner, ...others] = await people(5);
  const [first, named, deaf, ...rest] = others;
  await client.call(s.createSpace, {
    token: owner!.token,
    body: { name: "Millers", slug: "millers", join_policy: "open" } as never,
  });
  for (const who of others)
    await client.call(s.joinSpace, { token: who.token, params: { slug: "millers" }, body: {} as never });
  const news = await chat.channel(owner!, "millers", "announcement", "Mill news", others);
  await client.call(c.setWishes, { token: deaf!.token, params: { id: news.id }, body: { level: "none" } });
  const message = await chat.send(owner!, news, `The mill turns, @${named!.handle}`);
  // As a job tells them where they are more than one event names; here it comes on top, and twice.
  for (let i = 0; i < 2; i++) await chat.runJob("chat.call_all", { message_id: message.id, whom: "hearers" });
  for (const who of [first!, ...rest]) expect((await list(who)).map((one) => one.kind)).toEqual(["announcement"]);
  expect((await list(named!)).map((one) => one.kind)).toEqual(["chat_mention"]);
  expect(await list(deaf!)).toEqual([]);
  const [told_twice] = (await sql.pool`
    SELECT count(*)::int AS n FROM notify_items WHERE thing = ${`chat:${news.id}:${message.id}`}`) as { n: number }[];
  expect(told_twice!.n).toBe(3);
});
