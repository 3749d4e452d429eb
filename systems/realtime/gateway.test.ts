import { afterAll, expect, test } from "bun:test";

import { Problem } from "#kernel/errors.ts";
import type { Json } from "#kernel/json.ts";
import { createLocalBus } from "#ports/bus/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import * as b from "./bounds.ts";
import { CLOSE, type HouseFrame } from "./contract.ts";
import { createGateway } from "./gateway.ts";
import type { NewItem } from "./index.ts";
import { createReader, type Reader } from "./reader.ts";
import { createRulesBook } from "./rules.ts";
import { clientOf, type TestClient, testLine } from "./testing.ts";

const line = await testLine();
const { house, realtime } = line;
const { sql } = house.db;
afterAll(() => line[Symbol.asyncDispose]());
const ann = await house.person("ann");
const ben = await house.person("ben");
const eve = await house.person("eve");

/** Rooms of this file: whoever is in `members` of a key may read and send there. */
const members = new Map<string, Set<string>>();
const asked: string[] = [];
const cursors: string[] = [];
let asking: Promise<void> = Promise.resolve();
realtime.streams("room", {
  async mayRead({ person_id, handle }, key) {
    asked.push(`${handle} ${key}`);
    const before = asking;
    const is = () => members.get(key)?.has(person_id) ?? false;
    const answer = is();
    await before;
    return answer;
  },
  async send({ person_id }, key, cid, data) {
    if (!members.get(key)?.has(person_id)) throw new Problem(403, "room.not_yours", "You are not in this room.");
    if (data === "slow down") throw new Problem(429, "room.slow", "Slow down.", { retry_after_s: 3 });
    if (data === "break") throw new Error("broken on purpose");
    const { items } = await sql.tx((tx) =>
      realtime.append(tx, `room:${key}`, [{ kind: "message", data, sender_id: person_id, cid }]),
    );
    return items[0]!;
  },
  async read({ handle }, key, seq) {
    cursors.push(`${handle} ${key} ${seq}`);
  },
  ephemeral: async ({ handle }, _key, _slot, data) => (data === "no" ? null : { by: handle, data }),
});
let made = 0;
function room(...people: { id: string }[]): string {
  const key = `r${made++}`;
  members.set(key, new Set(people.map(({ id }) => id)));
  return `room:${key}`;
}
const add = (stream: string, ...items: NewItem[]) => sql.tx((tx) => realtime.append(tx, stream, items));
const words = (...data: Json[]): NewItem[] => data.map((one) => ({ kind: "word", data: one }));
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Items that a client was told of a stream, with their numbers, in the order of telling. */
const told = (client: TestClient, stream: string) =>
  client.heard.flatMap((frame): [number, Json][] =>
    frame[0] === "items" && frame[1] === stream
      ? frame[4].map((item, i): [number, Json] => [Number(frame[3]) + i, item.data])
      : [],
  );
async function heardUpTo(client: TestClient, stream: string, seq: number) {
  while ((told(client, stream).at(-1)?.[0] ?? 0) < seq) await client.next("items", (frame) => frame[1] === stream);
  return told(client, stream);
}
async function listen(client: TestClient, stream: string, cursor: [string, string] | null = null) {
  client.say(["resume", { [stream]: cursor }]);
  const ready = await client.next("ready", (frame) => stream in frame[1]);
  return ready[1][stream]!;
}
const opened: TestClient[] = [];
const connect = async (person: typeof ann | null) => {
  const client = await line.connect(person);
  opened.push(client);
  return client;
};
const lineOf = async (person: typeof ann | null) => {
  const client = await connect(person);
  await client.next("hello");
  return client;
};

test("RT10: who says nothing of themselves, or something wrong, is shown the door", async () => {
  const nobody = await lineOf(null);
  nobody.say(["resume", { "person:1": null }]);
  expect(await nobody.closed).toBe(CLOSE.unauthorized);
  const wrong = await lineOf(null);
  wrong.say(["identify", "not a token"]);
  expect(await wrong.closed).toBe(CLOSE.unauthorized);
  expect(connect({ ...ann, token: `${ann.token}x` })).rejects.toThrow("session.invalid");
});

test("RT10: a token in a frame is as good as one in the header, once", async () => {
  const client = await connect(null);
  expect((await client.next("hello"))[1].person_id).toBeNull();
  client.say(["identify", ann.token]);
  expect((await client.next("identified"))[1]).toBe(ann.id);
  client.say(["identify", ben.token]);
  expect((await client.next("problem"))[1]).toMatchObject({ code: "realtime.identified", frame: "identify" });
  const other = await connect(ben);
  expect((await other.next("hello"))[1]).toMatchObject({ version: 1, person_id: ben.id });
});

