import { DISORDER_ENTRIES_MAX } from "./bounds.ts";
import type { LogEntry } from "./entry.ts";

/** Told while requests are brought into order. */
export interface OrderSeen {
  /** Requests that stood before one that came earlier. */
  disordered: number;
  /** Those that stood too far from their place, taken as if they had come when their turn was; and how late the latest of them was. */
  late: number;
  late_ms_max: number;
  /** True where times are whole seconds: requests of one second are spread evenly over it. */
  whole_seconds: boolean;
}

export const nothingOrdered = (): OrderSeen => ({ disordered: 0, late: 0, late_ms_max: 0, whole_seconds: false });

/**
 * The same requests by when they came: time never goes back in what this yields. It holds so many and lets the earlier half of them
 * go, so one line with a year of its own moves nothing but itself.
 */
export async function* inOrder(
  batches: AsyncIterable<LogEntry[]>,
  seen: OrderSeen,
  held_max: number = DISORDER_ENTRIES_MAX,
): AsyncGenerator<LogEntry[]> {
  let held: LogEntry[] = [];
  let before_ms = -Infinity;
  let now_ms = -Infinity;

  function release(until: number): LogEntry[] {
    held.sort((a, b) => a.at_ms - b.at_ms);
    let end = Math.min(until, held.length);
    // A second is spread as a whole.
    while (end < held.length && held[end]!.whole_s && held[end]!.at_ms === held[end - 1]!.at_ms) end++;
    const released = end === held.length ? held : held.slice(0, end);
    held = end === held.length ? [] : held.slice(end);
    if (spread(released)) seen.whole_seconds = true;
    for (const entry of released) {
      if (entry.at_ms < now_ms) {
        seen.late++;
        seen.late_ms_max = Math.max(seen.late_ms_max, now_ms - entry.at_ms);
        entry.at_ms = now_ms;
      }
      now_ms = entry.at_ms;
    }
    return released;
  }

  for await (const batch of batches) {
    for (const entry of batch) {
      if (entry.at_ms < before_ms) seen.disordered++;
      before_ms = entry.at_ms;
      held.push(entry);
      if (held.length >= held_max) yield release(held_max >> 1);
    }
  }
  yield release(held.length);
}

/** The n of one second come one after the other, a n-th of it apart. @returns whether there was such a second */
function spread(entries: LogEntry[]): boolean {
  let found = false;
  for (let from = 0; from < entries.length;) {
    const { at_ms, whole_s } = entries[from]!;
    let end = from + 1;
    if (whole_s) {
      while (end < entries.length && entries[end]!.whole_s && entries[end]!.at_ms === at_ms) end++;
      const count = end - from;
      for (let i = 1; i < count; i++) entries[from + i]!.at_ms = at_ms + Math.floor((i * 1_000) / count);
      found ||= count > 1;
    }
    from = end;
  }
  return found;
}
