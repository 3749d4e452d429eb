import type { Timelines } from "#systems/feed/contract.ts";

export type Cost = Timelines["costs"][number];

/** What is spent in a second, in the unit that fits: "0", "42 µs", "3.1 ms", "1.2 s". */
export function spentOf(us: number): string {
  if (us === 0) return "0";
  if (us < 0.01) return "< 0.01 µs";
  if (us < 1_000) return `${shortOf(us)} µs`;
  return us < 1_000_000 ? `${shortOf(us / 1_000)} ms` : `${shortOf(us / 1_000_000)} s`;
}

/** A number as exact as it is worth: two figures below ten, whole above. */
export function shortOf(n: number): string {
  if (n === 0) return "0";
  return n >= 10 ? Math.round(n).toLocaleString("en") : String(Number(n.toPrecision(2)));
}

/** "3.4 a second", or where that is little, "12 a day". */
export function rateOf(per_s: number): string {
  if (per_s === 0) return "none";
  if (per_s >= 1) return `${shortOf(per_s)} a second`;
  return per_s * 3_600 >= 1 ? `${shortOf(per_s * 3_600)} an hour` : `${shortOf(per_s * 86_400)} a day`;
}

const SHOWN_MIN = 0.004;

/**
 * Widths of a strategy's three parts, of the widest among all. One that costs a hundred times as much would leave the others
 * without a bar, so lengths follow the square root; the words beside them are exact.
 */
export function barsOf(cost: Cost, costs: readonly Cost[]): { reads: number; writes: number; database: number } {
  const most = Math.max(...costs.map(({ us_per_s }) => us_per_s));
  if (most === 0 || cost.us_per_s === 0) return { reads: 0, writes: 0, database: 0 };
  const length = Math.sqrt(cost.us_per_s / most);
  const share = (us: number) => {
    const width = (us / cost.us_per_s) * length;
    return us > 0 ? Math.max(SHOWN_MIN, width) : 0;
  };
  return {
    reads: share(cost.reads_us_per_s),
    writes: share(cost.writes_us_per_s),
    database: share(cost.database_us_per_s),
  };
}

export const STRATEGY_WORDS: Record<Cost["strategy"], { label: string; detail: string }> = {
  pull: {
    label: "Pull",
    detail: "Each read merges the newest of whom they follow. Nothing is done when somebody writes.",
  },
  push: { label: "Push", detail: "Each post is put into a list of every active follower. A read is one look." },
  hybrid: { label: "Both", detail: "Lists for most; whoever has very many followers is merged in at the read." },
  plain: { label: "Database", detail: "No memory at all: every read asks the database." },
};
