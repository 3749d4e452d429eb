import { expect, test } from "bun:test";

import { Problem, Transient } from "#kernel/errors.ts";

import { createTogether, type TogetherNeeds } from "./together.ts";

/** A crowd whose batches end when the test says so. */
function crowd(
  needs: Partial<
    Pick<TogetherNeeds<string, string>, "items_max" | "waiting_max" | "batches_max" | "beside_after">
  > = {},
) {
  const batches: { items: string[]; done: PromiseWithResolvers<void> }[] = [];
  const together = createTogether<string, string>({
    items_max: 3,
    batches_max: 1,
    waiting_max: 10,
    keyOf: (item) => item.split("/")[0]!,
    isForAll: (error) => error instanceof Transient,
    async run(items) {
      const done = Promise.withResolvers<void>();
      batches.push({ items: [...items], done });
      await done.promise;
      if (items.includes("bad")) throw new Error("bad");
      return items.map((item) => `${item}!`);
    },
    ...needs,
  });
  return { together, batches };
}
const nth = async (batches: { items: string[]; done: PromiseWithResolvers<void> }[], n: number) => {
  while (batches.length <= n) await Bun.sleep(0);
  return batches[n]!;
};
const settled = (promise: Promise<unknown>) => Promise.race([promise.then(() => true), Bun.sleep(0).then(() => false)]);

test("FD127: what comes alone goes at once; what comes meanwhile goes together, and hears nothing before its own batch is done", async () => {
  const { together, batches } = crowd();
  const [a, b, c] = [together.do("a"), together.do("b"), together.do("c")];
  expect(batches.map((batch) => batch.items)).toEqual([["a"]]);
  expect(await settled(b)).toBe(false);
  batches[0]!.done.resolve();
  expect(await a).toBe("a!");
  expect(await settled(b)).toBe(false);
  expect(batches.map((batch) => batch.items)).toEqual([["a"], ["b", "c"]]);
  (await nth(batches, 1)).done.resolve();
  expect([await b, await c]).toEqual(["b!", "c!"]);
});

test("FD127: a batch has its bound, and so has who waits", async () => {
  const { together, batches } = crowd({ waiting_max: 5 });
  const all = ["a", "b", "c", "d", "e", "f"].map((item) => together.do(item));
  expect(() => together.do("g")).toThrow(Problem);
  batches[0]!.done.resolve();
  await all[0];
  expect((await nth(batches, 1)).items).toEqual(["b", "c", "d"]);
  (await nth(batches, 1)).done.resolve();
  await all[3];
  (await nth(batches, 2)).done.resolve();
  expect(await Promise.all(all)).toEqual(["a!", "b!", "c!", "d!", "e!", "f!"]);
});

test("FD127: two acts of one key keep their order and are never under way at once", async () => {
  const { together, batches } = crowd({ batches_max: 2 });
  const all = ["a/on", "a/off", "b/on", "a/on2"].map((item) => together.do(item));
  expect(batches.map((batch) => batch.items)).toEqual([["a/on"], ["b/on"]]);
  (await nth(batches, 1)).done.resolve();
  await all[2];
  expect(batches).toHaveLength(2);
  batches[0]!.done.resolve();
  await all[0];
  expect((await nth(batches, 2)).items).toEqual(["a/off"]);
  (await nth(batches, 2)).done.resolve();
  await all[1];
  (await nth(batches, 3)).done.resolve();
  await all[3];
  expect(batches.map((batch) => batch.items[0])).toEqual(["a/on", "b/on", "a/off", "a/on2"]);
});

test("FD127: one that cannot be done fails alone; where nothing can be done all hear it", async () => {
  const { together, batches } = crowd({ items_max: 4 });
  const first = together.do("first");
  const rest = ["a", "bad", "b", "c"].map((item) => together.do(item).catch((error: Error) => error.message));
  for (let i = 0; i < 6; i++) {
    while (batches.length <= i) await Bun.sleep(0);
    batches[i]!.done.resolve();
  }
  expect([await first, ...(await Promise.all(rest))]).toEqual(["first!", "a!", "bad", "b!", "c!"]);
  const away = crowd();
  const [x, y, z] = ["x", "y", "z"].map((item) => away.together.do(item).catch((error: Error) => error.message));
  away.batches[0]!.done.resolve();
  await x;
  (await nth(away.batches, 1)).done.reject(new Transient("away"));
  expect([await y, await z, away.batches.length]).toEqual(["away", "away", 2]);
});

test("FD342: a batch goes beside another only when that one takes longer than batches do", async () => {
  let now_ms = 1_000;
  const clock = { monotonic: () => now_ms };
  const { together, batches } = crowd({ batches_max: 2, beside_after: { ms: 50, clock } });
  const all = [together.do("a"), together.do("b")];
  now_ms += 49;
  all.push(together.do("c"));
  expect(batches.map((batch) => batch.items)).toEqual([["a"]]);
  now_ms += 1;
  all.push(together.do("d"));
  expect(batches.map((batch) => batch.items)).toEqual([["a"], ["b", "c", "d"]]);
  for (const batch of batches) batch.done.resolve();
  expect(await Promise.all(all)).toEqual(["a!", "b!", "c!", "d!"]);
});
