import { ENCODE_MEMORY_BYTES_MAX, STUDY_WALL_MS_MAX, THREADS_MAX } from "./bounds.ts";
import type { Ladder, Rung } from "./ladder.ts";
import type { Probe } from "./probe.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, pathsOf } from "./tools.ts";

/** A rung and the one below it, both encoded. */
export type Pair = readonly [upper: Rung, lower: Rung];

/** Where a film is looked at, as shares of its length, and for how long each. */
const SAMPLES_AT = [0.15, 0.5, 0.85];
const SAMPLE_S = 1.5;
const FRAMES_MAX = 12;
/**
 * A rung whose picture is that of the rung below, only enlarged, adds nothing. SSIM of luma; film that was shot at a rung's
 * size is at 0.9 to 0.985, film that was enlarged to it above 0.997.
 */
const SAME_FROM_SSIM = 0.996;

/**
 * How alike each rung's picture is to that of the rung below it, enlarged: the least of a few short samples. Nothing is
 * encoded, so it costs little more than decoding those seconds.
 * @returns SSIM of luma by the upper rung's name; empty where nothing could be read
 */
export async function likenessOf(
  needs: EncodeNeeds,
  source_path: string,
  probe: Probe,
  pairs: readonly Pair[],
  options: { folder: string; signal?: AbortSignal; nice?: number },
): Promise<Map<string, number>> {
  const least = new Map<string, number>();
  if (pairs.length === 0) return least;
  const { ffmpeg } = needs.tools;
  const length_s = probe.duration_ms / 1000;
  for (const share of SAMPLES_AT) {
    const result = await needs.sandbox.run({
      argv: [
        [ffmpeg, "-v", "info", "-nostats", "-hide_banner", "-nostdin", ...inputGuards(), "-threads", "1"],
        ["-reinit_filter:v", "0", "-ss", Math.max(0, length_s * share - SAMPLE_S / 2).toFixed(3)],
        ["-t", String(SAMPLE_S), "-i", `file:${source_path}`, "-filter_complex_threads", "1"],
        ["-filter_complex", graphOf(probe, pairs)],
        ...pairs.map((_, i) => ["-map", `[o${i}]`, "-frames:v", String(FRAMES_MAX), "-f", "null", "-"]),
      ].flat(),
      read_paths: [source_path, ...pathsOf(ffmpeg)],
      write_folder: options.folder,
      limits: {
        wall_ms_max: STUDY_WALL_MS_MAX,
        cpu_s_max: STUDY_WALL_MS_MAX / 1000,
        memory_bytes_max: ENCODE_MEMORY_BYTES_MAX,
        processes_max: 32 * THREADS_MAX,
        file_bytes_max: 1024 * 1024,
        output_bytes_max: 1024 * 1024,
      },
      nice: options.nice ?? 15,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const bound = boundRefusal(result, "Looking at how sharp this video is");
    if (bound) throw bound;
    for (const [i, [upper]] of pairs.entries()) {
      const said = new RegExp(`\\[ssim@likeness${i} @ [^\\]]*\\] SSIM Y:([\\d.]+)`).exec(result.stderr)?.[1];
      if (said !== undefined) least.set(upper.name, Math.min(least.get(upper.name) ?? 1, Number(said)));
    }
  }
  return least;
}

/** Each pair: the picture at the upper rung's size beside itself by way of the lower one's. */
function graphOf({ video }: Probe, pairs: readonly Pair[]): string {
  const size = ({ width, height }: Rung) => `scale=w=${width}:h=${height}:flags=bicubic`;
  const each = pairs.map((_, i) => `[p${i}]`).join("");
  return [
    `[0:${video.stream}]fps=8,format=yuv420p,split=${pairs.length}${each}`,
    ...pairs.flatMap(([upper, lower], i) => [
      `[p${i}]${size(upper)},split=2[u${i}][d${i}]`,
      `[d${i}]${size(lower)},${size(upper)}[e${i}]`,
      `[u${i}][e${i}]ssim@likeness${i}[o${i}]`,
    ]),
  ].join(";");
}

/** What the rungs that are made already took, by name. */
export interface Taken {
  average_bps: number;
  peak_bps: number;
}

/** A segment may need this much more than what the peaks of another size say. */
const PEAK_MARGIN = 1.25;
/** Caps are not lowered below this share of what the ladder gave: the samples are not the whole film. */
const CAP_SHARE_MIN = 0.3;

/**
 * The plan that fits the film: of the rungs that nobody has asked for, those that add nothing go, and the others' caps are
 * lowered to what smaller rungs show that the film needs, so that players know better what a rung takes.
 * @param free names of rungs that may change: encoded, and nothing of them is made
 * @returns the ladder, with what its lists named before (`before_fit`)
 */
export function fitLadder(
  ladder: Ladder,
  known: { free: ReadonlySet<string>; likeness: ReadonlyMap<string, number>; taken: ReadonlyMap<string, Taken> },
): Ladder {
  const { free, likeness, taken } = known;
  const kept = ladder.rungs.filter(
    ({ name, kind }) => kind !== "encode" || !free.has(name) || (likeness.get(name) ?? 0) < SAME_FROM_SSIM,
  );
  const model = [...kept].reverse().find(({ name, kind }) => kind === "encode" && taken.has(name));
  const rungs = kept.map((rung) => {
    if (!model || rung.kind !== "encode" || !free.has(rung.name)) return rung;
    const by_area = ((rung.width * rung.height) / (model.width * model.height)) ** 0.75;
    const by_rate = (rung.fps.num * model.fps.den) / (rung.fps.den * model.fps.num) > 1.5 ? 1.5 : 1;
    const needed_bps = taken.get(model.name)!.peak_bps * by_area * by_rate * PEAK_MARGIN;
    const share = Math.max(CAP_SHARE_MIN, needed_bps / rung.maxrate_bps);
    if (share >= 1) return rung;
    const maxrate_bps = Math.ceil((rung.maxrate_bps * share) / 10_000) * 10_000;
    return maxrate_bps >= rung.maxrate_bps ? rung : { ...rung, maxrate_bps, bufsize_bits: maxrate_bps * 1.5 };
  });
  const before_fit = ladder.rungs.filter((rung) => !rungs.includes(rung));
  return { ...ladder, rungs, before_fit };
}

/** Neighbours of which the upper one may go. */
export function pairsOf(ladder: Ladder, free: ReadonlySet<string>): Pair[] {
  const encoded = ladder.rungs.filter(({ kind, codec }) => kind === "encode" && codec === "h264");
  return encoded.flatMap((upper, i) => {
    const lower = encoded[i - 1];
    return lower && free.has(upper.name) ? [[upper, lower] as const] : [];
  });
}
