import { expect, test } from "bun:test";

import { percentOf } from "./poll-words.ts";

test("WEB73: shares are of the people who voted, and hidden results have none", () => {
  expect([percentOf(null, 5), percentOf(2, null), percentOf(0, 0), percentOf(1, 3), percentOf(3, 3)]).toEqual([
    null,
    null,
    0,
    33,
    100,
  ]);
});
