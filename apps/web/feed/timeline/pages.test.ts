import { describe, expect, test } from "bun:test";

import type { Post } from "#systems/feed/contract.ts";

import { drawn, entryOf, type Gap, joined, newestOf, type TimelineData, withFilled, withNewest } from "./pages.ts";

const post = (id: number, given = true): Post =>
  ({ id: String(id), entry_id: given ? String(id) : null, reposted_by: null }) as Post;
/** As the house answers: ids below `below`, newest first. */
const house =
  (top: number, limit = 5) =>
  (below: number) => {
    const items = [];
    for (let id = Math.min(top, below - 1); id > 0 && items.length < limit; id--) items.push(post(id));
    const last = items.at(-1);
    return { items, next_cursor: last && Number(last.id) > 1 ? last.id : null };
  };
const one = (page: TimelineData["pages"][number]): TimelineData => ({ pages: [page], pageParams: [null] });
const ids = (data: TimelineData) => drawn(data).map(({ post: p }) => Number(p.id));
const gapsOf = (data: TimelineData): Gap[] => drawn(data).flatMap(({ gap }) => gap ?? []);

describe("a timeline on the page", () => {
  test("WEB78: it opens with the newest and with where its reader stopped, and a gap between that fills without loss", () => {
    const ask = house(40);
    let data = one(joined(ask(41), ask(12)));
    expect(ids(data)).toEqual([40, 39, 38, 37, 36, 11, 10, 9, 8, 7]);
    let fills = 0;
    for (let [gap] = gapsOf(data); gap; [gap] = gapsOf(data)) {
      data = withFilled(data, gap, ask(Number(gap.cursor)));
      fills += 1;
    }
    expect(ids(data)).toEqual(Array.from({ length: 34 }, (_, i) => 40 - i));
    expect(fills).toBe(5);
    expect(data.pages[0]!.next_cursor).toBe("7");
  });

  test("WEB78: where the two meet or overlap, there is no gap and nothing stands twice", () => {
    const ask = house(12);
    expect(joined(ask(13), ask(9))).toEqual({
      items: [12, 11, 10, 9, 8, 7, 6, 5, 4].map((id) => post(id)),
      next_cursor: "4",
    });
    expect(ids(one(joined(ask(13), ask(12))))).toEqual([12, 11, 10, 9, 8, 7]);
    expect(joined(house(3)(4), house(3)(2)).gaps).toBeUndefined();
  });

  test("WEB79: newer ones come on top; more than a page of them leaves a gap that says so", () => {
    const data = one(house(10)(11));
    const few = withNewest(data, house(12)(13));
    expect([ids(few), gapsOf(few)]).toEqual([[12, 11, 10, 9, 8, 7, 6], []]);
    const many = withNewest(data, house(30)(31));
    expect(gapsOf(many)).toEqual([{ above: "26", below: "10", cursor: "26" }]);
    expect(newestOf(many)).toBe("30");
    // Nothing new changes nothing.
    expect(ids(withNewest(few, house(12)(13)))).toEqual(ids(few));
  });

  test("WEB79: what was just written here stands on top, hides nothing of others, and stands once when the house gives it", () => {
    const first = house(10)(11);
    const data = one({ ...first, items: [post(13, false), ...first.items] });
    expect(newestOf(data)).toBe("10");
    const next = withNewest(data, house(14)(15));
    expect(ids(next)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6]);
  });

  test("WEB78: whatever arrives in whatever order, all stands once, newest first", () => {
    let state = 11;
    const next = (below: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
    for (let round = 0; round < 200; round++) {
      let top = 5 + next(40);
      let data = one(joined(house(top)(top + 1), house(top)(2 + next(top))));
      for (let step = 0; step < 12; step++) {
        const gaps = gapsOf(data);
        if (gaps.length > 0 && next(2) === 0) {
          const gap = gaps[next(gaps.length)]!;
          data = withFilled(data, gap, house(top)(Number(gap.cursor)));
        } else {
          top += next(12);
          data = withNewest(data, house(top)(top + 1));
        }
      }
      for (let [gap] = gapsOf(data); gap; [gap] = gapsOf(data))
        data = withFilled(data, gap, house(top)(Number(gap.cursor)));
      const shown = ids(data);
      expect(shown, `round ${round}`).toEqual(Array.from({ length: shown.length }, (_, i) => top - i));
      expect(entryOf(drawn(data)[0]!.post)).toBe(String(top));
    }
  });
});
