import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { Permanent, Problem, Transient } from "./errors.ts";
import { createIds, EPOCH_MS, idAtMs, idTimeMs, isId } from "./ids.ts";
import { streamSafe } from "./letters.ts";
import { decodeCursor, encodeCursor } from "./paging.ts";
import { backoffMs, retry } from "./retry.ts";
import { zText } from "./wire.ts";

const START = EPOCH_MS + 1_000_000;

describe("ids", () => {
  test("KN4: a node outside 0…1023 is refused", () => {
    for (const node of [-1, 1024, 1.5, Number.NaN]) expect(() => createIds(node, () => START)).toThrow(RangeError);
  });

  test("KN6: what is not a positive bigint in decimal is not an id", () => {
    for (const text of ["", "0", "-1", "01", "1.0", "1e3", "9223372036854775808", "99999999999999999999", "0x1", " 1"])
      expect(isId(text)).toBe(false);
    for (const text of ["1", "9223372036854775807"]) expect(isId(text)).toBe(true);
  });

  test("KN1 KN2: ids grow strictly whatever the clock does, and more than 4,096 fit into one ms", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 1, maxLength: 50 }), (steps) => {
        let now = START;
        const ids = createIds(7, () => now);
        let last = 0n;
        for (const step of steps) {
          now += step;
          for (let i = 0; i < 200; i++) {
            const id = BigInt(ids.next());
            expect(id > last).toBe(true);
            last = id;
          }
        }
      }),
      { numRuns: 50 },
    );
    const ids = createIds(7, () => START);
    const many = Array.from({ length: 10_000 }, () => ids.next());
    expect(new Set(many).size).toBe(10_000);
    expect(many.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))).toEqual(many);
  });

  test("KN3: two nodes never make the same id", () => {
    const [a, b] = [createIds(1, () => START), createIds(2, () => START)];
    const all = Array.from({ length: 5_000 }, () => [a.next(), b.next()]).flat();
    expect(new Set(all).size).toBe(all.length);
  });

  test("KN5: an id tells its millisecond, and the smallest id of a moment is not above any id of it", () => {
    const id = createIds(1023, () => START).next();
    expect(idTimeMs(id)).toBe(START);
    expect(BigInt(idAtMs(START)) <= BigInt(id)).toBe(true);
    expect(BigInt(idAtMs(START + 1)) > BigInt(id)).toBe(true);
  });
});

describe("cursors", () => {
  test("KN7: anything that is not a cursor of ours is refused as cursor.invalid", () => {
    const wrong = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((j) => btoa(encodeURIComponent(j))),
    );
    fc.assert(
      fc.property(wrong, (text) => {
        try {
          decodeCursor(text, ["id", "number"]);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          expect((error as Problem).code).toBe("cursor.invalid");
        }
      }),
    );
    expect(() => decodeCursor(encodeCursor(["abc"]), ["id"])).toThrow("cursor.invalid");
    expect(() => decodeCursor(encodeCursor([1]), ["id"])).toThrow("cursor.invalid");
    // Nineteen digits may still be more than SQL can hold, and fewer more than it has a time for.
    expect(() => decodeCursor(encodeCursor(["9223372036854775808"]), ["id"])).toThrow("cursor.invalid");
    expect(() => decodeCursor(encodeCursor(["253402300800000000"]), ["micros"])).toThrow("cursor.invalid");
    expect(decodeCursor(encodeCursor(["253402300799999999"]), ["micros"])).toEqual(["253402300799999999"]);
    expect(decodeCursor(encodeCursor(["9223372036854775807"]), ["id"])).toEqual(["9223372036854775807"]);
  });

  test("KN7: a cursor comes back as it went in", () => {
    expect(decodeCursor(encodeCursor(["123", 4.5, "x/y+z="]), ["id", "number", "string"])).toEqual([
      "123",
      4.5,
      "x/y+z=",
    ]);
  });
});

describe("retries", () => {
  const needs = { random: () => 0.5, sleep: async () => {} };

  test("KN9: a permanent failure and a bug are thrown at once", async () => {
    for (const error of [new Permanent("no"), new Error("bug"), new Problem(404, "x", "y")]) {
      let runs = 0;
      const failed = retry(
        async () => (runs++, Promise.reject(error)),
        { tries_max: 5, base_ms: 1, delay_ms_max: 1 },
        needs,
      );
      expect(await failed.catch((e: unknown) => e)).toBe(error);
      expect(runs).toBe(1);
    }
  });

  test("KN9: a transient failure is tried tries_max times and then thrown", async () => {
    let runs = 0;
    const failed = retry(
      async () => (runs++, Promise.reject(new Transient("away"))),
      { tries_max: 3, base_ms: 1, delay_ms_max: 1 },
      needs,
    );
    expect(await failed.catch((e: unknown) => (e as Error).name)).toBe("Transient");
    expect(runs).toBe(3);
  });

  test("KN8: backoff is uniform below min(cap, base·2ⁿ)", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attempt, random) => {
        const ms = backoffMs(attempt, { base_ms: 10, delay_ms_max: 1_000 }, () => random);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(Math.min(1_000, 10 * 2 ** Math.min(attempt, 30)));
        expect(ms).toBe(Math.floor(random * Math.min(1_000, 10 * 2 ** Math.min(attempt, 30))));
      }),
    );
  });
});

describe("text", () => {
  test("KN10: control characters and lone surrogates are refused", () => {
    for (const text of ["a\u0000b", "a\u001bb", "\ud800"]) expect(zText(10).safeParse(text).success).toBe(false);
  });

  test("KN10: text is normalised and trimmed before it is bounded", () => {
    expect(zText(3).parse("  e\u0301a\r\n ")).toBe("éa");
    expect(zText(3).safeParse("abcd").success).toBe(false);
    expect(zText(3, 1).safeParse("   ").success).toBe(false);
  });

  test("KN17: of the marks on one letter no more than 30 follow each other, so that normalising stays linear", () => {
    for (const marks of ["\u0301", "\u0301\u0316", "\u0316".repeat(40) + "\u0301".repeat(40)]) {
      const text = `e${marks.repeat(Math.ceil(400 / marks.length))}`;
      expect(zText(2_000).parse(text)).not.toMatch(/[\p{M}--[\u034f]]{32}/v);
      expect(streamSafe(streamSafe(text))).toBe(streamSafe(text));
    }
    // What people write stays as it is.
    for (const text of ["naïve", "हिन्दी", "e\u0301".repeat(100), `a${"\u0301".repeat(30)}`])
      expect(streamSafe(text)).toBe(text);
  });

  test("KN10: text that must be there has something in it that can be seen", () => {
    for (const text of ["\u200b", "\u3164", "\u2800\u202e", "\u00ad"]) {
      expect(zText(9, 1).safeParse(text).success).toBe(false);
      expect(zText(9).safeParse(text).success).toBe(true);
    }
    for (const text of [".", "é", "👩\u200d👧", "한"]) expect(zText(9, 1).parse(text)).toBe(text);
  });
});