test("RT10: a token that may only read listens, and moves no cursor, tells of nothing and sends nothing", async () => {
  const stream = room(ann);
  await add(stream, ...words("one"));
  const { body } = await house.client.call(peopleRoutes.createToken, {
    token: ann.token,
    body: { name: "a reader", scopes: ["read"], expires_in_d: null },
  });
  const [reader, writer] = [await connect({ ...ann, token: body.secret }), await connect(ann)];
  for (const client of [reader, writer]) await listen(client, stream);
  reader.say(["read", stream, "1"], ["eph", stream, "typing", "hm"], ["send", stream, "c1", "two"]);
  for (const frame of ["read", "eph"])
    expect((await reader.next("problem", ([, problem]) => problem.frame === frame))[1].code).toBe("token.scope");
  expect((await reader.next("unsent"))[3].code).toBe("token.scope");
  const before = cursors.length;
  writer.say(["read", stream, "1"]);
  while (cursors.length === before) await Bun.sleep(5);
  expect(cursors.slice(before)).toEqual([`ann ${stream.slice(5)} 1`]);
});

test("RT11: what is no frame ends the line", async () => {
  const broken = `|{}|[]|["hello"]|["resume"]|["__proto__",1]|["resume",{"room:a":[1,2]}]|["resume",{"nope":null}]
    |["send","room:a","c c",1]|["pull","room:a",{"after":"1","before":"2"},5]|["pull","room:a",{"after":"1"},201]`;
  for (const text of [...broken.split("|"), "x".repeat(65_537)]) {
    const client = await lineOf(ann);
    client.sayText(text);
    expect(await client.closed).toBe(CLOSE.broken);
  }
});

test("RT12: a stream of a kind that nobody speaks for, or of others, is refused; the others of the same frame stand", async () => {
  const stream = room(ann);
  const client = await lineOf(ann);
  client.say([
    "resume",
    { [stream]: null, [room(ben)]: null, "nobody:1": null, [`person:${ben.id}`]: null, [`person:${ann.id}`]: null },
  ]);
  const [, ready] = await client.next("ready");
  expect(
    Object.values(ready)
      .map((r) => (r[0] === "refused" ? r[1] : r[0]))
      .toSorted(),
  ).toEqual(["ok", "ok", "realtime.not_yours", "realtime.not_yours", "realtime.unknown_stream"]);
  client.say(["send", `person:${ann.id}`, "c", 1], ["pull", `person:${ben.id}`, { after: "0" }, 10]);
  expect((await client.next("unsent"))[3]).toMatchObject({ status: 404, code: "realtime.unknown_stream" });
  expect((await client.next("problem"))[1]).toMatchObject({ status: 403, code: "realtime.not_yours", frame: "pull" });
});

test("RT13: what was sent is answered after its commit, and sent again as the first time; refusals say why", async () => {
  const stream = room(ann);
  const client = await lineOf(ann);
  client.say(
    ["send", stream, "c1", "hej"],
    ["send", stream, "c1", "hej"],
    ["send", stream, "c2", "slow down"],
    ["send", room(ben), "c3", "x"],
  );
  const [, , , first] = await client.next("sent");
  const [, , , again] = await client.next("sent");
  expect([first.dup, again]).toEqual([false, { ...first, dup: true }]);
  expect((await client.next("unsent"))[3]).toEqual({
    status: 429,
    code: "room.slow",
    detail: "Slow down.",
    retry_after_s: 3,
  });
  expect((await client.next("unsent"))[3]).toMatchObject({ status: 403, code: "room.not_yours" });
  client.say(["send", stream, "c4", "break"]);
  expect((await client.next("unsent"))[3]).toMatchObject({ status: 503, code: "house.unavailable" });
  expect(house.broken.splice(0).map(String)).toEqual(["Error: broken on purpose"]);
});

