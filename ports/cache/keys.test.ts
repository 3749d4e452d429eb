import { expect, test } from "bun:test";

import fc from "fast-check";

import { KEY_CHARS_MAX, keyOf } from "./index.ts";

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
