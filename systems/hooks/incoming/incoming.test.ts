import { afterAll, describe, expect, test } from "bun:test";

import type { Problem } from "#kernel/errors.ts";
import { chatRoutes } from "#systems/chat/index.ts";

import { INCOMING_BODY_BYTES_MAX, INCOMING_RULE } from "../bounds.ts";
import { hooksRoutes as r } from "../contract.ts";
import { testHooks } from "../testing.ts";
import { readSaid } from "./body.ts";

const h = await testHooks();
const { t } = h;
const { house } = t;
const { client } = house;
afterAll(() => h[Symbol.asyncDispose]());

const owner = await house.person("owner");
const member = await house.person("member");
const stranger = await house.person("stranger");
await house.space("glade", owner, [member], { visibility: "private", join_policy: "invitation" });
let count = 0;
const channelOf = () => t.channel(owner, "glade", "public", `c${count++}`, [member]);
const make = async (channel_id: string, more: object = {}) =>
  client.call(r.createIncoming, { token: owner.token, body: { channel_id, name: "Builds", ...more } });
const post = async (path: string, body: BodyInit, headers: Record<string, string> = {}) => {
  const request = new Request(`http://house.test${path}`, { method: "POST", body, headers });
  const answer = await house.api.fetch(request, "192.0.2.7");
  const text = await answer.text();
  const code = answer.status >= 400 ? (JSON.parse(text) as { code: string }).code : text;
  return { status: answer.status, code, headers: answer.headers };
};
const say = (path: string, said: unknown, headers = {}) => post(path, JSON.stringify(said), headers);
const shown = async (id: string) =>
  (await client.call(r.listIncoming, { token: owner.token, query: { space: "glade" } })).body.items.find(
    (one) => one.id === id,
  )!;

describe("who", () => {
  test("HK1: only who looks after the space's programs makes, changes and sees incoming webhooks, and by session alone", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    const params = { id: hook.id };
    const body = { channel_id: channel.id, name: "Mine" };
    expect((await client.call(r.createIncoming, { token: stranger.token, body })).code).toBe("channel.not_found");
    expect((await client.call(r.createIncoming, { token: member.token, body })).code).toBe("hooks.not_yours");
    for (const { token } of [member, stranger]) {
      expect((await client.call(r.changeIncoming, { token, params, body: { name: "Mine" } })).code).toBe(
        "hook.not_found",
      );
      expect((await client.call(r.rotateIncoming, { token, params })).code).toBe("hook.not_found");
      expect((await client.call(r.deleteIncoming, { token, params })).code).toBe("hook.not_found");
    }
    const direct = await t.direct(owner, member);
    expect((await make(direct.id)).code).toBe("hooks.other_space");
    expect((await make(channel.id, { bot_id: owner.id })).code).toBe("bot.not_found");
  });

  test("HK10: an address of nobody, one that was changed and one that is switched off take nothing", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    const nobody = `/hooks/in/fhw_${"A".repeat(43)}`;
    expect(await say(nobody, { text: "x" })).toMatchObject({ status: 404, code: "hook.not_found" });
    for (const path of ["/hooks", "/hooks/in", "/hooks/in/../in/x", `${hook.path}/more`, "/hooks/out/x"])
      expect((await say(path, { text: "x" })).status).toBe(404);
    const get = await house.api.fetch(new Request(`http://house.test${hook.path}`), "192.0.2.7");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await say(hook.path, { text: "one" })).toMatchObject({ status: 200, code: "ok" });
    const rotated = (await client.call(r.rotateIncoming, { token: owner.token, params: { id: hook.id } })).body;
    expect([(await say(hook.path, { text: "two" })).code, (await say(rotated.path, { text: "two" })).code]).toEqual([
      "hook.not_found",
      "ok",
    ]);
    const change = (disabled: boolean) =>
      client.call(r.changeIncoming, { token: owner.token, params: { id: hook.id }, body: { disabled } });
    await change(true);
    expect(await say(rotated.path, { text: "three" })).toMatchObject({ status: 410, code: "hook.disabled" });
    await change(false);
    expect((await say(rotated.path, { text: "four" })).code).toBe("ok");
    expect((await t.history(member, channel)).items.map(({ body }) => body)).toEqual(["one", "two", "four"]);
  });

  test("HK11: it ends with who made it: out of the space or suspended, and it writes no more", async () => {
    const admin = await house.person("admin_one");
    await house.space("grove", owner, [admin]);
    await house.spaces.rooms.members.give(owner.viewer, "grove", "admin_one", "admin");
    const channel = await t.channel(admin, "grove", "public", "general", [owner]);
    const made = await client.call(r.createIncoming, {
      token: admin.token,
      body: { channel_id: channel.id, name: "Builds" },
    });
    expect((await say(made.body.path, { text: "in" })).code).toBe("ok");
    await house.spaces.rooms.members.leave(admin.viewer, "grove");
    expect(await say(made.body.path, { text: "out" })).toMatchObject({ status: 403, code: "hook.owner_away" });
    expect((await t.history(owner, channel)).items.length).toBe(1);
  });

  test("HK11: whose bot was put out of the channel writes no more, and the last error says so", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    const params = { id: channel.id, handle: hook.bot!.handle };
    await client.call(chatRoutes.removeMember, { token: owner.token, params });
    expect((await say(hook.path, { text: "x" })).status).toBe(404);
    expect((await shown(hook.id)).last_error).toContain("channel.not_found");
  });
});

