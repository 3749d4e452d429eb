import { AUDIO_FRAME, AUDIO_RATE_HZ, audioFrameAt, valueOf } from "./grid.ts";
import type { Ladder, Rung, Sound } from "./ladder.ts";
import type { Probe } from "./probe.ts";
import type { FfmpegTools } from "./tools.ts";
import { inputGuards } from "./tools.ts";

/** One run of ffmpeg over a part of the film. */
export interface Part {
  source_path: string;
  probe: Probe;
  ladder: Ladder;
  /** Those to make in this run, smallest first. */
  rungs: Rung[];
  sounds: Sound[];
  /** The segments `from ≤ k < until`. */
  from: number;
  until: number;
  /** One frame of each track, for its init; no segments. */
  inits_only: boolean;
  folder: string;
  notice_ms: number;
  threads: number;
}

/** Sound frames that are encoded before the first that is kept, so that the encoder has its history. */
const WARM_UP_FRAMES = 4;
/** More than the lead-in and the warm-up together, 0.11 s. */
const SOUND_OVER_S = 0.15;

/** Containers that know where their key frames are: a seek lands on one at or before the place that was asked for. */
const INDEXED = /^(?:mov|matroska)/;
/** Others are sought by guessing, and films without an index rarely have key frames further apart than this. */
const GUESS_SEGMENTS = 3;

/**
 * How many frames before the first that is kept a run begins to read; those are found by counting, and dropped. Sound has
 * its own history to read. A picture alone needs none: ffmpeg gives all frames from the key frame before, and `fps` takes
 * the last that is not later than the first frame of the grid, which is what a run from the film's beginning shows there.
 */
export function leadFrames(part: Part): number {
  const { frames_per_segment } = part.ladder.grid;
  const segments = part.sounds.length > 0 ? 1 : INDEXED.test(part.probe.container) ? 0 : GUESS_SEGMENTS;
  return Math.min(part.from, segments + behindPicture(part)) * frames_per_segment;
}

/** Frames that lie so close to the picture's end may not be there: lengths are rounded. */
const PICTURE_END_S = 0.5;

/**
 * Segments between the one in which the picture ends and the first of a run: where sound goes on, a run has to read the last
 * picture, which stands until the end.
 */
function behindPicture({ from, rungs, probe, ladder }: Part): number {
  if (rungs.length === 0) return 0;
  const last = Math.floor(Math.max(0, probe.video.duration_ms / 1000 - PICTURE_END_S) / ladder.grid.segment_s);
  return Math.max(0, from - last);
}

const seekSeconds = (part: Part): number => {
  const { fps, frames_per_segment } = part.ladder.grid;
  return ((part.from * frames_per_segment - leadFrames(part)) * fps.den) / fps.num;
};

/** The number of the first AAC frame that this run's encoder gives; the one before it is its lead-in. */
export const firstSoundFrame = (part: Part): number =>
  Math.max(0, audioFrameAt(part.ladder.grid, part.from) - (part.from > 0 ? WARM_UP_FRAMES : 0));

/**
 * The whole command: one decode, each rung scaled from the next larger, sound once, every track cut on the grid into
 * `<folder>/<track>/<n>.m4s`, n from 0 in each run.
 */
export function transcodeCommand(tools: FfmpegTools, part: Part): string[] {
  const seek_s = seekSeconds(part);
  return [
    tools.ffmpeg,
    ["-v", "warning", "-hide_banner", "-nostdin", "-y", "-progress", "pipe:1"],
    ["-stats_period", String(part.notice_ms / 1000)],
    ...inputGuards(),
    ["-threads", String(part.threads)],
    // A picture that changes its size midway is scaled on, not taken for a new film.
    ["-reinit_filter:v", "0"],
    ...(seek_s > 0 && part.sounds.length === 0 ? ["-noaccurate_seek"] : []),
    ...(seek_s > 0 ? ["-ss", seek_s.toFixed(6)] : []),
    ["-i", `file:${part.source_path}`],
    ["-filter_complex_threads", String(part.threads)],
    ...(part.rungs.length > 0 ? ["-filter_complex", pictureGraph(tools, part)] : []),
    ...part.sounds.flatMap((sound, i) => ["-filter_complex", soundGraph(part, sound, i)]),
    ...part.rungs.flatMap((rung, i) => pictureOutput(part, rung, i)),
    ...part.sounds.flatMap((sound, i) => soundOutput(part, sound, i)),
  ].flat();
}

