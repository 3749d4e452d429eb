import { afterAll, describe, expect, test } from "bun:test";

import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { type Channel, chatRoutes as r, namesIn, piecesOf } from "./contract.ts";
import { CHAT_TOPIC, type ChatEvent, readChatEvent } from "./index.ts";
import { parseSearch } from "./search/query.ts";
import { testChat } from "./testing.ts";

const t = await testChat();
const { house, send } = t;
const { client } = house;
const { pool } = house.db.sql;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`b${count++}`)));
const rows = async (query: Promise<unknown>) => (await query) as Record<string, unknown>[];

/** What other systems were told of a channel, in order; by rows, for the log reads nothing past a running transaction. */
async function told(channel: Channel): Promise<ChatEvent[]> {
  const stored = await rows(pool`SELECT type, version, data FROM log_events
    WHERE topic = ${CHAT_TOPIC} AND key = ${channel.id} ORDER BY stamp, seq`);
  return stored.flatMap((one) => readChatEvent({ ...one, data: parsed(one.data) } as never) ?? []);
}
const parsed = (data: unknown) => (typeof data === "string" ? (JSON.parse(data) as unknown) : data);
const addressed = async (channel: Channel) =>
  (await told(channel)).flatMap((event) =>
    event.type === "chat.addressed" ? [[event.data.why, ...event.data.to].join(" ")] : [],
  );
const wish = (by: TestPerson, channel: Channel, body: { muted?: boolean; level?: "all" | "mentions" | "none" }) =>
  client.call(r.setWishes, { token: by.token, params: { id: channel.id }, body });

