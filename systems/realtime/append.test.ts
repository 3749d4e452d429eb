import { afterAll, expect, test } from "bun:test";

import { afterCommit } from "#ports/sql/index.ts";

import { ITEM_DATA_BYTES_MAX, type NewItem } from "./index.ts";
import * as store from "./store.ts";
import { testLine } from "./testing.ts";

const { house, realtime, bus, ...line } = await testLine();
const { sql } = house.db;
afterAll(() => line[Symbol.asyncDispose]());

let made = 0;
const newStream = () => `test:s${made++}`;
const add = (stream: string, ...items: NewItem[]) => sql.tx((tx) => realtime.append(tx, stream, items));
const all = (stream: string) => store.itemsBeside(sql.pool, stream, { after: "0" }, 10_000);

test.each(["", "test", "test:", ":a", "Test:a", "test:a b", "test:ä", `test:${"a".repeat(65)}`, "test:a:b"])(
  "RT1: %j is no name of a stream",
  async (stream) => {
    expect(add(stream, { kind: "a", data: 1 })).rejects.toThrow(RangeError);
  },
);

test("RT2: what is too much, too long or named by nobody is refused, and nothing of it stands", async () => {
  const stream = newStream();
  const refused: NewItem[][] = [
    [],
    Array.from({ length: 501 }, () => ({ kind: "a", data: 1 })),
    [{ kind: "a", data: "x".repeat(ITEM_DATA_BYTES_MAX) }],
    [{ kind: "a", data: 1, cid: "c" }],
    [{ kind: "a", data: 1, cid: "c d", sender_id: "7" }],
    [{ kind: "a", data: 1, cid: "c".repeat(65), sender_id: "7" }],
  ];
  for (const items of refused) expect(add(stream, ...items)).rejects.toThrow(RangeError);
  expect(add(stream, { kind: "fine", data: 1 }, { kind: "Not Fine", data: 1 })).rejects.toThrow("realtime_items");
  expect(await all(stream)).toEqual([]);
});

test("RT3: numbers begin at 1 and have no gaps; a transaction that is rolled back takes none", async () => {
  const stream = newStream();
  const first = await add(stream, { kind: "a", data: { text: "hej \u0000 \ud800 å" } }, { kind: "b", data: [1, null] });
  expect(first.items.map((i) => [i.seq, i.dup])).toEqual([
    ["1", false],
    ["2", false],
  ]);
  await sql
    .tx(async (tx) => {
      await realtime.append(tx, stream, [{ kind: "c", data: 3 }]);
      throw new Error("no");
    })
    .catch(() => {});
  const second = await add(stream, { kind: "d", data: 4, id: "77" });
  expect(second).toMatchObject({ epoch: first.epoch, items: [{ seq: "3", id: "77" }] });
  expect((await all(stream)).map((i) => [i.seq, i.kind, JSON.parse(i.data) as unknown])).toEqual([
    ["1", "a", { text: "hej \u0000 \ud800 å" }],
    ["2", "b", [1, null]],
    ["3", "d", 4],
  ]);
});

test("RT3: under many writers numbers are gapless, in the order of commits, and times never step back", async () => {
  const stream = newStream();
  let next = 0;
  const committed: number[] = [];
  const writers = Array.from({ length: 8 }, async () => {
    for (let i = 0; i < 25; i++) {
      const n = next++;
      await sql
        .tx(async (tx) => {
          const { items } = await realtime.append(tx, stream, [
            { kind: "n", data: n },
            { kind: "n", data: n },
          ]);
          afterCommit(tx, "order", () => committed.push(Number(items[0]!.seq)));
          // Every fifth changes its mind late, when others wait behind it.
          if (n % 5 === 0) throw new Error("changed its mind");
        })
        .catch((error: Error) => expect(error.message).toBe("changed its mind"));
    }
  });
  await Promise.all(writers);
  const items = await all(stream);
  expect(items.map((i) => Number(i.seq))).toEqual(Array.from({ length: 320 }, (_, i) => i + 1));
  expect(items.map((i) => i.at.getTime())).toEqual(items.map((i) => i.at.getTime()).toSorted((a, b) => a - b));
  expect(committed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 160 }, (_, i) => i * 2 + 1));
});

