import type { CopyPlan } from "./plan.ts";

/**
 * A plan as it is kept in a ladder: what each segment takes, not where it begins, so that two hours of film are about 15 kB.
 * Everything that decides a copied track's bytes is in it, and so in the names of its segments.
 */
export interface PackedCopy {
  stream: number;
  timescale: number;
  shift: number;
  first: number;
  start: number;
  /** Of each segment. */
  samples: number[];
  ticks: number[];
  average_bps: number;
  peak_bps: number;
}

export function packPlan(plan: CopyPlan): PackedCopy {
  const { stream, timescale, shift, cuts, starts, until, end, average_bps, peak_bps } = plan;
  return {
    stream,
    timescale,
    shift,
    first: cuts[0]!,
    start: starts[0]!,
    samples: cuts.map((cut, k) => (cuts[k + 1] ?? until) - cut),
    ticks: starts.map((start, k) => (starts[k + 1] ?? end) - start),
    average_bps,
    peak_bps,
  };
}

export function unpackPlan(packed: PackedCopy, kind: "picture" | "sound", codecs: string): CopyPlan {
  const { stream, timescale, shift, average_bps, peak_bps } = packed;
  const cuts = [packed.first];
  const starts = [packed.start];
  for (const [k, count] of packed.samples.entries()) {
    cuts.push(cuts[k]! + count);
    starts.push(starts[k]! + packed.ticks[k]!);
  }
  const until = cuts.pop()!;
  const end = starts.pop()!;
  return { kind, stream, timescale, shift, cuts, starts, until, end, codecs, average_bps, peak_bps };
}

export const packedSeconds = (packed: PackedCopy, k: number): number => (packed.ticks[k] ?? 0) / packed.timescale;
