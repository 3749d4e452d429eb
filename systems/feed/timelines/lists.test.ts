import { expect, test } from "bun:test";

import type { PersonId, PostId } from "#kernel/ids.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { BEFORE_ALL_KEYS, keyOf } from "./key.ts";
import { createLists, type ListsNeeds, type LoadedList } from "./lists.ts";
import type { Ring } from "./ring.ts";
import { createSubscribers } from "./subscribers.ts";
import type { Entry } from "./timeline.ts";

const clock = createVirtualClock();
const entry = (id: number, actor_id: PersonId): Entry => ({
  id: `${id}` as PostId,
  post_id: `${id}` as PostId,
  actor_id,
});
const key = (id: number) => keyOf(`${id}`);
const keys = (ring: Ring) => [...ring.keys.subarray(0, ring.count)].map((k) => Number(BigInt.asIntN(64, bitsOf(k))));
const bitsOf = (k: number) => new BigInt64Array(new Float64Array([k]).buffer)[0]!;
const NOTHING: LoadedList = { keys: [], covers_from: BEFORE_ALL_KEYS };

const made = (more: Partial<ListsNeeds> = {}) =>
  createLists({
    clock,
    load: async () => NOTHING,
    since: async () => new Map(),
    bytes_max: 1e6,
    list_entries_max: 8,
    idle_ms_max: 1_000,
    ...more,
  });

test("FD102: a full list drops its oldest and then says that it knows nothing below", async () => {
  const lists = made();
  const list = await lists.of("v", ["a"]);
  for (let id = 1; id <= 9; id++) lists.added(entry(id, "a"), key(id));
  expect(keys(list)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect(list.covers_from).toBe(key(2));
});

test("FD102: a list that was loaded longer than it may be is cut where it says that it ends", async () => {
  const lists = made({
    load: async () => ({ keys: [9, 8, 7, 6, 5, 4, 3, 2, 1].map(key), covers_from: BEFORE_ALL_KEYS }),
  });
  const list = await lists.of("v", ["a"]);
  expect(keys(list)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect(list.covers_from).toBe(key(2));
});

test("FD104: what is committed while a list is being read from the database is in it, whatever that read saw", async () => {
  const gate = Promise.withResolvers<LoadedList>();
  const lists = made({ load: () => gate.promise });
  const reading = lists.of("v", ["a", "b"]);
  lists.added(entry(30, "a"), key(30));
  lists.removed(entry(20, "b"), key(20));
  lists.added(entry(40, "stranger"), key(40));
  gate.resolve({ keys: [20, 10].map(key), covers_from: BEFORE_ALL_KEYS });
  expect(keys(await reading)).toEqual([10, 30]);
});

test("FD104: a list that all was forgotten under is read again", async () => {
  const gates = [Promise.withResolvers<LoadedList>(), Promise.withResolvers<LoadedList>()];
  let asked = 0;
  const lists = made({ load: () => gates[asked++]!.promise });
  const reading = lists.of("v", ["a"]);
  lists.clear();
  lists.added(entry(30, "a"), key(30));
  gates[0]!.resolve(NOTHING);
  gates[1]!.resolve({ keys: [30].map(key), covers_from: BEFORE_ALL_KEYS });
  expect(keys(await reading)).toEqual([30]);
});

test("FD103: who is followed since is filled in down to where the list begins, and who was left is taken out", async () => {
  const gate = Promise.withResolvers<Map<PersonId, number[]>>();
  let asked: [readonly PersonId[], number] | null = null;
  const lists = made({
    load: async () => ({ keys: [50, 40, 30].map(key), covers_from: key(30) }),
    since: (actors, covers_from) => {
      asked = [actors, covers_from];
      return gate.promise;
    },
  });
  await lists.of("v", ["a", "b"]);
  const reading = lists.of("v", ["a", "c"]);
  // Meanwhile the new one writes and deletes, and the old one writes.
  lists.added(entry(60, "c"), key(60));
  lists.removed(entry(45, "c"), key(45));
  lists.added(entry(70, "b"), key(70));
  gate.resolve(
    new Map([
      ["b", [key(50)]],
      ["c", [key(45), key(35)]],
    ]),
  );
  const list = await reading;
  expect(keys(list)).toEqual([30, 35, 40, 60]);
  expect(asked!).toEqual([["c", "b"], key(30)]);
  lists.added(entry(80, "b"), key(80));
  lists.added(entry(90, "c"), key(90));
  expect(keys(list)).toEqual([30, 35, 40, 60, 90]);
});

test("FD103: the same people in another array change nothing and read nothing", async () => {
  const lists = made();
  const first = await lists.of("v", ["a", "b"]);
  expect(await lists.of("v", ["b", "a"])).toBe(first);
  expect(lists.stats()).toMatchObject({ loads: 1, changes: 0 });
});

test("FD105: lists stay within their bytes; who reads again stays, who does not goes and is pushed nothing", async () => {
  const lists = made({ bytes_max: 20 * 320 });
  for (let i = 0; i < 200; i++) {
    await lists.of(`${i}`, ["a"]);
    await lists.of("favourite", ["a"]);
  }
  const { lists: held, dropped, loads } = lists.stats();
  expect(held).toBeLessThanOrEqual(21);
  expect(dropped).toBeGreaterThan(150);
  expect(loads).toBe(201);
  lists.added(entry(1, "a"), key(1));
  expect(lists.stats().pushes).toBe(held);
});

test("FD105: a list of very many followees counts for what it takes among those who are told", async () => {
  const lists = made({ bytes_max: 100_000 });
  const many = Array.from({ length: 5_000 }, (_, i) => `${i}`);
  for (let i = 0; i < 20; i++) await lists.of(`v${i}`, [...many]);
  const { lists: held, bytes } = lists.stats();
  expect(held).toBeLessThanOrEqual(3);
  expect(bytes).toBeLessThan(2_000);
  await lists.of("v19", many.slice(0, 10));
  for (let i = 0; i < 20; i++) await lists.of(`w${i}`, ["a"]);
  expect(lists.stats().lists).toBeGreaterThan(20);
});

test("FD105: a list that nobody reads any more is not pushed to; whoever comes back gets a new one", async () => {
  const lists = made();
  const list = await lists.of("v", ["a"]);
  await clock.advance(1_001);
  lists.added(entry(1, "a"), key(1));
  expect(list.count).toBe(0);
  expect(lists.stats()).toMatchObject({ lists: 0, dropped: 1, pushes: 0 });
  expect(await lists.of("v", ["a"])).not.toBe(list);
});

test("FD104: a read of the database that fails is the reader's failure, and the next reader asks again", async () => {
  let fail = true;
  const lists = made({
    load: async () => {
      if (fail) throw new Error("away");
      return NOTHING;
    },
  });
  const actors = ["a"];
  expect(async () => lists.of("v", actors)).toThrow("away");
  fail = false;
  expect((await lists.of("v", actors)).count).toBe(0);
});

test("FD105: numbers of lists that went are swept out, by the author's next post or when they become many", () => {
  const subscribers = createSubscribers();
  const alive = new Set([2]);
  for (const serial of [1, 2, 3]) subscribers.add("a", serial);
  const told: number[] = [];
  const tell = (serial: number) => alive.has(serial) && told.push(serial) > 0;
  subscribers.each("a", tell);
  subscribers.each("a", tell);
  expect(told).toEqual([2, 2]);
  for (let serial = 10; serial < 10_010; serial++) subscribers.add(`${serial}`, serial);
  const before = subscribers.bytes();
  subscribers.left(10_000, (serial) => alive.has(serial));
  expect(subscribers.bytes()).toBeLessThan(before / 100);
});
