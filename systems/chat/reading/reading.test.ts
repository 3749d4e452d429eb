import { afterAll, describe, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { type Channel, chatRoutes as r } from "../contract.ts";
import { testChat } from "../testing.ts";

const t = await testChat();
const { house, send } = t;
const { client } = house;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`r${count++}`)));
const read = (by: TestPerson, channel: Channel, seq: string, unmark?: boolean) =>
  client.call(r.readChannel, {
    token: by.token,
    params: { id: channel.id },
    body: { seq, ...(unmark === undefined ? {} : { unmark }) },
  });
const state = async (by: TestPerson, channel: Channel) =>
  (await client.call(r.readState, { token: by.token, params: { id: channel.id } })).body;
const ownItems = async (who: TestPerson) =>
  (await house.db.sql.pool`SELECT kind, data FROM realtime_items
    WHERE stream = ${`person:${who.id}`} ORDER BY seq`) as { kind: string; data: string }[];

describe("reading", () => {
  test("CH30: unread are messages of others in the channel; events, threads, one's own and deleted ones are not", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const one = await send(a!, channel, "One");
    await send(b!, channel, "My own");
    const two = await send(a!, channel, "Two");
    await send(a!, channel, "In the thread", { root_id: one.id });
    await client.call(r.addReaction, { token: a!.token, params: { id: one.id, emoji: "👍" } });
    expect(await state(b!, channel)).toMatchObject({ unread: 2, first_unread_seq: one.seq });
    expect((await t.stands(b!, channel)).mine?.unread).toBe(2);
    await client.call(r.deleteMessage, { token: a!.token, params: { id: two.id } });
    expect((await state(b!, channel)).unread).toBe(1);
    expect((await state(a!, channel)).unread).toBe(1);
    expect((await client.call(r.unreadChats, { token: b!.token })).body).toEqual({ channels: 1, addressed: 1 });
  });

  test("CH30: the count is bounded, and of the mentions too", async () => {
    const [a, b] = await people(2);
    const group = await t.group(a!, [b!]);
    await Promise.all(
      Array.from({ length: 104 }, (_, i) => send(a!, group, i < 3 ? `Hello @${b!.handle}` : `Number ${i}`)),
    );
    const now = await state(b!, group);
    expect(now.unread).toBe(100);
    expect(now.unread_mentions).toBeGreaterThan(0);
  });

  test("CH31: the cursor goes forward only and not beyond what is there; one's other devices are told once", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const one = await send(a!, channel, "One");
    const two = await send(a!, channel, "Two");
    expect((await read(b!, channel, one.seq)).body).toMatchObject({ unread: 1, first_unread_seq: two.seq });
    expect((await read(b!, channel, "999999")).body).toMatchObject({
      unread: 0,
      read_seq: two.seq,
      first_unread_seq: null,
    });
    expect((await read(b!, channel, one.seq)).body.read_seq).toBe(two.seq);
    expect((await read(c!, channel, one.seq)).status).toBe(404);
    expect((await ownItems(b!)).map(({ kind }) => kind)).toEqual(["chat.read", "chat.read"]);
    await send(a!, channel, "Three");
    expect((await state(b!, channel)).unread).toBe(1);
  });

  test("CH32: marked unread stays, whatever is read meanwhile, until the mark is taken away", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    await send(a!, channel, "One");
    const two = await send(a!, channel, "Two");
    const three = await send(a!, channel, "Three");
    await read(b!, channel, three.seq);
    const mark = { token: b!.token, params: { id: channel.id }, body: { seq: two.seq } };
    expect((await client.call(r.markUnread, mark)).body).toMatchObject({ unread: 2, first_unread_seq: two.seq });
    expect((await read(b!, channel, three.seq)).body.unread).toBe(2);
    const four = await send(a!, channel, "Four");
    expect((await read(b!, channel, four.seq)).body).toMatchObject({ unread: 3, marked_seq: two.seq });
    expect((await read(b!, channel, four.seq, true)).body).toMatchObject({ unread: 0, marked_seq: null });
    await client.call(r.markUnread, mark);
    await client.call(r.readEverything, { token: b!.token });
    expect(await state(b!, channel)).toMatchObject({ unread: 0, marked_seq: null });
  });

  test("CH33: who comes in begins at what stands there", async () => {
    const [a, b, c] = await people(3);
    const group = await t.group(a!, [b!]);
    await send(a!, group, "Old");
    await client.call(r.addMembers, { token: a!.token, params: { id: group.id }, body: { handles: [c!.handle] } });
    expect((await state(c!, group)).unread).toBe(0);
    await send(a!, group, "New");
    expect((await state(c!, group)).unread).toBe(1);
    expect((await t.history(c!, group)).items.map(({ body }) => body)).toEqual(["Old", "New"]);
  });

  test("CH34: receipts are told by who gives them, to who gives them", async () => {
    const [a, b, c] = await people(3);
    const group = await t.group(a!, [b!, c!]);
    const { seq } = await send(a!, group, "Have you seen it?");
    const readers = async (by: TestPerson) => {
      const { body } = await client.call(r.readers, { token: by.token, params: { id: group.id }, query: { seq } });
      return [body.count, body.people?.map(({ handle }) => handle)];
    };
    expect(await readers(a!)).toEqual([0, []]);
    await read(b!, group, seq);
    await client.call(r.setChatPreferences, { token: c!.token, body: { receipts: false } });
    await read(c!, group, seq);
    expect(await readers(a!)).toEqual([1, [b!.handle]]);
    expect(await readers(c!)).toEqual([0, []]);
  });

  test("CH61: a message to thousands touches no row of a member, and each of them has it unread", async () => {
    const [owner, member] = await people(2);
    await house.space("town", owner!, [member!]);
    const channel = await t.channel(owner!, "town", "public", "all", [member!]);
    const { pool } = house.db.sql;
    await pool`INSERT INTO chat_members (channel_id, person_id, joined_at)
      SELECT ${channel.id}::bigint, n, now() FROM generate_series(1, 10000) AS n`;
    await pool`UPDATE chat_channels SET members = 10002 WHERE id = ${channel.id}`;
    const rows = async () =>
      (
        await pool`SELECT md5(string_agg(xmin::text || m::text, ',' ORDER BY person_id)) AS all FROM chat_members m
        WHERE channel_id = ${channel.id}`
      )[0].all as string;
    const before = await rows();
    const { seq } = await send(owner!, channel, "Hello, everybody");
    expect(await rows()).toBe(before);
    expect((await state(member!, channel)).unread).toBe(1);
    const { body } = await client.call(r.readers, {
      token: member!.token,
      params: { id: channel.id },
      query: { seq },
    });
    expect(body.people).toBeNull();
  });

  test("CH30: nothing above was a failure of ours", () => {
    expect(house.broken).toEqual([]);
  });
});
