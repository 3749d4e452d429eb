import { expect, test } from "bun:test";

import { createTeller } from "./place.ts";

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
