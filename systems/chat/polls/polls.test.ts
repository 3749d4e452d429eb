import { afterAll, describe, expect, test } from "bun:test";

import type { JsonObject } from "#kernel/json.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { type Channel, chatRoutes as r, type Message } from "../contract.ts";
import { testChat } from "../testing.ts";
import { END_JOB } from "./present.ts";

const t = await testChat();
const { house } = t;
const { client } = house;
const { pool } = house.db.sql;
afterAll(() => t[Symbol.asyncDispose]());

let count = 0;
const people = (n: number): Promise<TestPerson[]> =>
  Promise.all(Array.from({ length: n }, () => house.person(`v${count++}`)));
type Asked = { options?: string[]; multiple?: boolean; hides_results?: boolean; open_s?: number };
const asked = (more: Asked = {}) => ({ options: ["Tea", "Coffee", "Water"], open_s: 600, ...more });
const ask = (by: TestPerson, channel: Channel, more: Asked = {}, body = "What?") =>
  client.call(r.sendMessage, {
    token: by.token,
    params: { id: channel.id },
    body: { cid: crypto.randomUUID(), body, poll: asked(more) },
  });
const poll = async (by: TestPerson, channel: Channel, more: Asked = {}): Promise<Message> =>
  (await ask(by, channel, more)).body;
const vote = (by: TestPerson, message: Message, choices: number[]) =>
  client.call(r.voteInMessage, { token: by.token, params: { id: message.id }, body: { choices } });
const end = (by: TestPerson, message: Message) =>
  client.call(r.endMessagePoll, { token: by.token, params: { id: message.id } });
const seen = async (by: TestPerson, message: Message) =>
  (await client.call(r.message, { token: by.token, params: { id: message.id } })).body.poll!;
const votes = (of: { options: { votes: number | null }[] }) => of.options.map((option) => option.votes).join();
const items = async (channel: Channel, kind: string): Promise<JsonObject[]> => {
  const rows = (await pool`SELECT data FROM realtime_items
    WHERE stream = ${`chat:${channel.id}`} AND kind = ${kind} ORDER BY seq`) as { data: string }[];
  return rows.map(({ data }) => JSON.parse(data) as JsonObject);
};

