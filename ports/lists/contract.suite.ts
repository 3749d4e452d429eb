import { describe, expect, test } from "bun:test";

import type { ListBounds, NewList, SharedLists } from "./index.ts";

export const SUITE_BOUNDS: ListBounds = { list_keys_max: 8, list_ms_max: 60_000 };

export interface SuiteStore {
  lists: SharedLists;
  /** Lets so much time pass for the store. */
  pass(ms: number): Promise<void>;
}

const TOP = Number.POSITIVE_INFINITY;
const A = "a".repeat(16);
const B = "b".repeat(16);
const list = (more: Partial<NewList> = {}): NewList => ({
  fingerprint: A,
  members: ["1", "2"],
  keys: [50, -40, 30],
  covers_from: 30,
  ...more,
});

/** Rules LS1 to LS9 on any engine. */
export function sharedListsSuite(name: string, open: () => Promise<SuiteStore>): void {
  const opened = async (position = "p0") => {
    const { lists, pass } = await open();
    await lists.begin(position, (await lists.position())?.position ?? null);
    return { lists, pass };
  };

  describe(name, () => {
    test("LS1: whoever expects another position changes nothing and is told", async () => {
      const { lists } = await open();
      const before = (await lists.position())?.position ?? null;
      expect(await lists.begin("p1", "elsewhere")).toBe(false);
      expect((await lists.position())?.position ?? null).toBe(before);
      expect(await lists.begin("p1", before)).toBe(true);
      expect(await lists.save("v", list(), "p0")).toBe(false);
      expect(await lists.apply([{ member: "1", key: 60, gone: false }], "p0", "p2")).toBe(false);
      expect(await lists.read("v", A, TOP, 10)).toEqual({ position: "p1", list: null });
    });

    test("LS1: beginning anew lets all lists go", async () => {
      const { lists } = await opened();
      await lists.save("v", list(), "p0");
      expect(await lists.begin("p1", "p0")).toBe(true);
      expect(await lists.read("v", A, TOP, 10)).toEqual({ position: "p1", list: null });
      expect(await lists.save("v", list({ keys: [70] }), "p1")).toBe(true);
      expect((await lists.read("v", A, TOP, 10)).list?.keys).toEqual([70]);
    });

    test("LS2: a read gives the newest below a key, and from where on they are all there is", async () => {
      const { lists } = await opened();
      await lists.save("v", list(), "p0");
      expect((await lists.read("v", A, TOP, 10)).list).toEqual({ keys: [50, -40, 30], covers_from: 30 });
      expect((await lists.read("v", A, TOP, 2)).list).toEqual({ keys: [50, -40], covers_from: 40 });
      expect((await lists.read("v", A, 50, 10)).list).toEqual({ keys: [-40, 30], covers_from: 30 });
      expect((await lists.read("v", A, 45, 1)).list).toEqual({ keys: [-40], covers_from: 40 });
      expect((await lists.read("v", A, 30, 10)).list).toEqual({ keys: [], covers_from: 30 });
      await lists.save("empty", list({ keys: [], covers_from: 0 }), "p0");
      expect((await lists.read("empty", A, TOP, 10)).list).toEqual({ keys: [], covers_from: 0 });
    });

    test("LS3: a list of other members is not there", async () => {
      const { lists } = await opened();
      await lists.save("v", list(), "p0");
      expect((await lists.read("v", B, TOP, 10)).list).toBe(null);
      expect((await lists.read("w", A, TOP, 10)).list).toBe(null);
    });

    test("LS4: a change reaches the lists of its member, in its place, and once", async () => {
      const { lists } = await opened();
      await lists.save("v", list(), "p0");
      await lists.save("w", list({ members: ["2"], fingerprint: B }), "p0");
      const changes = [
        { member: "1", key: 60, gone: false },
        { member: "1", key: -45, gone: false },
        { member: "1", key: 20, gone: false },
        { member: "2", key: 40, gone: true },
        { member: "2", key: 44, gone: true },
        { member: "3", key: 70, gone: false },
      ];
      expect(await lists.apply(changes, "p0", "p1")).toBe(true);
      expect(await lists.apply(changes, "p1", "p2")).toBe(true);
      expect(await lists.read("v", A, TOP, 10)).toEqual({
        position: "p2",
        list: { keys: [60, 50, -45, 30], covers_from: 30 },
      });
      expect((await lists.read("w", B, TOP, 10)).list?.keys).toEqual([50, 30]);
    });

    test("LS5: a full list drops its oldest quarter, and then knows nothing below", async () => {
      const { lists } = await opened();
      await lists.save("v", list({ keys: [], covers_from: 0 }), "p0");
      const ten = Array.from({ length: 9 }, (_, i) => ({ member: "1", key: i + 1, gone: false }));
      await lists.apply(ten, "p0", "p1");
      expect((await lists.read("v", A, TOP, 20)).list).toEqual({ keys: [9, 8, 7, 6, 5, 4], covers_from: 4 });
    });

    test("LS6: a list that takes another's place is no longer changed by who is no member of it", async () => {
      const { lists } = await opened();
      await lists.save("v", list(), "p0");
      await lists.save("v", list({ fingerprint: B, members: ["2"], keys: [50] }), "p0");
      const changes = ["1", "2"].map((member, i) => ({ member, key: 60 + i, gone: false }));
      await lists.apply(changes, "p0", "p1");
      expect((await lists.read("v", B, TOP, 10)).list?.keys).toEqual([61, 50]);
      expect((await lists.read("v", A, TOP, 10)).list).toBe(null);
    });

    test("LS7: keys lose no bit", async () => {
      const { lists } = await opened();
      const bits = new BigInt64Array([0x7fef_ffff_ffff_fffen, 123_456_789_012_345_678n, 1n]);
      const [high, middle, low] = new Float64Array(bits.buffer);
      await lists.save("v", list({ keys: [high!, -middle!, low!], covers_from: low! }), "p0");
      expect((await lists.read("v", A, TOP, 10)).list).toEqual({ keys: [high!, -middle!, low!], covers_from: low! });
      await lists.apply([{ member: "1", key: -middle!, gone: true }], "p0", "p1");
      expect((await lists.read("v", A, high!, 10)).list).toEqual({ keys: [low!], covers_from: low! });
    });

    test("LS8: a list is gone after its time, read or not", async () => {
      const { lists, pass } = await opened();
      await lists.save("v", list(), "p0");
      expect((await lists.read("v", A, TOP, 1)).list).not.toBe(null);
      await pass(SUITE_BOUNDS.list_ms_max + 1);
      expect((await lists.read("v", A, TOP, 1)).list).toBe(null);
    });

    const seed = Number(process.env.LISTS_SEED ?? Math.floor(Math.random() * 1e9));
    test(`LS9: changes in any order leave what a sorted set of them would have (LISTS_SEED=${seed})`, async () => {
      const { lists } = await opened();
      let state = seed;
      const roll = (sides: number) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8) % sides;
      };
      await lists.save("v", list({ keys: [], covers_from: 0 }), "p0");
      const model = new Map<number, number>();
      let covers_from = 0;
      for (let step = 0; step < 60; step++) {
        const changes = Array.from({ length: 1 + roll(4) }, () => {
          const key = 1 + roll(40);
          return { member: "1", key: key % 3 === 0 ? -key : key, gone: roll(3) === 0 };
        });
        expect(await lists.apply(changes, `p${step}`, `p${step + 1}`)).toBe(true);
        for (const { key, gone } of changes) {
          const place = Math.abs(key);
          if (gone) model.delete(place);
          else if (place >= covers_from) model.set(place, key);
          if (model.size <= SUITE_BOUNDS.list_keys_max) continue;
          const kept = [...model.keys()].toSorted((a, b) => b - a).slice(0, 6);
          for (const known of model.keys()) if (!kept.includes(known)) model.delete(known);
          covers_from = kept.at(-1)!;
        }
        const wanted = [...model].toSorted(([a], [b]) => b - a).map(([, key]) => key);
        expect({ step, ...(await lists.read("v", A, TOP, 20)).list }).toEqual({ step, keys: wanted, covers_from });
      }
    });
  });
}
