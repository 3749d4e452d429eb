import { expect, test } from "bun:test";

import { AUTHOR_TURN, EXPLORE_EVERY_PLACES, POSTS_PER_AUTHOR_MAX } from "./bounds.ts";
import { chanceOf } from "./chance.ts";
import { FOR_YOU_OUTCOMES, FOR_YOU_SOURCES } from "./contract.ts";
import { type Feature, FEATURES } from "./features.ts";
import { explain, OUTCOME_VALUE, OUTCOMES, predict, PRIOR, score } from "./model.ts";
import { type Candidate, fromMarks, marksOf, rank, type Source, SOURCES } from "./rank.ts";

const row = (set: Partial<Record<Feature, number>>) => FEATURES.map((name) => Math.round((set[name] ?? 0) * 1_000));
const candidate = (
  id: number,
  more: Partial<Candidate> & { set?: Partial<Record<Feature, number>> } = {},
): Candidate => ({
  post_id: `${1_000 + id}`,
  author_id: `${id}`,
  sources: ["network"],
  features: row(more.set ?? {}),
  at_home: false,
  ...(more.author_id ? { author_id: more.author_id } : {}),
  ...(more.sources ? { sources: more.sources } : {}),
  ...(more.at_home ? { at_home: true } : {}),
});
const seed = Math.floor(Math.random() * 2 ** 32);
const many = (n: number, make: (i: number) => Candidate) => Array.from({ length: n }, (_, i) => make(i + 1));

test("FD147: what a reader would rather be spared gets no place, whatever speaks for it", () => {
  const spared = candidate(1, { set: { less_of_author: 1, fresh: 1 } });
  expect(score(PRIOR, spared.features)).toBeLessThan(0);
  expect(rank([spared, candidate(2)], PRIOR, seed).map((place) => place.post_id)).toEqual(["1002"]);
});

test("FD147: the terms of a score add up to it exactly, for any features", () => {
  const chance = chanceOf(seed);
  for (let i = 0; i < 200; i++) {
    const features = FEATURES.map(() => (chance() < 0.5 ? 0 : Math.floor(chance() * 1_001)));
    const told = explain(PRIOR, features);
    const sum = told.features.reduce((all, one) => all + one.contribution, told.base);
    const expected = OUTCOMES.reduce((all, one) => all + OUTCOME_VALUE[one] * predict(PRIOR, one, features), 0);
    expect(Math.abs(sum - told.score), `seed ${seed}`).toBeLessThan(1e-9);
    expect(Math.abs(told.score - expected)).toBeLessThan(1e-9);
    expect(told.outcomes.reduce((all, one) => all + one.contribution, 0)).toBeCloseTo(told.score, 9);
  }
});

test("FD147: each feature that speaks for a post moves it up, and a hidden author's post down", () => {
  for (const feature of FEATURES) {
    const moved = score(PRIOR, row({ [feature]: 1 })) - score(PRIOR, row({}));
    if (feature === "less_of_author") expect(moved).toBeLessThan(0);
    else if (feature !== "film") expect(moved, feature).toBeGreaterThan(0);
  }
});

test("FD147: the same candidates, weights and seed give the same list, in whatever order they came", () => {
  const all = many(60, (i) =>
    candidate(i, { sources: i % 3 === 0 ? ["latest"] : ["network"], set: { fresh: (i % 7) / 7 } }),
  );
  const ids = (list: readonly Candidate[]) => rank(list, PRIOR, seed).map((place) => place.post_id);
  expect(ids(all.toReversed()), `seed ${seed}`).toEqual(ids(all));
  expect(ids(all)).not.toEqual(rank(all, PRIOR, seed + 1).map((place) => place.post_id));
});

test("FD148: nobody fills a list alone: each further post of an author counts less, and after ten none has a place", () => {
  const loud = many(30, (i) => candidate(i, { author_id: "9", set: { follows: 1, fresh: 1 } }));
  const quiet = many(5, (i) => candidate(100 + i, { set: { follows: 1, fresh: 0.8 } }));
  const list = rank([...loud, ...quiet], PRIOR, seed);
  expect(list.slice(0, 7).map((place) => place.author_id === "9")).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(list.map((place) => place.turn).filter((turn) => turn > 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(list.filter((place) => place.author_id === "9")).toHaveLength(POSTS_PER_AUTHOR_MAX);
  expect(AUTHOR_TURN).toBeLessThan(1);
});

test("FD149: one place of each ten is something new, at the spot that the seed draws, and only while there is something new", () => {
  const known = many(150, (i) => candidate(i, { set: { follows: 1, fresh: 1 } }));
  const fresh = many(100, (i) => candidate(1_000 + i, { sources: ["new_voice"] }));
  const list = rank([...known, ...fresh], PRIOR, 42, 100);
  const chance = chanceOf(42);
  for (let block = 0; block < 10; block++) {
    const spot = Math.floor(chance() * EXPLORE_EVERY_PLACES);
    chance();
    const explored = list.slice(block * 10, block * 10 + 10).flatMap((place, i) => (place.explored ? [i] : []));
    expect(explored).toEqual([spot]);
  }
  expect(list.filter((place) => place.explored).every((place) => place.sources[0] === "new_voice")).toBe(true);
  expect(rank(known, PRIOR, 42, 100).some((place) => place.explored)).toBe(false);
});

test("FD150: what stands at the top of home comes behind all else, however good it is", () => {
  const top = many(3, (i) => candidate(i, { at_home: true, set: { follows: 1, fresh: 1, author_liked: 1 } }));
  const others = many(5, (i) => candidate(100 + i));
  const ids = rank([...top, ...others], PRIOR, seed).map((place) => place.author_id);
  expect(ids.slice(0, 5).every((id) => Number(id) > 100)).toBe(true);
  expect(ids.slice(5).toSorted()).toEqual(["1", "2", "3"]);
});

test("FD146: a list has at most two hundred places", () => {
  const all = many(300, (i) => candidate(i, { set: { fresh: 1 } }));
  expect(rank(all, PRIOR, seed)).toHaveLength(200);
});

test("FD146: what a place is survives being one number", () => {
  const sources: Source[] = ["network", "alike", "latest"];
  for (const explored of [true, false])
    for (const turn of [0, 9])
      expect(fromMarks(marksOf({ sources, explored, turn }))).toEqual({ sources, explored, turn });
});

test("FD159: the names that the page knows are those that scores are made with", () => {
  expect([...FOR_YOU_SOURCES]).toEqual([...SOURCES]);
  expect([...FOR_YOU_OUTCOMES]).toEqual([...OUTCOMES]);
});
