import { TIMELINE_POINTS_MAX } from "./bounds.ts";
import type { TimelinePoint } from "./contract.ts";

const MINUTE_MS = 60_000;

/** Counts for each minute; when there are more of them than are kept, each point covers twice as many, and so on. */
export function createTimeline(points_max: number = TIMELINE_POINTS_MAX) {
  let step_ms = MINUTE_MS;
  let start_ms: number | null = null;
  let points: TimelinePoint[] = [];
  const pointAt = (at_ms: number): TimelinePoint => ({
    at_ms,
    requests: 0,
    refused_in_force: 0,
    refused_proposed: 0,
  });

  /** Two by two, from a start that fits the larger step, so that steps fall on whole hours. */
  function fold(): void {
    step_ms *= 2;
    const from_ms = Math.floor(start_ms! / step_ms) * step_ms;
    const folded: TimelinePoint[] = [];
    for (const point of points) {
      const at = (point.at_ms - from_ms) / step_ms;
      const into = (folded[Math.floor(at)] ??= pointAt(from_ms + Math.floor(at) * step_ms));
      into.requests += point.requests;
      into.refused_in_force += point.refused_in_force;
      into.refused_proposed += point.refused_proposed;
    }
    start_ms = from_ms;
    points = folded;
  }

  return {
    /** @param at_ms never before the one before it */
    count(at_ms: number, refused_in_force: boolean, refused_proposed: boolean): void {
      start_ms ??= Math.floor(at_ms / MINUTE_MS) * MINUTE_MS;
      while (Math.floor((at_ms - start_ms) / step_ms) >= points_max) fold();
      const at = Math.floor((at_ms - start_ms) / step_ms);
      while (points.length <= at) points.push(pointAt(start_ms + points.length * step_ms));
      const point = points[at]!;
      point.requests++;
      if (refused_in_force) point.refused_in_force++;
      if (refused_proposed) point.refused_proposed++;
    },
    points: () => points,
    get step_ms() {
      return step_ms;
    },
  };
}
