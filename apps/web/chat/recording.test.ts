import { expect, test } from "bun:test";

import { barsOf, whyNot } from "./recording.ts";

test("WEB233: what stands in the way of recording is said with what to do about it", () => {
  const words = (name: string) => whyNot(new DOMException("", name));
  expect(words("NotAllowedError")).toContain("Allow it");
  expect(words("NotFoundError")).toContain("no microphone");
  expect(words("NotReadableError")).toContain("another program");
  // Where the page is not told of a microphone at all.
  expect(whyNot(new TypeError("undefined is not an object"))).toContain("https");
});

test("WEB232: what was recorded is drawn by its loudest moments, however long or short it is", () => {
  expect(barsOf([1, 9, 2, 3], 2)).toEqual([9, 3]);
  expect(barsOf([5], 3)).toEqual([5, 5, 5]);
  expect(barsOf([], 2)).toEqual([0, 0]);
});
