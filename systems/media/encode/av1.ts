import { FPS_MAX, valueOf } from "./grid.ts";
import { BUFFER_S, type Ladder, maxrateOf, type Rung } from "./ladder.ts";

/** Beside a film's H.264 rungs it gets these shorter sides in AV1: the largest rung up to each. */
const SHORT_SIDES_MAX = [360, 720, 1080] as const;
/** The encoder takes nothing smaller. */
const SIDE_PX_MIN = 64;
/** SVT-AV1's: less than half the CPU of 8, for a tenth to a fifth more bytes at the same VMAF. */
const PRESET = 10;
/** Measured: on the mean of natural and drawn film, the VMAF of the H.264 rung of the same size (bench/av1). */
const CRF = 42;

export const isAv1 = ({ codec }: Pick<Rung, "codec">): boolean => codec === "av1";

export const isAv1Track = ({ rungs }: Pick<Ladder, "rungs">, track: string): boolean =>
  rungs.some((rung) => rung.name === track && isAv1(rung));

/**
 * The AV1 rungs of a film that is watched much: its largest up to 720p, that of 1080p where it has one, and a small one, as players
 * that have begun with a codec stay with it. They stand on the same grid, behind the H.264 rungs, which all keep their names.
 * @returns smallest first; empty for films too small for the encoder
 */
export function planAv1(ladder: Ladder): Rung[] {
  const fitting = ladder.rungs.filter(
    (rung) => !isAv1(rung) && Math.min(rung.width, rung.height) >= SIDE_PX_MIN && valueOf(rung.fps) <= FPS_MAX,
  );
  const bases = SHORT_SIDES_MAX.flatMap((side) => {
    const base = fitting.findLast(({ width, height }) => Math.min(width, height) <= side);
    return base ? [base] : [];
  });
  // Of a small film, two sides are one rung.
  return [...new Set(bases)].map((base) => rungBeside(ladder, base));
}

function rungBeside({ grid }: Ladder, base: Rung): Rung {
  // A copied rung has its source's own shape and times; what is encoded keeps to the grid.
  const [width, height] = [even(base.width), even(base.height)];
  const fps = { num: grid.fps.num, den: grid.fps.den * base.every };
  const maxrate_bps = Math.min(base.maxrate_bps, maxrateOf(width * height, valueOf(fps)));
  const level = levelOf(width, height, valueOf(fps), maxrate_bps);
  return {
    name: `${Math.min(width, height)}p-av1`,
    kind: "encode",
    codec: "av1",
    width,
    height,
    every: base.every,
    fps,
    crf: CRF,
    preset: PRESET,
    maxrate_bps,
    bufsize_bits: maxrate_bps * BUFFER_S,
    level,
    codecs: codecsOf(level),
  };
}

const even = (px: number): number => Math.floor(px / 2) * 2;

/** AV1 annex A.3: level, pixels per frame, width, height, pixels per second, bits per second of the main tier. */
const LEVELS = [
  [20, 147_456, 2_048, 1_152, 4_423_680, 1_500_000],
  [21, 278_784, 2_816, 1_584, 8_363_520, 3_000_000],
  [30, 665_856, 4_352, 2_448, 19_975_680, 6_000_000],
  [31, 1_065_024, 5_504, 3_096, 31_950_720, 10_000_000],
  [40, 2_359_296, 6_144, 3_456, 70_778_880, 12_000_000],
  [41, 2_359_296, 6_144, 3_456, 141_557_760, 20_000_000],
  [50, 8_912_896, 8_192, 4_352, 267_386_880, 30_000_000],
  [51, 8_912_896, 8_192, 4_352, 534_773_760, 40_000_000],
] as const;

function levelOf(width: number, height: number, fps: number, maxrate_bps: number): number {
  const fits = LEVELS.find(
    ([, per_frame, wide, high, per_s, bps]) =>
      width * height <= per_frame &&
      width <= wide &&
      height <= high &&
      width * height * fps <= per_s &&
      maxrate_bps <= bps,
  );
  return fits?.[0] ?? 51;
}

/** RFC 6381 for AV1: profile main, `seq_level_idx`, main tier, 8 bits. */
function codecsOf(level: number): string {
  const index = (Math.floor(level / 10) - 2) * 4 + (level % 10);
  return `av01.0.${String(index).padStart(2, "0")}M.08`;
}
