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
  /** A post went: what acts on it gave a subject is taken off, as far as that is still known. Again changes nothing. */
  withdraw(key: string, post_id: string): void;
  /** It came back. */
  giveBack(key: string, post_id: string): void;
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
  /** Of each subject `post:weight:people` apart by a space; a `-` before a post that has gone. */
  parts: string[];
  people: SavedPeople;
}

/** What the acts on one post gave a subject. */
interface Part {
  /** As of the landmark, as counters are. */
  weight: number;
  people: number;
  is_gone: boolean;
  /** Of the buckets, what was taken off with it; the newest of them then. Not kept over a start. */
  taken?: { newest: number; values: Float32Array };
}

/** Half-lives after which weights are brought back to the size of 1; a double would hold a thousand. */
const RESCALE_HALF_LIVES = 60;
/** Of a slot beside its numbers: key, place in the map, witnesses. For `bytes`. */
const SLOT_BYTES = 260 + b.PARTS_MAX * 90;

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
  const parts: Map<string, Part>[] = [];
  let landmark_ms: number | null = null;

  function factorAt(at_ms: number): number {
    landmark_ms ??= at_ms;
    const lives = (at_ms - landmark_ms) / half_life_ms;
    if (lives < RESCALE_HALF_LIVES) return 2 ** lives;
    counters.scale(2 ** -lives);
    for (const of_slot of parts) for (const part of of_slot.values()) part.weight *= 2 ** -lives;
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
    parts[slot] = new Map();
  }

  /** What of a subject came by this post; of more posts than are remembered the least is forgotten. */
  function credit(slot: number, post_id: string, weight: number, stands_for: number): void {
    const of_slot = parts[slot]!;
    const part = of_slot.get(post_id);
    if (part) {
      part.weight += weight;
      part.people += stands_for;
      return;
    }
    of_slot.set(post_id, { weight, people: stands_for, is_gone: false });
    if (of_slot.size <= b.PARTS_MAX) return;
    // The newcomer has had no time to grow.
    const others = [...of_slot].slice(0, -1);
    const [least] = others.reduce((x, y) => (y[1].weight < x[1].weight ? y : x));
    of_slot.delete(least);
  }

  /** A bucket's place in the ring, for those that stand in the window of `newest`. */
  const bucketsOf = (slot: number, newest_bucket: number) =>
    Array.from({ length: b.BUCKETS }, (_, i) => slot * b.BUCKETS + ((newest_bucket - i + b.BUCKETS) % b.BUCKETS));

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
      const grown = stands_for * weight * factorAt(at_ms);
      counters.grow(slot, grown);
      credit(slot, witness, grown, stands_for);
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

    withdraw(key, post_id) {
      const slot = counters.find(key);
      const part = slot < 0 ? undefined : parts[slot]!.get(post_id);
      if (!part || part.is_gone) return;
      part.is_gone = true;
      counters.shrink(slot, part.weight);
      // Which of them came when is not known of each post; they go evenly.
      const all = bucketsOf(slot, newest[slot]!);
      const sum = all.reduce((people_in, at) => people_in + buckets[at]!, 0);
      const share = sum === 0 ? 0 : Math.min(1, part.people / sum);
      part.taken = { newest: newest[slot]!, values: Float32Array.from(all, (at) => buckets[at]! * share) };
      for (const at of all) buckets[at] = buckets[at]! * (1 - share);
    },

    giveBack(key, post_id) {
      const slot = counters.find(key);
      const part = slot < 0 ? undefined : parts[slot]!.get(post_id);
      if (!part?.is_gone) return;
      part.is_gone = false;
      counters.grow(slot, part.weight);
      const { taken } = part;
      delete part.taken;
      if (!taken) return;
      bucketsOf(slot, taken.newest).forEach((at, i) => {
        // What fell out of the window meanwhile is another's place now.
        if (newest[slot]! - (taken.newest - i) < b.BUCKETS) buckets[at] = buckets[at]! + taken.values[i]!;
      });
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
        parts: slots.map((slot) => partsText(parts[slot]!)),
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
        parts[slot] = partsOf(saved.parts[slot]!);
      }
      began.set(numbersOf(saved.began, Float64Array));
      newest.set(numbersOf(saved.newest, Float64Array));
      buckets.set(numbersOf(saved.buckets, Float32Array));
      people.load(saved.people);
    },
  };
}

const partsText = (parts: ReadonlyMap<string, Part>): string =>
  Array.from(parts, ([id, part]) => `${part.is_gone ? "-" : ""}${id}:${part.weight}:${part.people}`).join(" ");

const partsOf = (text: string): Map<string, Part> =>
  new Map(
    (text === "" ? [] : text.split(" ")).map((one) => {
      const [id, weight, people] = one.split(":") as [string, string, string];
      const is_gone = id.startsWith("-");
      return [is_gone ? id.slice(1) : id, { weight: Number(weight), people: Number(people), is_gone }];
    }),
  );
