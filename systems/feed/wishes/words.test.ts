import { expect, spyOn, test } from "bun:test";

import { createFinder, fold, type Phrase } from "./words.ts";

const finds = (text: string, ...phrases: (string | [string, Phrase["matches"]])[]) => {
  const all = phrases.map((p) => (typeof p === "string" ? ([p, "word"] as const) : p));
  const finder = createFinder(all.map(([text_, matches]) => ({ folded: fold(text_), matches })));
  return finder.find(fold(text)).map((i) => all[i]![0]);
};

test("FD220: a word is found by itself and not inside another, whatever its case and form", () => {
  expect(finds("The CAT sat", "cat")).toEqual(["cat"]);
  expect(finds("a catalogue, concat, cat_s", "cat")).toEqual([]);
  expect(finds("ｃａｔ!", "cat")).toEqual(["cat"]);
  expect(finds("s\u200bpoi\u00adler", "spoiler")).toEqual(["spoiler"]);
  expect(finds("får", "far")).toEqual([]);
  expect(finds("fa\u030ar", "får")).toEqual(["får"]);
  expect(finds("concatenate", ["cat", "part"])).toEqual(["cat"]);
});

test("FD220: a phrase spans blanks and lines; a hashtag is itself, and the word in it is found too", () => {
  expect(finds("the\n  last\tepisode!", "last episode")).toEqual(["last episode"]);
  expect(finds("see #Weaving", "#weaving", "weaving")).toEqual(["#weaving", "weaving"]);
  expect(finds("see #weavings and weaving", "#weaving")).toEqual([]);
  expect(finds("＃weaving", "#weaving")).toEqual(["#weaving"]);
  expect(finds("so🦊so", "🦊")).toEqual(["🦊"]);
  expect(finds("犬が好き", ["犬", "part"])).toEqual(["犬"]);
});

test("FD220: all that overlap are found, and a later place counts where an earlier one is inside a word", () => {
  expect(finds("she sells his hers", "he", "she", "his", "hers")).toEqual(["she", "his", "hers"]);
  expect(finds("she", ["he", "part"], "she")).toEqual(["he", "she"]);
  expect(finds("cats cat", "cat")).toEqual(["cat"]);
  expect(finds("", "cat")).toEqual([]);
  expect(finds("cat")).toEqual([]);
});

test("FD220: the finder agrees with a plain search, for many random texts", () => {
  const seed = Number(process.env.SEED ?? 20261121);
  let state = seed;
  const next = (below: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
  const word = (chars_max: number) =>
    Array.from({ length: 1 + next(chars_max) }, () => "aab é🦊"[next(5)] ?? "a").join("");
  const isWord = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}\p{M}_]/u.test(char);
  for (let round = 0; round < 2_000; round++) {
    const phrases = [...new Set(Array.from({ length: 1 + next(5) }, () => fold(word(4))))].filter((p) => p !== "");
    const text = fold(word(30));
    for (const matches of ["word", "part"] as const) {
      const expected = phrases.filter((phrase) => {
        for (let at = text.indexOf(phrase); at !== -1; at = text.indexOf(phrase, at + 1)) {
          const before = Array.from(text.slice(0, at)).at(-1);
          const after = Array.from(text.slice(at + phrase.length))[0];
          const chars = [...phrase];
          if (matches === "part") return true;
          if (!(isWord(chars[0]) && isWord(before)) && !(isWord(chars.at(-1)) && isWord(after))) return true;
        }
        return false;
      });
      const found = createFinder(phrases.map((folded) => ({ folded, matches }))).find(text);
      expect(
        found.map((i) => phrases[i]!),
        `seed ${seed}, round ${round}: ${JSON.stringify({ phrases, text, matches })}`,
      ).toEqual(expected);
    }
  }
});

test("FD221: a text made to be slow takes as many steps as it has characters, with the most words there may be", () => {
  const phrases = Array.from({ length: 100 }, (_, i) => ({ folded: `${"a".repeat(i)}b`, matches: "part" as const }));
  const finder = createFinder(phrases);
  expect(finder.nodes).toBeLessThanOrEqual(1 + phrases.reduce((sum, { folded }) => sum + folded.length, 0));
  expect(finder.find("a".repeat(200_000))).toEqual([]);
  expect(finder.find(`${"a".repeat(99)}b`)).toHaveLength(100);
});

test("FD221: words that end at the same letter, a hundred of them, are told apart without looking around anew for each", () => {
  const phrases = Array.from({ length: 100 }, (_, i) => ({ folded: "a".repeat(i + 1), matches: "word" as const }));
  const finder = createFinder(phrases);
  const looked = spyOn(RegExp.prototype, "test");
  try {
    // None of them stands by itself, so none is ever found and left out of the next look.
    expect(finder.find(`b${"a".repeat(5_000)}b`)).toEqual([]);
    expect(looked.mock.calls.length).toBeLessThanOrEqual(5_002);
  } finally {
    looked.mockRestore();
  }
  expect(finder.find("aaa b")).toEqual([2]);
});

test("FD221: a text made of marks alone is folded in time linear in its letters", () => {
  expect(fold(`e${"\u0301\u0316".repeat(2_000)}`)).not.toMatch(/[\p{M}--[\u034f]]{32}/v);
});
