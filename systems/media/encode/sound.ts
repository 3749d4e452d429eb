import { join } from "node:path";

import {
  SOUND_DURATION_MS_MAX,
  SOUND_DURATION_MS_MIN,
  SOUND_FILE_BYTES_MAX,
  SOUND_MEMORY_BYTES_MAX,
  SOUND_PEAKS,
  SOUND_WALL_MS_MAX,
  STREAMS_MAX,
} from "./bounds.ts";
import { AUDIO_CODECS } from "./codecs.ts";
import { parseReport, type StreamReport } from "./probe-report.ts";
import {
  boundRefusal,
  type EncodeNeeds,
  inputGuards,
  MediaRefusal,
  pathsOf,
  saysDiskFull,
  saysNoProcess,
  SOUND_CONTAINERS,
} from "./tools.ts";

/** Sound as every browser plays it: AAC-LC in MP4 with its index in front, one channel. */
export interface MadeSound {
  path: string;
  duration_ms: number;
  /** The loudest moment of each of `SOUND_PEAKS` equal parts, 0 to 255. */
  waveform: number[];
}

/** What peaks are read from: 16 bits a sample, little end first. 15 minutes are 14.4 MB. */
const PEAKS_RATE_HZ = 8_000;
const RATE_HZ = 48_000;
const BITRATE = "48k";
/** What is quieter than a twentieth of full scale all along is drawn as quiet, and not as loud as a voice. */
const LOUD_MIN = 1_638;

/**
 * Reads a stranger's file twice in the sandbox: what is in it, and all of it, once, into what is played and what is drawn. The
 * length that the file says of itself is not asked for: what was decoded counts, and no more than the bound is decoded.
 * @param folder where it is made
 * @throws MediaRefusal
 */