describe("being told", () => {
  test("CH40: names outside of code, each once; `@channel` is no name, and a mail address names nobody", () => {
    const body = "Hi @Ann, @ann and (@bo)! `@code` mail@cy.se\n```js\n@dora()\n``` @here @channel @@x";
    expect(namesIn(body, 9)).toEqual({ handles: ["ann", "bo"], all: "channel" });
    expect(namesIn("@a @b @c", 2).handles).toEqual(["a", "b"]);
    expect(piecesOf("a `b` c\n```ts\nlet d;\n```").map(({ kind }) => kind)).toEqual(["text", "code", "text", "block"]);
    expect(piecesOf("```\nopen").map(({ kind }) => kind)).toEqual(["text"]);
    for (const text of ["`".repeat(8_000), "```".repeat(2_600), "@".repeat(8_000), "@a".repeat(4_000)])
      namesIn(text, 50);
  });

  test("CH40: who is named and can read is told; muted too, and not who wishes for nothing; an edit tells the new ones", async () => {
    const [a, b, c, d, outsider] = await people(5);
    await house.space("tellers", a!, [b!, c!, d!]);
    const channel = await t.channel(a!, "tellers", "public", "general", [b!, c!, d!]);
    await wish(b!, channel, { muted: true });
    await wish(c!, channel, { level: "none" });
    const names = [b!, c!, outsider!, a!].map(({ handle }) => `@${handle}`).join(" ");
    const message = await send(a!, channel, names);
    expect(await addressed(channel)).toEqual([`mention ${b!.id}`]);
    expect(message.mentions.map(({ handle }) => handle)).toEqual([b!.handle, c!.handle, a!.handle]);
    const body = { body: `@${b!.handle} and @${d!.handle}` };
    await client.call(r.editMessage, { token: a!.token, params: { id: message.id }, body });
    expect(await addressed(channel)).toEqual([`mention ${b!.id}`, `mention ${d!.id}`]);
  });

  test("CH41: `@channel` of who may not is only a word; of a moderator it tells all who wish it, `@here` who is here", async () => {
    const [owner, member, other] = await people(3);
    await house.space("callers", owner!, [member!, other!]);
    const channel = await t.channel(owner!, "callers", "public", "general", [member!, other!]);
    const tried = await send(member!, channel, "@channel come");
    expect(tried.mentions_all).toBeNull();
    const called = await send(owner!, channel, `@channel come, @${member!.handle}`);
    expect(called.mentions_all).toBe("channel");
    await t.runJob("chat.call_all", { message_id: called.id, whom: "channel" });
    expect(await addressed(channel)).toEqual([`mention ${member!.id}`, `all ${other!.id}`]);
    t.here.add(other!.id);
    const here = await send(owner!, channel, "@here now");
    await t.runJob("chat.call_all", { message_id: here.id, whom: "here" });
    expect((await addressed(channel)).at(-1)).toBe(`all ${other!.id}`);
    const group = await t.group(member!, [other!]);
    expect((await send(other!, group, "@channel lunch?")).mentions_all).toBe("channel");
  });

  test("CH43: in a space's channel only who wishes for all is told of each message; who is answered is; of news everybody", async () => {
    const [owner, a, b, c] = await people(4);
    await house.space("hearers", owner!, [a!, b!, c!]);
    const channel = await t.channel(owner!, "hearers", "public", "general", [a!, b!, c!]);
    const news = await t.channel(owner!, "hearers", "announcement", "news", [a!, b!]);
    expect((await t.stands(a!, channel)).mine?.level).toBe("mentions");
    expect((await t.stands(a!, news)).mine?.level).toBe("all");
    await wish(b!, channel, { level: "all" });
    await wish(c!, channel, { level: "all", muted: true });
    const root = await send(a!, channel, "Who has the key?");
    await send(owner!, channel, `I have, @${b!.handle}`, { root_id: root.id, also_in_channel: true });
    expect(await addressed(channel)).toEqual([`message ${b!.id}`, `mention ${b!.id}`, `thread ${a!.id}`]);
    await send(owner!, news, "The hall is open");
    const both = [a!.id, b!.id].toSorted((x, y) => Number(BigInt(x) - BigInt(y))).join(" ");
    expect(await addressed(news)).toEqual([`message ${both}`]);
    await wish(a!, news, { level: "mentions" });
    t.here.add(a!.id);
    const here = await send(owner!, news, "@here quickly");
    await t.runJob("chat.call_all", { message_id: here.id, whom: "here" });
    expect((await addressed(news)).slice(1)).toEqual([`all ${a!.id}`, `message ${b!.id}`]);
  });

  test("CH42: direct messages and threads tell whom they concern; what is read and deleted is told", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const one = await send(a!, channel, "Hello");
    await client.call(r.readChannel, { token: b!.token, params: { id: channel.id }, body: { seq: one.seq } });
    await client.call(r.deleteMessage, { token: a!.token, params: { id: one.id } });
    expect((await told(channel)).map(({ type }) => type)).toEqual([
      "chat.channel_created",
      "chat.addressed",
      "chat.read",
      "chat.message_deleted",
    ]);
    const group = await t.group(a!, [b!, c!]);
    const root = await send(a!, group, "Root");
    await send(b!, group, "An answer", { root_id: root.id });
    expect(await addressed(group)).toEqual([
      `direct ${[b!.id, c!.id].toSorted((x, y) => Number(BigInt(x) - BigInt(y))).join(" ")}`,
      `thread ${a!.id}`,
    ]);
  });
});

