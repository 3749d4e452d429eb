import type { PersonId } from "#kernel/ids.ts";

/**
 * Who is to be told of what an author puts there: serial numbers of lists, 4 bytes each. A list that went leaves its numbers
 * behind; they are swept out when its author next posts, or all at once when they become as many as the living ones.
 */
export interface Subscribers {
  add(author: PersonId, serial: number): void;
  remove(author: PersonId, serial: number): void;
  /** Calls back for each; where it says false, the number goes. */
  each(author: PersonId, isAlive: (serial: number) => boolean): void;
  /** A list of so many authors went. */
  left(authors: number, isAlive: (serial: number) => boolean): void;
  clear(): void;
  bytes(): number;
}

interface Row {
  serials: Int32Array;
  count: number;
}

const SERIALS_AT_FIRST = 2;
const ROW_OVERHEAD_BYTES = 160;
/** Below this many numbers of lists that went, a sweep is not worth it. */
const STALE_MIN = 4_096;

export function createSubscribers(): Subscribers {
  const rows = new Map<PersonId, Row>();
  let room = 0;
  let numbers = 0;
  let stale = 0;

  function takeOut(row: Row, at: number) {
    row.count -= 1;
    row.serials[at] = row.serials[row.count]!;
    numbers -= 1;
  }

  function each(author: PersonId, isAlive: (serial: number) => boolean) {
    const row = rows.get(author);
    if (!row) return;
    for (let i = row.count - 1; i >= 0; i--) {
      if (isAlive(row.serials[i]!)) continue;
      takeOut(row, i);
      if (stale > 0) stale -= 1;
    }
    if (row.count === 0) {
      room -= row.serials.length;
      rows.delete(author);
    } else if (row.count * 4 <= row.serials.length) {
      room -= row.serials.length - row.count * 2;
      row.serials = row.serials.slice(0, row.count * 2);
    }
  }

  return {
    add(author, serial) {
      let row = rows.get(author);
      if (!row) {
        row = { serials: new Int32Array(SERIALS_AT_FIRST), count: 0 };
        rows.set(author, row);
        room += SERIALS_AT_FIRST;
      }
      if (row.count === row.serials.length) {
        const larger = new Int32Array(row.serials.length * 2);
        larger.set(row.serials);
        room += row.serials.length;
        row.serials = larger;
      }
      row.serials[row.count] = serial;
      row.count += 1;
      numbers += 1;
    },
    remove(author, serial) {
      const row = rows.get(author);
      const at = row ? row.serials.subarray(0, row.count).indexOf(serial) : -1;
      if (row && at >= 0) takeOut(row, at);
    },
    each,
    left(authors, isAlive) {
      stale += authors;
      if (stale < STALE_MIN || stale * 2 < numbers) return;
      for (const author of rows.keys()) each(author, isAlive);
      stale = 0;
    },
    clear() {
      rows.clear();
      room = 0;
      numbers = 0;
      stale = 0;
    },
    bytes: () => room * Int32Array.BYTES_PER_ELEMENT + rows.size * ROW_OVERHEAD_BYTES,
  };
}
