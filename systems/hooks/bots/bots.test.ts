import { afterAll, expect, test } from "bun:test";

import { chatRoutes } from "#systems/chat/index.ts";
import { peopleRoutes } from "#systems/people/index.ts";

import { BOT_RULE } from "../bounds.ts";
import { hooksRoutes as r } from "../contract.ts";
import { paceBot } from "../index.ts";
import { testHooks } from "../testing.ts";

const h = await testHooks();
const { t } = h;
const { house } = t;
const { client } = house;
afterAll(() => h[Symbol.asyncDispose]());

const owner = await house.person("owner");
const member = await house.person("member");
const stranger = await house.person("stranger");
const root = await house.person("root", "admin");
await house.space("glade", owner, [member], { visibility: "private", join_policy: "invitation" });
await house.space("other", stranger, [owner]);
let count = 0;
const make = (more: object = {}, token = owner.token) =>
  client.call(r.createBot, { token, body: { space: "glade", handle: `robin${count++}`, name: "Robin", ...more } });
const scopes: ("read" | "write")[] = ["read", "write"];
const tokenOf = async (id: string) =>
  (await client.call(r.makeBotToken, { token: owner.token, params: { id }, body: { name: "ci", scopes } })).body;
const me = (token: string) => client.call(peopleRoutes.me, { token });

test("HK1: bots of a space are made and seen by its owner and admins, those of the house by its admins, and by nobody else", async () => {
  expect([(await make({}, member.token)).code, (await make({}, stranger.token)).code]).toEqual([
    "hooks.not_yours",
    "space.not_found",
  ]);
  const house_bot = { space: undefined };
  expect([(await make(house_bot)).code, (await make(house_bot, root.token)).status]).toEqual(["hooks.not_yours", 201]);
  const { body: bot } = await make();
  const params = { id: bot.bot.id };
  for (const { token } of [member, stranger, root]) {
    expect((await client.call(r.changeBot, { token, params, body: { take_over: true } })).code).toBe("bot.not_found");
    expect((await client.call(r.deleteBot, { token, params })).code).toBe("bot.not_found");
    expect((await client.call(r.makeBotToken, { token, params, body: { name: "x", scopes } })).code).toBe(
      "bot.not_found",
    );
  }
  expect((await client.call(r.listBots, { token: root.token, query: { space: "glade" } })).code).toBe(
    "space.not_found",
  );
  const { items } = (await client.call(r.listBots, { token: owner.token, query: { space: "glade" } })).body;
  expect(items.map((one) => one.bot.id)).toEqual([bot.bot.id]);
});

test("HK2: a token is shown once, made by a session alone, and changed or revoked at once", async () => {
  const { body: bot } = await make();
  const params = { id: bot.bot.id };
  const made = await tokenOf(bot.bot.id);
  expect((await me(made.secret)).body).toMatchObject({ id: bot.bot.id, bot: true });
  const list = async () =>
    (await client.call(r.listBots, { token: owner.token, query: { space: "glade" } })).body.items;
  const tokens = async () => (await list()).find((one) => one.bot.id === bot.bot.id)!.tokens;
  expect(await tokens()).toMatchObject([{ id: made.id, name: "ci", scopes }]);
  expect(JSON.stringify(await list())).not.toContain(made.secret.slice(4));
  const personal = await client.call(peopleRoutes.createToken, {
    token: owner.token,
    body: { name: "p", scopes: ["read", "write", "account"] },
  });
  const by_token = { token: personal.body.secret, params, body: { name: "x", scopes } };
  expect((await client.call(r.makeBotToken, by_token)).code).toBe("people.session_needed");
  const turned = await client.call(r.rotateBotToken, { token: owner.token, params: { ...params, token_id: made.id } });
  expect([(await me(made.secret)).status, (await me(turned.body.secret)).status]).toEqual([401, 200]);
  const one = { token: owner.token, params: { ...params, token_id: turned.body.id } };
  expect((await client.call(r.revokeBotToken, one)).status).toBe(204);
  expect([(await me(turned.body.secret)).status, (await client.call(r.revokeBotToken, one)).code]).toEqual([
    401,
    "token.not_found",
  ]);
});

