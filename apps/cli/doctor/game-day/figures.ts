import { SLOW_MS } from "./bounds.ts";
import type { Sample } from "./watch.ts";

/** How requests went: counts by what people saw. */
export interface Shares {
  asked: number;
  ok: number;
  slow: number;
  refused: number;
  failed: number;
  unanswered: number;
}

export interface Figures extends Shares {
  /** Of those that were answered well; null where none was. */
  p50_ms: number | null;
  p99_ms: number | null;
}

export function figuresOf(samples: readonly Sample[]): Figures {
  const figures: Figures = {
    asked: 0,
    ok: 0,
    slow: 0,
    refused: 0,
    failed: 0,
    unanswered: 0,
    p50_ms: null,
    p99_ms: null,
  };
  const times: number[] = [];
  for (const { fate, took_ms } of samples) {
    figures.asked += 1;
    if (fate === "ok") {
      figures[took_ms > SLOW_MS ? "slow" : "ok"] += 1;
      times.push(took_ms);
    } else figures[fate] += 1;
  }
  times.sort((a, b) => a - b);
  return { ...figures, p50_ms: quantile(times, 0.5), p99_ms: quantile(times, 0.99) };
}

/** Why requests were not answered well, the commonest first. */
export function reasonsOf(samples: readonly Sample[], most: number): { because: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { fate, because, probe } of samples)
    if (fate !== "ok") counts.set(`${probe}: ${because}`, (counts.get(`${probe}: ${because}`) ?? 0) + 1);
  return [...counts]
    .map(([because, count]) => ({ because, count }))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, most);
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

/** By probe, in the order in which they first came. */
export function byProbe(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.probe);
    if (group) group.push(sample);
    else groups.set(sample.probe, [sample]);
  }
  return groups;
}