test("RT4: the same sender's cid again gives the first answer and adds nothing, alone, among others, and at once", async () => {
  const stream = newStream();
  const hello = { kind: "m", data: "hello", sender_id: "7", cid: "c1" } as const;
  const first = await add(stream, hello);
  const again = await add(
    stream,
    { kind: "m", data: "x", sender_id: "7", cid: "c0" },
    { ...hello, data: "other" },
    hello,
  );
  expect(again.items.map((i) => [i.seq, i.dup])).toEqual([
    ["2", false],
    ["1", true],
    ["1", true],
  ]);
  expect(again.items[1]).toEqual({ ...first.items[0]!, dup: true });
  const others = await add(stream, { ...hello, sender_id: "8" });
  expect(others.items[0]).toMatchObject({ seq: "3", dup: false });
  const same = { ...hello, cid: "race" };
  const racing = await Promise.all(Array.from({ length: 8 }, () => add(stream, same)));
  expect(racing.filter((r) => !r.items[0]!.dup)).toHaveLength(1);
  expect(new Set(racing.map((r) => r.items[0]!.seq))).toEqual(new Set(["4"]));
  expect((await all(stream)).map((i) => i.cid)).toEqual(["c1", "c0", "c1", "race"]);
});

test("RT5: after the commit the bus has the items as they go over the line, and before it nothing", async () => {
  const stream = newStream();
  const heard = Promise.withResolvers<unknown>();
  const got: unknown[] = [];
  bus.subscribe(`realtime.${stream.replace(":", ".")}`, (message) => {
    got.push(message);
    heard.resolve(message);
  });
  await sql
    .tx((tx) => realtime.append(tx, stream, [{ kind: "a", data: 0 }]).then(() => Promise.reject(new Error("no"))))
    .catch(() => {});
  const { epoch, items } = await add(
    stream,
    { kind: "removed", data: { a: "å" }, recheck: "9", sender_id: "7", cid: "c" },
    { kind: "b", data: 1, recheck: "everybody" },
  );
  await heard.promise;
  expect(got).toEqual([
    {
      type: "items",
      epoch,
      first_seq: "1",
      items: [
        `{"id":"${items[0]!.id}","kind":"removed","at":"${items[0]!.at.toISOString()}","sender_id":"7","cid":"c","data":{"a":"å"}}`,
        `{"id":"${items[1]!.id}","kind":"b","at":"${items[1]!.at.toISOString()}","data":1}`,
      ],
      rechecks: [
        ["1", "9"],
        ["2", "0"],
      ],
    },
  ]);
});

test("RT6: the epoch stays, and is another one after a restore into another cluster or one that was told", async () => {
  const [before] = await store.heads(sql.pool, ["test:none"]);
  expect(before).toMatchObject({ last_seq: "0" });
  expect(await store.adopt(sql.pool)).toBe(false);
  await sql.pool`UPDATE realtime_house SET cluster_id = cluster_id - 1`;
  expect(await store.adopt(sql.pool)).toBe(true);
  const [after] = await store.heads(sql.pool, ["test:none"]);
  expect(after!.epoch).not.toBe(before!.epoch);
  const told = await realtime.renewEpoch();
  expect(told).not.toBe(after!.epoch);
  expect((await store.heads(sql.pool, ["test:none"]))[0]!.epoch).toBe(told);
});

test("RT7: what was redacted says nothing any more, and its number stays", async () => {
  const stream = newStream();
  await add(stream, { kind: "a", data: "secret" }, { kind: "a", data: "kept" });
  await sql.tx((tx) => realtime.redact(tx, stream, ["1"]));
  expect((await all(stream)).map((i) => [i.seq, i.data])).toEqual([
    ["1", "null"],
    ["2", '"kept"'],
  ]);
});
