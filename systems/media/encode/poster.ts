import { join } from "node:path";

import { POSTER_WALL_MS_MAX, PROBE_MEMORY_BYTES_MAX, THREADS_MAX } from "./bounds.ts";
import type { Probe } from "./probe.ts";
import { boundRefusal, type EncodeNeeds, inputGuards, MediaRefusal, pathsOf } from "./tools.ts";

/** How far into the film a poster is looked for: early, so that it shows how the film begins and is found at once. */
const LOOK_S_MAX = 30;
const CANDIDATES_MAX = 12;
/** A candidate as good as this share of the best is good enough: the earliest of those is taken. */
const GOOD_ENOUGH = 0.85;
/** A film's last frame lasts up to this long. */
const LAST_FRAME_MS = 100;
const POSTER_LONG_SIDE_PX_MAX = 1280;

export interface Poster {
  /** JPEG. */
  path: string;
  at_ms: number;
  width: number;
  height: number;
}

/**
 * Takes a picture that shows something: the earliest key frame whose light is spread nearly as widely as in the best one,
 * so neither black nor a plain title.
 * @param options.at_ms the moment to take it of
 * @param folder the poster is `poster.jpg` in it
 * @throws MediaRefusal when no frame can be read
 */
export async function makePoster(
  needs: EncodeNeeds,
  source_path: string,
  probe: Probe,
  folder: string,
  options: { signal?: AbortSignal; at_ms?: number } = {},
): Promise<Poster> {
  const at_s =
    options.at_ms === undefined
      ? await bestMoment(needs, source_path, probe, folder, options.signal)
      : // Where only the sound goes on, the last picture stands.
        Math.max(0, Math.min(options.at_ms, probe.video.duration_ms - LAST_FRAME_MS)) / 1000;
  const scale = Math.min(1, POSTER_LONG_SIDE_PX_MAX / Math.max(probe.width, probe.height));
  const width = evenNear(probe.width * scale);
  const height = evenNear(probe.height * scale);
  const path = join(folder, "poster.jpg");
  const result = await run(needs, source_path, folder, options.signal, [
    ["-ss", at_s.toFixed(3)],
    ["-i", `file:${source_path}`, "-map", `0:${probe.video.stream}`, "-frames:v", "1"],
    ["-vf", `scale=${width}:${height}:flags=lanczos:out_range=pc,format=yuvj420p,setsar=1`, "-map_metadata", "-1"],
    ["-c:v", "mjpeg", "-q:v", "3", "-f", "image2", "-update", "1", path],
  ]);
  if (result.exit_code !== 0 || !(await Bun.file(path).exists())) {
    throw new MediaRefusal("video.broken", "No picture of this video can be read. It may be damaged; send it again.");
  }
  return { path, at_ms: Math.round(at_s * 1000), width, height };
}

/** Seconds into the film. 0 where nothing can be told: then the first frame has to do. */
async function bestMoment(
  needs: EncodeNeeds,
  source_path: string,
  probe: Probe,
  folder: string,
  signal?: AbortSignal,
): Promise<number> {
  const look_s = Math.min(LOOK_S_MAX, probe.duration_ms / 1000);
  const result = await run(needs, source_path, folder, signal, [
    // Key frames only: ten times cheaper, and every one of them is sharp.
    ["-skip_frame", "nokey", "-t", look_s.toFixed(3), "-i", `file:${source_path}`, "-map", `0:${probe.video.stream}`],
    ["-vf", `scale=160:90,entropy,metadata=print:key=lavfi.entropy.normalized_entropy.normal.Y:file=-`],
    ["-frames:v", String(CANDIDATES_MAX), "-f", "null", "-"],
  ]);
  const said = new TextDecoder().decode(result.stdout);
  const found = [...said.matchAll(/pts_time:(\S+)\s+lavfi\.entropy\.normalized_entropy\.normal\.Y=(\S+)/g)]
    .map(([, at, entropy]) => ({ at_s: Number(at), entropy: Number(entropy) }))
    .filter(({ at_s, entropy }) => Number.isFinite(at_s) && Number.isFinite(entropy));
  const best = Math.max(0, ...found.map(({ entropy }) => entropy));
  return Math.max(0, found.find(({ entropy }) => entropy >= best * GOOD_ENOUGH)?.at_s ?? 0);
}

async function run(
  needs: EncodeNeeds,
  source_path: string,
  folder: string,
  signal: AbortSignal | undefined,
  args: string[][],
) {
  const { ffmpeg } = needs.tools;
  const result = await needs.sandbox.run({
    argv: [ffmpeg, "-v", "error", "-hide_banner", "-nostdin", "-y", ...inputGuards(), ...args.flat()],
    read_paths: [source_path, ...pathsOf(ffmpeg)],
    write_folder: folder,
    limits: {
      wall_ms_max: POSTER_WALL_MS_MAX,
      cpu_s_max: 60,
      memory_bytes_max: PROBE_MEMORY_BYTES_MAX,
      processes_max: 32 * THREADS_MAX,
      file_bytes_max: 16 * 1024 * 1024,
      output_bytes_max: 64 * 1024,
    },
    ...(signal ? { signal } : {}),
  });
  const bound = boundRefusal(result, "Taking a picture of this video");
  if (bound) throw bound;
  return result;
}

const evenNear = (n: number) => Math.max(2, Math.round(n / 2) * 2);
