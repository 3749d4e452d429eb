import { afterAll, describe, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { type Channel, chatRoutes as r, type Message } from "../contract.ts";
import { testChat } from "../testing.ts";

const t = await testChat();
const { house, send } = t;
const { client } = house;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`t${count++}`)));
const of = (by: TestPerson, message: Message) => ({ token: by.token, params: { id: message.id } });
const state = async (by: TestPerson, message: Message) => (await client.call(r.threadState, of(by, message))).body;
const follow = (by: TestPerson, message: Message) => client.call(r.followThread, of(by, message));
const leave = (by: TestPerson, message: Message) => client.call(r.leaveThread, of(by, message));
const list = async (by: TestPerson, query: { limit?: number; cursor?: string } = {}) =>
  (await client.call(r.followedThreads, { token: by.token, query })).body;
const answer = (by: TestPerson, channel: Channel, root: Message, body = "Answer") =>
  send(by, channel, body, { root_id: root.id });
const toldOf = async (message: Message): Promise<string[]> => {
  const rows = (await house.db.sql.pool`SELECT data FROM log_events WHERE topic = 'chat' AND type = 'chat.addressed'
    AND data->>'message_id' = ${message.id}`) as { data: { to: string[] } }[];
  return rows.flatMap(({ data }) => data.to);
};

describe("threads followed", () => {
  test("CH70: who may not read, and who is not in the channel, follows nothing", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const root = await send(a!, channel, "Root");
    for (const route of [r.threadState, r.followThread, r.leaveThread])
      expect((await client.call(route as typeof r.threadState, of(c!, root))).code).toBe("message.not_found");
    await house.space("threads", a!, [c!]);
    const open = await t.channel(a!, "threads", "public", "open");
    const other = await send(a!, open, "Root");
    expect((await follow(c!, other)).code).toBe("chat.join_first");
    expect(await state(c!, other)).toEqual({ followed: false, read_seq: "0", unread: 0 });
  });

  test("CH70: writing, being named and having begun it make one follow; leaving holds until one writes again", async () => {
    const [a, b, c, d] = await people(4);
    const channel = await t.group(a!, [b!, c!, d!], "Follow");
    const root = await send(a!, channel, "Root");
    expect((await state(a!, root)).followed).toBe(false);
    const first = await answer(b!, channel, root, `Look @${c!.handle}`);
    const followed = await Promise.all([a!, b!, c!, d!].map(async (who) => (await state(who, root)).followed));
    expect(followed).toEqual([true, true, true, false]);
    // An answer's thread is its root's.
    expect((await leave(a!, first)).body.followed).toBe(false);
    const second = await answer(b!, channel, root, `Again @${a!.handle}`);
    expect((await state(a!, root)).followed).toBe(false);
    expect((await toldOf(second)).toSorted()).toEqual([a!.id, c!.id].toSorted());
    expect((await follow(d!, root)).body).toMatchObject({ followed: true, unread: 0 });
    const third = await answer(c!, channel, root);
    expect((await toldOf(third)).toSorted()).toEqual([b!.id, d!.id].toSorted());
    await answer(a!, channel, root);
    expect((await state(a!, root)).followed).toBe(true);
  });

  test("CH71: unread are answers of others after the cursor, which goes forward only and never beyond what is there", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.group(a!, [b!, c!], "Unread");
    const root = await send(a!, channel, "Root");
    const one = await answer(b!, channel, root);
    const two = await answer(b!, channel, root);
    await answer(b!, channel, root, `Come @${c!.handle}`);
    expect([await state(a!, root), await state(b!, root), await state(c!, root)]).toMatchObject([
      { unread: 3 },
      { unread: 0 },
      { unread: 1 },
    ]);
    const read = (seq: string) => client.call(r.readThread, { ...of(a!, root), body: { seq } });
    expect((await read(two.seq)).body).toMatchObject({ read_seq: two.seq, unread: 1 });
    expect((await read(one.seq)).body).toMatchObject({ read_seq: two.seq, unread: 1 });
    const far = (await read("999999")).body;
    expect(far.unread).toBe(0);
    const last = await answer(c!, channel, root);
    expect((await state(a!, root)).unread).toBe(1);
    await client.call(r.deleteMessage, of(c!, last));
    expect((await state(a!, root)).unread).toBe(0);
    await answer(c!, channel, root);
    const mine = await answer(a!, channel, root);
    expect(await state(a!, root)).toMatchObject({ read_seq: mine.seq, unread: 0 });
  });

  test("CH72: the list has what is followed, the latest answered first, and nothing of a channel that one was put out of", async () => {
    const [a, b] = await people(2);
    const channel = await t.group(a!, [b!], "List");
    const secret = await t.group(a!, [b!], "Secret");
    const roots = [];
    for (let i = 0; i < 5; i++) roots.push(await send(a!, i === 2 ? secret : channel, `Root ${i}`));
    for (const root of roots) await answer(b!, root === roots[2] ? secret : channel, root, `To ${root.body}`);
    await answer(b!, channel, roots[1]!, "Newest");
    const whole = await list(a!);
    expect(whole.items.map(({ root, latest, unread }) => [root.body, latest?.body, unread])).toEqual([
      ["Root 1", "Newest", 2],
      ["Root 4", "To Root 4", 1],
      ["Root 3", "To Root 3", 1],
      ["Root 2", "To Root 2", 1],
      ["Root 0", "To Root 0", 1],
    ]);
    const met: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Awaited<ReturnType<typeof list>> = await list(a!, { limit: 2, ...(cursor === "" ? {} : { cursor }) });
      met.push(...page.items.map(({ root }) => root.body));
      cursor = page.next_cursor;
    }
    expect(met).toEqual(whole.items.map(({ root }) => root.body));
    expect((await client.call(r.followedThreads, { token: a!.token, query: { cursor: "x" } })).code).toBe(
      "cursor.invalid",
    );
    await client.call(r.removeMember, { token: a!.token, params: { id: secret.id, handle: b!.handle } });
    expect((await list(b!)).items.map(({ root }) => root.body)).not.toContain("Root 2");
    await leave(a!, roots[1]!);
    expect((await list(a!)).items.map(({ root }) => root.body)).not.toContain("Root 1");
    const told = t.said.filter(({ stream, slot }) => stream === `person:${a!.id}` && slot === "thread");
    expect(told.at(-1)?.data).toEqual({ root_id: roots[1]!.id });
  });

  test("CH72: messages that a channel keeps no longer take their threads along, and an account its follows", async () => {
    const [a, b] = await people(2);
    const channel = await t.group(a!, [b!], "Gone");
    const root = await send(a!, channel, "Root");
    await answer(b!, channel, root);
    const follows = async (): Promise<number> =>
      (await house.db.sql.pool`SELECT count(*)::int AS n FROM chat_thread_follows WHERE root_id = ${root.id}`)[0].n;
    expect(await follows()).toBe(2);
    await client.call(r.changeChannel, { token: a!.token, params: { id: channel.id }, body: { retention_days: 1 } });
    t.later(2 * 86_400_000);
    await t.runJob("chat.trim", {});
    expect(await follows()).toBe(0);
  });

  test("nothing broke on our side", () => expect(house.broken).toEqual([]));
});
