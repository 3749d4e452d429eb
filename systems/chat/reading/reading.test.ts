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

const receipts = async (by: TestPerson, channel: Channel) =>
  (await client.call(r.receipts, { token: by.token, params: { id: channel.id } })).body.items;
/** As the gateway passes on what a device says. */
const ack = (by: TestPerson, channel: Channel, seq: string) =>
  t.rules.get("chat")!.delivered!(by.viewer, channel.id, seq);
/** Resolves when it is told so. */
async function arrived(by: TestPerson, channel: Channel, whose: TestPerson, seq: string): Promise<void> {
  const stands = async () =>
    (await receipts(by, channel)).find(({ person_id }) => person_id === whose.id)?.delivered_seq === seq;
  while (!(await stands())) await Bun.sleep(20);
}

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
    // What names somebody takes longer to be sent: of all at once, these could be the last.
    for (let i = 0; i < 3; i++) await send(a!, group, `Hello @${b!.handle}`);
    // A few at once: all wait for one stream, and on a busy machine the last would wait beyond what a request may take.
    for (let i = 0; i < 21; i++) await Promise.all(Array.from({ length: 5 }, () => send(a!, group, "One of many")));
    const now = await state(b!, group);
    expect(now.unread).toBe(100);
    expect(now.unread_mentions).toBe(3);
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

  test("CH110: what arrived at a device, by the line or by being fetched, is told as a cursor that goes forward only and not beyond what is there", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const one = await send(a!, channel, "One");
    expect(await receipts(a!, channel)).toEqual([{ person_id: b!.id, delivered_seq: "0", read_seq: "0" }]);
    expect((await client.call(r.receipts, { token: c!.token, params: { id: channel.id } })).status).toBe(404);
    await ack(c!, channel, one.seq);
    await ack(b!, channel, one.seq);
    await arrived(a!, channel, b!, one.seq);
    const two = await send(a!, channel, "Two");
    await client.call(r.history, { token: b!.token, params: { id: channel.id } });
    await arrived(a!, channel, b!, two.seq);
    const three = await send(a!, channel, "Three");
    await client.call(r.listChannels, { token: b!.token });
    await arrived(a!, channel, b!, three.seq);
    await ack(b!, channel, one.seq);
    const four = await send(a!, channel, "Four");
    await ack(b!, channel, "999999");
    await arrived(a!, channel, b!, four.seq);
    const { pool } = house.db.sql;
    expect(await pool`SELECT person_id FROM chat_delivered WHERE channel_id = ${channel.id}`).toEqual([
      { person_id: b!.id },
    ] as never);
    const five = await send(a!, channel, "Five");
    await read(b!, channel, five.seq);
    expect(await receipts(a!, channel)).toEqual([{ person_id: b!.id, delivered_seq: five.seq, read_seq: five.seq }]);
  });

  test("CH111: who tells no receipts tells of no arrival and hears of none; who only hears that there is something new is told neither whose nor how far", async () => {
    const [a, b, c] = await people(3);
    const group = await t.group(a!, [b!, c!]);
    const pair = await t.direct(b!, c!);
    await client.call(r.setChatPreferences, { token: c!.token, body: { receipts: false } });
    const { seq } = await send(a!, group, "Has it come?");
    const to_hidden = await send(b!, pair, "And to you?");
    const from_hidden = await send(c!, pair, "And to me?");
    await ack(c!, group, seq);
    await ack(c!, pair, to_hidden.seq);
    await ack(b!, pair, from_hidden.seq);
    await ack(b!, group, seq);
    await arrived(a!, group, b!, seq);
    expect((await receipts(a!, group)).map(({ person_id }) => person_id)).toEqual([b!.id]);
    expect(await receipts(c!, group)).toEqual([]);
    expect([await receipts(b!, pair), await receipts(c!, pair)]).toEqual([[], []]);
    expect(
      await house.db.sql.pool`SELECT 1 FROM chat_delivered WHERE person_id = ${c!.id}`.then((found) => found.length),
    ).toBe(0);
    await read(b!, pair, from_hidden.seq);
    await read(b!, group, seq);
    const said = (of: Channel) =>
      t.said.filter(({ stream, slot }) => stream === `chat:${of.id}` && slot === "receipts");
    while (said(group).length < 2) await Bun.sleep(20);
    expect(said(pair)).toEqual([]);
    expect(said(group).every(({ data }) => JSON.stringify(data) === "{}")).toBe(true);
    // What was told before is not told any more.
    await client.call(r.setChatPreferences, { token: b!.token, body: { receipts: false } });
    expect(await receipts(a!, group)).toEqual([]);
  });

  test("CH112: in channels of spaces no arrival is kept; arrivals that come together are written and told together", async () => {
    const [owner, ...others] = await people(6);
    await house.space("quay", owner!, others);
    const wide = await t.channel(owner!, "quay", "public", "all", others);
    const group = await t.group(owner!, others);
    const { seq } = await send(owner!, wide, "To many");
    const { seq: narrow } = await send(owner!, group, "To few");
    for (const one of others) await ack(one, wide, seq);
    await Promise.all(others.map((one) => client.call(r.history, { token: one.token, params: { id: wide.id } })));
    // The first says what kind of a channel it is.
    await ack(others[0]!, group, narrow);
    await Promise.all(others.map((one) => ack(one, group, narrow)));
    for (const one of others) await arrived(owner!, group, one, narrow);
    const { pool } = house.db.sql;
    expect(await pool`SELECT 1 FROM chat_delivered WHERE channel_id = ${wide.id}`.then((found) => found.length)).toBe(
      0,
    );
    expect(await receipts(owner!, wide)).toEqual([]);
    const told = () => t.passed.filter((one) => one === `chat:${group.id} receipts`).length;
    while (told() === 0) await Bun.sleep(20);
    expect(told()).toBeLessThan(3);
    // Who leaves takes it along.
    await client.call(r.leaveChannel, { token: others[0]!.token, params: { id: group.id } });
    expect(await pool`SELECT 1 FROM chat_delivered WHERE channel_id = ${group.id}`.then((found) => found.length)).toBe(
      others.length - 1,
    );
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