test("HK3: a bot is put into channels of its space by who is in them and looks after them, and out again", async () => {
  const channel = await t.channel(owner, "glade", "public", "general", [member]);
  const elsewhere = await t.channel(stranger, "other", "public", "far");
  const { body: bot } = await make();
  const { secret } = await tokenOf(bot.bot.id);
  const params = { id: bot.bot.id, channel_id: channel.id };
  expect((await client.call(r.putBotIn, { token: member.token, params })).code).toBe("bot.not_found");
  const far = { id: bot.bot.id, channel_id: elsewhere.id };
  expect((await client.call(r.putBotIn, { token: owner.token, params: far })).code).toBe("hooks.other_space");
  expect((await client.call(r.putBotIn, { token: owner.token, params })).status).toBe(204);
  expect((await client.call(r.putBotIn, { token: owner.token, params })).status).toBe(204);
  const said = { token: secret, params: { id: channel.id }, body: { cid: "a", body: "Hello" } };
  expect((await client.call(chatRoutes.sendMessage, said)).body).toMatchObject({
    author: { bot: true },
    body: "Hello",
  });
  expect((await client.call(r.listBots, { token: secret, query: {} })).code).toBe("token.scope");
  expect((await client.call(r.putBotOut, { token: member.token, params })).code).toBe("chat.not_yours");
  expect((await client.call(r.putBotOut, { token: owner.token, params: { ...params, id: member.id } })).code).toBe(
    "bot.not_found",
  );
  expect((await client.call(r.putBotOut, { token: owner.token, params })).status).toBe(204);
  expect((await client.call(chatRoutes.sendMessage, said)).code).toBe("channel.not_found");
});

test("HK4: a bot of the house is put into a space by who looks after that space's programs", async () => {
  const { body: bot } = await make({ space: undefined }, root.token);
  const channel = await t.channel(owner, "glade", "public", "visited", [member]);
  const params = { id: bot.bot.id, channel_id: channel.id };
  expect((await client.call(r.putBotIn, { token: root.token, params })).code).toBe("channel.not_found");
  expect((await client.call(r.putBotIn, { token: member.token, params })).code).toBe("hooks.not_yours");
  expect((await client.call(r.putBotIn, { token: owner.token, params })).status).toBe(204);
});

test("HK5: a bot stands still while its owner is suspended, until somebody takes it over; and with it all that spoke as it goes", async () => {
  const helper = await house.person("helper");
  await house.space("grove", owner, [helper]);
  await house.spaces.rooms.members.give(owner.viewer, "grove", "helper", "admin");
  const { body: bot } = await make({ space: "grove" }, helper.token);
  const { secret } = await tokenOf(bot.bot.id);
  const params = { id: bot.bot.id };
  expect((await me(secret)).status).toBe(200);
  await house.people.rooms.offices.suspend(root.viewer, "helper", "spam");
  expect((await me(secret)).status).toBe(401);
  const taken = await client.call(r.changeBot, { token: owner.token, params, body: { take_over: true, name: "Wren" } });
  expect(taken.body).toMatchObject({ owner: { handle: "owner" }, bot: { display_name: "Wren" } });
  expect((await me(secret)).status).toBe(200);
  expect((await client.call(r.deleteBot, { token: owner.token, params })).status).toBe(204);
  expect([(await me(secret)).status, (await client.call(r.deleteBot, { token: owner.token, params })).code]).toEqual([
    401,
    "bot.not_found",
  ]);
});

test("HK6: a bot writes as often as the one limiter lets it, over all its tokens; people are not counted there", async () => {
  const { body: bot } = await make();
  const viewer = (await house.people.bots.viewer(bot.bot.id))!;
  const codes: string[] = [];
  for (let n = 0; n < 10 * BOT_RULE.burst_tokens && codes.length === 0; n++)
    await paceBot(house.limiter, viewer).catch((error: { code: string }) => codes.push(error.code));
  expect(codes).toEqual(["bot.too_fast"]);
  for (let n = 0; n < 2 * BOT_RULE.burst_tokens; n++) await paceBot(house.limiter, owner.viewer);
});
