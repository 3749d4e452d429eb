import { expect, test } from "bun:test";

import { createTurns } from "./turns.ts";

test("KN18: no more than so many run at once, and the others in the order in which they came, also after a failure", async () => {
  const turns = createTurns(3);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const all = Array.from({ length: 3_000 }, (_, i) =>
    turns
      .take(async () => {
        began.push(i);
        most = Math.max(most, ++running);
        await Promise.resolve();
        running -= 1;
        if (i % 7 === 0) throw new Error("no");
        return i;
      })
      .catch(() => -1),
  );
  expect(turns.waiting).toBe(2_997);
  expect(await Promise.all(all)).toEqual(Array.from({ length: 3_000 }, (_, i) => (i % 7 === 0 ? -1 : i)));
  expect([most, turns.waiting]).toEqual([3, 0]);
  expect(began).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
  // Nobody is left in the way.
  expect(await turns.take(async () => "in")).toBe("in");
});