describe("what is posted", () => {
  test("HK12: a message stands there as the bot's, with the name and the emoji that were given", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    await say(hook.path, {
      text: "Green",
      username: "CI\u202e\n bot",
      icon_emoji: "🟢",
      channel: "#elsewhere",
      icon_url: "http://x",
    });
    await say(hook.path, { text: "Plain" });
    const { items } = await t.history(member, channel);
    expect(items.map(({ body, guise, author }) => [body, guise, author?.bot, author?.display_name])).toEqual([
      ["Green", { name: "CI bot", emoji: "🟢" }, true, "Builds"],
      ["Plain", undefined, true, "Builds"],
    ]);
    expect(await shown(hook.id)).toMatchObject({ last_error: null, bot: { bot: true } });
    expect((await shown(hook.id)).used_at).not.toBeNull();
  });

  test("HK13: the same key is one message, and by another webhook another", async () => {
    const channel = await channelOf();
    const [one, two] = [(await make(channel.id)).body, (await make(channel.id)).body];
    const key = { "idempotency-key": "build 7" };
    const answers = await Promise.all([1, 2, 3, 4].map(() => say(one.path, { text: "Built" }, key)));
    expect(new Set(answers.map(({ headers }) => headers.get("x-message-id"))).size).toBe(1);
    await say(two.path, { text: "Built" }, key);
    expect((await t.history(member, channel)).items.length).toBe(2);
    expect((await say(one.path, { text: "x" }, { "idempotency-key": "k".repeat(201) })).code).toBe(
      "idempotency.bad_key",
    );
  });

  test("HK14: what is no JSON, says nothing or says too much is refused with a sentence, and kept as the last error", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    const cases: [BodyInit, number, string][] = [
      ["", 400, "hook.broken_body"],
      ["text", 400, "hook.broken_body"],
      ["[]", 400, "hook.broken_body"],
      ["null", 400, "hook.broken_body"],
      [new Uint8Array([0xff, 0xfe]), 400, "hook.broken_body"],
      ["{}", 422, "hook.no_text"],
      ['{"text":"   "}', 422, "hook.no_text"],
      ['{"text":{"a":1}}', 422, "hook.no_text"],
      [JSON.stringify({ text: "x".repeat(8_001) }), 422, "hook.bad_text"],
      [JSON.stringify({ text: "a\u0000b" }), 422, "hook.bad_text"],
      ["x".repeat(INCOMING_BODY_BYTES_MAX + 1), 413, "hook.too_large"],
    ];
    for (const [body, status, code] of cases) expect(await post(hook.path, body)).toMatchObject({ status, code });
    expect((await shown(hook.id)).last_error).toContain("hook.too_large");
    expect((await t.history(member, channel)).items).toEqual([]);
  });

  test("HK15: who writes too often hears when to try again", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    let last = await say(hook.path, {});
    // However slowly this goes, the bucket is emptied faster than it fills.
    while (last.status !== 429) {
      const claim = { key: `hook:${hook.id}`, rule: INCOMING_RULE, cost_tokens: 1 };
      while ((await house.limiter.take([claim])).allowed);
      last = await say(hook.path, {});
    }
    expect([last.code, Number(last.headers.get("retry-after")) >= 1]).toEqual(["hook.too_fast", true]);
    const { body: other } = await make(channel.id);
    expect((await say(other.path, { text: "x" })).status).toBe(200);
  });

  test("HK16: what senders for Slack and Discord write is understood, and nothing in it is an order", () => {
    const said = (body: unknown, type = "application/json") => readSaid(JSON.stringify(body), type);
    const codeOf = (body: unknown) => {
      try {
        return said(body).text;
      } catch (error) {
        return (error as Problem).code;
      }
    };
    expect(said({ text: "See <https://a.example/x|the log> &amp; <https://b.example> &lt;b&gt;" }).text).toBe(
      "See the log (https://a.example/x) & https://b.example <b>",
    );
    expect(said({ content: "From there" }).text).toBe("From there");
    expect(
      said({ attachments: [{ fallback: "f", title: "T", title_link: "https://a.example", text: "x" }, 7] }).text,
    ).toBe("T https://a.example\nx");
    expect(said({ attachments: [{ fallback: "only this" }] }).text).toBe("only this");
    expect(said({ blocks: [{ type: "section", text: { type: "mrkdwn", text: "In a block" } }] }).text).toBe(
      "In a block",
    );
    const form = `payload=${encodeURIComponent(JSON.stringify({ text: "By form" }))}`;
    expect(readSaid(form, "application/x-www-form-urlencoded").text).toBe("By form");
    expect(said({ text: "x", username: "\u200b\u2800", icon_emoji: ":robot:" })).toEqual({
      text: "x",
      name: null,
      emoji: null,
    });
    expect(said({ text: "x", username: "n".repeat(500) }).name!.length).toBe(40);
    expect(codeOf({ text: 7, attachments: "no", blocks: [null, { text: 3 }] })).toBe("hook.no_text");
    expect(said({ text: `${"<https://".repeat(5_000)}${"<!here|".repeat(1_000)}` }).text.length).toBe(52_000);
  });
});

