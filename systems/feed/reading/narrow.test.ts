import { expect, test } from "bun:test";

import { narrow } from "./narrow.ts";

test("FD131: a text's few wide characters are escaped and mean the same; a text in another script stays as it is", () => {
  for (const text of ["", "plain", "på gården – kom! 🌻", 'a "quoted" \\ line\n', "a\u2028b\u0000c", "ÿĀ", "\ud83c"]) {
    const json = JSON.stringify({ text });
    expect(JSON.parse(narrow(json))).toEqual({ text });
    expect(/[\u0100-\uffff]/.test(narrow(json)), text).toBe(false);
  }
  const cyrillic = JSON.stringify({ text: "Хорошо в деревне летом" });
  expect(narrow(cyrillic)).toBe(cyrillic);
});
