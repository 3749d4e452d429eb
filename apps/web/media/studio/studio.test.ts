import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { percentOf, spentOf, ticksOf } from "./charts/scale.ts";
import { type Cue, inOrder, withCue, wordsAt, wrongWith } from "./cue-list.ts";
import { queryOf, stateOf } from "./state.ts";
import { parseChapters, parseTime, withChapter, writeChapters, writeTime } from "./times.ts";

const cue = (start_ms: number, end_ms: number, text = "words"): Cue => ({
  key: `${start_ms}`,
  start_ms,
  end_ms,
  text,
  settings: "",
});

describe("times", () => {
  test("WEB44: what is no time is refused; minutes, hours, seconds and points are taken", () => {
    for (const wrong of ["", "x", "1:60", "1:2:3:4", "1:75:00", "-1", "1e3", "1:", ":30", "1:00.1234"])
      expect(parseTime(wrong)).toBeNull();
    expect(parseTime("83.45")).toBe(83_450);
    expect(parseTime(" 1:23,4 ")).toBe(83_400);
    expect(parseTime("1:02:03.005")).toBe(3_723_005);
    expect(parseTime("90:00")).toBe(5_400_000);
  });

  test("WEB44: a time that is written reads back as itself, for any time up to a day", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => {
        expect(parseTime(writeTime(ms))).toBe(ms);
      }),
    );
  });

  test("WEB43: chapters are lines; what is wrong is said with its line", () => {
    const problem = (text: string) => parseChapters(text, 100_000).problem;
    expect(problem("The saw")).toContain("Line 1 begins with no time");
    expect(problem("0 The saw")).toContain("Line 1 begins with no time");
    expect(problem("0:10 The saw")).toContain("0:00");
    expect(problem("0:00 The tree\n0:00 The saw")).toContain("Line 2 does not come after");
    expect(problem("0:00 The tree\n\n1:40 Too late")).toContain("Line 3 begins after the film's end");
    expect(problem("0:00")).toContain("has no title");
    const { items } = parseChapters("0:00 The tree\n0:10 – The saw\n", 100_000);
    expect(items).toEqual([
      { at_ms: 0, title: "The tree" },
      { at_ms: 10_000, title: "The saw" },
    ]);
    expect(parseChapters(writeChapters(items), null)).toEqual({ items, problem: null });
    expect(parseChapters("", 1)).toEqual({ items: [], problem: null });
  });

  test("WEB43: a chapter that begins at the player's moment stands where it belongs, once", () => {
    expect(withChapter("", 12.7)).toBe("0:00 Beginning\n0:12 Chapter 2");
    expect(withChapter("0:00 A\n0:30 C", 12)).toBe("0:00 A\n0:12 Chapter 2\n0:30 C");
    expect(withChapter("0:00 A\n0:30 C", 30.2)).toBe("0:00 A\n0:30 C");
    expect(withChapter("0:00 A", 99)).toBe("0:00 A\n1:39 Chapter 2");
  });
});

describe("lines of captions", () => {
  test("WEB45: a new line begins at the player's moment and ends before the next one, within the film", () => {
    const added = withCue([cue(0, 900), cue(4_000, 5_000)], 3_000, 10_000, "new");
    expect(added.map((one) => [one.start_ms, one.end_ms])).toEqual([
      [0, 900],
      [3_000, 4_000],
      [4_000, 5_000],
    ]);
    expect(withCue([], 9_000, 10_000, "new")[0]).toMatchObject({ start_ms: 9_000, end_ms: 10_000 });
    expect(withCue([], 1_000, 10_000, "new")[0]).toMatchObject({ end_ms: 3_500 });
    expect(inOrder([cue(5, 9), cue(5, 7), cue(1, 2)]).map((one) => one.end_ms)).toEqual([2, 7, 9]);
  });

  test("WEB45: a line without words, that ends before it begins, or beyond the film, says so", () => {
    expect(wrongWith(cue(0, 1_000, "  "), 10_000)).toBe("has no words");
    expect(wrongWith(cue(1_000, 1_000), 10_000)).toBe("ends before it begins");
    expect(wrongWith(cue(10_000, 11_000), 10_000)).toBe("begins after the film's end");
    expect(wrongWith(cue(0, 1_000), 10_000)).toBeNull();
  });

  test("WEB45: what is said at a moment is shown without its marks, in linear time", () => {
    const cues = [cue(0, 2_000, "<i>One</i>"), cue(1_000, 3_000, "two"), cue(1_000, 3_000, " ")];
    expect(wordsAt(cues, 1_500)).toEqual(["One", "two"]);
    expect(wordsAt(cues, 2_000)).toEqual(["two"]);
    expect(wordsAt(cues, 3_000)).toEqual([]);
    expect(wordsAt([cue(0, 9, "<".repeat(50_000))], 1)[0]).toHaveLength(50_000);
  });
});

describe("the list", () => {
  test("WEB41: a film is uploading, processing, playable, ready or failed", () => {
    const of = (status: "processing" | "ready" | "failed", arriving = false, hls_url: string | null = null) =>
      stateOf({ status, arriving, hls_url });
    expect(of("processing", true, "/x")).toBe("uploading");
    expect(of("processing")).toBe("processing");
    expect(of("processing", false, "/x")).toBe("playable");
    expect(of("ready", false, "/x")).toBe("ready");
    expect(of("failed")).toBe("failed");
  });

  test("WEB41: the list is narrowed in the words of the API", () => {
    expect(queryOf("", "")).toEqual({});
    expect(queryOf("failed", "oak")).toEqual({ status: "failed", q: "oak" });
    expect(queryOf("private", "")).toEqual({ audience: "private" });
  });
});

describe("charts", () => {
  test("WEB48: an axis has round steps, begins at 0 and reaches beyond the largest value", () => {
    expect(ticksOf(0)).toEqual([0]);
    expect(ticksOf(Number.NaN)).toEqual([0]);
    expect(ticksOf(4)).toEqual([0, 1, 2, 3, 4]);
    expect(ticksOf(87)).toEqual([0, 50, 100]);
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e12, noNaN: true }), (max) => {
        const ticks = ticksOf(max);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)!).toBeGreaterThanOrEqual(max * (1 - 1e-6));
        expect(ticks.length).toBeLessThanOrEqual(6);
      }),
    );
  });

  test("WEB48: numbers are words that are no more exact than they are true", () => {
    expect([spentOf(0), spentOf(40_000), spentOf(720_000), spentOf(12_000_000), spentOf(3.6e8)]).toEqual([
      "0 s",
      "40 s",
      "12 min",
      "3 h 20 min",
      "100 h",
    ]);
    expect([percentOf(0), percentOf(0.034), percentOf(0.5), percentOf(1)]).toEqual(["0 %", "3.4 %", "50 %", "100 %"]);
  });
});
