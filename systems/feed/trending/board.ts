import * as b from "./bounds.ts";
import { createPeopleSets, numbersOf, type SavedPeople, textOf } from "./people-sets.ts";
import { createSpaceSaving } from "./space-saving.ts";

/** A window and how fast it forgets. */
export const WINDOWS = {
  hour: { half_life_ms: 3_600_000, window_ms: 3_600_000 },
  day: { half_life_ms: 24 * 3_600_000, window_ms: 24 * 3_600_000 },
} as const;
export type TrendWindow = keyof typeof WINDOWS;

/** What trends in one place, of one kind, in one window. */
export interface Board {
  /** A person acted on a subject. @returns false where they had counted in this window */
  act(key: string, act: { person_hash: number; weight: number; at_ms: number; witness: string }): boolean;
  /** The heaviest as of now, by what is certain of them. */
  top(now_ms: number, subjects_max: number): Trend[];
  save(): SavedBoard;
  load(saved: SavedBoard): void;
  readonly bytes: number;
}

export interface Trend {
  key: string;
  /** People, each by how long they are here and how long ago they acted. At most the truth. */
  score: number;
  /** About how many in the window. */
  people: number;
  /** People per 24th of the window, the oldest first. */
  sparkline: number[];
  /** The newest posts that count for it. */
  witnesses: string[];
}

/** Numbers as they lie in memory, in base64: a state of megabytes is written down each few minutes, so it must cost little. */
export interface SavedBoard {
  landmark_ms: number;
  keys: string[];
  /** Ids apart by a space. */
  witnesses: string[];
  counts: string;
  errors: string;
  began: string;
  newest: string;
  buckets: string;
  people: SavedPeople;
}

/** Half-lives after which weights are brought back to the size of 1; a double would hold a thousand. */
const RESCALE_HALF_LIVES = 60;
/** Of a slot beside its numbers: key, place in the map, witnesses. For `bytes`. */
const SLOT_BYTES = 260;

/**
 * Forward decay (Cormode, Shkapenyuk, Srivastava, Xu 2009): an act weighs 2^(its time / half-life) when it comes and nothing is
 * touched afterwards, so that the order of subjects never changes by time alone; readers divide by 2^(now / half-life).
 */
