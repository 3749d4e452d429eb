import { afterAll, describe, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { type Channel, chatRoutes as r, type Message } from "../contract.ts";
import { testChat } from "../testing.ts";

const t = await testChat();
const { house } = t;
const { client } = house;
const { pool } = house.db.sql;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`f${count++}`)));
const forward = (by: TestPerson, to: Channel, message: Message, body = "", cid: string = crypto.randomUUID()) =>
  client.call(r.sendMessage, {
    token: by.token,
    params: { id: to.id },
    body: { cid, body, forward_of_id: message.id },
  });
const last = async (by: TestPerson, channel: Channel) => (await t.history(by, channel)).items.at(-1)!;

describe("passing messages on", () => {
  test("CH68: only what one may read is passed on, and only to where one may write", async () => {
    const [a, b, c] = await people(3);
    const [ab, ac, bc] = [await t.direct(a!, b!), await t.direct(a!, c!), await t.direct(b!, c!)];
    const message = await t.send(a!, ab, "Between us");
    expect((await forward(c!, ac, message)).code).toBe("message.not_found");
    expect((await forward(a!, bc, message)).code).toBe("channel.not_found");
    const gone = await t.send(a!, ab, "Gone");
    await client.call(r.deleteMessage, { token: a!.token, params: { id: gone.id } });
    expect((await forward(b!, bc, gone)).code).toBe("message.not_found");
    expect((await t.history(c!, bc)).items).toEqual([]);
  });

  test("CH68: it stands there as it stood then, with words beside it or without; a resend is the same message", async () => {
    const [a, b, c] = await people(3);
    const [ab, bc] = [await t.direct(a!, b!), await t.direct(b!, c!)];
    t.media.image("81", a!.id);
    const message = await t.send(a!, ab, "The old oak", { image_ids: ["81"] });
    const { status, body: first } = await forward(b!, bc, message, "", "one");
    expect([status, first.body]).toEqual([201, ""]);
    expect(first.forwarded).toMatchObject({ body: "The old oak", images: 1, film: false, gone: false });
    const edit = { token: a!.token, params: { id: message.id }, body: { body: "The young oak" } };
    await client.call(r.editMessage, edit);
    expect((await last(c!, bc)).forwarded).toMatchObject({ body: "The old oak", author: { id: a!.id } });
    await client.call(r.deleteMessage, { token: a!.token, params: { id: message.id } });
    expect(await forward(b!, bc, message, "", "one")).toMatchObject({ status: 200, body: { id: first.id } });
    const beside = await forward(b!, bc, await t.send(a!, ab, "Beside"), "Look");
    expect(beside.body).toMatchObject({ body: "Look", forwarded: { body: "Beside" } });
  });

  test("CH69: where it came from is told to who may read there, now, and to nobody else", async () => {
    const [a, b, c] = await people(3);
    const secret = await t.group(a!, [b!], "Surprise for C");
    const bc = await t.direct(b!, c!);
    const message = await t.send(a!, secret, "Cake at four");
    await forward(b!, bc, message);
    const source = { channel_id: secret.id, seq: message.seq, channel_name: "Surprise for C" };
    expect((await last(b!, bc)).forwarded?.source).toEqual(source as never);
    const strangers = await last(c!, bc);
    expect(strangers.forwarded).toMatchObject({ body: "Cake at four", source: null });
    expect(JSON.stringify(strangers)).not.toContain("Surprise");
    expect(JSON.stringify(strangers)).not.toContain(secret.id);
    await client.call(r.leaveChannel, { token: b!.token, params: { id: secret.id } });
    expect((await last(b!, bc)).forwarded?.source).toBeNull();
  });

  test("CH69: what is passed on again is still of who wrote it; it goes everywhere when they delete it", async () => {
    const [a, b, c, d] = await people(4);
    const [ab, bc, cd] = [await t.direct(a!, b!), await t.direct(b!, c!), await t.direct(c!, d!)];
    const message = await t.send(a!, ab, "Pass it on");
    const { body: one } = await forward(b!, bc, message);
    await forward(c!, cd, one);
    const commented = await forward(b!, bc, message, "My words");
    await forward(c!, cd, commented.body);
    const [twice, words] = (await t.history(d!, cd)).items;
    expect(twice?.forwarded).toMatchObject({ body: "Pass it on", author: { id: a!.id }, source: null });
    expect(words?.forwarded).toMatchObject({ body: "My words", author: { id: b!.id } });
    await client.call(r.deleteMessage, { token: a!.token, params: { id: message.id } });
    expect((await t.history(d!, cd)).items[0]?.forwarded).toMatchObject({ body: "", gone: true, author: null });
    expect((await forward(c!, cd, one)).code).toBe("message.not_found");
    const kept = await pool`SELECT body FROM chat_forwards WHERE body = 'Pass it on'`;
    expect(kept).toHaveLength(0);
    await client.call(r.deleteMessage, { token: b!.token, params: { id: one.id } });
    expect((await t.history(c!, bc)).items[0]).toMatchObject({ deleted: true, forwarded: null });
  });

  test("nothing broke on our side", () => expect(house.broken).toEqual([]));
});