function pictureGraph(tools: FfmpegTools, part: Part): string {
  const { probe, ladder, rungs } = part;
  const { grid } = ladder;
  const top = rungs.at(-1)!;
  const skip = leadFrames(part);
  const padding_s = Math.max(0, probe.duration_ms - probe.video.duration_ms) / 1000;
  const first = [
    ...(probe.video.interlaced ? ["bwdif=mode=send_frame:deint=interlaced"] : []),
    `fps=${grid.fps.num}/${grid.fps.den}:start_time=0:round=near`,
    // Sound that goes on longer than the picture keeps the last frame; half a second covers a length that was rounded.
    `tpad=stop_mode=clone:stop_duration=${(padding_s + 0.5).toFixed(3)}`,
    ...(skip > 0 ? [`trim=start_frame=${skip}`, "setpts=PTS-STARTPTS"] : []),
    scale(top, probe),
    ...(probe.video.hdr && tools.can_tone_map ? [TONE_MAP] : []),
    "format=yuv420p",
    "setsar=1",
  ];
  const chains: string[] = [];
  // From the top down; `in` is what the chain begins with.
  for (let i = rungs.length - 1; i >= 0; i--) {
    const rung = rungs[i]!;
    const above = rungs[i + 1];
    const start = above ? `[to${i}]${scale(rung)},setsar=1` : `[0:${probe.video.stream}]${first.join(",")}`;
    const thin = rung.every === 2 && above?.every !== 2 ? ",framestep=2" : "";
    chains.push(`${start}${thin}${i > 0 ? `,split=2[v${i}][to${i - 1}]` : `[v${i}]`}`);
  }
  return chains.join(";");
}

const TONE_MAP =
  "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv";

/** The first scaling also brings the film to video range, and colours that players may not know to BT.709. */
function scale(rung: Rung, source?: Probe): string {
  const size = `scale=w=${rung.width}:h=${rung.height}:flags=${source ? "bicubic" : "lanczos"}`;
  if (!source || source.video.hdr) return size;
  return `${size}:out_range=tv${source.video.matrix === "other" ? ":out_color_matrix=bt709" : ""}`;
}

/** Known colours are kept and said, not converted: nothing is lost, and nothing is paid. */
function matrixMade({ video }: Probe): string {
  return video.hdr || video.matrix === "other" ? "bt709" : video.matrix;
}

function pictureOutput(part: Part, rung: Rung, i: number): string[] {
  const { grid } = part.ladder;
  const key_every = grid.frames_per_segment / rung.every;
  const wanted = Math.min(grid.frames, part.until * grid.frames_per_segment) - part.from * grid.frames_per_segment;
  const frames = part.inits_only ? 1 : wanted;
  return [
    ["-map", `[v${i}]`, "-frames:v", String(Math.ceil(frames / rung.every))],
    ...(rung.codec === "av1" ? av1(rung) : h264(rung, key_every)),
    ["-crf", String(rung.crf), "-maxrate", String(rung.maxrate_bps), "-bufsize", String(rung.bufsize_bits)],
    ["-g", String(key_every)],
    ["-threads", String(part.threads), "-pix_fmt", "yuv420p"],
    ["-colorspace", matrixMade(part.probe), "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"],
    ...segments(part, rung.name, grid.segment_s, "+negative_cts_offsets+default_base_moof"),
  ].flat();
}

