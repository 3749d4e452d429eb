import { ANSWERS_KEPT, ANSWERS_MIN } from "./bounds.ts";

/** How long answers took lately. */
export interface Answers {
  add(ms: number): void;
  /** In which so many hundredths of them came; null before there were enough. */
  percentile(percent: number): number | null;
}

/** Sorted again after so many new ones: a percentile of 128 moves little by eight. */
const SORT_EVERY = 8;

export function createAnswers(): Answers {
  const ring = new Float64Array(ANSWERS_KEPT);
  let added = 0;
  let sorted = new Float64Array(0);
  let sorted_at = -SORT_EVERY;
  return {
    add(ms) {
      ring[added % ANSWERS_KEPT] = ms;
      added += 1;
    },
    percentile(percent) {
      if (added < ANSWERS_MIN) return null;
      if (added - sorted_at >= SORT_EVERY) {
        sorted = ring.slice(0, Math.min(added, ANSWERS_KEPT)).sort();
        sorted_at = added;
      }
      return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]!;
    },
  };
}
