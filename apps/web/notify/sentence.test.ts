import { expect, test } from "bun:test";

import type { PersonCard } from "#kernel/cards.ts";

import { didWords, othersWords } from "./sentence.ts";

const person = (handle: string): PersonCard => ({
  id: handle,
  handle,
  display_name: handle,
  avatar: null,
  suspended: false,
  limited: false,
  private: false,
});

test("WEB100: two are named and the rest is counted", () => {
  const of = (names: number, count: number) =>
    othersWords({ actors: ["ann", "bo", "cia"].slice(0, names).map(person), actor_count: count });
  expect([of(1, 1), of(2, 2), of(3, 3), of(3, 14), of(1, 2), of(0, 1)]).toEqual([
    "",
    "",
    "1 other",
    "12 others",
    "1 other",
    "",
  ]);
});

test("WEB100: one does and several do", () => {
  const actors = [person("ann")];
  expect(didWords({ kind: "follow", actor_count: 1, actors })).toBe("follows you");
  expect(didWords({ kind: "follow", actor_count: 2, actors })).toBe("follow you");
  expect(didWords({ kind: "like", actor_count: 9, actors })).toBe("liked your post");
});
