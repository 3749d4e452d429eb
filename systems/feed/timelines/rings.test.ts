import { expect, test } from "bun:test";

import fc from "fast-check";

import { createIds } from "#kernel/ids.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, idOf, keyOf } from "./key.ts";
import { createMerge, NO_SOURCE } from "./merge.ts";
import { createRingTable, RING_BYTES } from "./ring-table.ts";
import { addTo, makeRing, removeFrom, ringFrom } from "./ring.ts";
import { createRings } from "./rings.ts";

/** mulberry32: the same seed, the same run. */
function createDice(seed: number) {
  let state = seed >>> 0;
  return (sides: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % sides;
  };
}

const anyId = fc.bigInt({ min: 1n, max: 0x7fef_ffff_ffff_ffffn });

test("FD28: an id is 8 bytes in a ring and loses no bit, and keys sort as ids do", () => {
  fc.assert(
    fc.property(anyId, anyId, (a, b) => {
      expect(idOf(keyOf(a.toString()))).toBe(a.toString());
      expect(idOf(-keyOf(a.toString()))).toBe(a.toString());
      expect(keyOf(a.toString()) < keyOf(b.toString())).toBe(a < b);
    }),
  );
  let now = Date.UTC(2093, 0, 1);
  const last = createIds(1023, () => now++).next();
  expect(Number.isNaN(keyOf(last))).toBe(false);
});

/** A table with one ring. */
function ringOf(newest_first: number[], covers_from: number, entries_max = 1_000) {
  const table = createRingTable({ entries_max });
  const slot = table.make(7, newest_first, covers_from);
  return { table, slot, keys: () => table.keysOf(slot), covers: () => table.rows().covers[slot]! };
}

test("FD23: a full ring drops its oldest and then says that it knows nothing below", () => {
  const { table, slot, keys, covers } = ringOf([], BEFORE_ALL_KEYS, 8);
  for (let key = 1; key <= 9; key++) table.add(slot, key);
  expect([keys(), covers()]).toEqual([[2, 3, 4, 5, 6, 7, 8, 9], 2]);
  // What lies below is the database's; taking it in would pretend that all between is here.
  table.add(slot, 1);
  expect(keys()).toHaveLength(8);
  const late = ringOf([80, 60, 40], BEFORE_ALL_KEYS, 3);
  late.table.add(late.slot, 20);
  expect([late.keys(), late.covers()]).toEqual([[40, 60, 80], 40]);
  late.table.add(late.slot, -50);
  expect([late.keys(), late.covers()]).toEqual([[-50, 60, 80], 50]);
});

test("FD23: entries in any order, twice, reposts among them, and taken back, leave the ring and the list sorted", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.integer({ min: 1, max: 60 }), repost: fc.boolean(), gone: fc.boolean() }), {
        maxLength: 120,
      }),
      (acts) => {
        const { table, slot, keys } = ringOf([], BEFORE_ALL_KEYS);
        const list = makeRing([], true);
        const model = new Map<number, number>();
        for (const { key, repost, gone } of acts) {
          const signed = repost ? -key : key;
          if (gone) {
            table.remove(slot, signed);
            removeFrom(list, signed);
            model.delete(key);
          } else {
            table.add(slot, signed);
            addTo(list, signed, 1_000);
            if (!model.has(key)) model.set(key, signed);
          }
        }
        const should = [...model].toSorted(([a], [b]) => a - b).map(([, signed]) => signed);
        expect([keys(), [...list.keys.subarray(0, list.count)]]).toEqual([should, should]);
      },
    ),
  );
});

test("FD28: thousands of rings that grow, shrink, go and come again keep their keys, and little of their pages stands empty", () => {
  const seed = Math.floor(Math.random() * 1e9);
  const roll = createDice(seed);
  const table = createRingTable({ entries_max: 256 });
  const model = new Map<number, number[]>();
  let key = 1;
  for (let step = 0; step < 60_000; step++) {
    const owner = 1 + roll(2_000);
    const keys = model.get(owner);
    if (!keys) {
      const made = Array.from({ length: roll(40) }, () => key++);
      table.make(owner, made.toReversed(), BEFORE_ALL_KEYS);
      model.set(owner, made);
    } else if (roll(40) === 0) {
      table.drop(table.find(owner));
      model.delete(owner);
    } else if (roll(8) === 0 && keys.length > 0) {
      const [gone] = keys.splice(roll(keys.length), 1);
      table.remove(table.find(owner), gone!);
    } else {
      for (let i = roll(20); i >= 0; i--) {
        keys.push(key);
        if (keys.length > 256) keys.shift();
        table.add(table.find(owner), key++);
      }
    }
  }
  for (const [owner, keys] of model)
    expect([seed, owner, table.keysOf(table.find(owner))]).toEqual([seed, owner, keys]);
  const { rings, keys, held_bytes } = table.stats();
  expect([rings, keys]).toEqual([model.size, [...model.values()].reduce((n, list) => n + list.length, 0)]);
  expect(held_bytes / keys).toBeLessThan(11);
  for (const owner of model.keys()) table.drop(table.find(owner));
  expect(table.stats()).toMatchObject({ rings: 0, keys: 0, bytes: 0 });
});

test("FD28: with 256 ids each a ring takes at most 8.5 bytes for an id, all that it stands on included", () => {
  const table = createRingTable({ entries_max: 256 });
  let key = 1;
  for (let owner = 1; owner <= 6_000; owner++) {
    table.make(owner, [], BEFORE_ALL_KEYS);
    for (let i = 0; i < 256; i++) table.add(table.find(owner), key++);
  }
  const { keys, held_bytes } = table.stats();
  expect(keys).toBe(6_000 * 256);
  expect(held_bytes / keys).toBeLessThan(8.5);
});

