import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS } from "./key.ts";

/** Bytes of a ring beside its keys: the object, the typed array's head and the place in the map (measured, ± 20 %). */
export const RING_OVERHEAD_BYTES = 240;
const ENTRIES_AT_FIRST = 8;

/** Read since the sweep last came by; not read since; dropped by the sweep, so whoever still holds it must ask again. */
export const USED = 2;
export const UNUSED = 1;
export const DROPPED = 0;

/**
 * The newest entries of one person. `keys[0…count)` ascend by `Math.abs`; everything at or above `covers_from` is here,
 * and about what is below only the database knows. The oldest key is never the end of anything.
 */
export interface Ring {
  keys: Float64Array;
  count: number;
  covers_from: number;
  /** Where a merge from the top begins (`headOf`), kept at hand: a first page of 200 people then touches 200 objects and few arrays. */
  top: number;
  state: typeof USED | typeof UNUSED | typeof DROPPED;
}

/** @param newest_first as the database gives them; `complete` when there are no older ones */
export function makeRing(newest_first: readonly number[], complete: boolean): Ring {
  const oldest = newest_first.at(-1);
  return ringFrom(newest_first, complete || oldest === undefined ? BEFORE_ALL_KEYS : Math.abs(oldest));
}

/** @param covers_from nothing at or above this is missing */
export function ringFrom(newest_first: readonly number[], covers_from: number): Ring {
  const count = newest_first.length;
  const keys = new Float64Array(Math.max(ENTRIES_AT_FIRST, count));
  for (let i = 0; i < count; i++) keys[count - 1 - i] = newest_first[i]!;
  return topped({ keys, count, covers_from, top: Number.NaN, state: USED });
}

/**
 * The key with which a ring stands in a merge at `index`. One that has run out above the beginning of time stands there
 * with the place where its knowledge ends; one that has truly ended, with `NaN`.
 */
export function headOf(ring: Ring, index: number, before: number): number {
  if (index >= 0) return Math.abs(ring.keys[index]!);
  return ring.covers_from === BEFORE_ALL_KEYS ? Number.NaN : Math.min(ring.covers_from, before);
}

function topped(ring: Ring): Ring {
  ring.top = headOf(ring, ring.count - 1, AFTER_ALL_KEYS);
  return ring;
}

export const bytesOf = (ring: Ring): number => ring.keys.byteLength + RING_OVERHEAD_BYTES;

/** Index of the first key at or above `bound`. */
export function indexOf(ring: Ring, bound: number): number {
  let low = 0;
  let high = ring.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Math.abs(ring.keys[middle]!) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Takes a new entry in. The same one twice changes nothing; when the ring is full, its oldest go (a quarter, where nothing is said). */
export function addTo(ring: Ring, key: number, entries_max: number, dropped_at_once = entries_max >> 2): void {
  const bound = Math.abs(key);
  if (bound < ring.covers_from) return;
  // Nearly always the newest, but two nodes may commit out of order.
  const at = ring.count > 0 && Math.abs(ring.keys[ring.count - 1]!) < bound ? ring.count : indexOf(ring, bound);
  if (at < ring.count && Math.abs(ring.keys[at]!) === bound) return;
  if (ring.count >= entries_max) {
    const dropped = Math.max(1, dropped_at_once);
    ring.keys.copyWithin(0, dropped, ring.count);
    ring.count -= dropped;
    ring.covers_from = Math.abs(ring.keys[0]!);
    addTo(ring, key, entries_max, dropped_at_once);
    return;
  }
  if (ring.count === ring.keys.length) {
    const larger = new Float64Array(Math.min(entries_max, ring.keys.length + Math.max(8, ring.keys.length >> 2)));
    larger.set(ring.keys);
    ring.keys = larger;
  }
  ring.keys.copyWithin(at + 1, at, ring.count);
  ring.keys[at] = key;
  ring.count += 1;
  topped(ring);
}

export function removeFrom(ring: Ring, key: number): void {
  const bound = Math.abs(key);
  const at = indexOf(ring, bound);
  if (at >= ring.count || Math.abs(ring.keys[at]!) !== bound) return;
  ring.keys.copyWithin(at, at + 1, ring.count);
  ring.count -= 1;
  topped(ring);
}
