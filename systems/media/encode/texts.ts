import { join } from "node:path";

import { z } from "zod";

import {
  CHAPTERS_READ_MAX,
  ENCODE_MEMORY_BYTES_MAX,
  PROBE_MEMORY_BYTES_MAX,
  PROBE_WALL_MS_MAX,
  STREAMS_MAX,
  TEXT_BYTES_MAX,
  TEXT_TRACKS_MAX,
  TEXTS_WALL_MS_MAX,
  THREADS_MAX,
} from "./bounds.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, pathsOf } from "./tools.ts";

/** A track of words in a film's file. */
export interface TextTrack {
  stream: number;
  /** As the file says it; empty where it does not. */
  language: string;
  title: string;
  is_default: boolean;
  /** Only what is foreign in the film. */
  is_forced: boolean;
  /** All that is heard, for who does not hear. */
  is_for_deaf: boolean;
}

export interface FileTexts {
  tracks: TextTrack[];
  chapters: { at_ms: number; title: string }[];
}

/** Those that are words; DVD's and Blu-ray's are pictures of words. */
const CODECS = new Set(["mov_text", "subrip", "srt", "webvtt", "ass", "ssa", "text"]);

const zFile = z.object({
  streams: z
    .array(
      z.object({
        index: z.int(),
        codec_name: z.string().optional(),
        disposition: z.record(z.string(), z.number()).optional(),
        tags: z.record(z.string(), z.string()).optional(),
      }),
    )
    .default([]),
  chapters: z
    .array(z.object({ start_time: z.string(), tags: z.record(z.string(), z.string()).optional() }))
    .default([]),
});

/** What of words a file has. Empty for a file that does not tell; the probe says what is wrong with it. */
export async function findTexts(
  needs: EncodeNeeds,
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<FileTexts> {
  const { ffprobe } = needs.tools;
  const result = await needs.sandbox.run({
    argv: [
      ffprobe,
      ["-v", "error", "-hide_banner", ...inputGuards(), "-max_streams", String(STREAMS_MAX)],
      ["-select_streams", "s", "-show_streams", "-show_chapters", "-of", "json", `file:${path}`],
    ].flat(),
    read_paths: [path, ...pathsOf(ffprobe)],
    limits: {
      wall_ms_max: PROBE_WALL_MS_MAX,
      cpu_s_max: 30,
      memory_bytes_max: PROBE_MEMORY_BYTES_MAX,
      processes_max: 64,
      file_bytes_max: 1,
      output_bytes_max: 1024 * 1024,
    },
    nice: 10,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const bound = boundRefusal(result, "Looking for captions in this file");
  if (bound) throw bound;
  const file = result.truncated ? null : read(new TextDecoder().decode(result.stdout));
  if (!file) return { tracks: [], chapters: [] };
  const has = (stream: (typeof file.streams)[number], what: string) => stream.disposition?.[what] === 1;
  return {
    tracks: file.streams
      .filter(({ codec_name }) => CODECS.has(codec_name ?? ""))
      .slice(0, TEXT_TRACKS_MAX)
      .map((stream) => ({
        stream: stream.index,
        language: stream.tags?.language ?? "",
        title: stream.tags?.title ?? stream.tags?.handler_name ?? "",
        is_default: has(stream, "default"),
        is_forced: has(stream, "forced"),
        is_for_deaf: has(stream, "hearing_impaired") || has(stream, "captions"),
      })),
    chapters: file.chapters
      .slice(0, CHAPTERS_READ_MAX)
      .map(({ start_time, tags }) => ({ at_ms: Math.round(Number(start_time) * 1000), title: tags?.title ?? "" }))
      .filter(({ at_ms }) => Number.isFinite(at_ms)),
  };
}

function read(json: string): z.output<typeof zFile> | null {
  try {
    return zFile.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The words of all tracks in one reading of the file, each as WebVTT, as ffmpeg writes it; without those that could not be read
 * or have more than the bound.
 * @param folder an empty one
 */
export async function extractTexts(
  needs: EncodeNeeds,
  path: string,
  tracks: readonly TextTrack[],
  folder: string,
  options: { signal?: AbortSignal } = {},
): Promise<Map<number, string>> {
  const { ffmpeg } = needs.tools;
  const out = (stream: number) => join(folder, `${stream}.vtt`);
  const result = await needs.sandbox.run({
    argv: [
      [ffmpeg, "-v", "error", "-hide_banner", "-nostdin", "-y", ...inputGuards(), "-i", `file:${path}`],
      ...tracks.map(({ stream }) => ["-map", `0:${stream}`, "-c:s", "webvtt", "-f", "webvtt", out(stream)]),
    ].flat(),
    read_paths: [path, ...pathsOf(ffmpeg)],
    write_folder: folder,
    limits: {
      wall_ms_max: TEXTS_WALL_MS_MAX,
      cpu_s_max: 300,
      memory_bytes_max: ENCODE_MEMORY_BYTES_MAX,
      processes_max: 32 * THREADS_MAX,
      file_bytes_max: TEXT_BYTES_MAX,
      output_bytes_max: 64 * 1024,
    },
    nice: 15,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const bound = boundRefusal(result, "Reading the captions of this file");
  if (bound) throw bound;
  const found = new Map<number, string>();
  for (const { stream } of tracks) {
    const file = Bun.file(out(stream));
    // One that reached the bound was cut off somewhere.
    if ((await file.exists()) && file.size > 0 && file.size < TEXT_BYTES_MAX) found.set(stream, await file.text());
  }
  return found;
}
