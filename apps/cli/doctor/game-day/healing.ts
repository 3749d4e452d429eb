import { byProbe, figuresOf } from "./figures.ts";
import type { Sample } from "./watch.ts";

/** What counts as being as good as before, for the ordinary varies. */
export interface Health {
  /** Nothing is out of the ordinary for so long. */
  well_ms: number;
  /** A median of `times` what it was and `more_ms` on top is ordinary. */
  times: number;
  more_ms: number;
}

export const HEALTH: Health = { well_ms: 2_000, times: 3, more_ms: 250 };

/** Whether these are as good as what was measured before the fault: all answered well, and in about the same time. */
export function isWell(samples: readonly Sample[], before: readonly Sample[], { times, more_ms } = HEALTH): boolean {
  const usual = byProbe(before);
  const now = byProbe(samples);
  return [...usual].every(([probe, its]) => {
    const seen = now.get(probe);
    if (!seen || seen.some(({ fate }) => fate !== "ok")) return false;
    const { p50_ms } = figuresOf(seen);
    // Medians: the slowest of a few seconds say more of the machine than of the house.
    return p50_ms !== null && p50_ms <= (figuresOf(its).p50_ms ?? 0) * times + more_ms;
  });
}

/**
 * From the end of the fault to the first moment from which on all was well for `well_ms`, and nobody waits any more who came
 * before.
 * @param settled_ms what was due before has its answer
 * @returns null while that cannot be said yet
 */
export function healedAfter(
  samples: readonly Sample[],
  before: readonly Sample[],
  lifted_ms: number,
  settled_ms: number,
  health = HEALTH,
): number | null {
  // Whoever came while it lasted and still waits has not been healed.
  const waited_ms = Math.max(
    0,
    ...samples.filter(({ due_ms }) => due_ms < lifted_ms).map(({ due_ms, took_ms }) => due_ms + took_ms - lifted_ms),
  );
  const since = samples.filter(({ due_ms }) => due_ms >= lifted_ms);
  // Whatever begins right after the last bad one.
  const starts = [lifted_ms, ...since.filter(({ fate }) => fate !== "ok").map(({ due_ms }) => due_ms + 1)];
  const steps = [...starts, ...since.map(({ due_ms }) => due_ms)].toSorted((a, b) => a - b);
  for (const start of steps) {
    const end = start + health.well_ms;
    if (end > settled_ms) return null;
    const window = since.filter(({ due_ms }) => due_ms >= start && due_ms < end);
    if (isWell(window, before, health)) return Math.max(waited_ms, start - lifted_ms);
  }
  return null;
}
