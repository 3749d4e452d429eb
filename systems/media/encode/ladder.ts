import { FPS_MAX, type Fraction, type Grid, gridOf, playRate, valueOf } from "./grid.ts";

/** What the ladder has to know of a source; `Probe` has all of it. */
export interface LadderSource {
  duration_ms: number;
  /** As seen: after rotation and with square pixels. */
  width: number;
  height: number;
  fps_average: number;
  fps_smallest: number;
  has_audio: boolean;
}

export interface Rung {
  /** `480p`: the shorter side. Unique in a ladder. */
  name: string;
  width: number;
  height: number;
  /** Every frame, or every second one (small rungs of fast films). */
  every: 1 | 2;
  fps: Fraction;
  crf: number;
  maxrate_bps: number;
  bufsize_bits: number;
  /** 31 for level 3.1. */
  level: number;
  /** RFC 6381. */
  codecs: string;
}

export interface Ladder {
  grid: Grid;
  /** Smallest first. At least three, none larger than the source. */
  rungs: Rung[];
  audio: { name: "audio"; bitrate_bps: number; channels: 2; codecs: "mp4a.40.2" } | null;
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

/** A little below the usual 23: with our cheaper search that gives the same bytes and, within 0.001, the same SSIM (bench/ladder). */
const CRF = 22.7;
/** 1080p at 30 frames; the rest follows by area to the power of 0.75, which is close to how x264 spends bits by size. */
const MAXRATE_1080P_BPS = 5_000_000;
const AUDIO_BPS = 128_000;

/** The rungs of a source. Pure: the same source always gives the same ladder. */
export function planLadder(source: LadderSource): Ladder {
  const fps = playRate(source.fps_average, source.fps_smallest);
  const short = Math.min(source.width, source.height);
  const rungs = sidesOf(short)
    .map((side) => rungOf(source, side, fps))
    // Extreme shapes may fold two sides into one size.
    .filter((rung, i, all) => all.findIndex((other) => other.name === rung.name) === i);
  return {
    grid: gridOf(source.duration_ms, fps),
    rungs,
    audio: source.has_audio ? { name: "audio", bitrate_bps: AUDIO_BPS, channels: 2, codecs: "mp4a.40.2" } : null,
  };
}

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
  const bufsize_bits = maxrate_bps * 1.5;
  const level = levelOf(width, height, valueOf(rate), maxrate_bps, bufsize_bits);
  return {
    name: `${short}p`,
    width,
    height,
    every,
    fps: rate,
    crf: CRF,
    maxrate_bps,
    bufsize_bits,
    level,
    // 64: High profile; 00: no constraint flags, as x264 writes it.
    codecs: `avc1.6400${level.toString(16).padStart(2, "0")}`,
  };
}

function maxrateOf(pixels: number, fps: number): number {
  const by_area = MAXRATE_1080P_BPS * (pixels / (1920 * 1080)) ** 0.75;
  // Twice the frames cost about half as much again: neighbours are more alike.
  const by_rate = fps > FAST_FPS ? 1 + 0.5 * ((Math.min(fps, FPS_MAX) - 30) / 30) : 1;
  return Math.max(60_000, Math.round((by_area * by_rate) / 10_000) * 10_000);
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
