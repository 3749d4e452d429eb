import { describe, expect, test } from "bun:test";

import { listedRungs, placeToGoOn, shouldReadAgain } from "./growing.ts";

const rung = { rung: "240p", width: 426, height: 240, bitrate_bps: 400_000, codecs: "avc1.64000d", progress: 1 };

describe("a player that was opened while its video was made", () => {
  test("WEB23: one quality is listed while the video is made, and all of them when it is ready", () => {
    const renditions = [rung, { ...rung, rung: "480p", progress: 0.9 }, { ...rung, rung: "720p", progress: 0.9 }];
    expect(listedRungs({ status: "processing", renditions })).toBe(1);
    expect(listedRungs({ status: "failed", renditions })).toBe(1);
    expect(listedRungs({ status: "ready", renditions })).toBe(3);
  });

  test("WEB23: the list is not read again before it was read, where it has no more, nor twice", () => {
    expect(shouldReadAgain({ known: null, listed: 3, again: false })).toBe(false);
    expect(shouldReadAgain({ known: 3, listed: 3, again: false })).toBe(false);
    expect(shouldReadAgain({ known: 4, listed: 3, again: false })).toBe(false);
    expect(shouldReadAgain({ known: 1, listed: 1, again: false })).toBe(false);
    expect(shouldReadAgain({ known: 1, listed: 3, again: true })).toBe(false);
    expect(shouldReadAgain({ known: 1, listed: 3, again: false })).toBe(true);
  });

  test("WEB23: it goes on where it is, where a seek leads, or where it was about to begin", () => {
    expect(placeToGoOn({ readyState: 1, seeking: false, currentTime: 0 }, 42)).toBe(42);
    expect(placeToGoOn({ readyState: 4, seeking: false, currentTime: 7.5 }, 42)).toBe(7.5);
    expect(placeToGoOn({ readyState: 2, seeking: false, currentTime: 0 }, 42)).toBe(0);
    expect(placeToGoOn({ readyState: 1, seeking: true, currentTime: 90 }, 42)).toBe(90);
  });
});