describe("polls in messages", () => {
  test("CH62: nobody, strangers, no question, wrong choices and a message without a poll are refused", async () => {
    const [a, b, stranger] = await people(3);
    const channel = await t.direct(a!, b!);
    expect((await ask(a!, channel, {}, "")).code).toBe("message.no_question");
    expect((await ask(a!, channel, { options: ["One"] })).status).toBe(400);
    expect((await ask(a!, channel, { options: ["One", "One"] })).status).toBe(400);
    expect((await ask(a!, channel, { open_s: 299 })).status).toBe(400);
    const message = await poll(a!, channel);
    expect((await client.call(r.voteInMessage, { params: { id: message.id }, body: { choices: [0] } })).status).toBe(
      401,
    );
    expect((await vote(stranger!, message, [0])).code).toBe("message.not_found");
    expect((await vote(b!, await t.send(a!, channel, "Plain"), [0])).code).toBe("poll.not_found");
    for (const choices of [[3], [0, 1]]) expect((await vote(b!, message, choices)).code).toBe("poll.choices");
    for (const choices of [[], [-1], [8]]) expect((await vote(b!, message, choices)).status).toBe(400);
    expect((await seen(b!, message)).chosen).toBeNull();
    const empty = { token: a!.token, params: { id: message.id }, body: { body: "" } };
    expect((await client.call(r.editMessage, empty)).status).toBeGreaterThanOrEqual(400);
  });

  test("CH62: each votes once, its author too; the same vote again changes nothing, another one is refused", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.group(a!, [b!, c!], "Tea");
    const message = await poll(a!, channel, { multiple: true });
    expect(votes((await vote(b!, message, [2, 0, 0])).body)).toBe("1,0,1");
    expect((await vote(b!, message, [0, 2])).body).toMatchObject({ voters: 1, chosen: [0, 2] });
    expect((await vote(b!, message, [1])).code).toBe("poll.voted");
    const twice = await Promise.all([vote(a!, message, [0]), vote(a!, message, [0]), vote(c!, message, [1])]);
    expect(twice.map(({ status }) => status)).toEqual([200, 200, 200]);
    const now = await seen(c!, message);
    expect([now.voters, votes(now)]).toEqual([3, "2,1,1"]);
  });

  test("CH62: in an announcement channel every member votes; who is not in a channel joins first; none in an archived one", async () => {
    const [owner, b, c] = await people(3);
    const slug = `polls${count}`;
    await house.space(slug, owner!, [b!, c!]);
    const channel = await t.channel(owner!, slug, "announcement", "News", [b!]);
    const message = await poll(owner!, channel);
    expect((await vote(b!, message, [0])).status).toBe(200);
    expect((await vote(c!, message, [0])).code).toBe("chat.join_first");
    await client.call(r.changeChannel, { token: owner!.token, params: { id: channel.id }, body: { archived: true } });
    expect((await vote(owner!, message, [0])).code).toBe("chat.archived");
  });

  test("CH63: sums go over the line after each vote, without who voted; hidden ones do not, and show to who voted", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.group(a!, [b!, c!], "Sums");
    const open = await poll(a!, channel);
    const hidden = await poll(a!, channel, { hides_results: true });
    await vote(b!, open, [1]);
    await vote(b!, hidden, [1]);
    const told = (message: Message) =>
      t.said.filter(({ slot }) => slot === `poll:${message.id}`).map(({ data }) => data);
    expect(told(open)).toEqual([{ message_id: open.id, voters: 1, votes: [0, 1, 0] }]);
    expect(told(hidden)).toEqual([{ message_id: hidden.id }]);
    expect(await seen(c!, hidden)).toMatchObject({ voters: null, chosen: null });
    for (const who of [a!, b!]) expect(votes(await seen(who, hidden))).toBe("0,1,0");
  });

  test("CH64: it ends at its time or by its author's hand, once; its end is on the stream, and nobody votes after it", async () => {
    const [a, b] = await people(2);
    const channel = await t.direct(a!, b!);
    const by_hand = await poll(a!, channel, { hides_results: true });
    expect((await end(b!, by_hand)).code).toBe("chat.not_yours");
    await Promise.all([end(a!, by_hand), end(a!, by_hand)]);
    expect((await end(a!, by_hand)).body).toMatchObject({ ended: true, voters: 0 });
    expect((await seen(b!, by_hand)).voters).toBe(0);
    expect((await vote(b!, by_hand, [0])).code).toBe("poll.ended");
    await t.runJob(END_JOB, { message_id: by_hand.id });

    const by_time = await poll(a!, channel);
    await vote(b!, by_time, [0]);
    await t.runJob(END_JOB, { message_id: by_time.id });
    expect((await seen(b!, by_time)).ended).toBe(false);
    t.later(600_000);
    expect((await vote(a!, by_time, [0])).code).toBe("poll.ended");
    expect((await vote(b!, by_time, [0])).status).toBe(200);
    await t.runJob(END_JOB, { message_id: by_time.id });
    await t.runJob(END_JOB, { message_id: by_time.id });
    const ended = (await items(channel, "message.poll_ended")).map(({ message_id }) => message_id);
    expect(ended.filter((id) => id === by_time.id)).toEqual([by_time.id]);
    expect(ended).toContain(by_hand.id);
  });

  test("CH65: a deleted message takes its poll along; who leaves takes their vote out of open ones; an export has the sums", async () => {
    const [a, b, c] = await people(3);
    const channel = await t.group(a!, [b!, c!], "Leaving");
    const [open, over, gone] = [await poll(a!, channel), await poll(a!, channel), await poll(a!, channel)];
    for (const message of [open, over, gone]) for (const who of [b!, c!]) await vote(who, message, [0]);
    await end(a!, over);
    await client.call(r.deleteMessage, { token: a!.token, params: { id: gone.id } });
    expect((await vote(a!, gone, [0])).code).toBe("message.not_found");
    expect((await t.history(a!, channel)).items.at(-1)).toMatchObject({ deleted: true, poll: null });
    await t.runJob("chat.see_off", { person_id: c!.id });
    expect([await seen(a!, open), await seen(a!, over)].map((now) => [now.voters, votes(now)])).toEqual([
      [1, "1,0,0"],
      [2, "2,0,0"],
    ]);
    const rows = await pool`SELECT person_id FROM chat_ballots
      WHERE message_id = ANY(${pool.array([open.id, over.id, gone.id], "BIGINT")})`;
    expect(rows.map((row: { person_id: string }) => row.person_id)).toEqual([b!.id, b!.id]);
    const lines = (await (await t.chat.export(a!.viewer, channel.id)).text()).trim().split("\n");
    expect(JSON.parse(lines[0]!)).toMatchObject({ poll: { voters: 1 } });
  });

  test("nothing broke on our side", () => expect(house.broken).toEqual([]));
});