describe("beside", () => {
  test("CH50: what is not clear is refused; words, quotes and filters are understood", async () => {
    expect(parseSearch(`from:@Ann in:#garden has:image "old oak" tre`)).toMatchObject({
      from: "ann",
      in: "garden",
      has: ["image"],
      words: "'old' <-> 'oak' & 'tre':*",
    });
    expect(parseSearch("it's & | ! ( '")?.words).toBe("'it' & 's'");
    const [a] = await people(1);
    for (const q of ["has:nothing", "before:yesterday", "after:2999-01-01", "from:", "***"]) {
      const { code } = await client.call(r.searchMessages, { token: a!.token, query: { q } });
      expect(code).toBe("chat.search_unclear");
    }
  });

  test("CH50: found is what one may read now, by words and filters, page by page", async () => {
    const [a, b, c] = await people(3);
    await house.space("finders", a!, [b!]);
    const open = await t.channel(a!, "finders", "public", "general", [b!]);
    const closed = await t.channel(a!, "finders", "private", "board");
    const direct = await t.direct(a!, b!);
    await send(a!, open, "The old oak stands");
    await send(a!, closed, "The old oak is to be felled");
    await send(b!, direct, "Oaks are old https://oak.example");
    const gone = await send(a!, direct, "An old oak, deleted");
    await client.call(r.deleteMessage, { token: a!.token, params: { id: gone.id } });
    const find = async (by: TestPerson, q: string) =>
      (await client.call(r.searchMessages, { token: by.token, query: { q } })).body.items.map(({ body }) => body);
    expect(await find(a!, "old oak")).toEqual([
      "Oaks are old https://oak.example",
      "The old oak is to be felled",
      "The old oak stands",
    ]);
    expect(await find(b!, "old oak")).toEqual(["Oaks are old https://oak.example", "The old oak stands"]);
    expect(await find(c!, "old oak")).toEqual([]);
    expect(await find(a!, `"old oak" in:general`)).toEqual(["The old oak stands"]);
    expect(await find(a!, `in:@${b!.handle}`)).toEqual(["Oaks are old https://oak.example"]);
    expect(await find(a!, `from:${b!.handle} has:link`)).toEqual(["Oaks are old https://oak.example"]);
    expect(await find(a!, "oak after:2090-01-01")).toEqual([]);
    expect(await find(b!, "oak in:board")).toEqual([]);
    const page = await client.call(r.searchMessages, { token: a!.token, query: { q: "oak", limit: 2 } });
    const query = { q: "oak", limit: 2, cursor: page.body.next_cursor! };
    const next = await client.call(r.searchMessages, { token: a!.token, query });
    expect([page.body.items.length, next.body.items.length, next.body.next_cursor]).toEqual([2, 1, null]);
  });

  test("CH51: slow mode makes members wait and says how long; moderators do not wait", async () => {
    const [owner, member] = await people(2);
    await house.space("slow", owner!, [member!]);
    const channel = await t.channel(owner!, "slow", "public", "general", [member!]);
    const params = { id: channel.id };
    await client.call(r.changeChannel, { token: owner!.token, params, body: { slow_mode_s: 30 } });
    await send(member!, channel, "One");
    const body = { cid: "two", body: "Two" };
    const refused = await client.call(r.sendMessage, { token: member!.token, params, body });
    expect([refused.status, refused.code]).toEqual([429, "chat.slow_mode"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await send(owner!, channel, "One");
    await send(owner!, channel, "Two");
    t.later(31_000);
    expect((await client.call(r.sendMessage, { token: member!.token, params, body })).status).toBe(201);
  });

  test("CH52: a draft is one's own, one a channel and thread, and empty words throw it away", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const save = (body: string) =>
      client.call(r.saveChatDraft, { token: a!.token, params: { id: channel.id }, body: { body } });
    const drafts = async (by: TestPerson) =>
      (await client.call(r.listChatDrafts, { token: by.token })).body.items.map(({ body }) => body);
    await save("Dear");
    await save("Dear b");
    expect([await drafts(a!), await drafts(b!)]).toEqual([["Dear b"], []]);
    await save("");
    expect(await drafts(a!)).toEqual([]);
  });

  test("CH53: a scheduled message is sent once; where its author may not any more, it says why not", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const schedule = (body: string, send_at: string) =>
      client.call(r.scheduleMessage, { token: a!.token, params: { id: channel.id }, body: { body, send_at } });
    expect((await schedule("Yesterday", at(-86_400_000))).code).toBe("chat.not_ahead");
    const one = (await schedule("Good morning", at(3_600_000))).body;
    const two = (await schedule("Good night", at(3_600_000))).body;
    const bodies = async () => (await t.history(b!, channel)).items.map(({ body }) => body);
    await t.runJob("chat.send_scheduled", { scheduled_id: one.id });
    expect(await bodies()).toEqual([]);
    t.later(3_700_000);
    await t.runJob("chat.send_scheduled", { scheduled_id: one.id });
    await t.runJob("chat.send_scheduled", { scheduled_id: one.id });
    expect(await bodies()).toEqual(["Good morning"]);
    await house.people.rooms.relating.block(b!.viewer, a!.handle);
    await t.runJob("chat.send_scheduled", { scheduled_id: two.id });
    const waiting = async () => (await client.call(r.listScheduledMessages, { token: a!.token })).body.items;
    expect((await waiting()).map(({ failed }) => failed?.code)).toEqual(["chat.blocked"]);
    const cancel = (by: TestPerson) =>
      client.call(r.cancelScheduledMessage, { token: by.token, params: { id: two.id } });
    expect([(await cancel(b!)).status, (await cancel(a!)).status]).toEqual([404, 204]);
    expect(await waiting()).toEqual([]);
  });

  test("CH90: a scheduled message is changed by its author until it is about to be sent, and is still sent once", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const at = (ms: number) => new Date(t.now() + ms).toISOString();
    const { body: one } = await client.call(r.scheduleMessage, {
      token: a!.token,
      params: { id: channel.id },
      body: { body: "Good morning", send_at: at(3_600_000) },
    });
    const change = (by: TestPerson, body: { body?: string; send_at?: string }) =>
      client.call(r.changeScheduledMessage, { token: by.token, params: { id: one.id }, body });
    expect((await change(b!, { body: "Mine" })).code).toBe("scheduled.not_found");
    expect((await change(a!, { send_at: at(-1_000) })).code).toBe("chat.not_ahead");
    expect((await change(a!, { body: "Good day" })).body).toMatchObject({ body: "Good day", send_at: one.send_at });
    const later = at(7_200_000);
    expect((await change(a!, { send_at: later })).body).toMatchObject({ body: "Good day", send_at: later });
    const bodies = async () => (await t.history(b!, channel)).items.map(({ body }) => body);
    t.later(3_700_000);
    await t.runJob("chat.send_scheduled", { scheduled_id: one.id, at: one.send_at });
    expect(await bodies()).toEqual([]);
    t.later(3_498_000);
    expect((await change(a!, { body: "Too late" })).code).toBe("chat.being_sent");
    t.later(10_000);
    for (let n = 0; n < 2; n++) await t.runJob("chat.send_scheduled", { scheduled_id: one.id, at: later });
    expect(await bodies()).toEqual(["Good day"]);
    expect((await change(a!, { body: "Gone" })).code).toBe("scheduled.not_found");
  });

  test("CH54: what a channel keeps no longer goes, with all that hangs on it, and what it keeps stays", async () => {
    const [a, b] = await people(2);
    const group = await t.group(a!, [b!]);
    const old = await send(a!, group, "Old words");
    await client.call(r.addReaction, { token: b!.token, params: { id: old.id, emoji: "👍" } });
    await pool`UPDATE chat_messages SET created_at = created_at - interval '3 days' WHERE id = ${old.id}`;
    await send(a!, group, "New words");
    const keep = (retention_days: number | null) =>
      client.call(r.changeChannel, { token: a!.token, params: { id: group.id }, body: { retention_days } });
    await keep(30);
    await t.runJob("chat.trim", {});
    expect((await t.history(b!, group)).items.length).toBe(2);
    await keep(2);
    await t.runJob("chat.trim", {});
    expect((await t.history(b!, group)).items.map(({ body }) => body)).toEqual(["New words"]);
    expect((await rows(pool`SELECT 1 FROM chat_reactions WHERE message_id = ${old.id}`)).length).toBe(0);
    expect((await rows(pool`SELECT 1 FROM realtime_items WHERE data LIKE '%Old words%'`)).length).toBe(0);
  });

  test("CH54: each month has a partition before it begins", async () => {
    await t.runJob("chat.partitions", {});
    const made = await rows(
      pool`SELECT relname FROM pg_class WHERE relname ~ '^chat_messages_20[0-9]{2}_[0-9]{2}$' AND relkind = 'r'`,
    );
    expect(made.length).toBeGreaterThanOrEqual(4);
    expect((await rows(pool`SELECT 1 FROM chat_messages_other`)).length).toBe(0);
  });

  test("CH55: an export has everything in order, threads too, and is for who may read", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const root = await send(a!, channel, "Root");
    await send(b!, channel, "In the thread", { root_id: root.id });
    await send(a!, channel, "After");
    const response = await t.chat.export(b!.viewer, channel.id);
    const lines = (await response.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { body: string; author: string });
    expect(lines.map(({ body, author }) => [body, author])).toEqual([
      ["Root", a!.handle],
      ["In the thread", b!.handle],
      ["After", a!.handle],
    ]);
  });

  test("CH56: who is here is asked of the line; a status ends by itself; across a block nobody is here", async () => {
    const [a, b, c] = await people(3);
    for (const one of [b!, c!]) t.here.add(one.id);
    const set = (by: TestPerson, body: Record<string, unknown>) =>
      client.call(r.setChatPreferences, { token: by.token, body: body as never });
    const seen = async () => {
      const query = { ids: [b!.id, c!.id].join(",") };
      const { body } = await client.call(r.presence, { token: a!.token, query: query as never });
      return body.items.map(({ state, text }) => `${state} ${text}`.trim());
    };
    expect(await seen()).toEqual(["online", "online"]);
    const until = new Date(house.db.clock.now() + 30 * 86_400_000).toISOString();
    await set(b!, { status_text: "At the lake", status_until: until, quiet_until: until });
    await set(c!, { presence: false });
    expect(await seen()).toEqual(["quiet At the lake", "offline"]);
    t.later(31 * 86_400_000);
    expect(await seen()).toEqual(["online", "offline"]);
    expect((await set(b!, { status_emoji: "ab" })).code).toBe("message.no_emoji");
    await house.people.rooms.relating.block(b!.viewer, a!.handle);
    expect(await seen()).toEqual(["offline", "offline"]);
  });

  test("CH57: who deletes their account leaves, and their words go", async () => {
    const [a, b] = await people(2);
    const group = await t.group(a!, [b!]);
    const { id } = await send(a!, group, "My words");
    await house.people.rooms.account.deleteMe(a!.viewer, TEST_PASSWORD, "192.0.2.1");
    await house.log.caughtUp("people", "chat.leavers");
    await t.runJob("chat.see_off", { person_id: a!.id });
    expect((await t.history(b!, group)).items).toMatchObject([{ id, deleted: true, body: "" }]);
    expect(await t.stands(b!, group)).toMatchObject({ member_count: 1, mine: { role: "owner" } });
  });

  test("CH60: the line asks the same rules as the routes", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const [chat, bump] = [t.rules.get("chat")!, t.rules.get("bump")!];
    for (const rules of [chat, bump]) {
      expect(await rules.mayRead(a!.viewer, channel.id)).toBe(true);
      for (const key of [channel.id, "1", "x", "0"]) expect(await rules.mayRead(c!.viewer, key)).toBe(false);
    }
    expect(bump.send).toBeUndefined();
    const refused = async (by: TestPerson, data: unknown) =>
      chat.send!(by.viewer, channel.id, "x", data as never).then(
        () => null,
        (error: { code: string }) => error.code,
      );
    expect(await refused(c!, { body: "Hi" })).toBe("channel.not_found");
    for (const data of [null, "Hi", { body: 1 }, { words: "Hi" }])
      expect(await refused(a!, data)).toBe("request.invalid");
    const sent = await chat.send!(a!.viewer, channel.id, "x1", { body: "By the line" });
    expect(await chat.send!(a!.viewer, channel.id, "x1", { body: "Again" })).toMatchObject({ id: sent.id, dup: true });
    expect(await chat.ephemeral!(a!.viewer, channel.id, "typing", { words: "secret" })).toEqual({});
    expect(await chat.ephemeral!(a!.viewer, channel.id, "shout", {})).toBeNull();
    await chat.read!(b!.viewer, channel.id, sent.seq);
    expect((await t.stands(b!, channel)).mine?.unread).toBe(0);
    expect(t.passed).toContain(`bump:${channel.id} head`);
    expect(t.passed).toContain(`chat:${channel.id} receipts`);
    await house.people.rooms.relating.block(a!.viewer, b!.handle);
    expect(await chat.ephemeral!(a!.viewer, channel.id, "typing", {})).toBeNull();
  });

  test("CH50: nothing above was a failure of ours", () => {
    expect(house.broken).toEqual([]);
  });
});
