import { expect, test } from "bun:test";

import fc from "fast-check";

import { HASHTAG_CHARS_MAX, LINK_CHARS_MAX, marksOf, MENTION_CHARS_MAX, tagOf, tokenize } from "./tokens.ts";

const marks = (text: string) =>
  tokenize(text)
    .filter((token) => token.kind !== "text")
    .map((token) =>
      token.kind === "hashtag" ? `#${token.tag}` : token.kind === "mention" ? `@${token.handle}` : token.url,
    );

test("FD8: numbers, mail addresses, entities, paths and doubled signs hold no hashtag and no mention", () => {
  for (const text of [
    "#1",
    "#2024_",
    "a#b",
    "me@x.se",
    "@ann@b.org",
    "##a",
    "@@ann",
    "&#x27;",
    "a/#b",
    "# a",
    "@ ann",
    "@annä",
    "#",
  ]) {
    expect(marks(text), text).toEqual([]);
  }
});

test("FD8: what is longer than its bound is plain text, whole", () => {
  expect(marks(`#${"a".repeat(HASHTAG_CHARS_MAX)}`)).toHaveLength(1);
  expect(marks(`#${"a".repeat(HASHTAG_CHARS_MAX + 1)}`)).toEqual([]);
  expect(marks(`@${"a".repeat(MENTION_CHARS_MAX)}`)).toHaveLength(1);
  expect(marks(`@${"a".repeat(MENTION_CHARS_MAX + 1)}`)).toEqual([]);
  expect(marks(`https://a.se/${"a".repeat(LINK_CHARS_MAX)}`)).toEqual([]);
});

test("FD8: only http and https are links, and what is inside a link is nothing else", () => {
  expect(marks("javascript:alert(1) ftp://a.se data:text/html,x http:// https://")).toEqual([]);
  expect(marks("xhttp://a.se")).toEqual([]);
  expect(marks("https://a.se/@ann/#tag?q=@ben")).toEqual(["https://a.se/@ann/#tag?q=@ben"]);
});

test("FD8: hashtags and mentions in any script and any place of a sentence", () => {
  expect(marks("Hej @Ann, se #Blå_himmel! (#日本語) #über,#Été.")).toEqual([
    "@ann",
    "#blå_himmel",
    "#日本語",
    "#über",
    "#été",
  ]);
  expect(marks("#1a ＃wide @a")).toEqual(["#1a", "#wide", "@a"]);
});

test("FD8: two spellings of one hashtag are one", () => {
  expect(marks("#E\u0301te\u0301")).toEqual(["#été"]);
  expect(tagOf("ÉTÉ")).toBe("été");
  expect(tagOf("#été")).toBe("été");
  expect(tagOf("a b")).toBeNull();
  expect(tagOf("12")).toBeNull();
});

test("FD8: a sentence's end is not part of its link, a bracket that the link opened is", () => {
  expect(marks("(https://a.se/x_(y)). Then https://b.se/?q=1, or https://c.se!")).toEqual([
    "https://a.se/x_(y)",
    "https://b.se/?q=1",
    "https://c.se",
  ]);
});

test("FD8: each mark counts once, and no more than the bound are taken", () => {
  expect(marksOf("#a #A @x @X #b @y", { hashtags: 1, mentions: 5 })).toEqual({ hashtags: ["a"], handles: ["x", "y"] });
});

test("FD8: the tokens joined are the text", () => {
  const piece = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("#", "@", "http://", "https://a", ")", "(", ".", " ", "é", "#tag", "@ann", "🙂"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      expect(
        tokenize(text)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("FD8: hostile texts take time in proportion to their length", () => {
  const hostile = [
    (n: number) => "#".repeat(n),
    (n: number) => "@a".repeat(n / 2),
    (n: number) => "http://".repeat(n / 7),
    (n: number) => `http://a${")".repeat(n)}`,
    (n: number) => `#${"a".repeat(65)}`.repeat(n / 66),
  ];
  // Counted in characters that the tokenizer asks for, not in time: a second look at everything would show as n².
  for (const make of hostile) {
    expect(looksAt(make(20_000)) / looksAt(make(2_000))).toBeLessThan(15);
  }
});

/** How many characters are read: a text that counts its `charAt` and `codePointAt`. */
function looksAt(text: string): number {
  let looks = 0;
  const { charAt, codePointAt } = String.prototype;
  String.prototype.charAt = function (this: string, at: number) {
    looks += 1;
    return charAt.call(this, at);
  };
  String.prototype.codePointAt = function (this: string, at: number) {
    looks += 1;
    return codePointAt.call(this, at);
  };
  try {
    tokenize(text);
  } finally {
    Object.assign(String.prototype, { charAt, codePointAt });
  }
  return Math.max(1, looks);
}
