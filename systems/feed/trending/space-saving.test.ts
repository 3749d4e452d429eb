import { expect, test } from "bun:test";

import fc from "fast-check";

import { createBoard } from "./board.ts";
import { createPeopleSets } from "./people-sets.ts";
import { createSpaceSaving } from "./space-saving.ts";

const hash = (n: number) => Number(Bun.hash.wyhash(String(n)) & 0xffff_ffffn);

test("FD230: with k counters no weight is told too low, none too high by more than all weight / k, and what is heavier has a counter", () => {
  const steps = fc.array(
    fc.record({
      key: fc.integer({ min: 0, max: 40 }),
      weight: fc.double({ min: 0.01, max: 10, noNaN: true }),
      fades: fc.boolean(),
    }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 12 }), (stream, k) => {
      const counters = createSpaceSaving(k);
      const truth = new Map<string, number>();
      let all = 0;
      for (const { key: n, weight, fades } of stream) {
        const key = String(n);
        if (fades) {
          counters.scale(0.5);
          for (const [known, value] of truth) truth.set(known, value * 0.5);
          all *= 0.5;
        }
        const slot = counters.find(key);
        counters.grow(slot < 0 ? counters.take(key) : slot, weight);
        truth.set(key, (truth.get(key) ?? 0) + weight);
        all += weight;
      }
      const slack = all * 1e-9;
      expect(counters.size).toBeLessThanOrEqual(k);
      for (const [key, value] of truth) {
        const slot = counters.find(key);
        if (slot < 0) {
          expect(value).toBeLessThanOrEqual(all / k + slack);
          continue;
        }
        expect(counters.count(slot)).toBeGreaterThanOrEqual(value - slack);
        expect(counters.count(slot) - counters.error(slot)).toBeLessThanOrEqual(value + slack);
        expect(counters.error(slot)).toBeLessThanOrEqual(all / k + slack);
      }
    }),
    { numRuns: 300 },
  );
});

test("FD231: a person counts once per subject however often they act, exactly while few and without bias when many", () => {
  const sets = createPeopleSets(2, 256);
  for (let i = 0; i < 1_000; i++) sets.add(0, hash(7));
  expect(sets.add(0, hash(8))).toBe(1);
  expect(sets.add(0, hash(7))).toBe(0);
  for (const people of [64, 500, 5_000, 50_000]) {
    sets.reset(1);
    let counted = 0;
    for (let i = 0; i < people; i++) counted += sets.add(1, hash(i));
    const before = counted;
    for (let i = 0; i < people; i++) counted += sets.add(1, hash(i));
    expect(counted).toBe(before);
    // Four standard deviations of 5.4 %.
    expect(Math.abs(counted - people) / people).toBeLessThan(people <= 64 ? 1e-9 : 0.22);
  }
});

test("FD231: people that were written down and read again are the same people", () => {
  for (const people of [20, 2_000]) {
    const [first, second] = [createPeopleSets(3, 128), createPeopleSets(5, 128)];
    for (let slot = 0; slot < 3; slot++) for (let i = 0; i < people; i++) first.add(slot, hash(i + slot));
    second.load(first.save(3));
    for (let i = people - 20; i < people + 200; i++)
      expect(second.add(2, hash(i))).toBeCloseTo(first.add(2, hash(i)), 9);
    expect(() => createPeopleSets(2, 128).load(first.save(3))).toThrow(RangeError);
  }
});

const small = { subjects_max: 8, registers: 128 };
const HOUR = 3_600_000;
/** An even hour, so that buckets are what one would think. */
const NOON = 1_763_719_200_000;

test("FD232: what was done a half-life ago weighs half, and order changes only by what is done", () => {
  const board = createBoard("hour", small);
  for (let i = 0; i < 8; i++) board.act("old", { person_hash: hash(i), weight: 1, at_ms: NOON, witness: "1" });
  for (let i = 0; i < 5; i++) board.act("new", { person_hash: hash(i), weight: 1, at_ms: NOON + HOUR, witness: "2" });
  const [first, second] = board.top(NOON + HOUR, 10);
  expect([first!.key, second?.key]).toEqual(["new", undefined]);
  expect(first!.score).toBeCloseTo(5, 6);
  const day = createBoard("day", small);
  for (let i = 0; i < 8; i++) day.act("old", { person_hash: hash(i), weight: 1, at_ms: NOON, witness: "1" });
  for (let i = 0; i < 5; i++)
    day.act("new", { person_hash: hash(i), weight: 1, at_ms: NOON + 12 * HOUR, witness: "2" });
  const scores = Object.fromEntries(day.top(NOON + 12 * HOUR, 10).map(({ key, score }) => [key, score]));
  expect(scores.old).toBeCloseTo(8 * 2 ** -0.5, 6);
  expect(scores.new).toBeCloseTo(5, 6);
});

test("FD232: weights stay numbers over years, and a sparkline tells when people came", () => {
  const board = createBoard("hour", small);
  for (let day = 0; day < 900; day++)
    for (let i = 0; i < 3; i++)
      board.act(`d${day % 5}`, { person_hash: hash(i), weight: 1, at_ms: NOON + day * 24 * HOUR, witness: "1" });
  const now = NOON + 899 * 24 * HOUR;
  const [top] = board.top(now, 10);
  expect(top!.score).toBeCloseTo(3, 6);
  expect(top!.sparkline).toEqual([...Array<number>(23).fill(0), 3]);
  for (let i = 10; i < 14; i++)
    board.act(top!.key, { person_hash: hash(i), weight: 1, at_ms: now + HOUR / 2, witness: "1" });
  expect(board.top(now + HOUR / 2, 1)[0]!.sparkline.filter((n) => n > 0)).toEqual([3, 4]);
  expect(board.top(now + 3 * HOUR, 1)).toEqual([]);
});

test("FD233: a board that was written down and read again tells the same, and goes on from there", () => {
  const [first, second] = [createBoard("day", small), createBoard("day", small)];
  const act = (n: number) => ({ person_hash: hash(n % 37), weight: 0.3, at_ms: NOON + n * 60_000, witness: String(n) });
  for (let n = 0; n < 400; n++) first.act(`k${n % 13}`, act(n));
  second.load(JSON.parse(JSON.stringify(first.save())));
  for (let n = 400; n < 600; n++) expect(second.act(`k${n % 17}`, act(n))).toBe(first.act(`k${n % 17}`, act(n)));
  expect(second.top(NOON + 11 * HOUR, 20)).toEqual(first.top(NOON + 11 * HOUR, 20));
});
