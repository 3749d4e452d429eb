import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { percentOf, spentOf, ticksOf } from "./charts/scale.ts";
import { type Cue, inOrder, withCue, wordsAt, wrongWith } from "./cue-list.ts";
import { AT_ONCE_MAX, forEach } from "./each.ts";
import { dropDraft, hasDraft, keepDraft, keptDraft } from "./kept.ts";
import { movePart, type Part } from "./part.ts";
import { queryOf, stateOf } from "./state.ts";
import { parseChapters, parseTime, withChapter, writeChapters, writeTime } from "./times.ts";
import { beginNext, type Waiting } from "./turns.ts";

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

describe("files on their way", () => {
  const file = (key: string, stage: Waiting["stage"], state: Waiting["upload"]["state"] = "sending"): Waiting => ({
    key,
    stage,
    upload: { state },
  });

  test("WEB42: two are sent at a time, in their order; one that is paused, failed or without its file holds up nobody", () => {
    expect([...beginNext([file("a", "queued"), file("b", "queued"), file("c", "queued")])]).toEqual(["a", "b"]);
    expect([...beginNext([file("a", "uploading"), file("b", "making"), file("c", "queued")])]).toEqual([]);
    expect([
      ...beginNext([
        file("a", "uploading", "paused"),
        file("b", "failed"),
        file("c", "needs_file"),
        file("d", "making"),
        file("e", "queued"),
        file("f", "queued"),
      ]),
    ]).toEqual(["e"]);
  });

  test("WEB47: what is done to many goes on where one refuses, a few at a time, and says which were done", async () => {
    let now = 0;
    let most = 0;
    const { done, refusal } = await forEach([1, 2, 3, 4, 5, 6, 7, 8], async (one) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now -= 1;
      if (one % 4 === 0) throw new Error(`not ${one}`);
    });
    expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 5, 6, 7]);
    expect(refusal).toEqual(new Error("not 4"));
    expect(most).toBeWithin(2, AT_ONCE_MAX + 1);
  });
});

describe("what is not saved", () => {
  test("WEB46: it is kept by film and by what it is, found again, and gone when it was saved; nonsense is nothing", () => {
    const before = globalThis.localStorage;
    globalThis.localStorage = memory() as unknown as Storage;
    try {
      const isText = (value: unknown): value is string => typeof value === "string";
      expect(keptDraft("1", "details", isText)).toBeNull();
      keepDraft("1", "details", "a title");
      keepDraft("12", "captions.sv", "words");
      expect(keptDraft("1", "details", isText)).toBe("a title");
      expect(keptDraft("1", "captions.sv", isText)).toBeNull();
      expect([hasDraft("1"), hasDraft("12"), hasDraft("2")]).toEqual([true, true, false]);
      dropDraft("1", "details");
      expect(hasDraft("1")).toBe(false);
      keepDraft("1", "details", "x".repeat(2_000_001));
      expect(hasDraft("1")).toBe(false);
      localStorage.setItem("folkhus.kept.1.details", "{broken");
      expect(keptDraft("1", "details", isText)).toBeNull();
      localStorage.setItem("folkhus.kept.1.details", "7");
      expect(keptDraft("1", "details", isText)).toBeNull();
    } finally {
      globalThis.localStorage = before;
    }
  });

  /** What a browser keeps, as far as it is asked here: its keys are its own properties. */
  function memory() {
    const kept: Record<string, string> = {};
    const methods = {
      getItem: (key: string) => kept[key] ?? null,
      setItem: (key: string, value: string) => void (kept[key] = value),
      removeItem: (key: string) => void delete kept[key],
    };
    return new Proxy(kept, { get: (_kept, key) => methods[key as keyof typeof methods] });
  }
});

describe("the kept part", () => {
  test("WEB49: an end moves within the film, and not closer to the other than the house takes", () => {
    const part = { start_ms: 2_000, end_ms: 8_000 };
    const move = (change: Partial<Part>) => movePart(part, change, 10_000, 1_000);
    expect(move({ start_ms: 5_000 })).toEqual({ start_ms: 5_000, end_ms: 8_000 });
    expect(move({ start_ms: 7_900 })).toEqual({ start_ms: 7_000, end_ms: 8_000 });
    expect(move({ start_ms: -5 })).toEqual({ start_ms: 0, end_ms: 8_000 });
    expect(move({ end_ms: 2_100 })).toEqual({ start_ms: 2_000, end_ms: 3_000 });
    expect(move({ end_ms: 99_000 })).toEqual({ start_ms: 2_000, end_ms: 10_000 });
    expect(movePart({ start_ms: 0, end_ms: 600 }, { start_ms: 300 }, 600, 1_000)).toEqual({ start_ms: 0, end_ms: 600 });
  });

  test("WEB49: whatever is asked, the part lies within the film and is long enough", () => {
    const ms = fc.integer({ min: -1_000, max: 100_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90_000 }),
        fc.record({ start_ms: ms, end_ms: ms }, { requiredKeys: [] }),
        (duration_ms, change) => {
          const { start_ms, end_ms } = movePart({ start_ms: 0, end_ms: duration_ms }, change, duration_ms, 1_000);
          expect(start_ms).toBeGreaterThanOrEqual(0);
          expect(end_ms).toBeLessThanOrEqual(duration_ms);
          expect(end_ms - start_ms).toBeGreaterThanOrEqual(Math.min(1_000, duration_ms));
        },
      ),
    );
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
