import { createHeads } from "#kernel/heap.ts";

import { BEFORE_ALL_KEYS } from "./key.ts";
import { headOf, indexIn, PAGE_BITS, PAGE_MASK, type RingTable } from "./ring-table.ts";
import { headOf as listHead, indexOf as indexInList, type Ring } from "./ring.ts";

/** What is merged: rings of a table, and at most one list that stands alone. */
export interface Sources {
  rings: { table: RingTable; slots: Int32Array } | null;
  list: Ring | null;
}

export interface Merged {
  /** Newest first, signed. */
  keys: number[];
  /** Index of the ring among the slots that each came from; -1 for the list. */
  sources: number[];
  /** Nothing is missing at or above this; below it some source knows nothing. `BEFORE_ALL_KEYS` where all is known. */
  covered_to: number;
  /** The source whose knowledge ended there; `NO_SOURCE` where none did. */
  ended: number;
}
const LIST = -1;
export const NO_SOURCE = -2;

/**
 * @returns a merge of the newest keys below `before`, down to where the first source ends without knowing that it is the end.
 * Of n keys that are wanted, none can come from behind the n sources with the newest heads: so the heads of all are
 * looked at once, in a row, and only those n are merged. 5,000 rings take about 20 µs.
 */
export function createMerge(): (from: Sources, before: number, entries_max: number) => Merged {
  let best_keys = new Float64Array(64);
  let best = new Int32Array(64);
  let order = new Int32Array(64);
  let next_at = new Int32Array(64);
  let size = 0;

  /** Among the newest `wanted` heads so far; the oldest of them on top of a heap. */
  function offer(head: number, source: number, wanted: number) {
    if (size < wanted) {
      let at = size++;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (best_keys[parent]! <= head) break;
        best_keys[at] = best_keys[parent]!;
        best[at] = best[parent]!;
        at = parent;
      }
      best_keys[at] = head;
      best[at] = source;
      return;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && best_keys[child + 1]! < best_keys[child]!) child += 1;
      if (best_keys[child]! >= head) break;
      best_keys[at] = best_keys[child]!;
      best[at] = best[child]!;
      at = child;
    }
    best_keys[at] = head;
    best[at] = source;
  }

  return ({ rings, list }, before, entries_max) => {
    const wanted = Math.max(1, entries_max);
    if (best_keys.length < wanted) {
      best_keys = new Float64Array(wanted * 2);
      best = new Int32Array(wanted * 2);
      order = new Int32Array(wanted * 2);
      next_at = new Int32Array(wanted * 2);
    }
    size = 0;
    const rows = rings?.table.rows();
    if (rings && rows) {
      const { slots } = rings;
      const { tops } = rows;
      for (let i = 0; i < slots.length; i++) {
        const top = tops[slots[i]!]!;
        // Where the newest lies below, as with most who write seldom, it is the head and nothing is searched.
        const head = top < before ? top : Number.isNaN(top) ? top : headBelow(rows, slots[i]!, before);
        // Not for NaN either: who has ended has no head.
        if (size < wanted ? !Number.isNaN(head) : head > best_keys[0]!) offer(head, i, wanted);
      }
    }
    if (list) {
      const head = listHead(list, indexInList(list, before) - 1, before);
      if (size < wanted ? !Number.isNaN(head) : head > best_keys[0]!) offer(head, LIST, wanted);
    }
    const count = size;
    for (let i = 0; i < count; i++) {
      const source = best[i]!;
      next_at[i] = source === LIST ? indexInList(list!, before) - 1 : indexIn(rows!, rings!.slots[source]!, before) - 1;
    }
    const heap = createHeads(best_keys, count, order);
    const keys: number[] = [];
    const sources: number[] = [];
    while (keys.length < entries_max && heap.size > 0) {
      const i = heap.source();
      const source = best[i]!;
      const at = next_at[i]!;
      if (at < 0) return { keys, sources, covered_to: heap.key(), ended: source };
      next_at[i] = at - 1;
      sources.push(source);
      let next: number;
      if (source === LIST) {
        keys.push(list!.keys[at]!);
        next = listHead(list!, at - 1, before);
      } else {
        const slot = rings!.slots[source]!;
        const offset = rows!.offsets[slot]!;
        keys.push(rows!.pages[offset >>> PAGE_BITS]![(offset & PAGE_MASK) + at]!);
        next = headOf(rows!, slot, at - 1, before);
      }
      if (Number.isNaN(next)) heap.pop();
      else heap.replace(next);
    }
    return { keys, sources, covered_to: BEFORE_ALL_KEYS, ended: NO_SOURCE };
  };
}

const headBelow = (rows: ReturnType<RingTable["rows"]>, slot: number, before: number) =>
  headOf(rows, slot, indexIn(rows, slot, before) - 1, before);