test("FD23: a merge stops where the first ring's knowledge ends, and says where that is", () => {
  const merge = createMerge();
  const table = createRingTable({ entries_max: 16 });
  const whole = table.make(1, [90, 50, 10], BEFORE_ALL_KEYS);
  const part = table.make(2, [80, -60], 60);
  const both = { rings: { table, slots: Int32Array.of(whole, part) }, list: null };
  expect(merge(both, AFTER_ALL_KEYS, 10)).toEqual({
    keys: [90, 80, -60],
    sources: [0, 1, 1],
    covered_to: 60,
    ended: 1,
  });
  expect(merge(both, 60, 10)).toEqual({ keys: [], sources: [], covered_to: 60, ended: 1 });
  expect(merge({ rings: { table, slots: Int32Array.of(whole) }, list: null }, AFTER_ALL_KEYS, 10)).toEqual({
    keys: [90, 50, 10],
    sources: [0, 0, 0],
    covered_to: BEFORE_ALL_KEYS,
    ended: NO_SOURCE,
  });
  expect(merge(both, AFTER_ALL_KEYS, 2).keys).toEqual([90, 80]);
});

test("FD22: a merge of many rings and a list is what sorting all of them gives, from the top and from anywhere", () => {
  const merge = createMerge();
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }), { maxLength: 30 }),
      fc.array(fc.boolean(), { minLength: 31, maxLength: 31 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 12 }),
      (lists, is_whole, place, wanted) => {
        const table = createRingTable({ entries_max: 64 });
        const before = place > 25 ? AFTER_ALL_KEYS : place * 16;
        // Every key once, in whichever came first.
        const seen = new Set<number>();
        const all = lists.map((list) =>
          list.filter((key) => !seen.has(key) && seen.add(key)).toSorted((a, b) => b - a),
        );
        const covers = (keys: number[], i: number) =>
          is_whole[i] || keys.length === 0 ? BEFORE_ALL_KEYS : keys.at(-1)!;
        const [alone, ...others] = all;
        const slots = others.map((keys, i) => table.make(i + 1, keys, covers(keys, i + 1)));
        const list = alone ? ringFrom(alone, covers(alone, 0)) : null;
        const merged = merge({ rings: { table, slots: Int32Array.from(slots) }, list }, before, wanted);
        const known_to = Math.max(BEFORE_ALL_KEYS, ...all.map(covers));
        const should = [...seen]
          .filter((key) => key < before && key >= known_to)
          .toSorted((a, b) => b - a)
          .slice(0, wanted);
        expect(merged.keys).toEqual(should);
        if (merged.keys.length < wanted) expect(merged.covered_to).toBe(Math.min(known_to, before));
      },
    ),
  );
});

test("FD28: rings stay within their bytes; who is read again stays, who is not goes", async () => {
  const bytes_max = 20 * RING_BYTES;
  const rings = createRings({
    bytes_max,
    ring_entries_max: 16,
    load_entries_max: 1_000,
    load: async () => new Map(),
  });
  const look = (actors: string[]) => rings.read(actors, (set) => set.slots.length);
  for (let i = 0; i < 200; i++) {
    await look([`${1_000 + i}`]);
    await look(["7"]);
  }
  const { rings: held, bytes, dropped, loads } = rings.stats();
  // What was loaded last is still here for its reader.
  expect(bytes).toBeLessThanOrEqual(bytes_max + 2 * RING_BYTES);
  expect(held).toBeLessThanOrEqual(22);
  expect(dropped).toBeGreaterThan(150);
  expect(loads).toBe(201);
});

test("FD24: what is committed while its ring is being loaded is in the ring, whatever the load saw", async () => {
  const gate = Promise.withResolvers<Map<string, number[]>>();
  const rings = createRings({
    bytes_max: 1e6,
    ring_entries_max: 16,
    load_entries_max: 1_000,
    load: () => gate.promise,
  });
  const keysOf = (actors: string[]) =>
    rings.read(actors, ({ table, slots }) => [...slots].map((slot) => table.keysOf(slot)));
  const reading = keysOf(["1", "2"]);
  const second = keysOf(["1"]);
  rings.add("1", 30);
  rings.remove("1", 20);
  gate.resolve(new Map([["1", [20, 10]]]));
  expect(await reading).toEqual([[10, 30], []]);
  expect(await second).toEqual([[10, 30]]);
  expect(rings.stats().loads).toBe(1);
});

test("FD24: what was forgotten while it was being loaded is loaded again", async () => {
  const gates = [Promise.withResolvers<Map<string, number[]>>(), Promise.withResolvers<Map<string, number[]>>()];
  let asked = 0;
  const rings = createRings({
    bytes_max: 1e6,
    ring_entries_max: 16,
    load_entries_max: 1_000,
    load: () => gates[asked++]!.promise,
  });
  const reading = rings.read(["1"], ({ table, slots }) => table.keysOf(slots[0]!));
  rings.clear();
  gates[0]!.resolve(new Map([["1", [1]]]));
  gates[1]!.resolve(new Map([["1", [2, 1]]]));
  expect([await reading, asked]).toEqual([[1, 2], 2]);
});

test("FD23: a load that fails is the reader's failure, and the next reader loads again", async () => {
  let fail = true;
  const rings = createRings({
    bytes_max: 1e6,
    ring_entries_max: 16,
    load_entries_max: 1_000,
    load: async () => {
      if (fail) throw new Error("away");
      return new Map([["1", [5]]]);
    },
  });
  const count = async () => rings.read(["1"], ({ table, slots }) => table.keysOf(slots[0]!).length);
  expect(count()).rejects.toThrow("away");
  fail = false;
  expect(await count()).toBe(1);
});