export async function makeSound(
  needs: EncodeNeeds,
  source_path: string,
  folder: string,
  options: { signal?: AbortSignal; ms_max?: number } = {},
): Promise<MadeSound> {
  const ms_max = Math.min(options.ms_max ?? SOUND_DURATION_MS_MAX, SOUND_DURATION_MS_MAX);
  const stream = await findSound(needs, source_path, options.signal);
  const path = join(folder, "sound.mp4");
  const drawn = join(folder, "peaks.pcm");
  const { ffmpeg } = needs.tools;
  // Samples are counted and their times forgotten: a clock that jumps by hours makes no hours of silence.
  const one = [
    `aresample=${RATE_HZ}`,
    "aformat=sample_fmts=fltp:channel_layouts=mono",
    "asetpts=N/SR/TB",
    // A second over, so that what is too long is seen to be.
    `atrim=end_sample=${Math.ceil((RATE_HZ * (ms_max + 1_000)) / 1_000)}`,
    "asplit=2[play][peaks]",
  ].join(",");
  const result = await needs.sandbox.run({
    argv: [
      [ffmpeg, "-v", "error", "-hide_banner", "-nostdin", "-y", ...inputGuards(SOUND_CONTAINERS)],
      ["-vn", "-sn", "-dn", "-i", `file:${source_path}`],
      ["-filter_complex", `[0:${stream.index}]${one};[peaks]aresample=${PEAKS_RATE_HZ}[drawn]`],
      ["-map", "[play]", "-c:a", "aac", "-profile:a", "aac_low", "-b:a", BITRATE, "-ac", "1", "-threads", "1"],
      ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", "-f", "mp4"],
      [path],
      ["-map", "[drawn]", "-c:a", "pcm_s16le", "-f", "s16le", drawn],
    ].flat(),
    read_paths: [source_path, ...pathsOf(ffmpeg)],
    write_folder: folder,
    limits: {
      wall_ms_max: SOUND_WALL_MS_MAX,
      cpu_s_max: SOUND_WALL_MS_MAX / 1_000,
      memory_bytes_max: SOUND_MEMORY_BYTES_MAX,
      processes_max: 64,
      file_bytes_max: SOUND_FILE_BYTES_MAX,
      output_bytes_max: 64 * 1024,
    },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const bound = boundRefusal(result, "Reading this sound");
  if (bound) throw bound.code === "video.too_heavy" ? new MediaRefusal("sound.too_heavy", bound.detail) : bound;
  if (saysDiskFull(result.stderr))
    throw new MediaRefusal("media.no_space", "The house had no room to make this sound.", false);
  if (result.exit_code !== 0 && saysNoProcess(result.stderr)) throw busy();
  const made = Bun.file(path);
  const pcm = Bun.file(drawn);
  if (result.exit_code !== 0 || !(await made.exists()) || !(await pcm.exists())) throw broken();
  const bytes = await pcm.bytes();
  const samples = Math.floor(bytes.byteLength / 2);
  const duration_ms = Math.round((samples * 1_000) / PEAKS_RATE_HZ);
  if (duration_ms > ms_max)
    throw new MediaRefusal(
      "sound.too_long",
      `This is longer than ${lengthText(ms_max)}, which is the most that we take of sound alone.`,
    );
  if (duration_ms < SOUND_DURATION_MS_MIN)
    throw new MediaRefusal("sound.too_short", "There is next to nothing to hear in this file. Record it again.");
  return { path, duration_ms, waveform: peaksOf(new DataView(bytes.buffer, bytes.byteOffset, samples * 2)) };
}

/** The loudest moment of each part against the loudest of all, so that a quiet voice is seen too. */
export function peaksOf(pcm: DataView, parts = SOUND_PEAKS): number[] {
  const samples = pcm.byteLength / 2;
  const peaks = new Array<number>(parts).fill(0);
  for (let i = 0; i < samples; i++) {
    const part = Math.floor((i * parts) / samples);
    const loud = Math.abs(pcm.getInt16(i * 2, true));
    if (loud > peaks[part]!) peaks[part] = loud;
  }
  const loudest = Math.max(LOUD_MIN, ...peaks);
  return peaks.map((peak) => Math.round((peak * 255) / loudest));
}

async function findSound(needs: EncodeNeeds, path: string, signal?: AbortSignal): Promise<StreamReport> {
  const { ffprobe } = needs.tools;
  const result = await needs.sandbox.run({
    argv: [
      [ffprobe, "-v", "error", "-hide_banner", ...inputGuards(SOUND_CONTAINERS), "-max_streams", String(STREAMS_MAX)],
      ["-show_format", "-show_streams", "-of", "json", `file:${path}`],
    ].flat(),
    read_paths: [path, ...pathsOf(ffprobe)],
    limits: {
      wall_ms_max: 20_000,
      cpu_s_max: 20,
      memory_bytes_max: SOUND_MEMORY_BYTES_MAX,
      processes_max: 64,
      file_bytes_max: 1,
      output_bytes_max: 1024 * 1024,
    },
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Looking at this sound");
  if (bound) throw bound.code === "video.too_heavy" ? new MediaRefusal("sound.too_heavy", bound.detail) : bound;
  const report = result.truncated ? null : parseReport(new TextDecoder().decode(result.stdout));
  if (/not on whitelist/.test(result.stderr) && !/Format not on whitelist/.test(result.stderr)) throw codecRefused();
  if (!report && saysNoProcess(result.stderr)) throw busy();
  if (!report || report.streams.length === 0)
    throw new MediaRefusal(
      "sound.not_sound",
      "This is not sound that we can read. Send WebM, OGG, MP4, MP3, WAV, FLAC or AAC.",
    );
  if (report.streams.some(({ kind, is_cover }) => kind === "video" && !is_cover))
    throw new MediaRefusal("sound.has_picture", "There is a picture in this file. Send it as a film.");
  const all = report.streams.filter(({ kind }) => kind === "audio");
  const first = all.find(({ is_default }) => is_default) ?? all[0];
  if (!first) throw new MediaRefusal("sound.not_sound", "There is no sound in this file.");
  if (!AUDIO_CODECS.some(({ name }) => name === first.codec)) throw codecRefused();
  return first;
}

const lengthText = (ms: number) =>
  ms < 120_000 ? `${Math.floor(ms / 1_000)} s` : `${Math.floor(ms / 60_000)} minutes`;
const broken = () =>
  new MediaRefusal("sound.broken", "This sound cannot be read. It may be damaged; record or send it again.");
const busy = () => new MediaRefusal("media.busy", "The house could not look at this sound just now.", false);
const codecRefused = () =>
  new MediaRefusal("sound.codec_refused", "This sound is coded in a way that we do not take. Send Opus, AAC or MP3.");
