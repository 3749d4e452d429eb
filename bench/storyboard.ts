import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
/**
 * CPU of a storyboard beside the CPU of the whole ladder of the same film: it should be next to nothing.
 *
 *   bun bench/storyboard.ts film… [--runs=3] [--height=720] [--loops=1]
 *
 * `--loops` plays each film so many times over, `--height` scales it first, and `--keys` sets how many seconds apart the key
 * frames of a scaled film are.
 */
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";
import { planLadder } from "#systems/media/encode/ladder.ts";
import { probeVideo } from "#systems/media/encode/probe.ts";
import { makeStoryboard } from "#systems/media/encode/storyboard.ts";
import { type EncodeNeeds, findFfmpeg } from "#systems/media/encode/tools.ts";
import { transcode } from "#systems/media/encode/transcode.ts";

const option = (name: string, otherwise: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise;
const runs = Number(option("runs", "3"));
const height = Number(option("height", "0"));
const loops = Number(option("loops", "1"));
const keys_s = Number(option("keys", "2"));
const films = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const clock = createSystemClock();
const sandbox = await createSandbox({ clock });
const tools = await findFfmpeg(sandbox);
if (!tools || films.length === 0) throw new Error("This bench needs ffmpeg with libx264, and films.");
const needs: EncodeNeeds = { sandbox, clock, tools };
const home = await mkdtemp(join(tmpdir(), "folkhus-storyboard-"));
await Bun.$`chmod 755 ${home}`;
let folders = 0;

try {
  console.log(`machine  ${cpus().length} × ${cpus()[0]?.model}; ffmpeg ${tools.version}, Bun ${Bun.version}`);
  for (const film of films) await measure(film);
} finally {
  await rm(home, { recursive: true, force: true });
}

async function measure(given: string): Promise<void> {
  const film = await prepared(given);
  const probe = await probeVideo(needs, film);
  const ladder = planLadder(probe, "");
  const all: { storyboard_s: number; ladder_s: number; bytes: number; count: number }[] = [];
  for (let i = 0; i < runs; i++) {
    const folder = await emptyFolder();
    const made = await makeStoryboard(needs, film, probe, folder);
    let bytes = 0;
    for (const sheet of made.sheets) bytes += (await stat(sheet)).size;
    const { cpu_s } = await transcode(needs, {
      source_path: film,
      probe,
      ladder,
      folder: await emptyFolder(),
      onFile: async () => {},
    });
    all.push({ storyboard_s: made.cpu_s, ladder_s: cpu_s, bytes, count: made.plan.count });
  }
  const storyboard_s = median(all.map((run) => run.storyboard_s));
  const ladder_s = median(all.map((run) => run.ladder_s));
  console.log(
    `| ${basename(given)}, ${probe.width}×${probe.height}, ${Math.round(probe.duration_ms / 1000)} s | ${all[0]!.count} | ${Math.round(all[0]!.bytes / 1000)} kB | ${storyboard_s.toFixed(2)} | ${ladder_s.toFixed(1)} | ${((storyboard_s / ladder_s) * 100).toFixed(2)} % |`,
  );
}

async function prepared(given: string): Promise<string> {
  const path = join(home, `film-${basename(given)}.mkv`);
  const scaled = height
    ? [
        "-vf",
        `scale=-2:${height}:flags=lanczos`,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        "18",
        "-pix_fmt",
        "yuv420p",
        "-force_key_frames",
        `expr:gte(t,n_forced*${keys_s})`,
        "-c:a",
        "copy",
      ]
    : ["-c", "copy"];
  await Bun.$`${tools!.ffmpeg} -v error -y -stream_loop ${loops - 1} -i ${given} -map 0:v:0 -map 0:a:0? ${scaled} ${path}`;
  await Bun.$`chmod 644 ${path}`;
  return path;
}

async function emptyFolder(): Promise<string> {
  const path = join(home, String(folders++));
  await mkdir(path);
  await Bun.$`chmod 777 ${path}`;
  return path;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
