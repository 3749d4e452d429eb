import { expect, test } from "bun:test";

import { createTeller, waitAfter } from "./place.ts";

test("WEB79: it is looked for newer ones ever less often while nothing comes, and never less than each five minutes", () => {
  expect([0, 1, 2, 5].map(waitAfter)).toEqual([30_000, 45_000, 67_500, 227_812.5]);
  expect(waitAfter(50)).toBe(300_000);
});

test("WEB81: where one reads is told after a rest, once for each place, and at once when the page goes", () => {
  const told: string[] = [];
  let due: (() => void) | null = null;
  const teller = createTeller({
    tell: (entry) => told.push(entry),
    later: (run) => {
      due = run;
      return () => (due = null);
    },
  });
  teller.now();
  for (const entry of ["9", "8", "7"]) teller.at(entry);
  expect(told).toEqual([]);
  due!();
  teller.at("7");
  teller.now();
  expect(told).toEqual(["7"]);
  teller.at("5");
  teller.now();
  expect(told).toEqual(["7", "5"]);
  expect(due).toBeNull();
});
