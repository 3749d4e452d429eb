import { expect, test } from "bun:test";

import { createFollower } from "./follower.ts";

/** A house of which each answer is given by hand, and a page that can be looked away from. */
function scene() {
  const waits: { id: string; signal: AbortSignal; answer: () => void; fail: () => void }[] = [];
  const slept: number[] = [];
  let seen = true;
  let look = () => {};
  const follower = createFollower({
    wait: (id, signal) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        waits.push({ id, signal, answer: resolve, fail: () => reject(new Error("away")) });
      }),
    isSeen: () => seen,
    onSeen: (run) => (look = run),
    sleep: async (ms) => void slept.push(ms),
  });
  const settle = () => Bun.sleep(0);
  return {
    waits,
    slept,
    follow: follower.follow,
    settle,
    async see(now: boolean) {
      seen = now;
      look();
      await settle();
    },
    open: () => waits.filter(({ signal }) => !signal.aborted).map(({ id }) => id),
  };
}

test("WEB39: one call waits for the whole page: for the film that was asked for last, then for the one before", async () => {
  const { waits, follow, settle } = scene();
  const ends = [follow("a"), follow("b")];
  await settle();
  expect(waits.at(-1)!.id).toBe("b");
  expect(waits.filter(({ signal }) => !signal.aborted).length).toBe(1);
  ends[1]!();
  ends[1]!();
  await settle();
  expect(waits.at(-1)!.id).toBe("a");
  const count = waits.length;
  waits.at(-1)!.answer();
  await settle();
  expect(waits.length).toBe(count + 1);
  ends[0]!();
  await settle();
  expect(waits.length).toBe(count + 1);
});

test("WEB39: a house that is away is asked after growing waits; nothing waits for a page that nobody looks at", async () => {
  const { waits, slept, follow, settle, see } = scene();
  const end = follow("a");
  for (let at = 0; at < 6; at++) {
    await settle();
    waits.at(-1)!.fail();
    await settle();
  }
  expect(slept).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  await see(false);
  const count = waits.length;
  expect(waits.at(-1)!.signal.aborted).toBe(true);
  await settle();
  expect(waits.length).toBe(count);
  await see(true);
  expect(waits.length).toBe(count + 1);
  end();
});
