import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";

import type { BodyIn } from "#kernel/contract.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import { chatRoutes } from "#systems/chat/index.ts";

import { ANSWER_USES_MAX, COMMAND_MS_MAX } from "../bounds.ts";
import { hooksRoutes as r } from "../contract.ts";
import { testHooks } from "../testing.ts";

const h = await testHooks();
const { t } = h;
const { house } = t;
const { client } = house;
afterAll(() => h[Symbol.asyncDispose]());
afterEach(() => {
  h.got.length = 0;
  h.whispered.length = 0;
  h.answer = () => new Response("thanks");
});

const owner = await house.person("owner");
const member = await house.person("member");
const stranger = await house.person("stranger");
const root = await house.person("root", "admin");
await house.space("glade", owner, [member], { visibility: "private", join_policy: "invitation" });
let count = 0;
const channelOf = () => t.channel(owner, "glade", "public", `c${count++}`, [member]);
const bot = (
  await client.call(r.createBot, { token: owner.token, body: { space: "glade", handle: "deployer", name: "Deployer" } })
).body.bot;
type Asked = BodyIn<typeof r.createCommand>;
const register = (more: Partial<Asked> = {}, token = owner.token) =>
  client.call(r.createCommand, {
    token,
    body: { space: "glade", bot_id: bot.id, name: `do${count++}`, url: h.url("/command"), ...more },
  });
const give = (channel_id: string, text: string, token = member.token, more: object = {}) =>
  client.call(r.giveCommand, {
    token,
    params: { id: channel_id },
    body: { cid: crypto.randomUUID(), text, ...more },
  });
const bodies = async (channel: Parameters<typeof t.history>[1]) =>
  (await t.history(owner, channel)).items.map(({ body }) => body);
type Question = { data: { response_url: string; [key: string]: unknown } };
const question = () => JSON.parse(h.got.at(-1)!.text) as Question;
const later = async (url: string, said: unknown) => {
  const request = new Request(`http://house.test${new URL(url).pathname}`, {
    method: "POST",
    body: JSON.stringify(said),
  });
  return (await house.api.fetch(request, "192.0.2.7")).status;
};

describe("registering", () => {
  test("HK1, HK40: by who looks after the home, as one of its bots, under a name of its own", async () => {
    expect([(await register({}, member.token)).code, (await register({}, stranger.token)).code]).toEqual([
      "hooks.not_yours",
      "space.not_found",
    ]);
    const { body: made } = await register({ name: "deploy" });
    expect(made.secret.startsWith("whsec_")).toBe(true);
    expect((await register({ name: "deploy" })).code).toBe("hooks.name_taken");
    for (const name of ["me", "invite"]) expect((await register({ name })).code).toBe("hooks.name_taken");
    for (const name of ["Deploy", "a b", "-x", ""]) expect((await register({ name })).code).toBe("request.invalid");
    expect((await register({ bot_id: owner.id })).code).toBe("bot.not_found");
    expect((await register({ url: "ftp://x.test/" })).code).toBe("outside.url_refused");
    const params = { id: made.id };
    for (const { token } of [member, stranger, root]) {
      expect((await client.call(r.changeCommand, { token, params, body: { hint: "x" } })).code).toBe(
        "command.not_found",
      );
      expect((await client.call(r.rotateCommand, { token, params })).code).toBe("command.not_found");
      expect((await client.call(r.deleteCommand, { token, params })).code).toBe("command.not_found");
    }
    const { body: again } = await client.call(r.rotateCommand, { token: owner.token, params });
    expect(again.secret).not.toBe(made.secret);
    const { items } = (await client.call(r.listCommands, { token: owner.token, query: { space: "glade" } })).body;
    expect(JSON.stringify(items)).not.toContain("whsec_");
  });

  test("HK40, HK46: a channel offers the built-in ones, its space's and the house's; the space's comes first; nobody else is offered any", async () => {
    const channel = await channelOf();
    const everywhere = await client.call(r.createBot, {
      token: root.token,
      body: { handle: "butler", name: "Butler" },
    });
    const of_house = { space: undefined, bot_id: everywhere.body.bot.id };
    await register({ ...of_house, name: "both", description: "The house's" }, root.token);
    await register({ ...of_house, name: "far", description: "Everywhere" }, root.token);
    await register({ name: "both", description: "The space's" });
    const offered = async (id: string, token: string) => client.call(r.offeredCommands, { token, params: { id } });
    const { items } = (await offered(channel.id, member.token)).body;
    expect(
      items.filter(({ name }) => ["me", "both", "far"].includes(name)).map((one) => [one.name, one.description]),
    ).toEqual([
      ["me", "Say what you do"],
      ["both", "The space's"],
      ["far", "Everywhere"],
    ]);
    expect((await offered(channel.id, stranger.token)).code).toBe("channel.not_found");
    const direct = await t.direct(member, stranger);
    const there = (await offered(direct.id, stranger.token)).body.items.map(({ name }) => name);
    expect([there.includes("far"), there.includes("deploy")]).toEqual([true, false]);
    await give(channel.id, "/both");
    expect(h.got.length).toBe(1);
    await give(direct.id, "/far x", stranger.token);
    expect(question().data).toMatchObject({ channel: { name: null, space: null } });
  });
});

