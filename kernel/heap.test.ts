import { expect, test } from "bun:test";

import fc from "fast-check";

import { createHeads } from "./heap.ts";

test("KN11: no source has no head", () => {
  for (const heads of [createHeads(new Float64Array(0)), createHeads(Float64Array.of(Number.NaN, Number.NaN))]) {
    expect(heads.size).toBe(0);
    expect(heads.key()).toBeNaN();
    expect(heads.source()).toBe(-1);
  }
});

test("KN11: merging k lists from the newest gives what sorting all of them gives, each from its own source", () => {
  const lists = fc.array(fc.uniqueArray(fc.nat(10_000), { maxLength: 30 }), { maxLength: 40 });
  fc.assert(
    fc.property(lists, (unsorted) => {
      const sources = unsorted.map((list) => list.toSorted((a, b) => b - a));
      const at = sources.map(() => 0);
      const heads = createHeads(Float64Array.from(sources, (list) => list[0] ?? Number.NaN));
      const merged: number[] = [];
      while (heads.size > 0) {
        const source = heads.source();
        const list = sources[source]!;
        expect(heads.key()).toBe(list[at[source]!]!);
        merged.push(heads.key());
        at[source]! += 1;
        const next = list[at[source]!];
        if (next === undefined) heads.pop();
        else heads.replace(next);
      }
      expect(merged).toEqual(sources.flat().toSorted((a, b) => b - a));
    }),
  );
});
