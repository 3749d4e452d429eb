import { BEFORE_ALL_KEYS } from "./key.ts";

/**
 * The newest entries of many people, without an object per person: rows of numbers, and keys in pages that all share. A ring is
 * a number, its slot. Its keys ascend by `Math.abs`; everything at or above `covers` is here, and about what is below only
 * the database knows. The oldest key is never the end of anything.
 *
 * A ring of n keys takes 8 n + about 50 bytes, all of it counted; as objects it took 8 n + 240.
 */
export interface RingTable {
  /** By slot. Read them anew after each change of the table: growing makes new ones. */
  rows(): RingRows;
  /** Where this person's ring is, or -1. */
  find(owner: number): number;
  /** @param newest_first as the database gives them */
  make(owner: number, newest_first: readonly number[], covers_from: number): number;
  /** The newest first entry that comes twice changes nothing; when the ring is full, its oldest goes. */
  add(slot: number, key: number): void;
  remove(slot: number, key: number): void;
  drop(slot: number): void;
  clear(): void;
  /** Keys, in the order of the ring. */
  keysOf(slot: number): number[];
  stats(): { rings: number; keys: number; bytes: number; held_bytes: number };
}

export interface RingRows {
  pages: readonly (Float64Array | null)[];
  owners: Float64Array;
  /** Of the first key: page and place within it. */
  offsets: Uint32Array;
  counts: Uint16Array;
  covers: Float64Array;
  /** Where a merge from the top begins (`headOf`); kept, so that a first page of 5,000 people reads one number of each. */
  tops: Float64Array;
  states: Uint8Array;
}

/** Read since the sweep last came by; not read since; nobody's. */
export const USED = 2;
export const UNUSED = 1;
export const FREE = 0;

export const PAGE_BITS = 14;
const PAGE_KEYS = 1 << PAGE_BITS;
export const PAGE_MASK = PAGE_KEYS - 1;
/** Of the rows and of the way to find them, and the head of a block: 8 + 4 + 2 + 2 + 8 + 8 + 1, about 8, and 8. */
export const RING_BYTES = 49;
/** Of what the pages hold, this much may be nobody's before the emptiest is moved together. */
const WASTE_SHARE = 1 / 48;
const SLOTS_AT_FIRST = 64;
/** A ring grows by so many keys, so that little of it stands empty. */
const GROWS_BY_KEYS = { short: 4, long: 8, long_from: 32 };

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
function hashOf(owner: number): number {
  double[0] = owner;
  const x = Math.imul(words[0]! ^ Math.imul(words[1]!, 0x9e3779b1), 0x85ebca6b);
  return (x ^ (x >>> 15)) >>> 0;
}

/**
 * The key with which a ring stands in a merge at `index`. One that has run out above the beginning of time stands there
 * with the place where its knowledge ends; one that has truly ended, with `NaN`.
 */
export function headOf(rows: RingRows, slot: number, index: number, before: number): number {
  if (index >= 0) {
    const at = rows.offsets[slot]!;
    return Math.abs(rows.pages[at >>> PAGE_BITS]![(at & PAGE_MASK) + index]!);
  }
  const covers = rows.covers[slot]!;
  return covers === BEFORE_ALL_KEYS ? Number.NaN : Math.min(covers, before);
}

