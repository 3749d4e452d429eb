import { statSync } from "node:fs";

import {
  AUDIO_CHANNELS_MAX,
  PROBE_MEMORY_BYTES_MAX,
  PROBE_WALL_MS_MAX,
  SCAN_WALL_MS_MAX,
  SOUNDS_MAX,
  STREAMS_MAX,
  VIDEO_ASPECT_MAX,
  VIDEO_DURATION_MS_MAX,
  VIDEO_DURATION_MS_MIN,
  VIDEO_PIXELS_MAX,
  VIDEO_SIDE_PX_MAX,
  VIDEO_SIDE_PX_MIN,
} from "./bounds.ts";
import { AUDIO_CODECS, VIDEO_CODECS } from "./codecs.ts";
import type { SourceSound } from "./ladder.ts";
import { type Matrix, parseReport, type Report, type StreamReport } from "./probe-report.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, MediaRefusal, pathsOf, saysNoProcess } from "./tools.ts";

/** What a video file is, as far as we have to know. */
export interface Probe {
  container: string;
  /** Of what is played: the longer of picture and sound. */
  duration_ms: number;
  /** The file's own time that we show at 0: where the first of its tracks begins. Not said of films that were probed long ago. */
  start_s?: number;
  /** As seen: after rotation and with square pixels. */
  width: number;
  height: number;
  /** 0, 90, 180 or 270 clockwise, as the file asks for; `width` and `height` have it in already. */
  rotation_deg: number;
  fps_average: number;
  fps_smallest: number;
  video: {
    stream: number;
    codec: string;
    profile: string;
    level: number;
    pixel_format: string;
    coded_width: number;
    coded_height: number;
    duration_ms: number;
    interlaced: boolean;
    hdr: boolean;
    matrix: Matrix;
  };
  /** Those that we can play, the file's own choice first. */
  sounds: ProbedSound[];
}

export interface ProbedSound extends SourceSound {
  codec: string;
  channels: number;
  sample_rate_hz: number;
}

/** mp4 says its length in front. If the file has that much less than it says, its end is missing. */
const MISSING_MS_MAX = 2_000;

/**
 * Looks at a file that a stranger sent, in the sandbox.
 * @throws MediaRefusal with a sentence for the sender
 */
