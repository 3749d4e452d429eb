import { expect, test } from "bun:test";

import { createSeenBook } from "./seen-book.ts";

test("WEB120: a glance is not seeing, unless glances on one stay make a second", () => {
  const book = createSeenBook();
  book.shows("1", true, 0);
  book.shows("1", false, 600);
  expect(book.take(700, 100)).toEqual([]);
  book.shows("1", true, 1_000);
  book.shows("1", false, 1_600);
  expect(book.take(2_000, 100)).toEqual([]);
  book.shows("2", true, 3_000);
  expect(book.take(3_400, 100)).toEqual([]);
  expect(book.take(4_100, 100)).toEqual([{ post_id: "2", ms: 1_100 }]);
});

test("WEB120: what was told is not told again, what stays goes on, and no report is too large", () => {
  const book = createSeenBook();
  for (let i = 0; i < 150; i++) book.shows(`${i}`, true, 0);
  const first = book.take(5_000, 100);
  expect([first.length, first[0]]).toEqual([100, { post_id: "0", ms: 5_000 }]);
  for (let i = 0; i < 150; i++) book.shows(`${i}`, false, 5_000);
  expect(book.take(5_000, 100).map((item) => item.post_id)).toEqual(Array.from({ length: 50 }, (_, i) => `${100 + i}`));
  expect(book.take(9_000, 100)).toEqual([]);
  book.shows("7", true, 10_000);
  expect(book.take(10_000 + 24 * 3_600_000, 100)).toEqual([{ post_id: "7", ms: 600_000 }]);
});
