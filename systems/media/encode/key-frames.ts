import { type ByteSource, readMovie } from "./copy/index.ts";
import { shiftOf, zeroOf } from "./copy/plan.ts";
import type { Probe } from "./probe.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, MediaRefusal, pathsOf } from "./tools.ts";

/** Key frames of a window, in milliseconds of the film. The index of an MP4 tells all of it, whatever the window. */
export const KEY_FRAMES_WINDOW_MS = 30_000;
export const KEY_FRAMES_SHOWN_MAX = 200;
const ASK_WALL_MS_MAX = 20_000;

/**
 * From the file's own index, in a few reads of it; no frame is touched.
 * @returns null where it has no index that we can read
 * @throws only what `source.read` throws
 */
export async function keyFramesOfIndex(
  source: ByteSource,
  probe: Probe,
  from_ms: number,
  until_ms: number,
): Promise<number[] | null> {
  const movie = await readMovie(source);
  if ("because" in movie) return null;
  const track = movie.tracks[probe.video.stream];
  if (track?.kind !== "picture" || !track.samples) return null;
  const { samples, timescale } = track;
  const shift = shiftOf(track, zeroOf(movie, probe));
  const found: number[] = [];
  const first = samples.syncBefore(samples.sampleAt(Math.max(0, (from_ms / 1000) * timescale - shift)));
  for (let sample = samples.syncFrom(first); sample < samples.count; sample = samples.syncFrom(sample + 1)) {
    const at_ms = ((samples.decodeTime(sample) + samples.offsetOf(sample) + shift) / timescale) * 1000;
    if (at_ms > until_ms) break;
    found.push(Math.max(0, Math.round(at_ms)));
  }
  return found;
}

/**
 * From the packets of a window, for files without an index that we read. Bounded in time and output, in the sandbox.
 * @throws MediaRefusal when the file cannot be read
 */
export async function keyFramesOfPackets(
  { sandbox, tools }: EncodeNeeds,
  path: string,
  probe: Probe,
  from_ms: number,
  until_ms: number,
  signal?: AbortSignal,
): Promise<number[]> {
  const { ffprobe } = tools;
  const zero_ms = (probe.start_s ?? 0) * 1000;
  const at = (ms: number) => (Math.max(0, ms + zero_ms) / 1000).toFixed(3);
  const result = await sandbox.run({
    argv: [
      [ffprobe, "-v", "error", "-hide_banner", ...inputGuards()],
      ["-select_streams", String(probe.video.stream), "-read_intervals", `${at(from_ms)}%${at(until_ms)}`],
      ["-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", `file:${path}`],
    ].flat(),
    read_paths: [path, ...pathsOf(ffprobe)],
    limits: {
      wall_ms_max: ASK_WALL_MS_MAX,
      cpu_s_max: 20,
      memory_bytes_max: 1024 * 1024 * 1024,
      processes_max: 64,
      file_bytes_max: 1,
      // A film with one key frame is looked through as a whole: a day at 30 frames a second is too much, six hours are not.
      output_bytes_max: 16 * 1024 * 1024,
    },
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Looking for key frames");
  if (bound) throw bound;
  if (result.exit_code !== 0)
    throw new MediaRefusal("video.broken", "The file of this video cannot be read there. It may be damaged.");
  return [...new TextDecoder().decode(result.stdout).matchAll(/^(-?[\d.]+),K/gm)]
    .map(([, pts]) => Math.max(0, Math.round(Number(pts) * 1000 - zero_ms)))
    .filter((ms) => Number.isFinite(ms) && ms <= until_ms)
    .toSorted((a, b) => a - b);
}
