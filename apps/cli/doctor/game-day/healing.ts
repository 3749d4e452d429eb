import { WELL_MS } from "./bounds.ts";
import { byProbe, figuresOf } from "./figures.ts";
import type { Sample } from "./watch.ts";

/** The ordinary varies: so much is still as good as before. */
const TIMES = 3;
const MORE_MS = 250;

/** Whether these are as good as what was measured before the fault: all answered well, and in about the same time. */
export function isWell(samples: readonly Sample[], before: readonly Sample[]): boolean {
  const usual = byProbe(before);
  const now = byProbe(samples);
  return [...usual].every(([probe, its]) => {
    const seen = now.get(probe);
    if (!seen || seen.some(({ fate }) => fate !== "ok")) return false;
    const { p50_ms } = figuresOf(seen);
    const { p99_ms } = figuresOf(its);
    return p50_ms !== null && p50_ms <= (p99_ms ?? 0) * TIMES + MORE_MS;
  });
}

/**
 * From the end of the fault to the first moment from which on all was well for `WELL_MS`.
 * @param settled_ms what was due before has its answer
 * @returns null while that cannot be said yet
 */
export function healedAfter(
  samples: readonly Sample[],
  before: readonly Sample[],
  lifted_ms: number,
  settled_ms: number,
): number | null {
  const since = samples.filter(({ due_ms }) => due_ms >= lifted_ms);
  // Whatever begins right after the last bad one.
  const starts = [lifted_ms, ...since.filter(({ fate }) => fate !== "ok").map(({ due_ms }) => due_ms + 1)];
  const steps = [...starts, ...since.map(({ due_ms }) => due_ms)].toSorted((a, b) => a - b);
  for (const start of steps) {
    const end = start + WELL_MS;
    if (end > settled_ms) return null;
    if (isWell(
      since.filter(({ due_ms }) => due_ms >= start && due_ms < end),
      before,
    ))
      return start - lifted_ms;
  }
  return null;
}