describe("built in", () => {
  test("HK41: /me and /shrug write as who gives them, once for one cid", async () => {
    const channel = await channelOf();
    const again = { cid: "same" };
    const [one, two] = [
      await give(channel.id, "/me waves", member.token, again),
      await give(channel.id, "/me waves", member.token, again),
    ];
    expect(one.body.message_id).toBe(two.body.message_id!);
    await give(channel.id, "/SHRUG who knows");
    expect(await bodies(channel)).toEqual(["* member waves", "who knows ¯\\_(ツ)_/¯"]);
    expect((await give(channel.id, "/me")).code).toBe("command.usage");
  });

  test("HK41: /topic, /invite, /mute, /unmute, /leave and /status do what the channel lets their giver do, and no more", async () => {
    const channel = await channelOf();
    const guest = await house.person("guest");
    expect((await give(channel.id, "/topic Mine now")).code).toBe("chat.not_yours");
    expect((await give(channel.id, "/topic Apples", owner.token)).body.whisper).toBe("The topic was set.");
    expect((await t.stands(owner, channel)).topic).toBe("Apples");
    expect((await give(channel.id, "/invite @guest", owner.token)).code).toBe("chat.not_in_space");
    expect((await give(channel.id, "/invite @guest")).code).toBe("chat.not_yours");
    expect((await give(channel.id, "/invite nobody at all here 42", owner.token)).code).toBe("person.not_found");
    expect((await give(channel.id, "/invite", owner.token)).code).toBe("command.usage");
    await give(channel.id, "/mute");
    expect((await t.stands(member, channel)).mine!.muted).toBe(true);
    await give(channel.id, "/unmute");
    expect((await t.stands(member, channel)).mine!.muted).toBe(false);
    await give(channel.id, "/status 🌲 In the forest");
    const mine = (await client.call(chatRoutes.chatPreferences, { token: member.token })).body;
    expect([mine.status_text, mine.status_emoji]).toEqual(["In the forest", "🌲"]);
    expect((await give(channel.id, "/leave")).body.whisper).toBe("You left.");
    expect((await t.stands(member, channel)).mine).toBeNull();
    expect((await give(channel.id, "/me waves", guest.token)).code).toBe("channel.not_found");
  });

  test("HK41: /remind writes among one's notes later", async () => {
    const channel = await channelOf();
    for (const text of ["/remind", "/remind soon x", "/remind 0m x", "/remind 400d x"])
      expect((await give(channel.id, text)).code).toBe("command.usage");
    expect((await give(channel.id, "/remind 20m Look at the oven")).status).toBe(200);
    const { items } = (await client.call(chatRoutes.listScheduledMessages, { token: member.token })).body;
    expect(items.map(({ body }) => body)).toEqual(["Look at the oven"]);
    const wait_ms = Date.parse(items[0]!.send_at) - t.clock.now();
    expect([wait_ms > 10 * MINUTE_MS, wait_ms <= 20 * MINUTE_MS]).toEqual([true, true]);
    expect((await t.history(owner, channel)).items).toEqual([]);
  });

  test("HK46: what is no command, and one that nobody knows, is refused with a sentence", async () => {
    const channel = await channelOf();
    for (const text of ["hello", "/ x", "//x", "/-"]) expect((await give(channel.id, text)).code).toBe("command.usage");
    for (const text of ["/nothing", "/constructor", "/__proto__", "/tostring"])
      expect(["command.unknown", "command.usage"]).toContain((await give(channel.id, text)).code!);
  });
});

