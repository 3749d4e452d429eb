import { statSync } from "node:fs";
import { join } from "node:path";

import type { Probe } from "./probe.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, MediaRefusal, pathsOf, saysDiskFull } from "./tools.ts";

/** Copying a day of film is reading and writing it: minutes on a slow disk. */
const CUT_WALL_MS_MAX = 60 * 60_000;
const CUT_CPU_S_MAX = 30 * 60;

/** What an MP4 may carry, so that an edit list can say at which frame it begins. */
const MP4_PICTURES = new Set(["h264", "hevc", "av1", "vp9", "mpeg4"]);
const MP4_SOUNDS = new Set(["aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"]);

export interface CutFilm {
  path: string;
  media_type: "video/mp4" | "video/x-matroska";
  size_bytes: number;
  /** Where it begins now, in milliseconds of the film that it was cut from. */
  start_ms: number;
}

/** True where players begin at the very frame that was asked for, although what is copied begins at the key frame before it. */
export const cutsExactly = ({ video, sounds }: Probe): boolean =>
  MP4_PICTURES.has(video.codec) && sounds.every(({ codec }) => MP4_SOUNDS.has(codec));

/**
 * Copies a part of a film without decoding or encoding any of it: every frame keeps its bytes. What is before the asked
 * start, back to the key frame that the first pictures need, is in the file too, and an edit list hides it. Where the
 * codecs do not go into an MP4 there is no such list, and the part begins at the key frame.
 * @param cut `key_ms` is the last key frame at or before `start_ms`, `next_key_ms` the one behind it if it is near
 * @throws MediaRefusal with the reason where it cannot be copied
 */
export async function cutFilm(
  { sandbox, tools }: EncodeNeeds,
  source_path: string,
  probe: Probe,
  cut: { start_ms: number; end_ms: number; key_ms: number; next_key_ms: number | null },
  folder: string,
  options: { signal?: AbortSignal } = {},
): Promise<CutFilm> {
  const exact = cutsExactly(probe);
  const start_ms = exact ? cut.start_ms : cut.key_ms;
  const path = join(folder, exact ? "cut.mp4" : "cut.mkv");
  const { ffmpeg } = tools;
  const { size: source_bytes } = statSync(source_path);
  const result = await sandbox.run({
    argv: [
      [ffmpeg, "-v", "error", "-hide_banner", "-nostdin", "-y", ...inputGuards()],
      // `-ss` goes to the key frame at or before it; an edit list then hides what is before the moment itself.
      ["-ss", ((exact ? start_ms : landOn(cut)) / 1000).toFixed(4), "-i", `file:${source_path}`],
      ["-t", ((cut.end_ms - start_ms) / 1000).toFixed(4)],
      ["-map", `0:${probe.video.stream}`, ...probe.sounds.flatMap(({ stream }) => ["-map", `0:${stream}`])],
      // What a camera wrote of place and owner stays with the film that it was cut from.
      ["-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", ...sounds(probe)],
      exact ? ["-movflags", "+faststart", "-f", "mp4"] : ["-avoid_negative_ts", "make_zero", "-f", "matroska"],
      [path],
    ].flat(),
    read_paths: [source_path, ...pathsOf(ffmpeg)],
    write_folder: folder,
    limits: {
      wall_ms_max: CUT_WALL_MS_MAX,
      cpu_s_max: CUT_CPU_S_MAX,
      memory_bytes_max: 1024 * 1024 * 1024,
      processes_max: 64,
      // The part, its index, and the index once more while it is moved to the front.
      file_bytes_max: source_bytes + 256 * 1024 * 1024,
      output_bytes_max: 64 * 1024,
    },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const bound = boundRefusal(result, "Cutting this video");
  if (bound) throw bound;
  const said = result.stderr;
  if (saysDiskFull(said)) throw new MediaRefusal("media.no_space", "The house's disk is nearly full.", false);
  const file = Bun.file(path);
  if (result.exit_code !== 0 || !(await file.exists()) || file.size === 0) {
    throw new MediaRefusal(
      "video.cannot_copy",
      "This file cannot be cut without making it anew: what it is written in does not allow that. Cut it before you upload it.",
    );
  }
  return { path, media_type: exact ? "video/mp4" : "video/x-matroska", size_bytes: file.size, start_ms };
}

/**
 * ffmpeg looks 130 ms (3/23 s) before the asked moment where pictures may come in another order than they are shown in, and
 * would land a key frame too early. Where key frames stand as close as that, each picture is one, and it does not.
 */
function landOn({ key_ms, next_key_ms }: { key_ms: number; next_key_ms: number | null }): number {
  return next_key_ms !== null && next_key_ms - key_ms < KEYS_CLOSE_MS ? key_ms + 0.5 : key_ms + LOOKS_BACK_MS + 1;
}
const LOOKS_BACK_MS = 3_000 / 23;
const KEYS_CLOSE_MS = 200;

const sounds = (probe: Probe): string[] =>
  probe.sounds.flatMap(({ language }, i) => (language ? [`-metadata:s:a:${i}`, `language=${language}`] : []));