export function createBoard(
  name: TrendWindow,
  { subjects_max, registers }: { subjects_max: number; registers: number },
): Board {
  const { half_life_ms, window_ms } = WINDOWS[name];
  const bucket_ms = window_ms / b.BUCKETS;
  const counters = createSpaceSaving(subjects_max);
  const people = createPeopleSets(subjects_max, registers);
  const began = new Float64Array(subjects_max);
  const buckets = new Float32Array(subjects_max * b.BUCKETS);
  const newest = new Float64Array(subjects_max);
  const witnesses: string[][] = [];
  let landmark_ms: number | null = null;

  function factorAt(at_ms: number): number {
    landmark_ms ??= at_ms;
    const lives = (at_ms - landmark_ms) / half_life_ms;
    if (lives < RESCALE_HALF_LIVES) return 2 ** lives;
    counters.scale(2 ** -lives);
    landmark_ms = at_ms;
    return 1;
  }

  /** Moves a slot's ring of buckets on to a moment; what falls out of the window is zero again. */
  function turn(slot: number, bucket: number): void {
    const steps = Math.min(b.BUCKETS, bucket - newest[slot]!);
    for (let i = 1; i <= steps; i++) buckets[slot * b.BUCKETS + ((newest[slot]! + i) % b.BUCKETS)] = 0;
    if (steps > 0) newest[slot] = bucket;
  }

  function clear(slot: number, at_ms: number): void {
    people.reset(slot);
    began[slot] = at_ms;
    buckets.fill(0, slot * b.BUCKETS, (slot + 1) * b.BUCKETS);
    newest[slot] = Math.floor(at_ms / bucket_ms);
    witnesses[slot] = [];
  }

  function sparkline(slot: number, now_ms: number): number[] {
    const last = Math.floor(now_ms / bucket_ms);
    return Array.from({ length: b.BUCKETS }, (_, i) => {
      const bucket = last - b.BUCKETS + 1 + i;
      const age = newest[slot]! - bucket;
      return age >= 0 && age < b.BUCKETS ? Math.round(buckets[slot * b.BUCKETS + (bucket % b.BUCKETS)]!) : 0;
    });
  }

  return {
    bytes:
      counters.bytes +
      people.bytes +
      buckets.byteLength +
      began.byteLength +
      newest.byteLength +
      subjects_max * SLOT_BYTES,
    act(key, { person_hash, weight, at_ms, witness }) {
      let slot = counters.find(key);
      if (slot < 0) {
        slot = counters.take(key);
        clear(slot, at_ms);
      } else if (at_ms - began[slot]! >= window_ms) {
        // A new window for this subject: everybody may count again.
        people.reset(slot);
        began[slot] = at_ms;
      }
      const stands_for = people.add(slot, person_hash);
      if (stands_for === 0) return false;
      counters.grow(slot, stands_for * weight * factorAt(at_ms));
      const bucket = Math.floor(at_ms / bucket_ms);
      turn(slot, bucket);
      if (newest[slot]! - bucket < b.BUCKETS) {
        const at = slot * b.BUCKETS + (bucket % b.BUCKETS);
        buckets[at] = buckets[at]! + stands_for;
      }
      const known = witnesses[slot]!;
      if (!known.includes(witness)) known.unshift(witness);
      if (known.length > b.WITNESSES_MAX) known.pop();
      return true;
    },

    top(now_ms, trends_max) {
      if (landmark_ms === null) return [];
      const fade = 2 ** (-(now_ms - landmark_ms) / half_life_ms);
      const found: { slot: number; score: number }[] = [];
      for (let slot = 0; slot < counters.size; slot++) {
        // What is certain: inherited weight lifts nobody.
        const score = (counters.count(slot) - counters.error(slot)) * fade;
        if (score >= b.SCORE_MIN) found.push({ slot, score });
      }
      found.sort((x, y) => y.score - x.score || (counters.keyOf(x.slot) < counters.keyOf(y.slot) ? 1 : -1));
      const trends: Trend[] = [];
      for (const { slot, score } of found) {
        if (trends.length === trends_max) break;
        const line = sparkline(slot, now_ms);
        const count = line.reduce((sum, n) => sum + n, 0);
        if (count < b.PEOPLE_MIN) continue;
        trends.push({
          key: counters.keyOf(slot),
          score,
          people: count,
          sparkline: line,
          witnesses: [...witnesses[slot]!],
        });
      }
      return trends;
    },

    save() {
      const { size } = counters;
      const slots = Array.from({ length: size }, (_, slot) => slot);
      return {
        landmark_ms: landmark_ms ?? 0,
        keys: slots.map((slot) => counters.keyOf(slot)),
        witnesses: slots.map((slot) => witnesses[slot]!.join(" ")),
        counts: textOf(Float64Array.from(slots, (slot) => counters.count(slot))),
        errors: textOf(Float64Array.from(slots, (slot) => counters.error(slot))),
        began: textOf(began.subarray(0, size)),
        newest: textOf(newest.subarray(0, size)),
        buckets: textOf(buckets.subarray(0, size * b.BUCKETS)),
        people: people.save(size),
      };
    },

    load(saved) {
      const { keys } = saved;
      landmark_ms = keys.length === 0 ? null : saved.landmark_ms;
      const [counts, errors] = [numbersOf(saved.counts, Float64Array), numbersOf(saved.errors, Float64Array)];
      for (const [slot, key] of keys.entries()) {
        counters.load(key, counts[slot]!, errors[slot]!);
        witnesses[slot] = saved.witnesses[slot] === "" ? [] : saved.witnesses[slot]!.split(" ");
      }
      began.set(numbersOf(saved.began, Float64Array));
      newest.set(numbersOf(saved.newest, Float64Array));
      buckets.set(numbersOf(saved.buckets, Float32Array));
      people.load(saved.people);
    },
  };
}