test("RT14: a cursor gets exactly what came after it, then what comes; without one, what comes", async () => {
  const stream = room(ann, ben);
  const { epoch } = await add(stream, ...words("1", "2", "3"));
  const client = await lineOf(ann);
  expect(await listen(client, stream, [epoch, "1"])).toEqual(["ok", epoch, "3"]);
  const fresh = await lineOf(ben);
  expect(await listen(fresh, stream)).toEqual(["ok", epoch, "3"]);
  await add(stream, ...words("4", "5"));
  await heardUpTo(client, stream, 5);
  expect(await heardUpTo(client, stream, 5)).toEqual([
    [2, "2"],
    [3, "3"],
    [4, "4"],
    [5, "5"],
  ]);
  expect(await heardUpTo(fresh, stream, 5)).toEqual([
    [4, "4"],
    [5, "5"],
  ]);
  // All of one tick in one frame.
  expect(fresh.heard.filter(([name]) => name === "items")).toHaveLength(1);
});

test("RT14: many who come and go while others write miss nothing and get nothing twice", async () => {
  const stream = room(ann, ben);
  const { epoch } = await add(stream, ...words(1));
  const seen: number[][] = [];
  let writing = true;
  const reader = async () => {
    const got: number[] = [];
    let cursor: [string, string] = [epoch, "0"];
    while (writing || Number(cursor[1]) < 121) {
      const client = await lineOf(ben);
      expect((await listen(client, stream, cursor))[0]).toBe("ok");
      const until = Math.min(121, Number(cursor[1]) + 7);
      const all = await heardUpTo(client, stream, until);
      client.leave();
      got.push(...all.map(([seq]) => seq));
      cursor = [epoch, String(all.at(-1)![0])];
    }
    seen.push(got);
  };
  const writers = numbers(1, 4).map(async () => {
    for (let i = 0; i < 30; i++) await add(stream, ...words(i));
  });
  const readers = numbers(1, 4).map(reader);
  await Promise.all(writers);
  writing = false;
  await Promise.all(readers);
  for (const got of seen) expect(got).toEqual(numbers(1, 121));
});

test("RT15: too far behind is a gap, another epoch or a number that never was is a reset; both are live from the head", async () => {
  const stream = room(ann);
  const { epoch } = await add(stream, ...words(...numbers(1, 250)));
  const client = await lineOf(ann);
  expect(await listen(client, stream, [epoch, "20"])).toEqual(["gap", epoch, "250"]);
  expect(await listen(client, stream, [epoch, "251"])).toEqual(["reset", epoch, "250"]);
  expect(await listen(client, stream, ["0000", "20"])).toEqual(["reset", epoch, "250"]);
  await add(stream, ...words("next"));
  expect(await heardUpTo(client, stream, 251)).toEqual([[251, "next"]]);
});

test("RT16: pages go both ways, bounded, with the head and where the stream begins; each asks whether they may", async () => {
  const stream = room(ann);
  await add(stream, ...words(...numbers(1, 300)));
  const client = await lineOf(ann);
  const page = async (from: { after: string } | { before: string }, limit: number) => {
    client.say(["pull", stream, from, limit]);
    const [, , got] = await client.next("page");
    return { ...got, items: got.items.map((item) => item.data as number) };
  };
  expect(await page({ after: "0" }, 200)).toMatchObject({
    asked: { after: "0" },
    first_seq: "1",
    head: "300",
    floor: "1",
    items: numbers(1, 200),
  });
  expect(await page({ after: "200" }, 200)).toMatchObject({ first_seq: "201", items: numbers(201, 300) });
  expect(await page({ before: "11" }, 5)).toMatchObject({ first_seq: "6", items: numbers(6, 10) });
  expect(await page({ after: "300" }, 5)).toMatchObject({ first_seq: null, items: [] });
  expect(await page({ before: "1" }, 5)).toMatchObject({ first_seq: null, items: [] });
  await listen(client, stream);
  await add(stream, ...words(301, 302));
  await heardUpTo(client, stream, 302);
  expect(await page({ after: "300" }, 1)).toMatchObject({ first_seq: "301", head: "302", items: [301] });
  members.get(stream.slice(5))!.clear();
  client.say(["pull", stream, { after: "0" }, 5]);
  expect((await client.next("problem"))[1].code).toBe("realtime.not_yours");
});

test("RT16: a page and a frame carry no more than fits; what is large comes in several", async () => {
  const stream = room(ann);
  const big = (n: number) => `${n} ${"x".repeat(15_000)}`;
  const { epoch } = await add(stream, ...words(...numbers(1, 20).map(big)));
  const client = await lineOf(ann);
  client.say(["pull", stream, { before: "21" }, 200]);
  const [, , page] = await client.next("page");
  expect([page.items.length, Number(page.first_seq) + page.items.length]).toEqual([6, 21]);
  await listen(client, stream, [epoch, "0"]);
  expect((await heardUpTo(client, stream, 20)).map(([seq]) => seq)).toEqual(numbers(1, 20));
  for (const frame of client.heard) expect(JSON.stringify(frame).length).toBeLessThan(110_000);
});

