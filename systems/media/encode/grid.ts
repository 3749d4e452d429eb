/**
 * The grid that every rung and the sound are cut on. It is counted in frames, so that every boundary is exact: 4 s where
 * the frame rate is whole, 4.004 s for the NTSC rates.
 */
export interface Fraction {
  num: number;
  den: number;
}

export const SEGMENT_S = 4;
export const AUDIO_RATE_HZ = 48_000;
/** Samples in one AAC frame. */
export const AUDIO_FRAME = 1_024;
/** The fastest that we play; faster sources are thinned. */
export const FPS_MAX = 60;

/** The rates that films come in. The small ones are for slides and time-lapse. */
const RATES: readonly Fraction[] = [
  ...[5, 6, 8, 10, 12, 15, 20].map((num) => ({ num, den: 1 })),
  { num: 24_000, den: 1_001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1_001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1_001 },
  { num: 60, den: 1 },
];

export const valueOf = ({ num, den }: Fraction): number => num / den;

/**
 * The rate to play a source at. A steady source keeps its own; one with a variable rate gets the next that loses no frame,
 * at most 30 when what it says of itself cannot be (a "90,000 fps" screen recording).
 * @param average frames by seconds of the whole
 * @param smallest what its timestamps would need, as ffprobe's `r_frame_rate`
 */
export function playRate(average: number, smallest: number): Fraction {
  const steady = smallest > 0 && smallest <= FPS_MAX * 1.01 && average <= smallest;
  const wanted = Math.min(
    FPS_MAX,
    steady && average < smallest * 0.995 ? Math.min(smallest, Math.max(average, 30)) : average,
  );
  const close = RATES.map((rate) => ({ rate, off: Math.abs(valueOf(rate) - wanted) / wanted })).sort(
    (a, b) => a.off - b.off,
  )[0]!;
  if (close.off < 0.01) return close.rate;
  return RATES.find((rate) => valueOf(rate) >= wanted * 0.99) ?? { num: FPS_MAX, den: 1 };
}

export interface Grid {
  fps: Fraction;
  frames_per_segment: number;
  frames: number;
  segments: number;
  /** Of a whole segment. */
  segment_s: number;
  duration_s: number;
  /** Samples of sound, exactly as long as the picture. */
  samples: number;
}

export function gridOf(duration_ms: number, fps: Fraction): Grid {
  // Even, so that a rung with half the frames keeps the boundaries.
  const frames_per_segment = 2 * Math.round((SEGMENT_S * valueOf(fps)) / 2);
  const frames = Math.max(1, Math.round((duration_ms / 1_000) * valueOf(fps)));
  const duration_s = (frames * fps.den) / fps.num;
  return {
    fps,
    frames_per_segment,
    frames,
    segments: Math.ceil(frames / frames_per_segment),
    segment_s: (frames_per_segment * fps.den) / fps.num,
    duration_s,
    samples: Math.round(duration_s * AUDIO_RATE_HZ),
  };
}

/** Seconds into the film at which segment `k` begins. */
export const startOf = (grid: Grid, k: number): number => (k * grid.frames_per_segment * grid.fps.den) / grid.fps.num;

export const segmentSeconds = (grid: Grid, k: number): number =>
  ((Math.min(grid.frames, (k + 1) * grid.frames_per_segment) - k * grid.frames_per_segment) * grid.fps.den) /
  grid.fps.num;

/** The number of the first AAC frame of sound segment `k`: the first that begins at or after the picture's boundary. */
export function audioFrameAt(grid: Grid, k: number): number {
  if (k >= grid.segments) return audioFrames(grid);
  return Math.ceil((k * grid.frames_per_segment * grid.fps.den * AUDIO_RATE_HZ) / (grid.fps.num * AUDIO_FRAME));
}

export const audioFrames = (grid: Grid): number => Math.ceil(grid.samples / AUDIO_FRAME);

export const audioSeconds = (grid: Grid, k: number): number =>
  ((audioFrameAt(grid, k + 1) - audioFrameAt(grid, k)) * AUDIO_FRAME) / AUDIO_RATE_HZ;