describe("a program", () => {
  test("HK42: is asked by a signed request that says who, where and what, and answers for the asker alone", async () => {
    const channel = await channelOf();
    const { body: command } = await register({ name: "ask" });
    h.answer = () => Response.json({ text: "Only for you" });
    const answer = await give(channel.id, "/ask main  --fast\nnow");
    expect(answer.body).toMatchObject({
      whisper: "Only for you",
      message_id: null,
      bot: { handle: "deployer", bot: true },
    });
    const [one] = h.got;
    const key = Buffer.from(command.secret.slice("whsec_".length), "base64");
    const signed = `${one!.headers.get("webhook-id")}.${one!.headers.get("webhook-timestamp")}.${one!.text}`;
    expect(one!.headers.get("webhook-signature")).toBe(
      `v1,${createHmac("sha256", key).update(signed).digest("base64")}`,
    );
    expect(question()).toMatchObject({
      type: "command",
      data: {
        command: "/ask",
        text: "main  --fast\nnow",
        person: { handle: "member" },
        channel: { id: channel.id, space: { slug: "glade" } },
      },
    });
    expect(question().data.response_url).toStartWith("https://house.test/hooks/answer/fha_");
    expect(await bodies(channel)).toEqual([]);
  });

  test("HK43: what is for the channel stands there as the bot's where the bot is in it, once; else it is the asker's alone", async () => {
    const channel = await channelOf();
    await register({ name: "say" });
    h.answer = () => Response.json({ response_type: "in_channel", text: "To all" });
    expect((await give(channel.id, "/say")).body).toMatchObject({ whisper: "To all", message_id: null });
    await client.call(r.putBotIn, { token: owner.token, params: { id: bot.id, channel_id: channel.id } });
    const again = { cid: "once" };
    const first = (await give(channel.id, "/say", member.token, again)).body;
    expect((await give(channel.id, "/say", member.token, again)).body.message_id).toBe(first.message_id!);
    expect([first.whisper, await bodies(channel)]).toEqual([null, ["To all"]]);
  });

  test("HK44: one that refuses, leads elsewhere, is broken or says too much is told of in a sentence; its keeper reads why", async () => {
    const channel = await channelOf();
    const { body: command } = await register({ name: "bad" });
    const answers: [Response, string][] = [
      [new Response("secret detail", { status: 500 }), "command.no_answer"],
      [new Response(null, { status: 302, headers: { location: h.url("/elsewhere") } }), "command.no_answer"],
      [new Response(new Uint8Array([0xff, 0xfe, 0xfd])), "command.no_answer"],
      [Response.json({ text: "x".repeat(8_001) }), "command.no_answer"],
    ];
    for (const [response, code] of answers) {
      h.answer = () => response;
      const answer = await give(channel.id, "/bad");
      expect([answer.code, JSON.stringify(answer.body).includes("receiver.test")]).toEqual([code, false]);
    }
    expect(h.got.length).toBe(answers.length);
    const { items } = (await client.call(r.listCommands, { token: owner.token, query: { space: "glade" } })).body;
    expect(items.find(({ id }) => id === command.id)!.last_error).not.toBeNull();
    for (const quiet of ["", "  ", "{}", '{"text":""}', '{"text":7}']) {
      h.answer = () => new Response(quiet);
      expect((await give(channel.id, "/bad")).body).toMatchObject({ whisper: null, message_id: null });
    }
    expect(await bodies(channel)).toEqual([]);
  });

  test(`HK44: one that hangs is given up after ${COMMAND_MS_MAX / 1_000} seconds`, async () => {
    const channel = await channelOf();
    await register({ name: "hang" });
    const done = Promise.withResolvers<Response>();
    h.answer = () => done.promise;
    expect((await give(channel.id, "/hang")).code).toBe("command.no_answer");
    done.resolve(new Response("too late"));
  });

  test("HK45: later answers come to the asker's own stream or into the channel, five times and for half an hour", async () => {
    const channel = await channelOf();
    await register({ name: "slow" });
    await client.call(r.putBotIn, { token: owner.token, params: { id: bot.id, channel_id: channel.id } });
    h.answer = () => new Response();
    expect((await give(channel.id, "/slow")).body).toMatchObject({ whisper: null, message_id: null });
    const { response_url } = question().data;
    expect(await later(response_url, { text: "" })).toBe(422);
    expect(await later(response_url, { text: "For you" })).toBe(200);
    expect(h.whispered).toEqual([
      {
        stream: `person:${member.id}`,
        data: { channel_id: channel.id, root_id: null, command: "slow", text: "For you", bot_id: bot.id },
      },
    ]);
    expect(await later(response_url, { response_type: "in_channel", text: "For all" })).toBe(200);
    expect(await bodies(channel)).toEqual(["For all"]);
    for (let n = 2; n < ANSWER_USES_MAX; n++) expect(await later(response_url, { text: "More" })).toBe(200);
    expect(await later(response_url, { text: "Too many" })).toBe(404);
    expect(await later(response_url.replace(/.{4}$/, "AAAA"), { text: "Forged" })).toBe(404);
    await give(channel.id, "/slow");
    const second = question().data.response_url;
    t.later(31 * MINUTE_MS);
    expect(await later(second, { text: "Too late" })).toBe(404);
  });

  test("HK46: who may not write in the channel has no program asked, and neither has who cannot read it", async () => {
    const channel = await t.channel(owner, "glade", "announcement", `news${count++}`, [member]);
    await register({ name: "news" });
    expect((await give(channel.id, "/news")).code).toBe("command.may_not");
    expect((await give(channel.id, "/news", stranger.token)).code).toBe("channel.not_found");
    const other = await channelOf();
    const root_id = (await t.send(owner, other, "Elsewhere")).id;
    const mine = await channelOf();
    expect((await give(mine.id, "/news", member.token, { root_id })).code).toBe("message.not_found");
    expect(h.got).toEqual([]);
  });
});