describe("looking after", () => {
  test("HK17: secrets stand nowhere but in the answer that made them", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    const secret = hook.path.split("/").at(-1)!;
    const [row] = (await house.db.sql
      .pool`SELECT to_jsonb(i)::text AS text FROM hooks_incoming i WHERE id = ${hook.id}`) as {
      text: string;
    }[];
    expect(row!.text).not.toContain(secret.slice(4));
    expect(JSON.stringify(await shown(hook.id))).not.toContain("fhw_");
    expect(hook.path.startsWith("/hooks/in/fhw_")).toBe(true);
  });

  test("HK18: a new name is the bot's too, and with the webhook a bot that was made for it leaves; what it wrote stays", async () => {
    const channel = await channelOf();
    const { body: hook } = await make(channel.id);
    await say(hook.path, { text: "Stays" });
    const params = { id: hook.id };
    const body = { name: "Deploys" };
    expect((await client.call(r.changeIncoming, { token: owner.token, params, body })).body).toMatchObject({
      name: "Deploys",
      bot: { display_name: "Deploys" },
    });
    expect((await client.call(r.deleteIncoming, { token: owner.token, params })).status).toBe(204);
    expect((await say(hook.path, { text: "x" })).code).toBe("hook.not_found");
    expect((await house.spaces.membershipsOf(hook.bot!.id)).size).toBe(0);
    const { items } = await t.history(member, channel);
    expect(items.map(({ body: said, author }) => [said, author?.display_name])).toEqual([["Stays", "Deploys"]]);
  });
});
