import { describe, expect, test } from "bun:test";

import { AHEAD, BEHIND, isHeld, shownAt } from "./shorts-place.ts";

describe("shorts", () => {
  test("WEB36: a list that is nudged, or thrown beyond its ends, stays on a short that is there", () => {
    expect(shownAt(0.2, 0, 5)).toBe(0);
    expect(shownAt(1.8, 2, 5)).toBe(2);
    expect(shownAt(-0.6, 0, 5)).toBe(0);
    expect(shownAt(9, 4, 5)).toBe(4);
    expect(shownAt(0, 0, 0)).toBe(0);
  });

  test("WEB36: the next one takes over while it comes, up and down, also over several", () => {
    expect(shownAt(0.4, 0, 5)).toBe(1);
    expect(shownAt(1.6, 2, 5)).toBe(1);
    expect(shownAt(2.5, 0, 5)).toBe(3);
    expect(shownAt(3, 0, 5)).toBe(3);
    expect(shownAt(0, 3, 5)).toBe(0);
  });

  test("WEB36: two ahead and one behind are held, however far somebody went", () => {
    const held = (at: number) => Array.from({ length: 40 }, (_none, index) => index).filter((i) => isHeld(i, at));
    expect(held(0)).toEqual([0, 1, 2]);
    expect(held(17)).toEqual([16, 17, 18, 19]);
    expect(held(17).length).toBe(1 + AHEAD + BEHIND);
  });
});
