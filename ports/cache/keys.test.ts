import { expect, test } from "bun:test";

import fc from "fast-check";
import { z } from "zod";

import { createShape, KEY_CHARS_MAX, keyOf } from "./index.ts";

test("CA14: one key for one thing, in whatever order it was asked; what was not given is left out", () => {
  const key = keyOf("feed.trending", 2, { limit: 20, space: "17", cursor: undefined });
  expect(key).toBe("feed.trending@2:limit=20&space=17");
  expect(keyOf("feed.trending", 2, { space: 17n, limit: "20" })).toBe(key);
  expect(keyOf("feed.trending", 3, { space: 17n, limit: "20" })).not.toBe(key);
});

test("CA14: two things never have one key, whatever is in their names and values, and no key is long", () => {
  const part = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom("a=b", "a&b", "%3d", "", "#", "null", "å".repeat(300)),
    fc.constant(null),
  );
  const parts = fc.dictionary(fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("a", "a=b&c", "%")), part, {
    maxKeys: 4,
  });
  const written = (of: Record<string, string | null>) =>
    JSON.stringify(Object.entries(of).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      expect(keyOf("k", 1, one) === keyOf("k", 1, other)).toBe(written(one) === written(other));
      expect(keyOf("k", 1, one).length).toBeLessThanOrEqual(KEY_CHARS_MAX);
    }),
    { numRuns: 2_000 },
  );
});

const zNow = z.strictObject({ id: z.string(), tags: z.array(z.string()) });
const zBefore = z.strictObject({ id: z.string(), tag: z.string() });
const now = createShape<z.output<typeof zNow>>({
  version: 2,
  read: (value) => zNow.safeParse(value).data ?? null,
  older: {
    1(value) {
      const { id, tag } = zBefore.parse(value);
      return { id, tags: [tag] };
    },
  },
});
const before = createShape<z.output<typeof zBefore>>({
  version: 1,
  read: (value) => zBefore.safeParse(value).data ?? null,
});

test("CA15: in a roll-out the next version reads what the last wrote, and the last takes the next one's for nothing", () => {
  expect(now.open(before.seal({ id: "7", tag: "a" }))).toEqual({ id: "7", tags: ["a"] });
  expect(now.open(now.seal({ id: "7", tags: ["a"] }))).toEqual({ id: "7", tags: ["a"] });
  expect(before.open(now.seal({ id: "7", tags: ["a"] }))).toBeNull();
  expect(before.open(before.seal({ id: "7", tag: "a" }))).toEqual({ id: "7", tag: "a" });
});

test("CA15: what is broken, of nobody or not as it should be is a miss and no error", () => {
  for (const text of [
    "",
    "{",
    "null",
    "7",
    "[]",
    "[2]",
    '[2,{"id":7}]',
    '[1,{"id":7}]',
    "[3,{}]",
    '["2",{}]',
    "[2,{},1]",
  ])
    expect(now.open(text)).toBeNull();
  expect(now.open('["constructor",{}]')).toBeNull();
  expect(() => createShape({ version: 2, read: () => "v", older: { 2: () => "v" } })).toThrow(RangeError);
});
