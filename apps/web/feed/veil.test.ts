import { expect, test } from "bun:test";

import { createVeils, VEILS_KEPT_MAX } from "./veil.ts";

function shelf(start: string | null = null) {
  let kept = start;
  return { getItem: () => kept, setItem: (_key: string, value: string) => void (kept = value) };
}

test("WEB71: what was opened stays open over a reload, until its warning changes or it is closed", () => {
  const kept = shelf();
  const veils = createVeils(kept);
  expect(veils.isOpen("1", "spiders")).toBe(false);
  veils.set("1", "spiders", true);
  expect(createVeils(kept).isOpen("1", "spiders")).toBe(true);
  expect(createVeils(kept).isOpen("1", "snakes")).toBe(false);
  veils.set("1", "spiders", false);
  expect(createVeils(kept).isOpen("1", "spiders")).toBe(false);
});

test("WEB71: the oldest are forgotten first, and what somebody else left there breaks nothing", () => {
  const kept = shelf();
  const veils = createVeils(kept);
  for (let n = 0; n <= VEILS_KEPT_MAX; n++) veils.set(`${n}`, "x", true);
  expect([veils.isOpen("0", "x"), veils.isOpen("1", "x"), veils.isOpen(`${VEILS_KEPT_MAX}`, "x")]).toEqual([
    false,
    true,
    true,
  ]);
  for (const junk of ["{", "5", "[[1,2],null]"]) expect(createVeils(shelf(junk)).isOpen("1", "x")).toBe(false);
  const closed = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
  };
  const full = createVeils(closed);
  full.set("1", "x", true);
  expect(full.isOpen("1", "x")).toBe(true);
});
