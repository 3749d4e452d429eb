import { afterAll, describe, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { type Channel, chatRoutes as r } from "../contract.ts";
import { testChat } from "../testing.ts";

const t = await testChat();
const { house, send, history } = t;
const { client } = house;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`m${count++}`)));
const bodies = (page: { items: { body: string }[] }) => page.items.map(({ body }) => body);
const ask = (by: TestPerson, channel: Channel, body: Record<string, unknown>) =>
  client.call(r.sendMessage, { token: by.token, params: { id: channel.id }, body: { cid: "c", ...body } as never });

describe("messages", () => {
  test("CH10: a message's seq is its number in the stream, which has no gaps", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const one = await send(a!, channel, "One");
    await client.call(r.addReaction, { token: b!.token, params: { id: one.id, emoji: "👍" } });
    const two = await send(b!, channel, "Two");
    expect(BigInt(two.seq) - BigInt(one.seq)).toBe(2n);
    const items = (await house.db.sql.pool`SELECT seq, id, kind FROM realtime_items
      WHERE stream = ${`chat:${channel.id}`} ORDER BY seq`) as { seq: string; id: string; kind: string }[];
    expect(items.map(({ seq }) => Number(seq))).toEqual(items.map((_, i) => i + 1));
    expect(items.find(({ id }) => id === two.id)?.seq).toBe(two.seq);
    expect((await t.stands(a!, channel)).last_seq).toBe(two.seq);
  });

  test("CH11: the same cid is one message, also when it comes ten times at once, and the first words stay", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ask(a!, channel, { cid: "x", body: `Try ${i}` })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(9).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => `${body.id} ${body.seq} ${body.body}`)).size).toBe(1);
    expect((await history(b!, channel)).items.length).toBe(1);
    expect((await ask(b!, channel, { cid: "x", body: "Mine" })).status).toBe(201);
  });

  test("CH20: nothing, too much, and both pictures and a film are refused", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    expect((await ask(a!, channel, { body: "  " })).code).toBe("message.empty");
    expect((await ask(a!, channel, { body: "x".repeat(8_001) })).status).toBe(400);
    t.media.image("71", a!.id);
    expect((await ask(a!, channel, { image_ids: ["71"], video_id: "5" })).code).toBe("message.media_not_usable");
    expect((await ask(a!, channel, { body: "å".repeat(8_000) })).status).toBe(201);
  });

  test("CH19: a picture of somebody else is refused, one's own is held, and let go with the message", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    t.media.image("72", a!.id);
    expect((await ask(b!, channel, { image_ids: ["72"] })).code).toBe("message.media_not_usable");
    const { body } = await ask(a!, channel, { image_ids: ["72"] });
    expect((await history(b!, channel)).items[0]?.images.map(({ id }) => id)).toEqual(["72"]);
    await client.call(r.deleteMessage, { token: a!.token, params: { id: body.id } });
    expect(t.media.did.slice(-2)).toEqual([`claim:${body.id}`, `release:${body.id}`]);
  });

  test("CH13: history goes both ways and around a place, and says where it ends", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const sent = [];
    for (let i = 0; i < 12; i++) sent.push(await send(i % 2 ? a! : b!, channel, `n${i}`));
    const newest = await history(a!, channel, { limit: 5 });
    expect(bodies(newest)).toEqual(["n7", "n8", "n9", "n10", "n11"]);
    expect(newest).toMatchObject({ more_before: true, more_after: false });
    const before = await history(a!, channel, { before: newest.items[0]!.seq, limit: 5 });
    expect(bodies(before)).toEqual(["n2", "n3", "n4", "n5", "n6"]);
    expect(before).toMatchObject({ more_before: true, more_after: true });
    const first = await history(a!, channel, { before: before.items[0]!.seq, limit: 5 });
    expect(bodies(first)).toEqual(["n0", "n1"]);
    expect(first.more_before).toBe(false);
    const after = await history(a!, channel, { after: sent[8]!.seq, limit: 5 });
    expect(bodies(after)).toEqual(["n9", "n10", "n11"]);
    expect(after).toMatchObject({ more_before: true, more_after: false });
    const around = await history(a!, channel, { around: sent[6]!.seq, limit: 4 });
    expect(bodies(around)).toEqual(["n5", "n6", "n7", "n8"]);
    expect(around).toMatchObject({ more_before: true, more_after: true });
    const two = { token: a!.token, params: { id: channel.id }, query: { before: "1", after: "2" } };
    expect((await client.call(r.history, two)).code).toBe("chat.one_place");
  });

  test("CH13: who walks down while others write meets every message once", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    for (let i = 0; i < 9; i++) await send(a!, channel, `old${i}`);
    const met: string[] = [];
    let page = await history(b!, channel, { limit: 3 });
    for (;;) {
      met.unshift(...bodies(page));
      if (!page.more_before) break;
      await send(a!, channel, "new");
      page = await history(b!, channel, { before: page.items[0]!.seq, limit: 3 });
    }
    expect(met).toEqual(Array.from({ length: 9 }, (_, i) => `old${i}`));
  });

  test("CH14: an answer stands in its thread, or in both; a thread has one level and stays in its channel", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const other = await t.direct(a!, c!);
    const root = await send(a!, channel, "Root");
    const alone = await send(b!, channel, "Alone", { root_id: root.id });
    await send(b!, channel, "Both", { root_id: root.id, also_in_channel: true });
    expect(bodies(await history(a!, channel))).toEqual(["Root", "Both"]);
    const { body } = await client.call(r.thread, { token: a!.token, params: { id: root.id } });
    expect(bodies(body)).toEqual(["Alone", "Both"]);
    expect((await history(a!, channel)).items[0]).toMatchObject({ replies: 2 });
    expect((await ask(a!, channel, { body: "Deeper", root_id: alone.id })).code).toBe("chat.no_thread");
    expect((await ask(a!, other, { body: "Elsewhere", root_id: root.id })).code).toBe("message.not_found");
    expect((await ask(a!, other, { body: "Elsewhere", reply_to_id: root.id })).code).toBe("message.not_found");
    const reply = await send(a!, channel, "So it is", { reply_to_id: alone.id });
    expect(reply.reply_to).toMatchObject({ id: alone.id, excerpt: "Alone", author: { handle: b!.handle } });
  });

  test("CH15: only the author edits, what stood there is shown, and an older version loses", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const { id } = await send(a!, channel, "First");
    const edit = (by: TestPerson, body: string, version?: number) =>
      client.call(r.editMessage, {
        token: by.token,
        params: { id },
        body: { body, ...(version === undefined ? {} : { version }) },
      });
    expect((await edit(b!, "Mine now")).code).toBe("chat.not_yours");
    expect((await edit(a!, "")).code).toBe("message.empty");
    expect((await edit(a!, "Second", 1)).body).toMatchObject({ body: "Second", version: 2 });
    expect((await edit(a!, "Third", 1)).code).toBe("message.changed");
    const { body } = await client.call(r.messageEdits, { token: b!.token, params: { id } });
    expect(body.items.map(({ version, body: words }) => [version, words])).toEqual([[1, "First"]]);
    const [item] = await house.db.sql
      .pool`SELECT data FROM realtime_items WHERE stream = ${`chat:${channel.id}`} AND id = ${id}`;
    expect(item.data).toBe("null");
  });

  test("CH16: author and moderators delete; the words are gone from every table, and the place stays", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.group(a!, [b!, c!]);
    const word = "Unforgettable";
    const { id, seq } = await send(b!, channel, word);
    await client.call(r.editMessage, { token: b!.token, params: { id }, body: { body: `${word} twice` } });
    await client.call(r.addReaction, { token: c!.token, params: { id, emoji: "❤️" } });
    expect((await client.call(r.deleteMessage, { token: c!.token, params: { id } })).code).toBe("chat.not_yours");
    expect((await client.call(r.deleteMessage, { token: a!.token, params: { id } })).status).toBe(204);
    expect((await client.call(r.deleteMessage, { token: a!.token, params: { id } })).code).toBe("message.not_found");
    const [there] = (await history(c!, channel)).items;
    expect(there).toMatchObject({ id, seq, deleted: true, body: "", reactions: [] });
    const { pool } = house.db.sql;
    expect((await pool`SELECT 1 FROM chat_edits WHERE message_id = ${id}`).length).toBe(0);
    expect((await pool`SELECT 1 FROM realtime_items WHERE data LIKE ${`%${word}%`}`).length).toBe(0);
    expect((await pool`SELECT 1 FROM log_events WHERE data::text LIKE ${`%${word}%`}`).length).toBe(0);
    expect((await client.call(r.editMessage, { token: b!.token, params: { id }, body: { body: "Back" } })).status).toBe(
      404,
    );
  });

  test("CH17: a reaction is one emoji, once a person, and there are twenty different ones at most", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const { id } = await send(a!, channel, "Hello");
    const react = (by: TestPerson, emoji: string) =>
      client.call(r.addReaction, { token: by.token, params: { id, emoji } });
    for (const none of ["a", "👍👍", "<b>", "1"]) expect((await react(a!, none)).code).toBe("message.no_emoji");
    await react(a!, "👍🏽");
    await react(a!, "👍🏽");
    const { body } = await react(b!, "👍🏽");
    expect(body.reactions).toEqual([{ emoji: "👍🏽", count: 2, mine: true, names: [a!.handle, b!.handle] }]);
    for (const emoji of "😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒") expect((await react(a!, emoji)).status).toBe(200);
    expect((await react(a!, "😓")).code).toBe("message.too_many_reactions");
    expect((await react(b!, "😀")).status).toBe(200);
    const off = await client.call(r.removeReaction, { token: a!.token, params: { id, emoji: "👍🏽" } });
    expect(off.body.reactions[0]).toMatchObject({ count: 1, mine: false });
  });

  test("CH17: what changes nothing is told to nobody, and who is not in a channel writes nothing into its stream", async () => {
    const [a, b] = await people(2);
    await house.space("pond", a!, [b!]);
    const channel = await t.channel(a!, "pond", "public", "ducks");
    const { id } = await send(a!, channel, "Quack");
    const head = async () =>
      (
        await house.db.sql.pool`SELECT last_seq::int AS n FROM realtime_streams WHERE stream = ${`chat:${channel.id}`}`
      )[0].n as number;
    const params = { id, emoji: "🦆" };
    const before = await head();
    expect((await client.call(r.addReaction, { token: b!.token, params })).code).toBe("chat.join_first");
    expect((await client.call(r.removeReaction, { token: b!.token, params })).status).toBe(200);
    expect((await client.call(r.unpinMessage, { token: b!.token, params: { id } })).code).toBe("chat.join_first");
    expect((await client.call(r.unpinMessage, { token: a!.token, params: { id } })).status).toBe(204);
    expect(await head()).toBe(before);
    for (let again = 0; again < 3; again++) {
      await client.call(r.addReaction, { token: a!.token, params });
      await client.call(r.pinMessage, { token: a!.token, params: { id } });
    }
    expect(await head()).toBe(before + 2);
  });

  test("CH18: whoever may write pins, pins are listed, and a deleted message is pinned no more", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.direct(a!, b!);
    const { id } = await send(a!, channel, "Important");
    expect((await client.call(r.pinMessage, { token: c!.token, params: { id } })).code).toBe("message.not_found");
    expect((await client.call(r.pinMessage, { token: b!.token, params: { id } })).status).toBe(204);
    const pins = async () => (await client.call(r.pins, { token: a!.token, params: { id: channel.id } })).body.items;
    expect((await pins()).map((one) => [one.id, one.pinned])).toEqual([[id, true]]);
    await client.call(r.deleteMessage, { token: a!.token, params: { id } });
    expect(await pins()).toEqual([]);
  });

  test("CH21: what somebody blocked or muted writes is marked to be folded, and stands in its place", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.group(a!, [b!, c!]);
    await send(b!, channel, "From b");
    await send(c!, channel, "From c");
    await house.people.rooms.relating.mute(a!.viewer, b!.handle);
    expect((await history(a!, channel)).items.map(({ folded }) => folded)).toEqual([true, false]);
    expect((await history(c!, channel)).items.map(({ folded }) => folded)).toEqual([false, false]);
  });

  test("CH10: nothing above was a failure of ours", () => {
    expect(house.broken).toEqual([]);
  });
});