/** Index of the first key of this ring at or above `bound`. */
export function indexIn(rows: RingRows, slot: number, bound: number): number {
  const at = rows.offsets[slot]!;
  const page = rows.pages[at >>> PAGE_BITS]!;
  const base = at & PAGE_MASK;
  let low = 0;
  let high = rows.counts[slot]!;
  // Above all of them, as at the top of a home, nothing is searched.
  if (high > 0 && Math.abs(page[base + high - 1]!) < bound) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Math.abs(page[base + middle]!) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function createRingTable({ entries_max }: { entries_max: number }): RingTable {
  const limit = Math.min(entries_max, PAGE_KEYS - 1);
  let pages: (Float64Array | null)[] = [];
  /** Keys of each page that are taken, heads of blocks included, and where its next block begins. */
  let living: number[] = [];
  let filled: number[] = [];
  let current = -1;
  let taken = 0;
  let held_pages = 0;

  let owners = new Float64Array(SLOTS_AT_FIRST);
  let offsets = new Uint32Array(SLOTS_AT_FIRST);
  let counts = new Uint16Array(SLOTS_AT_FIRST);
  let capacities = new Uint16Array(SLOTS_AT_FIRST);
  let covers = new Float64Array(SLOTS_AT_FIRST);
  let tops = new Float64Array(SLOTS_AT_FIRST);
  let states = new Uint8Array(SLOTS_AT_FIRST);
  let slots = 0;
  let free: number[] = [];
  let rings = 0;
  let keys = 0;
  /** Slots + 1 by the hash of their owner; 0 is nobody. */
  let index = new Uint32Array(SLOTS_AT_FIRST * 2);
  let rows: RingRows = { pages, owners, offsets, counts, covers, tops, states };
  const renew = () => (rows = { pages, owners, offsets, counts, covers, tops, states });

  function find(owner: number): number {
    const mask = index.length - 1;
    for (let at = hashOf(owner) & mask; ; at = (at + 1) & mask) {
      const entry = index[at]!;
      if (entry === 0) return -1;
      if (owners[entry - 1] === owner) return entry - 1;
    }
  }

  function enter(slot: number) {
    const mask = index.length - 1;
    let at = hashOf(owners[slot]!) & mask;
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = slot + 1;
  }

  /** Linear probing without tombstones: what stood behind and belongs before moves up. */
  function leave(slot: number) {
    const mask = index.length - 1;
    let hole = hashOf(owners[slot]!) & mask;
    while (index[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const home = hashOf(owners[index[at]! - 1]!) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      index[hole] = index[at]!;
      hole = at;
    }
    index[hole] = 0;
  }

  function newSlot(): number {
    const again = free.pop();
    if (again !== undefined) return again;
    if (slots === owners.length) {
      const size = slots + Math.max(64, slots >> 2);
      const larger = <T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(to: T, from: T) => {
        to.set(from);
        return to;
      };
      owners = larger(new Float64Array(size), owners);
      offsets = larger(new Uint32Array(size), offsets);
      counts = larger(new Uint16Array(size), counts);
      capacities = larger(new Uint16Array(size), capacities);
      covers = larger(new Float64Array(size), covers);
      tops = larger(new Float64Array(size), tops);
      states = larger(new Uint8Array(size), states);
      renew();
    }
    return slots++;
  }

  /** A block has a head, which says whose it is or how long the dead one is, so that a page can be walked. */
  function take(slot: number, capacity: number) {
    const size = capacity + 1;
    if (current < 0 || filled[current]! + size > PAGE_KEYS) {
      if (current >= 0 && filled[current]! < PAGE_KEYS) {
        pages[current]![filled[current]!] = filled[current]! - PAGE_KEYS;
        filled[current] = PAGE_KEYS;
      }
      current = pages.indexOf(null);
      if (current < 0) {
        current = pages.length;
        pages.push(null);
        living.push(0);
        filled.push(0);
      }
      pages[current] = new Float64Array(PAGE_KEYS);
      held_pages += 1;
    }
    const at = filled[current]!;
    pages[current]![at] = slot;
    filled[current] = at + size;
    living[current]! += size;
    taken += size;
    offsets[slot] = current * PAGE_KEYS + at + 1;
    capacities[slot] = capacity;
  }

  function giveBack(offset: number, capacity: number) {
    const page = offset >>> PAGE_BITS;
    const size = capacity + 1;
    pages[page]![(offset & PAGE_MASK) - 1] = -size;
    living[page]! -= size;
    taken -= size;
    if (living[page] === 0 && page !== current) release(page);
  }

  function release(page: number) {
    pages[page] = null;
    living[page] = 0;
    filled[page] = 0;
    held_pages -= 1;
  }

  /** Moves what lives in the emptiest page to the end of the newest, until little of the pages is nobody's. */
  function moveTogether() {
    while (held_pages * PAGE_KEYS - taken > PAGE_KEYS + taken * WASTE_SHARE) {
      let emptiest = -1;
      for (let page = 0; page < pages.length; page++)
        if (pages[page] && page !== current && (emptiest < 0 || living[page]! < living[emptiest]!)) emptiest = page;
      if (emptiest < 0) return;
      const page = pages[emptiest]!;
      for (let at = 0; at < filled[emptiest]!;) {
        const head = page[at]!;
        if (head < 0) {
          at -= head;
          continue;
        }
        const capacity = capacities[head]!;
        const count = counts[head]!;
        take(head, capacity);
        pages[current]!.set(page.subarray(at + 1, at + 1 + count), offsets[head]! & PAGE_MASK);
        taken -= capacity + 1;
        at += capacity + 1;
      }
      release(emptiest);
    }
  }

  function topped(slot: number) {
    tops[slot] = headOf(rows, slot, counts[slot]! - 1, Number.POSITIVE_INFINITY);
  }

  return {
    rows: () => rows,
    find,
    make(owner, newest_first, covers_from) {
      const count = Math.min(limit, newest_first.length);
      if ((rings + 1) * 4 > index.length * 3) {
        index = new Uint32Array(index.length * 2);
        for (let slot = 0; slot < slots; slot++) if (states[slot] !== FREE) enter(slot);
      }
      const slot = newSlot();
      owners[slot] = owner;
      take(slot, Math.max(1, count));
      const page = pages[current]!;
      const base = offsets[slot]! & PAGE_MASK;
      for (let i = 0; i < count; i++) page[base + count - 1 - i] = newest_first[i]!;
      counts[slot] = count;
      covers[slot] = count < newest_first.length ? Math.abs(newest_first[count - 1]!) : covers_from;
      states[slot] = USED;
      enter(slot);
      topped(slot);
      rings += 1;
      keys += count;
      return slot;
    },
    add(slot, key) {
      const bound = Math.abs(key);
      if (bound < covers[slot]!) return;
      const count = counts[slot]!;
      let offset = offsets[slot]!;
      let page = pages[offset >>> PAGE_BITS]!;
      let base = offset & PAGE_MASK;
      // Nearly always the newest, but two nodes may commit out of order.
      const at = count > 0 && Math.abs(page[base + count - 1]!) < bound ? count : indexIn(rows, slot, bound);
      if (at < count && Math.abs(page[base + at]!) === bound) return;
      if (count >= limit) {
        // Its oldest goes, which may be this very one.
        if (at > 0) {
          page.copyWithin(base, base + 1, base + at);
          page[base + at - 1] = key;
        }
        covers[slot] = Math.abs(page[base]!);
        return topped(slot);
      }
      if (count === capacities[slot]) {
        const before = capacities[slot]!;
        take(
          slot,
          Math.min(limit, count + (count < GROWS_BY_KEYS.long_from ? GROWS_BY_KEYS.short : GROWS_BY_KEYS.long)),
        );
        const to = pages[current]!;
        const to_base = offsets[slot]! & PAGE_MASK;
        to.set(page.subarray(base, base + count), to_base);
        giveBack(offset, before);
        [offset, page, base] = [offsets[slot]!, to, to_base];
      }
      page.copyWithin(base + at + 1, base + at, base + count);
      page[base + at] = key;
      counts[slot] = count + 1;
      keys += 1;
      topped(slot);
      moveTogether();
    },
    remove(slot, key) {
      const bound = Math.abs(key);
      const at = indexIn(rows, slot, bound);
      const count = counts[slot]!;
      const offset = offsets[slot]!;
      const page = pages[offset >>> PAGE_BITS]!;
      const base = offset & PAGE_MASK;
      if (at >= count || Math.abs(page[base + at]!) !== bound) return;
      page.copyWithin(base + at, base + at + 1, base + count);
      counts[slot] = count - 1;
      keys -= 1;
      topped(slot);
    },
    drop(slot) {
      leave(slot);
      giveBack(offsets[slot]!, capacities[slot]!);
      keys -= counts[slot]!;
      states[slot] = FREE;
      owners[slot] = Number.NaN;
      free.push(slot);
      rings -= 1;
      moveTogether();
    },
    clear() {
      pages = [];
      living = [];
      filled = [];
      current = -1;
      taken = 0;
      held_pages = 0;
      states.fill(FREE);
      owners.fill(Number.NaN);
      index.fill(0);
      slots = 0;
      free = [];
      rings = 0;
      keys = 0;
      renew();
    },
    keysOf(slot) {
      const at = offsets[slot]!;
      const base = at & PAGE_MASK;
      return [...pages[at >>> PAGE_BITS]!.subarray(base, base + counts[slot]!)];
    },
    stats: () => ({
      rings,
      keys,
      bytes: (taken - rings) * 8 + rings * RING_BYTES,
      held_bytes:
        held_pages * PAGE_KEYS * 8 + owners.length * (8 + 4 + 2 + 2 + 8 + 8 + 1) + index.byteLength + free.length * 8,
    }),
  };
}
