import { FRAME_ITEMS_BYTES_MAX, RECENT_BYTES_MAX, RECENT_BYTES_OF_ALL_MAX, RECENT_ITEMS_MAX } from "./bounds.ts";

export interface Kept {
  /** The item as it goes over the line. */
  text: string;
  recheck_id: string | null;
}

/** The newest items of one stream, without a hole. */
export interface Recent {
  /** The number of the oldest; one above the newest where there are none. */
  readonly first: number;
  readonly next: number;
  push(item: Kept): void;
  /** Everything above `after`, up to `to`; null where some of it is not here any more. */
  slice(after: number, to: number): Kept[] | null;
  /** Puts older ones before those that are here, as far as they fit. */
  extend(first: number, items: readonly Kept[]): void;
  /** Begins anew behind this number. */
  clear(at: number): void;
  /** Lets go of what is over the bounds, but of nothing above this number: that was not told yet. */
  trim(told: number): void;
}

/** What all streams of this node may keep together. */
export interface RecentBudget {
  bytes: number;
}

export function createRecent(budget: RecentBudget, at: number): Recent {
  let items: Kept[] = [];
  let first = at + 1;
  let bytes = 0;
  const sizeOf = (item: Kept) => item.text.length + 64;
  const grow = (by: number) => {
    bytes += by;
    budget.bytes += by;
  };
  return {
    get first() {
      return first;
    },
    get next() {
      return first + items.length;
    },
    push(item) {
      items.push(item);
      grow(sizeOf(item));
    },
    slice: (after, to) => (after + 1 < first ? null : items.slice(after + 1 - first, to + 1 - first)),
    extend(from, older) {
      let fits = RECENT_ITEMS_MAX - items.length;
      let room = Math.min(RECENT_BYTES_MAX - bytes, RECENT_BYTES_OF_ALL_MAX - budget.bytes);
      const before = older.slice(0, Math.max(0, first - from));
      if (from + before.length !== first) return;
      let keep = before.length;
      while (keep > 0 && fits > 0 && room >= sizeOf(before[keep - 1]!)) {
        keep -= 1;
        fits -= 1;
        room -= sizeOf(before[keep]!);
      }
      const kept = before.slice(keep);
      items = [...kept, ...items];
      first -= kept.length;
      grow(kept.reduce((sum, item) => sum + sizeOf(item), 0));
    },
    clear(number) {
      items = [];
      first = number + 1;
      grow(-bytes);
    },
    trim(told) {
      let drop = 0;
      let dropped = 0;
      const over = () =>
        items.length - drop > RECENT_ITEMS_MAX ||
        bytes - dropped > RECENT_BYTES_MAX ||
        budget.bytes - dropped > RECENT_BYTES_OF_ALL_MAX;
      while (drop < items.length && first + drop <= told && over()) {
        dropped += sizeOf(items[drop]!);
        drop += 1;
      }
      if (drop === 0) return;
      items.splice(0, drop);
      first += drop;
      grow(-dropped);
    },
  };
}

/** As many of them as one frame takes, at least one. From the end: the last ones. */
export function fitting(items: readonly Kept[], from: "start" | "end" = "start"): Kept[] {
  let bytes = 0;
  let count = 0;
  while (count < items.length) {
    bytes += items[from === "start" ? count : items.length - 1 - count]!.text.length;
    if (count > 0 && bytes > FRAME_ITEMS_BYTES_MAX) break;
    count += 1;
  }
  return from === "start" ? items.slice(0, count) : items.slice(items.length - count);
}
