import { expect, test } from "bun:test";

import { SLUG_PATTERN } from "#systems/spaces/contract.ts";

import { slugOf } from "./slug.ts";

test("WEB19: an address is made of any name, in the grammar that the house takes", () => {
  expect(slugOf("Körsång i Ås!")).toBe("korsang-i-as");
  expect(slugOf("  --42 Ångström -- ")).toBe("angstrom");
  expect(slugOf("日本")).toBe("");
  for (const name of ["A b", "x".repeat(80), "Hej, hej & hå", "z - - z"]) expect(slugOf(name)).toMatch(SLUG_PATTERN);
});
