import { SOUNDS_MAX } from "./bounds.ts";
import type { PackedCopy } from "./copy/pack.ts";
import { FPS_MAX, type Fraction, type Grid, gridOf, playRate, SEGMENT_S, valueOf } from "./grid.ts";

/** What the ladder has to know of a source; `Probe` has all of it. */
export interface LadderSource {
  duration_ms: number;
  /** As seen: after rotation and with square pixels. */
  width: number;
  height: number;
  fps_average: number;
  fps_smallest: number;
  /** The first is the one that plays unless somebody chooses another. */
  sounds: readonly SourceSound[];
}

/** One sound track of a file. */
export interface SourceSound {
  stream: number;
  /** BCP 47, as the file has it; null where it says none. */
  language: string | null;
  title: string | null;
}

export interface Rung {
  /** `480p`: the shorter side; `480p-av1` beside it. Unique in a ladder. */
  name: string;
  /** Made by the encoder, or cut from the source's own samples. */
  kind: "encode" | "copy";
  codec: "h264" | "av1";
  width: number;
  height: number;
  /** Every frame, or every second one (small rungs of fast films). */
  every: 1 | 2;
  fps: Fraction;
  crf: number;
  /** For `av1`: how hard the encoder tries. */
  preset?: number;
  maxrate_bps: number;
  bufsize_bits: number;
  /** 31 for level 3.1. */
  level: number;
  /** RFC 6381. */
  codecs: string;
  /** For `copy`: where the source is cut. */
  copied?: PackedCopy;
}

export interface Sound extends SourceSound {
  /** `audio` for the first, `audio-1` and on for the others. */
  name: string;
  channels: number;
  bitrate_bps: number;
  /** RFC 6381. */
  codecs: string;
  /** Given as it is in the source, cut there; encoded where this is missing. */
  copied?: PackedCopy;
}

/** The key frames of a rung, one for each segment: what a player shows while somebody winds. Nothing is encoded for it. */
export interface Trick {
  name: "trick";
  /** The rung that they are taken from. */
  of: string;
  width: number;
  height: number;
  /** The most that a key frame can take, over the length of its segment. */
  bitrate_bps: number;
  /** RFC 6381. */
  codecs: string;
}

export interface Ladder {
  /** What it is made of: another file gives every track other names. */
  source: string;
  grid: Grid;
  /** Smallest first, at least three, none larger than the source; then those in AV1 that a film has that is watched much. */
  rungs: Rung[];
  /** The first is the default. Empty for a silent film. */
  sounds: Sound[];
  trick: Trick | null;
  /** Upper rungs as they were before they were fitted to the film: lists of then name them. Empty where nothing changed. */
  before_fit?: Rung[];
}

const SHORT_SIDES = [240, 360, 480, 720, 1080] as const;
const RUNGS_MIN = 3;
/** A source this much above the nearest rung keeps a rung of its own size. */
const OWN_SIZE_FROM = 1.15;
/** From here on a film is fast: rungs up to `EVERY_SECOND_MAX` show every second frame. */
const FAST_FPS = 31;
const EVERY_SECOND_SIDE_MAX = 480;
/** Wider than 16:9 by more than this, a rung is made smaller, so that its pixels stay in its class. */
const AREA_SLACK = 1.35;

/** Measured: with our cheaper search these give the bytes and the VMAF of `veryfast` at CRF 23 (bench/ladder). */
const CRF = 23.1;
/** Small pictures gain more from the lookahead, so they can give more back. */
const CRF_SMALL = 23.8;
const SMALL_SIDE_MAX = 500;
/** 1080p at 30 frames; the rest follows by area to the power of 0.75, which is close to how x264 spends bits by size. */
const MAXRATE_1080P_BPS = 5_000_000;
/** Seconds of the cap that the rate control may spend at once. */
export const BUFFER_S = 1.5;
/** No rung is capped below this. */
export const RATE_MIN_BPS = 60_000;
const AUDIO_BPS = 128_000;

/**
 * The rungs of a source. Pure: the same source always gives the same ladder.
 * @param identity of the file's bytes, its ETag for one
 */
export function planLadder(source: LadderSource, identity: string): Ladder {
  const fps = playRate(source.fps_average, source.fps_smallest);
  const short = Math.min(source.width, source.height);
  const rungs = sidesOf(short)
    .map((side) => rungOf(source, side, fps))
    // Extreme shapes may fold two sides into one size.
    .filter((rung, i, all) => all.findIndex((other) => other.name === rung.name) === i);
  return {
    source: identity,
    grid: gridOf(source.duration_ms, fps),
    rungs,
    sounds: source.sounds.slice(0, SOUNDS_MAX).map(soundOf),
    trick: trickOf(rungs[0]!),
  };
}