test("RT17: who is asked about again hears nothing until the answer, then all of it or that it is over", async () => {
  const stream = room(ann, ben);
  const [one, two] = [await lineOf(ann), await lineOf(ben)];
  await listen(one, stream);
  await listen(two, stream);
  const { promise, resolve } = Promise.withResolvers<void>();
  asking = promise;
  members.get(stream.slice(5))!.delete(ben.id);
  const before = asked.length;
  realtime.recheck({ stream });
  while (asked.length < before + 2) await Bun.sleep(1);
  await add(stream, ...words("after"));
  resolve();
  expect(await two.next("gone")).toEqual(["gone", stream, "realtime.not_yours"]);
  expect(await heardUpTo(one, stream, 1)).toEqual([[1, "after"]]);
  expect(told(two, stream)).toEqual([]);
  expect(await listen(two, stream)).toEqual(["refused", "realtime.not_yours"]);
});

test("RT17: an item that takes the right away is the first that they do not get, live and in what they catch up with", async () => {
  const stream = room(ann, ben);
  const { epoch } = await add(stream, ...words("1"));
  const [one, two] = [await lineOf(ann), await lineOf(ben)];
  await listen(one, stream);
  await listen(two, stream);
  await sql.tx(async (tx) => {
    members.get(stream.slice(5))!.delete(ben.id);
    await realtime.append(tx, stream, [
      ...words("2"),
      { kind: "removed", data: "ben", recheck: ben.id },
      ...words("4"),
    ]);
  });
  await two.next("gone");
  expect(told(two, stream)).toEqual([[2, "2"]]);
  expect(await heardUpTo(one, stream, 4)).toHaveLength(3);
  await add(stream, { kind: "rules", data: "new", recheck: "everybody" }, ...words("6"));
  expect((await heardUpTo(one, stream, 6)).map(([seq]) => seq)).toEqual([2, 3, 4, 5, 6]);
  const third = await lineOf(ann);
  await listen(third, stream, [epoch, "0"]);
  expect((await heardUpTo(third, stream, 6)).map(([seq]) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("RT18: a session that is revoked and a person who is suspended or gone lose their lines, and no others", async () => {
  const [first, second] = [await house.person("ann"), await house.person("ann")];
  const [one, two] = [await lineOf(first), await lineOf(second)];
  await house.people.rooms.sessions.revokeCurrent(first.viewer);
  expect(await one.closed).toBe(CLOSE.unauthorized);
  expect(connect(first)).rejects.toThrow("session.invalid");
  const other = await lineOf(eve);
  await sql.tx((tx) =>
    house.log.append(tx, "people", eve.id, {
      type: "people.suspended",
      version: 1,
      data: { person_id: eve.id, by: null, reason: "x" },
    }),
  );
  expect(await other.closed).toBe(CLOSE.forbidden);
  two.say(["ping", 1]);
  expect(await two.next("pong")).toEqual(["pong", 1]);
});

test("RT19: a reader who does not read loses what may be lost, then is pushed no more, then is let go of; others notice nothing", async () => {
  const stream = room(ann, ben);
  const [slow, quick] = [await lineOf(ann), await lineOf(ben)];
  const { 1: epoch } = await listen(slow, stream);
  await listen(quick, stream);
  slow.reading.waiting = b.DROP_EPHEMERAL_BYTES + 1;
  quick.say(["eph", stream, "typing", true]);
  await quick.next("eph");
  await add(stream, ...words("1"));
  await heardUpTo(slow, stream, 1);
  expect(slow.heard.some(([name]) => name === "eph")).toBe(false);
  slow.reading.waiting = b.LAG_BYTES + 1;
  await add(stream, ...words("2"));
  expect(await slow.next("lag")).toEqual(["lag", stream, "2"]);
  await add(stream, ...words("3"));
  await heardUpTo(quick, stream, 3);
  slow.reading.waiting = 0;
  expect(told(slow, stream)).toEqual([[1, "1"]]);
  expect((await listen(slow, stream, [epoch!, "1"]))[0]).toBe("ok");
  expect(await heardUpTo(slow, stream, 3)).toEqual([
    [1, "1"],
    [2, "2"],
    [3, "3"],
  ]);
  slow.reading.waiting = b.CLOSE_BYTES;
  slow.say(["ping", 1], ["send", stream, "c", "hej"]);
  expect(await slow.closed).toBe(CLOSE.slow);
});

test("RT20: frames, streams and lines are bounded", async () => {
  const client = await lineOf(ann);
  for (let i = 0; i <= b.INBOX_FRAMES_MAX; i++) client.say(["ping", i]);
  expect(await client.closed).toBe(CLOSE.too_many);
  const many = await lineOf(ann);
  const names = numbers(1, b.STREAMS_PER_CONNECTION_MAX + 1).map(() => room(ann));
  let refused = 0;
  for (let from = 0; from < names.length; from += 100) {
    many.say(["resume", Object.fromEntries(names.slice(from, from + 100).map((name) => [name, null]))]);
    refused += Object.values((await many.next("ready"))[1]).filter(([state]) => state === "refused").length;
  }
  expect(refused).toBe(1);
  many.say(["leave", names.slice(0, 2)]);
  expect((await listen(many, names.at(-1)!))[0]).toBe("ok");
  const dan = await house.person("dan");
  const lines = await Promise.all(numbers(1, b.CONNECTIONS_PER_PERSON_MAX).map(() => lineOf(dan)));
  expect(await (await connect(dan)).closed).toBe(CLOSE.too_many);
  lines[0]!.leave();
  await lineOf(dan);
});

test("RT23: who comes back together is served by one look and one read, and a gap is read once for all", async () => {
  const stream = room(ann);
  const { epoch } = await add(stream, ...words(...numbers(1, 60)));
  const reads: string[] = [];
  const real = createReader({ sql });
  const reader: Reader = {
    ...real,
    heads: (streams) => (reads.push("heads"), real.heads(streams)),
    after: (name, seq, most) => (reads.push("after"), real.after(name, seq, most)),
    before: (name, seq, most) => (reads.push("before"), real.before(name, seq, most)),
  };
  const rules = createRulesBook();
  rules.add("room", { mayRead: async () => true });
  const bus = createLocalBus();
  const { clock } = house.db;
  const gateway = createGateway({
    clock,
    bus,
    limiter: house.limiter,
    reader,
    rules,
    authenticate: house.people.authenticate,
    node: "other",
    onFailure: (error) => house.broken.push(error),
  });
  const clients = numbers(1, 300).map((i) => {
    const viewer = { ...ann.viewer, person_id: String(1_000 + i) };
    return clientOf((to) => {
      const connection = gateway.connect({ line: to, viewer, token: null });
      return { said: (text: string) => connection.said(text), closed: () => gateway.lines.closed(connection) };
    });
  });
  for (const [i, client] of clients.entries()) client.say(["resume", { [stream]: [epoch, String(10 + (i % 40))] }]);
  await Promise.all(clients.map((client) => heardUpTo(client, stream, 60)));
  expect(reads.filter((name) => name !== "heads")).toEqual(["before"]);
  // The bus of this node hears the second of two only.
  await add(stream, ...words(61));
  const { items } = await add(stream, ...words(62));
  const text = (await real.after(stream, 61, 1)).items[0]!.text;
  bus.publish(`realtime.${stream.replace(":", ".")}`, {
    type: "items",
    epoch,
    first_seq: items[0]!.seq,
    items: [text],
    rechecks: [],
  });
  await Promise.all(clients.map((client) => heardUpTo(client, stream, 62)));
  expect(reads.filter((name) => name !== "heads")).toEqual(["before", "after"]);
  for (const [i, client] of clients.entries())
    expect(told(client, stream).map(([seq]) => seq)).toEqual(numbers(11 + (i % 40), 62));
  await gateway[Symbol.asyncDispose]();
  await bus[Symbol.asyncDispose]();
});

test("RT30: whether somebody may is asked for so many at once, and all are answered", async () => {
  const rules = createRulesBook();
  let running = 0;
  let most = 0;
  rules.add("room", {
    async mayRead({ person_id }) {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
      return Number(person_id) % 2 === 0;
    },
  });
  await using bus = createLocalBus();
  await using gateway = createGateway({
    clock: house.db.clock,
    bus,
    limiter: house.limiter,
    reader: createReader({ sql }),
    rules,
    authenticate: house.people.authenticate,
    node: "third",
    onFailure: (error) => house.broken.push(error),
  });
  const stream = room(ann);
  const people = numbers(1, 3 * b.ASKED_AT_ONCE_OF_ALL_MAX);
  const ready = people.map(async (i) => {
    const client = clientOf((to) => {
      const viewer = { ...ann.viewer, person_id: String(2_000 + i) };
      const connection = gateway.connect({ line: to, viewer, token: null });
      return { said: (text: string) => connection.said(text), closed: () => gateway.lines.closed(connection) };
    });
    client.say(["resume", { [stream]: null }]);
    const [, answers] = await client.next("ready");
    return answers[stream]![0];
  });
  expect(await Promise.all(ready)).toEqual(people.map((i) => (i % 2 === 0 ? "ok" : "refused")));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(b.ASKED_AT_ONCE_OF_ALL_MAX);
});

test("RT24: a read cursor goes on at once, then the newest once a second, and the last when the line ends", async () => {
  const stream = room(ann);
  const client = await lineOf(ann);
  await listen(client, stream);
  const before = cursors.length;
  client.say(
    ["read", stream, "1"],
    ["read", stream, "2"],
    ["read", stream, "5"],
    ["read", stream, "4"],
    ["ack", stream, "5"],
    ["ping", 0],
  );
  await client.next("pong");
  client.leave();
  expect(cursors.slice(before)).toEqual([`ann ${stream.slice(5)} 1`, `ann ${stream.slice(5)} 5`]);
});

test("RT25: what may be lost is told by its newest, as its system lets it pass, and to those who listen alone", async () => {
  const stream = room(ann, ben);
  const [one, two, elsewhere] = [await lineOf(ann), await lineOf(ben), await lineOf(ann)];
  await listen(two, stream);
  one.say(["eph", stream, "typing", "not there yet"]);
  await listen(one, stream);
  one.say(
    ["eph", stream, "typing", 1],
    ["eph", stream, "typing", "no"],
    ["eph", stream, "typing", 2],
    ["eph", stream, "mood", 3],
  );
  expect((await two.next("eph")).slice(1)).toEqual([stream, "typing", ann.id, { by: "ann", data: 2 }]);
  expect((await two.next("eph")).slice(1)).toEqual([stream, "mood", ann.id, { by: "ann", data: 3 }]);
  realtime.ephemeral(stream, "progress", null, { percent: 5 });
  expect((await two.next("eph")).slice(2)).toEqual(["progress", null, { percent: 5 }]);
  expect(two.heard.filter(([name]) => name === "eph")).toHaveLength(3);
  expect(elsewhere.heard.map(([name]) => name)).toEqual(["hello"]);
});

test("RT27: who is connected, and active, is known; and no longer when their last line ends", async () => {
  const gus = await house.person("gus");
  expect(await realtime.active([gus.id, ann.id])).not.toHaveProperty(gus.id);
  const [one, two] = [await lineOf(gus), await lineOf(gus)];
  expect((await realtime.active([gus.id])).get(gus.id)).toEqual({ connected: true, active: false });
  one.say(["active", true], ["ping", 1]);
  await one.next("pong");
  expect((await realtime.active([gus.id])).get(gus.id)).toEqual({ connected: true, active: true });
  one.leave();
  expect((await realtime.active([gus.id])).get(gus.id)).toEqual({ connected: true, active: false });
  two.leave();
  expect((await realtime.active([gus.id])).has(gus.id)).toBe(false);
});

test("RT7: what is at hand is redacted too", async () => {
  const stream = room(ann);
  const { epoch } = await add(stream, ...words("secret"));
  const first = await lineOf(ann);
  await listen(first, stream, [epoch, "0"]);
  await heardUpTo(first, stream, 1);
  await sql.tx((tx) => realtime.redact(tx, stream, ["1"]));
  await add(stream, ...words("2"));
  await heardUpTo(first, stream, 2);
  const second = await lineOf(ann);
  await listen(second, stream, [epoch, "0"]);
  expect(await heardUpTo(second, stream, 2)).toEqual([
    [1, null],
    [2, "2"],
  ]);
});

test("RT26: a node that closes asks all to move, each at its moment, and takes nobody new", async () => {
  const client = await lineOf(ann);
  const drained = realtime.drain();
  const [, wait_ms] = (await client.next("move")) as Extract<HouseFrame, ["move", ...unknown[]]>;
  expect(wait_ms).toBeGreaterThanOrEqual(0);
  expect(wait_ms).toBeLessThan(b.MOVE_MS_MAX);
  expect(connect(ann)).rejects.toThrow("realtime.too_many_lines");
  for (const each of opened) each.leave();
  await drained;
  expect(house.broken).toEqual([]);
});
