import { createHeads } from "#kernel/heap.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS } from "./key.ts";
import { headOf, indexOf, type Ring } from "./ring.ts";

export interface Merged {
  /** Newest first, signed. */
  keys: number[];
  /** Index of the ring that each came from. */
  sources: number[];
  /** Nothing is missing at or above this; below it some ring knows nothing. `BEFORE_ALL_KEYS` where all is known. */
  covered_to: number;
  /** The ring whose knowledge ended there; -1 where none did. */
  ended: number;
}

/** Room for a merge, kept for the next one: it never waits in the middle. */
interface Room {
  heads: Float64Array;
  sources: Int32Array;
  at: Int32Array;
}
const roomFor = (rings: number): Room => ({
  heads: new Float64Array(rings),
  sources: new Int32Array(rings),
  at: new Int32Array(rings),
});
const NOT_LOOKED = -2;

/** @returns a merge of the newest keys below `before`, down to where the first ring ends without knowing that it is the end */
export function createMerge(): (rings: readonly Ring[], before: number, entries_max: number) => Merged {
  let room = roomFor(256);
  return (rings, before, entries_max) => {
    const count = rings.length;
    if (room.heads.length < count) room = roomFor(count * 2);
    const { heads, sources: heap_sources, at } = room;
    if (before === AFTER_ALL_KEYS) {
      at.fill(NOT_LOOKED, 0, count);
      for (let i = 0; i < count; i++) heads[i] = rings[i]!.top;
    } else {
      for (let i = 0; i < count; i++) {
        const index = indexOf(rings[i]!, before) - 1;
        at[i] = index;
        heads[i] = headOf(rings[i]!, index, before);
      }
    }
    const heap = createHeads(heads, count, heap_sources);
    const keys: number[] = [];
    const sources: number[] = [];
    while (keys.length < entries_max && heap.size > 0) {
      const source = heap.source();
      const ring = rings[source]!;
      const index = at[source] === NOT_LOOKED ? ring.count - 1 : at[source]!;
      if (index < 0) return { keys, sources, covered_to: heap.key(), ended: source };
      keys.push(ring.keys[index]!);
      sources.push(source);
      at[source] = index - 1;
      const next = headOf(ring, index - 1, before);
      if (Number.isNaN(next)) heap.pop();
      else heap.replace(next);
    }
    return { keys, sources, covered_to: BEFORE_ALL_KEYS, ended: -1 };
  };
}
