import { afterAll, expect, test } from "bun:test";

import type { SignedIn } from "#kernel/viewer.ts";

import { chatRoutes as r } from "./contract.ts";
import { CHAT_TOPIC } from "./index.ts";
import { testChat } from "./testing.ts";

const t = await testChat();
const { house, chat } = t;
const { client, people } = house;
const sql = house.db.sql;
afterAll(() => t[Symbol.asyncDispose]());

const owner = await house.person("owner");
await house.space("glade", owner);
const bot_id = await sql.tx((tx) =>
  people.bots.create(tx, { handle: "robin", display_name: "Robin", owner_id: owner.id, avatar_image_id: null }),
);
const { secret } = await sql.tx((tx) =>
  people.bots.makeToken(tx, bot_id, { name: "t", scopes: ["read", "write"], expires_in_d: null }),
);
const viewer = (await people.bots.viewer(bot_id)) as SignedIn;

test("CH100: a bot reads and writes in the channels it was put into and in no other, though it is of the space", async () => {
  const open = await t.channel(owner, "glade", "public", "open");
  const other = await t.channel(owner, "glade", "public", "other");
  await people.bots.viewer(bot_id);
  await house.spaces.rooms.members.join(viewer, "glade", undefined);
  const call = (id: string) => client.call(r.history, { token: secret, params: { id }, query: {} });
  expect([(await call(open.id)).status, (await call(other.id)).status]).toEqual([404, 404]);
  await client.call(r.addMembers, { token: owner.token, params: { id: open.id }, body: { handles: ["robin"] } });
  expect([(await call(open.id)).status, (await call(other.id)).status]).toEqual([200, 404]);
  const body = { cid: "one", body: "Beep" };
  const sent = await client.call(r.sendMessage, { token: secret, params: { id: open.id }, body });
  expect([sent.status, sent.body.author?.bot]).toEqual([201, true]);
  expect((await client.call(r.sendMessage, { token: secret, params: { id: other.id }, body })).code).toBe(
    "channel.not_found",
  );
  expect((await client.call(r.joinChannel, { token: secret, params: { id: other.id } })).code).toBe("token.bot");
  expect(await t.rules.get("chat")!.mayRead(viewer, open.id)).toBe(true);
  expect(await t.rules.get("chat")!.mayRead(viewer, other.id)).toBe(false);
  const put_out = { id: open.id, handle: "robin" };
  await client.call(r.removeMember, { token: owner.token, params: put_out });
  expect((await call(open.id)).status).toBe(404);
});

test("CH101: what a program says under another name and sign shows both, and whose program it is", async () => {
  const channel = await t.channel(owner, "glade", "public", "guises");
  await client.call(r.addMembers, { token: owner.token, params: { id: channel.id }, body: { handles: ["robin"] } });
  const asked = {
    body: "Built",
    reply_to_id: null,
    root_id: null,
    also_in_channel: false,
    image_ids: [],
    video_id: null,
  };
  await chat.send(viewer, channel.id, "g1", asked, { name: "Build", emoji: "🔨" });
  await chat.send(viewer, channel.id, "g2", asked);
  const { items } = await t.history(owner, channel);
  expect(items.map(({ guise, author }) => [guise, author?.handle])).toEqual([
    [{ name: "Build", emoji: "🔨" }, "robin"],
    [undefined, "robin"],
  ]);
});

test("CH102: a channel tells of its messages on the log while somebody waits for it there, from the very next one on", async () => {
  const channel = await t.channel(owner, "glade", "public", "watched");
  const heard_of: unknown[] = [];
  using _listening = house.log.consume(CHAT_TOPIC, "test.programs", async (batch) => {
    for (const { key, type, data } of batch) if (key === channel.id) heard_of.push([type, data.by_bot]);
  });
  await t.send(owner, channel, "Unheard");
  await sql.tx((tx) => chat.watch(tx, [channel.id], true));
  const heard = await t.send(owner, channel, "Heard");
  await client.call(r.editMessage, { token: owner.token, params: { id: heard.id }, body: { body: "Heard better" } });
  await sql.tx((tx) => chat.watch(tx, [channel.id], false));
  await t.send(owner, channel, "Unheard again");
  await house.log.caughtUp(CHAT_TOPIC, "test.programs");
  expect(heard_of).toEqual([
    ["chat.channel_created", undefined],
    ["chat.message_created", false],
    ["chat.message_edited", false],
  ]);
});
