import { describe, expect, test } from "bun:test";

import { parsePlace, placeToResume, spoken, watchPath } from "./at-time.ts";
import { chapterAt, stretches } from "./chapters.ts";
import { wanted } from "./player/captions.ts";
import { dragOf, isDouble, sideOf, sweptTo } from "./player/gestures.ts";
import { readPreferences, USUAL } from "./preferences.ts";
import { tileAt } from "./storyboard.ts";

describe("a place in an address", () => {
  test("WEB30: what is no time is none", () => {
    for (const text of [undefined, "", "soon", "1h2x", "-5", "1:2:3:4", "9".repeat(12), "1e9", "0x10"])
      expect([text, parsePlace(text)]).toEqual([text, null]);
  });

  test("WEB30: seconds, hours with minutes and seconds, and a clock", () => {
    const places = {
      "83": 83,
      "83s": 83,
      "1m23s": 83,
      "1h2m3s": 3723,
      "2h": 7200,
      "1:23": 83,
      "1:02:03": 3723,
      "4.9": 4,
    };
    for (const [text, seconds] of Object.entries(places)) expect([text, parsePlace(text)]).toEqual([text, seconds]);
  });

  test("WEB30: what is shared leads back to the same place", () => {
    expect(watchPath("12", 83.9)).toBe("/watch/12?t=83");
    expect(watchPath("12", 0.4)).toBe("/watch/12");
    expect(watchPath("1/2")).toBe("/watch/1%2F2");
    expect(parsePlace(new URLSearchParams(watchPath("12", 3723).split("?")[1]).get("t") ?? undefined)).toBe(3723);
    expect([spoken(3723), spoken(1), spoken(Number.NaN)]).toEqual([
      "1 hour 2 minutes 3 seconds",
      "1 second",
      "0 seconds",
    ]);
  });

  test("WEB30: who stopped near the end begins anew", () => {
    expect(placeToResume({ position_ms: null, duration_ms: 60_000 })).toBe(0);
    expect(placeToResume({ position_ms: 55_000, duration_ms: 60_000 })).toBe(0);
    expect(placeToResume({ position_ms: 30_000, duration_ms: 60_000 })).toBe(30_000);
  });
});

describe("what is kept of how somebody watches", () => {
  test("WEB29: a kept text that is broken, or from elsewhere, is the usual", () => {
    for (const text of [
      null,
      "",
      "{",
      "7",
      "null",
      "[]",
      '{"speed":"fast","volume":9,"caption_size":"vast","height":-1}',
    ])
      expect(readPreferences(text)).toEqual(USUAL);
  });

  test("WEB29: it comes back as it was", () => {
    const mine = { ...USUAL, height: 720, speed: 1.5, volume: 0.25, muted: true, captions: true, captions_lang: "sv" };
    expect(readPreferences(JSON.stringify(mine))).toEqual(mine);
  });

  test("WEB31: captions are in the viewer's language, else one near it, else the first", () => {
    const all = ["en", "pt-BR", "sv"].map((lang) => ({ lang, label: lang }));
    expect([wanted(all, "sv"), wanted(all, "pt-PT"), wanted(all, "fi"), wanted(all, "")]).toEqual([2, 1, 0, 0]);
  });
});

describe("the bar", () => {
  const board = {
    urls: ["a", "b"],
    columns: 2,
    rows: 2,
    tile_width: 160,
    tile_height: 90,
    interval_ms: 2_000,
    count: 6,
  };
  test("WEB32: a picture of each place, the last one to the end; none where the sheet is missing", () => {
    expect(tileAt(board, 0)).toEqual({ url: "a", x: 0, y: 0 });
    expect(tileAt(board, 3_999)).toEqual({ url: "a", x: 160, y: 0 });
    expect(tileAt(board, 7_000)).toEqual({ url: "a", x: 160, y: 90 });
    expect(tileAt(board, 9_000)).toEqual({ url: "b", x: 0, y: 0 });
    expect(tileAt(board, 1e9)).toEqual({ url: "b", x: 160, y: 0 });
    expect(tileAt(board, -5)).toEqual({ url: "a", x: 0, y: 0 });
    expect(tileAt({ ...board, urls: [] }, 0)).toBeNull();
  });

  test("WEB32: chapters cover the whole, whatever order they came in", () => {
    expect(stretches([], 9_000)).toEqual([{ at_ms: 0, title: "", ends_ms: 9_000 }]);
    const parts = stretches(
      [
        { at_ms: 6_000, title: "Polka" },
        { at_ms: 2_000, title: "Waltz" },
        { at_ms: 99_000, title: "Beyond" },
      ],
      9_000,
    );
    expect(parts.map(({ at_ms, ends_ms, title }) => [at_ms, ends_ms, title])).toEqual([
      [0, 2_000, ""],
      [2_000, 6_000, "Waltz"],
      [6_000, 9_000, "Polka"],
    ]);
    expect(chapterAt(parts, 5_999)?.title).toBe("Waltz");
  });
});

describe("fingers on the picture", () => {
  test("WEB33: two taps count on one side only, and only soon after one another", () => {
    expect([sideOf(10, 390), sideOf(195, 390), sideOf(380, 390)]).toEqual(["left", "middle", "right"]);
    expect(isDouble({ at_ms: 100, side: "left" }, null)).toBe(false);
    expect(isDouble({ at_ms: 300, side: "left" }, { at_ms: 100, side: "left" })).toBe(true);
    expect(isDouble({ at_ms: 300, side: "left" }, { at_ms: 100, side: "right" })).toBe(false);
    expect(isDouble({ at_ms: 900, side: "left" }, { at_ms: 100, side: "left" })).toBe(false);
  });

  test("WEB33: a sweep stays within the film; a shake is no sweep", () => {
    expect([dragOf(4, 5), dragOf(40, 5), dragOf(5, 40), dragOf(5, -40)]).toEqual(["none", "along", "down", "up"]);
    expect(sweptTo(10, 195, 390, 600)).toBe(70);
    expect(sweptTo(10, -390, 390, 600)).toBe(0);
    expect(sweptTo(590, 390, 390, 600)).toBe(600);
    expect(sweptTo(0, 195, 390, 20)).toBe(10);
  });
});
