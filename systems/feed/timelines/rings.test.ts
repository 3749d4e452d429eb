import { expect, test } from "bun:test";

import fc from "fast-check";

import { createIds } from "#kernel/ids.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, idOf, keyOf } from "./key.ts";
import { createMerge } from "./merge.ts";
import { addTo, makeRing, removeFrom } from "./ring.ts";
import { createRings } from "./rings.ts";

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

test("FD23: a full ring drops its oldest and then says that it knows nothing below", () => {
  const ring = makeRing([], true);
  for (let key = 1; key <= 9; key++) addTo(ring, key, 8);
  expect([...ring.keys.subarray(0, ring.count)]).toEqual([3, 4, 5, 6, 7, 8, 9]);
  expect(ring.covers_from).toBe(3);
  // What lies below is the database's; taking it in would pretend that all between is here.
  addTo(ring, 1, 8);
  expect(ring.count).toBe(7);
});

test("FD23: entries in any order, twice, reposts among them, and taken back, leave the ring sorted", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.integer({ min: 1, max: 60 }), repost: fc.boolean(), gone: fc.boolean() }), {
        maxLength: 120,
      }),
      (acts) => {
        const ring = makeRing([], true);
        const model = new Map<number, number>();
        for (const { key, repost, gone } of acts) {
          const signed = repost ? -key : key;
          if (gone) {
            removeFrom(ring, signed);
            model.delete(key);
          } else {
            addTo(ring, signed, 1_000);
            if (!model.has(key)) model.set(key, signed);
          }
        }
        expect([...ring.keys.subarray(0, ring.count)]).toEqual(
          [...model].toSorted(([a], [b]) => a - b).map(([, signed]) => signed),
        );
      },
    ),
  );
});

test("FD23: a merge stops where the first ring's knowledge ends, and says where that is", () => {
  const merge = createMerge();
  const whole = makeRing([90, 50, 10], true);
  const part = makeRing([80, -60], false);
  expect(merge([whole, part], AFTER_ALL_KEYS, 10)).toEqual({
    keys: [90, 80, -60],
    sources: [0, 1, 1],
    covered_to: 60,
    ended: 1,
  });
  expect(merge([whole, part], 60, 10)).toEqual({ keys: [], sources: [], covered_to: 60, ended: 1 });
  expect(merge([whole], AFTER_ALL_KEYS, 10)).toEqual({
    keys: [90, 50, 10],
    sources: [0, 0, 0],
    covered_to: BEFORE_ALL_KEYS,
    ended: -1,
  });
  expect(merge([whole, part], AFTER_ALL_KEYS, 2).keys).toEqual([90, 80]);
});

test("FD28: rings stay within their bytes; who is read again stays, who is not goes", async () => {
  const rings = createRings({
    bytes_max: 20 * 320,
    ring_entries_max: 16,
    load_entries_max: 1_000,
    load: async () => new Map(),
  });
  for (let i = 0; i < 200; i++) {
    await rings.of([`${i}`]);
    await rings.of(["favourite"]);
  }
  const { rings: held, bytes, dropped, loads } = rings.stats();
  expect(bytes).toBeLessThanOrEqual(20 * 320);
  expect(held).toBeLessThanOrEqual(21);
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
  const reading = rings.of(["a", "b"]);
  const second = rings.of(["a"]);
  rings.add("a", 30);
  rings.remove("a", 20);
  gate.resolve(new Map([["a", [20, 10]]]));
  const [a] = await reading;
  expect([...a!.keys.subarray(0, a!.count)]).toEqual([10, 30]);
  expect((await second)[0]).toBe(a!);
  expect(rings.stats().loads).toBe(1);
});

test("FD23: a load that fails is the reader's failure, and the next reader loads again", async () => {
  let fail = true;
  const rings = createRings({
    bytes_max: 1e6,
    ring_entries_max: 16,
    load_entries_max: 1_000,
    load: async () => {
      if (fail) throw new Error("away");
      return new Map([["a", [5]]]);
    },
  });
  expect(async () => rings.of(["a"])).toThrow("away");
  fail = false;
  expect((await rings.of(["a"]))[0]!.count).toBe(1);
});