/**
 * A one-step search, no inter blocks below 16×16, three B-frames in a fixed pattern; but x264's lookahead with its macroblock
 * tree: that is where quality per bit comes from, the rest is what CPU goes into. Against the usual `veryfast -bf 16
 * -b_strategy 1` about half the CPU at the same VMAF and bytes, with the CRF of ladder.ts (bench/ladder).
 */
const h264 = (rung: Rung, key_every: number): string[][] => [
  ["-c:v", "libx264", "-preset", "superfast", "-bf", "3", "-b_strategy", "0"],
  ["-x264-params", "mbtree=1:rc-lookahead=15:partitions=i8x8,i4x4"],
  ["-profile:v", "high", "-level:v", (rung.level / 10).toFixed(1)],
  ["-keyint_min", String(key_every), "-sc_threshold", "0", "-flags", "+cgop"],
];

/** Key frames on the grid and nowhere else, and nothing that refers across one (`irefresh-type=2`): each segment stands alone. */
const av1 = (rung: Rung): string[][] => [
  ["-c:v", "libsvtav1", "-preset", String(rung.preset)],
  ["-svtav1-params", `irefresh-type=2:scd=0:film-grain=0:tier=0:level=${rung.level}`],
];

function soundGraph(part: Part, sound: Sound, i: number): string {
  const { grid } = part.ladder;
  const seek_samples = Math.round(seekSeconds(part) * AUDIO_RATE_HZ);
  const start = firstSoundFrame(part) * AUDIO_FRAME - seek_samples;
  const wanted = Math.min(grid.samples, audioFrameAt(grid, part.until) * AUDIO_FRAME) - seek_samples;
  const end = part.inits_only ? start + AUDIO_FRAME : wanted;
  return [
    // Gaps and jumps of the source's clock become silence and cuts, so that sound stays with the picture.
    `[0:${sound.stream}]aresample=${AUDIO_RATE_HZ}:async=1:first_pts=0`,
    "aformat=sample_fmts=fltp:channel_layouts=stereo",
    "apad",
    `atrim=start_sample=${start}:end_sample=${Math.max(start + AUDIO_FRAME, end)}`,
    `asetpts=PTS-STARTPTS[a${i}]`,
  ].join(",");
}

function soundOutput(part: Part, sound: Sound, i: number): string[] {
  return [
    ["-map", `[a${i}]`, "-c:a", "aac", "-b:a", String(sound.bitrate_bps), "-ac", String(sound.channels)],
    // A little over: each file holds all of a segment's sound, its lead-in and warm-up too, and no segment waits for the next.
    ...segments(part, sound.name, part.ladder.grid.segment_s + SOUND_OVER_S, "+default_base_moof"),
  ].flat();
}

function segments(part: Part, track: string, seconds: number, flags: string): string[] {
  const folder = `${part.folder}/${track}`;
  return [
    ["-map_metadata", "-1", "-map_chapters", "-1"],
    // Slightly under the grid's length: the cut is made by the key frame, never by a rounded time.
    ["-f", "hls", "-hls_time", (seconds - 0.001).toFixed(3), "-hls_list_size", "2", "-hls_segment_type", "fmp4"],
    ["-hls_flags", "temp_file", "-hls_segment_options", `movflags=${flags}`, "-hls_fmp4_init_filename", "init.mp4"],
    ["-hls_segment_filename", `${folder}/%d.m4s`, `${folder}/list.m3u8`],
  ].flat();
}

/** Frames of a rung in segment `k`. */
export function rungFrames(part: Part, rung: Rung, k: number): number {
  const { frames, frames_per_segment } = part.ladder.grid;
  return Math.ceil((Math.min(frames, (k + 1) * frames_per_segment) - k * frames_per_segment) / rung.every);
}

/** Frames by second of all rungs together, times their pixels: what a run has to do, for its bounds. */
export const workOf = (rungs: Rung[]): number =>
  rungs.reduce((sum, { width, height, fps }) => sum + width * height * valueOf(fps), 0);
