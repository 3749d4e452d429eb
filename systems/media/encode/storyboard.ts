import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

import { ENCODE_MEMORY_BYTES_MAX, STORYBOARD_WALL_MS_MAX, THREADS_MAX } from "./bounds.ts";
import type { Probe } from "./probe.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, MediaRefusal, pathsOf } from "./tools.ts";

/** How many small pictures a film gets, how far apart, and how they lie on their sheets. */
export interface StoryboardPlan {
  columns: number;
  rows: number;
  tile_width: number;
  tile_height: number;
  interval_ms: number;
  count: number;
}

export interface MadeStoryboard {
  plan: StoryboardPlan;
  /** JPEG, in order. */
  sheets: string[];
  cpu_s: number;
}

/** At 1 s a short film is followed closely; a day in steps of 5 min still fits. */
const INTERVALS_S = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300];
/** Three sheets of a hundred: about 500 kB for a film of two hours. */
const TILES_MAX = 300;
const SIDE_TILES_MAX = 10;
const TILE_LONG_SIDE_PX = 160;

/** Pure. @param frames that were found: steps are not shorter than those lie apart, and one alone is for the whole film */
export function planStoryboard(
  source: Pick<Probe, "duration_ms" | "width" | "height">,
  frames = Number.POSITIVE_INFINITY,
): StoryboardPlan {
  const { duration_ms, width, height } = source;
  const scale = TILE_LONG_SIDE_PX / Math.max(width, height);
  const tiles_max = Math.min(TILES_MAX, frames);
  const usual_ms = (INTERVALS_S.find((s) => duration_ms / (s * 1000) <= tiles_max) ?? INTERVALS_S.at(-1)!) * 1000;
  const interval_ms = frames === 1 ? Math.max(1, duration_ms) : usual_ms;
  const count = Math.max(1, Math.ceil(duration_ms / interval_ms));
  const columns = Math.min(SIDE_TILES_MAX, count);
  return {
    columns,
    rows: Math.min(SIDE_TILES_MAX, Math.ceil(count / columns)),
    tile_width: evenNear(width * scale),
    tile_height: evenNear(height * scale),
    interval_ms,
    count,
  };
}

/** Which frame stands for each moment: the nearest to the middle of its stretch. Linear; times are in order. */
export function nearestFrames(times_ms: readonly number[], plan: StoryboardPlan): number[] {
  let frame = 0;
  return Array.from({ length: plan.count }, (_, tile) => {
    const wanted_ms = (tile + 0.5) * plan.interval_ms;
    while (
      frame + 1 < times_ms.length &&
      Math.abs(times_ms[frame + 1]! - wanted_ms) <= Math.abs(times_ms[frame]! - wanted_ms)
    )
      frame++;
    return frame;
  });
}

/**
 * Decodes key frames only, and of those no more than two for each small picture: a tenth of the decoding. Which of them goes
 * where is chosen here, then the sheets are laid.
 * @param folder an empty one; the sheets are in it
 * @throws MediaRefusal where no frame can be read
 */
export async function makeStoryboard(
  needs: EncodeNeeds,
  source_path: string,
  probe: Probe,
  folder: string,
  options: { signal?: AbortSignal; nice?: number } = {},
): Promise<MadeStoryboard> {
  const plan = planStoryboard(probe);
  const { tile_width, tile_height } = plan;
  const size = `${tile_width}:${tile_height}`;
  const frames_path = join(folder, "frames.yuv");
  const gap_s = (plan.interval_ms / 2000).toFixed(3);
  const found = await run(needs, [source_path], folder, options, [
    [...inputGuards(), "-threads", "1", "-skip_frame", "nokey", "-reinit_filter:v", "0", "-i", `file:${source_path}`],
    // One frame size throughout, whatever the film does midway.
    ["-map", `0:${probe.video.stream}`, "-fps_mode", "passthrough"],
    [
      "-vf",
      `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${gap_s})',scale=${size}:flags=area,format=yuv420p,showinfo=checksum=0`,
    ],
    ["-frames:v", String(plan.count * 2 + 2), "-f", "rawvideo", frames_path],
  ]);
  const times_ms = [...found.stderr.matchAll(/ pts_time:(-?[\d.]+)/g)].map(([, at]) => Number(at) * 1000);
  const frame_bytes = (tile_width * tile_height * 3) / 2;
  const frames = Math.floor(Bun.file(frames_path).size / frame_bytes);
  if (found.exit_code !== 0 || frames === 0) {
    throw new MediaRefusal("video.broken", "No picture of this video can be read. It may be damaged; send it again.");
  }
  const laid = planStoryboard(probe, frames);
  const tiles_path = join(folder, "tiles.yuv");
  await copyFrames(frames_path, tiles_path, frame_bytes, nearestFrames(times_ms.slice(0, frames), laid));
  const sheets = await run(needs, [tiles_path], folder, options, [
    [
      "-filter_threads",
      "1",
      "-f",
      "rawvideo",
      "-pixel_format",
      "yuv420p",
      "-video_size",
      `${tile_width}x${tile_height}`,
      "-framerate",
      "1",
    ],
    ["-i", `file:${tiles_path}`, "-vf", `tile=${laid.columns}x${laid.rows},scale=out_range=pc,format=yuvj420p`],
    ["-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "6", "-threads", "1", "-f", "image2", "-start_number", "0"],
    [join(folder, "%d.jpg")],
  ]);
  const made = (await readdir(folder)).filter((name) => name.endsWith(".jpg")).length;
  const wanted = Math.ceil(laid.count / (laid.columns * laid.rows));
  if (sheets.exit_code !== 0 || made !== wanted) {
    throw new Error(`${made} of ${wanted} sheets were laid: ${sheets.stderr.slice(-500)}`);
  }
  return {
    plan: laid,
    sheets: Array.from({ length: wanted }, (_, sheet) => join(folder, `${sheet}.jpg`)),
    cpu_s: found.cpu_s + sheets.cpu_s,
  };
}

async function copyFrames(from: string, to: string, bytes: number, frames: readonly number[]): Promise<void> {
  await using source = await open(from, "r");
  await using target = await open(to, "w", 0o644);
  const frame = new Uint8Array(bytes);
  let held = -1;
  for (const number of frames) {
    if (number !== held) await source.read(frame, 0, bytes, number * bytes);
    held = number;
    await target.write(frame);
  }
}

async function run(
  needs: EncodeNeeds,
  read_paths: string[],
  folder: string,
  { signal, nice = 15 }: { signal?: AbortSignal; nice?: number },
  args: string[][],
) {
  const { ffmpeg } = needs.tools;
  const result = await needs.sandbox.run({
    argv: [ffmpeg, "-v", "info", "-nostats", "-hide_banner", "-nostdin", "-y", ...args.flat()],
    read_paths: [...read_paths, ...pathsOf(ffmpeg)],
    write_folder: folder,
    limits: {
      wall_ms_max: STORYBOARD_WALL_MS_MAX,
      cpu_s_max: STORYBOARD_WALL_MS_MAX / 1000,
      memory_bytes_max: ENCODE_MEMORY_BYTES_MAX,
      processes_max: 32 * THREADS_MAX,
      file_bytes_max: 64 * 1024 * 1024,
      output_bytes_max: 4 * 1024 * 1024,
    },
    nice,
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Making small pictures of this video");
  if (bound) throw bound;
  return result;
}

const evenNear = (n: number) => Math.max(2, Math.round(n / 2) * 2);
