import { BUFFER_S, type Ladder, RATE_MIN_BPS, type Rung, type Sound } from "../ladder.ts";
import type { Probe } from "../probe.ts";
import { readMovie } from "./movie.ts";
import { packPlan } from "./pack.ts";
import { type PicturePlan, planPicture } from "./plan.ts";
import { planSound } from "./sound.ts";
import type { ByteSource } from "./source.ts";

/** A ladder that uses what the source has, and why it does not use the rest: by track, as ends of sentences. */
export interface Copied {
  ladder: Ladder;
  because: Record<string, string>;
}

/**
 * The same ladder with the source itself as its top rung, and its sounds as they are, where both can be. Reads the index and a
 * few kilobytes at each cut: about 50 ms for a film of two hours.
 * @throws only what `source.read` throws
 */
export async function withCopies(ladder: Ladder, probe: Probe, source: ByteSource): Promise<Copied> {
  const movie = await readMovie(source);
  if ("because" in movie) return { ladder, because: { file: movie.because } };
  const because: Record<string, string> = {};
  const picture = await planPicture(movie, probe, ladder.grid, source);
  if ("because" in picture) because.picture = picture.because;
  const sounds = ladder.sounds.map((sound): Sound => {
    const probed = probe.sounds.find(({ stream }) => stream === sound.stream);
    const plan = probed && planSound(movie, probe, ladder.grid, probed);
    if (!plan || "because" in plan) {
      because[sound.name] = plan?.because ?? "its tracks are not those that ffmpeg sees";
      return sound;
    }
    const { channels, codecs, average_bps } = plan;
    return { ...sound, channels, codecs, bitrate_bps: average_bps, copied: packPlan(plan) };
  });
  const rungs = "because" in picture ? ladder.rungs : topped(ladder.rungs, picture);
  return { ladder: { ...ladder, rungs, sounds }, because };
}

/** Rungs that are as large as the source, or would be made larger than it, are of no use beside it. */
function topped(rungs: readonly Rung[], plan: PicturePlan): Rung[] {
  const { width, height, fps, codecs, peak_bps } = plan;
  const short = Math.min(width, height);
  const smaller = rungs.filter((rung) => Math.min(rung.width, rung.height) < short * 0.95);
  const copy: Rung = {
    name: `${short}p`,
    kind: "copy",
    codec: "h264",
    width,
    height,
    every: 1,
    fps,
    crf: 0,
    maxrate_bps: peak_bps,
    bufsize_bits: 0,
    level: Number.parseInt(codecs.slice(-2), 16),
    codecs,
    copied: packPlan(plan),
  };
  // What is encoded smaller is never said to need more than the source itself: players choose by that.
  const cap_bps = Math.max(RATE_MIN_BPS, Math.floor(peak_bps / (1 + BUFFER_S / 4)));
  const capped = smaller.map((rung) => {
    const maxrate_bps = Math.min(rung.maxrate_bps, cap_bps);
    return { ...rung, maxrate_bps, bufsize_bits: maxrate_bps * BUFFER_S };
  });
  return [...capped, copy];
}
