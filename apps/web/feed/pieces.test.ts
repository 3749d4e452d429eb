import { describe, expect, test } from "bun:test";

import { LINK_CHARS_SHOWN, mentionAtCaret, piecesOf, shownLink } from "./pieces.ts";

describe("pieces", () => {
  test("WEB11: a mention of nobody stays plain text, and plain text stays in one piece", () => {
    expect(piecesOf("hej @nobody, you", new Set())).toEqual([{ kind: "text", text: "hej @nobody, you" }]);
    expect(piecesOf("hej @Ann!", new Set(["ann"]))).toEqual([
      { kind: "text", text: "hej " },
      { kind: "person", text: "@Ann", handle: "ann" },
      { kind: "text", text: "!" },
    ]);
  });

  test("WEB11: only http and https become links, whatever stands in the text", () => {
    const kinds = piecesOf("javascript:alert(1) data:text/html,x https://ok.example/a?b=1.", new Set());
    expect(kinds.filter((piece) => piece.kind === "link")).toEqual([
      { kind: "link", text: "ok.example/a?b=1", url: "https://ok.example/a?b=1" },
    ]);
  });

  test("WEB11: nothing of the text is lost or added", () => {
    const text = "A #Skog @ann\nand @bob #2 & <b> 😀 #日本";
    expect(
      piecesOf(text, new Set(["ann"]))
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  });

  test("WEB12: a long address is shortened, its host never", () => {
    const host = `${"a".repeat(60)}.example`;
    expect(shownLink(`https://${host}/x`)).toContain(host);
    expect([...shownLink(`https://b.example/${"x".repeat(200)}`)].length).toBe(LINK_CHARS_SHOWN);
  });

  test("WEB13: suggestions begin at an @ that begins a word", () => {
    expect(mentionAtCaret("hej @an", 7)).toEqual({ from: 4, typed: "an" });
    expect(mentionAtCaret("@", 1)).toEqual({ from: 0, typed: "" });
    expect(mentionAtCaret("mail@an", 7)).toBeNull();
    expect(mentionAtCaret("@an d", 5)).toBeNull();
  });
});
