import { describe, expect, test } from "bun:test";

import { behind, moved, shareSeen, withItems } from "./arrange.ts";
import { placeIn, shuffled } from "./queue.ts";

const order = Array.from({ length: 40 }, (_, i) => String(900_000 + i));

describe("playing a playlist", () => {
  test("WEB61: a shuffled playlist has every film once, in an order that is the same after a reload and another for another seed", () => {
    const one = shuffled(order, "abc");
    expect(one.toSorted()).toEqual(order);
    expect(one).not.toEqual(order);
    expect(shuffled(order, "abc")).toEqual(one);
    expect(shuffled(order, "abd")).not.toEqual(one);
    // What is added or taken out meanwhile moves none of the others.
    expect(shuffled([...order, "7"], "abc").filter((id) => id !== "7")).toEqual(one);
    expect(shuffled(order.slice(1), "abc")).toEqual(one.filter((id) => id !== order[0]));
  });

  test("WEB62: from each film there is one before and one after it; at the ends, and for a film that is not in it, there is none", () => {
    expect(placeIn(order, order[0]!)).toEqual({ at: 0, count: 40, previous: null, next: order[1]! });
    expect(placeIn(order, order[39]!)).toEqual({ at: 39, count: 40, previous: order[38]!, next: null });
    expect(placeIn(order, "1")).toBeNull();
    expect(placeIn([], "1")).toBeNull();
  });
});

describe("arranging a playlist", () => {
  test("WEB63: a film that is moved stands behind the one that the house is told of, and nothing is lost", () => {
    const list = ["a", "b", "c", "d"];
    expect(moved(list, 3, 0)).toEqual(["d", "a", "b", "c"]);
    expect(moved(list, 0, 3)).toEqual(["b", "c", "d", "a"]);
    expect(moved(list, 1, 9)).toEqual(["a", "c", "d", "b"]);
    expect(moved(list, 2, -5)).toEqual(["c", "a", "b", "d"]);
    expect(moved(list, 9, 0)).toEqual(list);
    expect(behind(moved(list, 3, 1), 1)).toBe("a");
    expect(behind(moved(list, 3, 0), 0)).toBeNull();
    expect(list).toEqual(["a", "b", "c", "d"]);
    const data = {
      pages: [
        { items: [1, 2], next_cursor: "x" },
        { items: [3], next_cursor: "y" },
      ],
      pageParams: [null, "x"],
    };
    expect(withItems(data, (items) => items.toReversed())).toEqual({
      pages: [{ items: [3, 2, 1], next_cursor: "y" }],
      pageParams: [null],
    });
  });

  test("WEB64: the line below a picture says how much was seen: none for what is not begun, and never more than all", () => {
    expect(shareSeen({ position_ms: null, duration_ms: 1000 })).toBe(0);
    expect(shareSeen({ position_ms: 500, duration_ms: null })).toBe(0);
    expect(shareSeen({ position_ms: 1, duration_ms: 1000 })).toBe(0.03);
    expect(shareSeen({ position_ms: 500, duration_ms: 1000 })).toBe(0.5);
    expect(shareSeen({ position_ms: 2000, duration_ms: 1000 })).toBe(1);
  });
});
