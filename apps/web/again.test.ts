import { expect, test } from "bun:test";

import { AGAIN_FLOOR, createAgain } from "./again.ts";
import { Away, Refusal } from "./client.ts";

const make = () => {
  let now = 0;
  let random = 0;
  const again = createAgain({ now: () => now, random: () => random });
  return { again, at: (ms: number) => (now = ms), chance: (value: number) => (random = value) };
};
const busy = new Refusal(503, { code: "load.busy", detail: "Too much.", retry_after_s: 3 });

test("WEB260: a read that was refused waits for as long as the house said and longer by chance, never less", () => {
  const { again, chance } = make();
  const waits = [0, 0.5, 0.999].map((value) => (chance(value), Math.round(again.waitMs(0, busy))));
  expect(waits).toEqual([3_000, 4_500, 5_997]);
  chance(0);
  expect([again.waitMs(0, new Away()), again.waitMs(1, new Away())]).toEqual([500, 1_000]);
});

test("WEB260: all reads of a page that are refused are asked again within one budget; those that nobody answered are not counted", () => {
  const { again, at } = make();
  for (let i = 0; i < 10; i++) again.asked();
  const may = () => Array.from({ length: 10 }, () => again.may(0, busy)).filter(Boolean).length;
  expect(may()).toBe(AGAIN_FLOOR);
  expect(again.may(0, new Away())).toBe(true);
  at(30_000);
  for (let i = 0; i < 200; i++) again.asked();
  expect(may()).toBe(10);
});

test("WEB260: what would be refused again, or was told to come much later, is not asked again", () => {
  const { again } = make();
  expect(again.may(2, busy)).toBe(false);
  expect(again.may(0, new Refusal(403, { code: "forbidden" }))).toBe(false);
  expect(again.may(0, new Refusal(429, { code: "limit.exceeded", retry_after_s: 600 }))).toBe(false);
  expect(again.may(0, new Refusal(429, { code: "limit.exceeded", retry_after_s: 2 }))).toBe(true);
  expect(again.may(0, new TypeError("a fault of ours"))).toBe(false);
});
