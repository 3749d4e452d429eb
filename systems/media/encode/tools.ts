import type { Clock } from "#ports/clock/index.ts";
import type { Sandbox, SandboxResult } from "#ports/sandbox/index.ts";

import { DECODERS } from "./codecs.ts";

/** The two programs, and what this build of them can do. */
export interface FfmpegTools {
  ffmpeg: string;
  ffprobe: string;
  version: string;
  /** zscale and tonemap are there: HDR is brought to SDR properly. Without them it plays with flat colours. */
  can_tone_map: boolean;
  /** libsvtav1 is there: what is watched much gets rungs in AV1 too. */
  can_av1: boolean;
}

/**
 * Looks for ffmpeg and asks it what it can. Takes about 100 ms.
 * @param paths where the house was told to look; else the system's path
 * @returns null when one of the two is missing, does not run, or cannot make H.264 and AAC
 */
export async function findFfmpeg(
  sandbox: Sandbox,
  paths: { ffmpeg?: string; ffprobe?: string } = {},
): Promise<FfmpegTools | null> {
  const ffmpeg = paths.ffmpeg ?? Bun.which("ffmpeg");
  const ffprobe = paths.ffprobe ?? Bun.which("ffprobe");
  if (!ffmpeg || !ffprobe) return null;
  const ask = async (argv: string[]) => {
    const result = await sandbox.run({ argv, read_paths: pathsOf(argv[0]!), limits: ASK_LIMITS });
    return result.exit_code === 0 ? new TextDecoder().decode(result.stdout) : "";
  };
  const [version, filters, encoders, probe] = await Promise.all([
    ask([ffmpeg, "-hide_banner", "-version"]),
    ask([ffmpeg, "-hide_banner", "-filters"]),
    ask([ffmpeg, "-hide_banner", "-encoders"]),
    ask([ffprobe, "-hide_banner", "-version"]),
  ]);
  if (!probe || !/ libx264 /.test(encoders) || !/ aac /.test(encoders)) return null;
  return {
    ffmpeg,
    ffprobe,
    version: /version (\S+)/.exec(version)?.[1] ?? "unknown",
    can_tone_map: / zscale /.test(filters) && / tonemap /.test(filters),
    can_av1: / libsvtav1 /.test(encoders),
  };
}

const ASK_LIMITS = {
  wall_ms_max: 10_000,
  cpu_s_max: 10,
  memory_bytes_max: 512 * 1024 * 1024,
  processes_max: 64,
  file_bytes_max: 1,
  output_bytes_max: 1024 * 1024,
};

export interface EncodeNeeds {
  sandbox: Sandbox;
  clock: Clock;
  tools: FfmpegTools;
  /** An encode without progress for so long is ended; `STALL_MS_MAX` where nothing is said. */
  stall_ms_max?: number;
}

/**
 * Why a file is not made into something to watch or look at. `code` is stable, `detail` is for the person who sent it.
 * `lasting` says whether trying again can help: a broken file stays broken, a full disk does not stay full.
 */
export class MediaRefusal extends Error {
  override readonly name = "MediaRefusal";
  readonly code: string;
  readonly detail: string;
  readonly lasting: boolean;

  constructor(code: string, detail: string, lasting = true) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
    this.lasting = lasting;
  }
}

/** Paths that a program needs to see to be started: itself, where it is not the system's. */
export const pathsOf = (...programs: string[]): string[] => programs.filter((path) => !path.startsWith("/usr/"));

/** What every command says of its input: files only, and nothing but the containers and codecs that we take. */
export const CONTAINERS = ["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "ogg"] as const;

/** The same for sound alone. */
export const SOUND_CONTAINERS = [
  "mov,mp4,m4a,3gp,3g2,mj2",
  "matroska,webm",
  "ogg",
  "wav",
  "mp3",
  "flac",
  "aac",
] as const;

export const inputGuards = (containers: readonly string[] = CONTAINERS): string[] => [
  "-protocol_whitelist",
  "file",
  "-format_whitelist",
  containers.join(","),
  "-codec_whitelist",
  DECODERS.join(","),
];

/** The refusal for a command that a bound ended, or null if none did. */
export function boundRefusal(result: SandboxResult, what: string): MediaRefusal | null {
  switch (result.ended) {
    case "exited":
    case "killed":
      return null;
    case "aborted":
      return new MediaRefusal("media.aborted", `${what} was stopped.`, false);
    case "memory_bytes_max":
      return new MediaRefusal("video.too_heavy", `${what} needs more memory than one file may take.`);
    case "cpu_s_max":
    case "wall_ms_max":
    case "processes_max":
      return new MediaRefusal("video.too_heavy", `${what} takes longer than one file may take.`);
  }
}

/** Whether the program could not begin what it wanted: the machine's bad moment, which says nothing of the file. */
export const saysNoProcess = (stderr: string): boolean =>
  /Cannot fork|Resource temporarily unavailable|failed to create thread/i.test(stderr);

/** Whether the disk was full; the only failure of the machine that ffmpeg tells us in words. */
export const saysDiskFull = (stderr: string): boolean => /No space left on device|Disk quota exceeded/.test(stderr);