/** A key frame can be no larger than what the rate control may spend at once. */
const trickOf = ({ name, width, height, bufsize_bits, codecs }: Rung): Trick => ({
  name: "trick",
  of: name,
  width,
  height,
  bitrate_bps: Math.ceil(bufsize_bits / SEGMENT_S),
  codecs,
});

const soundOf = ({ stream, language, title }: SourceSound, i: number): Sound => ({
  name: i === 0 ? "audio" : `audio-${i}`,
  stream,
  language,
  title,
  channels: 2,
  bitrate_bps: AUDIO_BPS,
  codecs: "mp4a.40.2",
});

function sidesOf(short: number): number[] {
  const even = evenDown(short);
  const sides: number[] = SHORT_SIDES.filter((side) => side <= even);
  const top = sides.at(-1) ?? 0;
  if (top < SHORT_SIDES.at(-1)! && even >= top * OWN_SIZE_FROM) sides.push(even);
  if (sides.length >= RUNGS_MIN) return sides;
  // A small source: parts of itself, a third of the area apart.
  const largest = sides.at(-1)!;
  return [...new Set([evenDown(largest * 0.45), evenDown(largest * 0.67), largest])].filter((side) => side >= 2);
}

function rungOf(source: LadderSource, side: number, fps: Fraction): Rung {
  const portrait = source.height > source.width;
  const shape = Math.max(source.width, source.height) / Math.min(source.width, source.height);
  const area_max = side * side * (16 / 9) * AREA_SLACK;
  const short = side * side * shape > area_max ? evenDown(Math.sqrt(area_max / shape)) : side;
  const long = Math.max(short, evenNear(short * shape));
  const width = portrait ? short : long;
  const height = portrait ? long : short;
  const every = valueOf(fps) > FAST_FPS && side <= EVERY_SECOND_SIDE_MAX ? 2 : 1;
  const rate: Fraction = { num: fps.num, den: fps.den * every };
  const maxrate_bps = maxrateOf(width * height, valueOf(rate));
  const bufsize_bits = maxrate_bps * BUFFER_S;
  const level = levelOf(width, height, valueOf(rate), maxrate_bps, bufsize_bits);
  return {
    name: `${short}p`,
    kind: "encode",
    codec: "h264",
    width,
    height,
    every,
    fps: rate,
    crf: short <= SMALL_SIDE_MAX ? CRF_SMALL : CRF,
    maxrate_bps,
    bufsize_bits,
    level,
    // 64: High profile; 00: no constraint flags, as x264 writes it.
    codecs: `avc1.6400${level.toString(16).padStart(2, "0")}`,
  };
}

/** The most that a rung of this size is given, in bits per second. */
export function maxrateOf(pixels: number, fps: number): number {
  const by_area = MAXRATE_1080P_BPS * (pixels / (1920 * 1080)) ** 0.75;
  // Twice the frames cost about half as much again: neighbours are more alike.
  const by_rate = fps > FAST_FPS ? 1 + 0.5 * ((Math.min(fps, FPS_MAX) - 30) / 30) : 1;
  return Math.max(RATE_MIN_BPS, Math.round((by_area * by_rate) / 10_000) * 10_000);
}

/** H.264 table A-1: level, macroblocks per second, macroblocks per frame, kbit/s (High: × 1.25). */
const LEVELS = [
  [10, 1_485, 99, 64],
  [11, 3_000, 396, 192],
  [12, 6_000, 396, 384],
  [13, 11_880, 396, 768],
  [20, 11_880, 396, 2_000],
  [21, 19_800, 792, 4_000],
  [22, 20_250, 1_620, 4_000],
  [30, 40_500, 1_620, 10_000],
  [31, 108_000, 3_600, 14_000],
  [32, 216_000, 5_120, 20_000],
  [40, 245_760, 8_192, 20_000],
  [42, 522_240, 8_704, 50_000],
  [50, 589_824, 22_080, 135_000],
  [51, 983_040, 36_864, 240_000],
  [52, 2_073_600, 36_864, 240_000],
] as const;

function levelOf(width: number, height: number, fps: number, maxrate_bps: number, bufsize_bits: number): number {
  const wide = Math.ceil(width / 16);
  const high = Math.ceil(height / 16);
  const blocks = wide * high;
  const fits = LEVELS.find(
    ([, per_s, per_frame, kbps]) =>
      blocks * fps <= per_s &&
      blocks <= per_frame &&
      Math.max(wide, high) <= Math.sqrt(8 * per_frame) &&
      Math.max(maxrate_bps, bufsize_bits) <= kbps * 1_250,
  );
  return fits?.[0] ?? 52;
}

const evenDown = (n: number) => Math.max(2, Math.floor(n / 2) * 2);
const evenNear = (n: number) => Math.max(2, Math.round(n / 2) * 2);