export async function probeVideo(
  needs: EncodeNeeds,
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<Probe> {
  if (statSync(path).size === 0) throw new MediaRefusal("video.empty", "The file is empty. Send it again.");
  const report = await describe(needs, path, options.signal);
  const video = pickVideo(report);
  const sounds = pickSounds(report);
  const claimed_ms = Math.max(
    report.duration_ms,
    video.duration_ms,
    sounds[0]?.duration_ms ?? 0,
    lateEndOf(report, video),
  );
  checkShape(video);
  if (claimed_ms > VIDEO_DURATION_MS_MAX) throw tooLong();
  const duration_ms = await checkedDuration(needs, path, report, video, claimed_ms, options.signal);
  if (duration_ms > VIDEO_DURATION_MS_MAX) throw tooLong();
  if (duration_ms < VIDEO_DURATION_MS_MIN) {
    throw new MediaRefusal(
      "video.too_short",
      "There is no more than a single frame in this file. Send it as a picture.",
    );
  }
  const shown = shownSize(video);
  return {
    container: report.container,
    duration_ms,
    start_s: report.start_s,
    ...shown,
    rotation_deg: video.rotation_deg,
    fps_average: video.fps_average || video.fps_smallest || 25,
    fps_smallest: video.fps_smallest,
    video: {
      stream: video.index,
      codec: video.codec,
      profile: video.profile,
      level: video.level,
      pixel_format: video.pixel_format,
      coded_width: video.width,
      coded_height: video.height,
      duration_ms: video.duration_ms || duration_ms,
      interlaced: video.interlaced,
      hdr: video.hdr,
      matrix: video.matrix,
    },
    sounds: sounds.map(({ index, codec, channels, sample_rate_hz, language, title }) => ({
      stream: index,
      codec,
      channels,
      sample_rate_hz,
      language,
      title,
    })),
  };
}

const LIMITS = {
  cpu_s_max: 30,
  memory_bytes_max: PROBE_MEMORY_BYTES_MAX,
  processes_max: 64,
  file_bytes_max: 1,
  output_bytes_max: 1024 * 1024,
};

async function describe(needs: EncodeNeeds, path: string, signal?: AbortSignal): Promise<Report> {
  const result = await needs.sandbox.run({
    argv: [
      needs.tools.ffprobe,
      ["-v", "error", "-hide_banner", ...inputGuards(), "-max_streams", String(STREAMS_MAX)],
      ["-show_format", "-show_streams", "-of", "json", `file:${path}`],
    ].flat(),
    read_paths: [path, ...pathsOf(needs.tools.ffprobe)],
    limits: { ...LIMITS, wall_ms_max: PROBE_WALL_MS_MAX },
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Looking at this file");
  if (bound) throw bound;
  const report = result.truncated ? null : parseReport(new TextDecoder().decode(result.stdout));
  const unlisted = /Codec \((\w{1,32})\) not on whitelist/.exec(result.stderr)?.[1];
  if (unlisted) throw codecRefused(`One of its tracks is coded as ${unlisted}`);
  if (!report && saysNoProcess(result.stderr))
    throw new MediaRefusal("media.busy", "The house could not look at this file just now.", false);
  if (!report || report.streams.length === 0) {
    throw new MediaRefusal(
      "video.not_media",
      "This is not a video that we can read. Send an MP4, MOV, WebM, MKV, AVI, MPEG or OGG file.",
    );
  }
  return report;
}

function pickVideo(report: Report): StreamReport {
  // A cover picture is a video stream of one frame to ffmpeg; it is not what somebody wants to watch.
  const video = report.streams.find((stream) => stream.kind === "video" && !stream.is_cover);
  if (!video) throw new MediaRefusal("video.no_picture", "There is sound in this file but no picture. Send a video.");
  if (!VIDEO_CODECS.some(({ name }) => name === video.codec)) {
    throw codecRefused(`Its picture is coded as ${video.codec || "something unknown"}`);
  }
  return video;
}

/** The one that the file plays decides whether we take it; of the others, what we cannot play is left out. */
function pickSounds(report: Report): StreamReport[] {
  const all = report.streams.filter((stream) => stream.kind === "audio");
  const first = all.find((stream) => stream.is_default) ?? all[0];
  if (!first) return [];
  if (!hasKnownCodec(first)) throw codecRefused(`Its sound is coded as ${first.codec || "something unknown"}`);
  if (!hasChannels(first)) {
    throw new MediaRefusal(
      "video.sound_refused",
      `Its sound has ${first.channels} channels; we take up to ${AUDIO_CHANNELS_MAX}.`,
    );
  }
  const others = all.filter((stream) => stream !== first && hasKnownCodec(stream) && hasChannels(stream));
  return [first, ...others].slice(0, SOUNDS_MAX);
}

const hasKnownCodec = ({ codec }: StreamReport) => AUDIO_CODECS.some(({ name }) => name === codec);
const hasChannels = ({ channels }: StreamReport) => channels >= 1 && channels <= AUDIO_CHANNELS_MAX;

function checkShape(video: StreamReport): void {
  const { width, height } = shownSize(video);
  const sides = [width, height, video.width, video.height];
  const size = `${video.width}×${video.height}`;
  if (Math.min(...sides) < VIDEO_SIDE_PX_MIN) {
    throw new MediaRefusal(
      "video.size_refused",
      `Its picture is ${size} pixels. We take it from ${VIDEO_SIDE_PX_MIN} pixels a side.`,
    );
  }
  if (
    Math.max(...sides) > VIDEO_SIDE_PX_MAX ||
    width * height > VIDEO_PIXELS_MAX ||
    video.width * video.height > VIDEO_PIXELS_MAX
  ) {
    throw new MediaRefusal("video.size_refused", `Its picture is ${size} pixels. We take it up to 7680×4320.`);
  }
  if (Math.max(width, height) > VIDEO_ASPECT_MAX * Math.min(width, height)) {
    throw new MediaRefusal(
      "video.size_refused",
      `Its picture is ${size} pixels, which is too long and thin to show. We take up to ${VIDEO_ASPECT_MAX}:1.`,
    );
  }
}

function shownSize(video: StreamReport): { width: number; height: number } {
  // Non-square pixels: the side that is stretched grows, so that nothing is lost.
  const wide = video.pixel_aspect >= 1 ? video.width * video.pixel_aspect : video.width;
  const high = video.pixel_aspect >= 1 ? video.height : video.height / video.pixel_aspect;
  const turned = video.rotation_deg % 180 !== 0;
  const [width, height] = turned ? [high, wide] : [wide, high];
  return { width: Math.round(width), height: Math.round(height) };
}

/**
 * A picture that an edit list puts years behind the sound: ffprobe leaves it out of the file's length, but who plays the file
 * waits for it. 0 where the length counts it.
 */
function lateEndOf(report: Report, video: StreamReport): number {
  const end_ms = (video.start_s - report.start_s) * 1000 + video.duration_ms;
  return end_ms > report.duration_ms + MISSING_MS_MAX ? Math.round(end_ms) : 0;
}

/** The length that is really there. Where the file says none, or its end cannot be read, all of it is read once. */
async function checkedDuration(
  needs: EncodeNeeds,
  path: string,
  report: Report,
  video: StreamReport,
  claimed_ms: number,
  signal?: AbortSignal,
): Promise<number> {
  if (claimed_ms > 0) {
    const at_ms = (video.duration_ms || claimed_ms) - MISSING_MS_MAX;
    const found = await packetsAt(needs, path, video.index, at_ms, signal);
    if (found === "there") return claimed_ms;
    if (found === "standing")
      throw new MediaRefusal(
        "video.broken",
        "The clock of its picture stands still, so nothing can be found in it. Export it again and send that.",
      );
  }
  const found_ms = await scanDuration(needs, path, signal);
  if (found_ms <= 0)
    throw new MediaRefusal("video.broken", "Nothing in this file can be played. It may be damaged; send it again.");
  if (claimed_ms > 0 && report.container.startsWith("mov") && found_ms < claimed_ms - MISSING_MS_MAX) {
    throw new MediaRefusal(
      "video.truncated",
      `The file says that it is ${seconds(claimed_ms)} long, but it ends after ${seconds(found_ms)}. Its end is missing; send it again.`,
    );
  }
  return found_ms;
}

/** Many pictures that are all due at the same time: no player could find one of them. */
const STANDING_PACKETS_MIN = 10;

async function packetsAt(
  needs: EncodeNeeds,
  path: string,
  stream: number,
  at_ms: number,
  signal?: AbortSignal,
): Promise<"there" | "missing" | "standing"> {
  const from_ms = Math.max(0, at_ms);
  const result = await needs.sandbox.run({
    argv: [
      needs.tools.ffprobe,
      ["-v", "error", "-hide_banner", ...inputGuards(), "-select_streams", String(stream)],
      [
        "-read_intervals",
        `${(from_ms / 1000).toFixed(3)}%+#400`,
        "-show_entries",
        "packet=pts_time,duration_time,size",
        "-of",
        "csv=p=0",
        `file:${path}`,
      ],
    ].flat(),
    read_paths: [path, ...pathsOf(needs.tools.ffprobe)],
    limits: { ...LIMITS, wall_ms_max: PROBE_WALL_MS_MAX },
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Looking at this file");
  if (bound) throw bound;
  const lines = new TextDecoder().decode(result.stdout).trim().split("\n");
  // The seek lands on a key frame before; what counts is a packet at or behind the place that was asked for.
  const times = new Set(lines.map((line) => line.split(",")[0]));
  if (lines.length >= STANDING_PACKETS_MIN && times.size === 1 && !times.has("N/A")) return "standing";
  const is_cut = /partial file|truncat/i.test(result.stderr);
  return !is_cut && lines.some((line) => endOfPacket(line) * 1000 >= from_ms - 500) ? "there" : "missing";
}

/** Of a line of ffprobe's: a frame that stands for long, as in a slide show, reaches to the end that the file says. */
function endOfPacket(line: string): number {
  const [begins_s = NaN, lasts_s = 0] = line.split(",").map(Number);
  return begins_s + (lasts_s || 0);
}

/** Reads the packets of the whole file without decoding them and gives the last time. */
async function scanDuration(needs: EncodeNeeds, path: string, signal?: AbortSignal): Promise<number> {
  const result = await needs.sandbox.run({
    argv: [
      needs.tools.ffmpeg,
      ["-v", "error", "-hide_banner", "-nostdin", ...inputGuards(), "-i", `file:${path}`],
      [
        "-map",
        "0:V:0",
        "-map",
        "0:a:0?",
        "-c",
        "copy",
        "-f",
        "null",
        "-progress",
        "pipe:1",
        "-stats_period",
        "60",
        "-",
      ],
    ].flat(),
    read_paths: [path, ...pathsOf(needs.tools.ffmpeg)],
    limits: { ...LIMITS, cpu_s_max: 120, wall_ms_max: SCAN_WALL_MS_MAX },
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Reading this file");
  if (bound) throw bound;
  const times = [...new TextDecoder().decode(result.stdout).matchAll(/^out_time_us=(\d+)$/gm)].map(
    ([, us]) => Number(us) / 1000,
  );
  return Math.max(0, ...times);
}

const tooLong = () =>
  new MediaRefusal(
    "video.too_long",
    `This video says that it is longer than ${VIDEO_DURATION_MS_MAX / 3_600_000} hours, which is the most that we take.`,
  );

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

const codecRefused = (what: string) =>
  new MediaRefusal(
    "video.codec_refused",
    `${what}, which we do not take. Send H.264, HEVC, VP9 or AV1 with AAC, MP3 or Opus.`,
  );
