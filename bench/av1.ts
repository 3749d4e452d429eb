/**
 * AV1 rungs beside the H.264 rungs of the same size, made by the same code as in the house: bytes, CPU and VMAF of both, and
 * what AV1 takes at the VMAF of H.264, read off between the CRFs that were tried.
 *
 *   npm install --prefix bench/peers
 *   bun bench/av1.ts film [--seconds=12] [--from=0]
 *
 * VMAF is of each rung against the source scaled to it; it comes from an ffprobe of npm that has libvmaf.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";
import { planAv1 } from "#systems/media/encode/av1.ts";
import { type Ladder, planLadder, type Rung } from "#systems/media/encode/ladder.ts";
import { probeVideo } from "#systems/media/encode/probe.ts";
import { type EncodeNeeds, findFfmpeg } from "#systems/media/encode/tools.ts";
import { transcode } from "#systems/media/encode/transcode.ts";

/** Around the CRF of the plan. */
const CRF_STEPS = [-5, 0, 5];

const VMAF_PROBE = join(
  import.meta.dirname,
  `peers/node_modules/@ffprobe-installer/${process.platform}-${process.arch}/ffprobe`,
);
if (!existsSync(VMAF_PROBE)) throw new Error("This bench needs libvmaf: npm install --prefix bench/peers");

const option = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
const given = process.argv.slice(2).find((arg) => !arg.startsWith("--"));
if (given === undefined) throw new Error("Say which film: bun bench/av1.ts film.mp4");
const seconds = Number(option("seconds") ?? 12);
const from_s = Number(option("from") ?? 0);
const clock = createSystemClock();
const sandbox = await createSandbox({ clock });
const tools = await findFfmpeg(sandbox);
if (!tools?.can_av1) throw new Error("This bench needs ffmpeg and ffprobe with libx264 and libsvtav1.");
const { ffmpeg } = tools;
const needs: EncodeNeeds = { sandbox, clock, tools };
const home = await mkdtemp(join(tmpdir(), "folkhus-av1-"));
await Bun.$`chmod 755 ${home}`;

interface Made {
  rung: Rung;
  bytes: number;
  vmaf: number;
  cpu_s: number;
}

try {
  const film = join(home, "film.mp4");
  await Bun.$`${ffmpeg} -v error -y -ss ${from_s} -i ${given} -t ${seconds} -an -c:v libx264 -preset ultrafast -crf 12 -pix_fmt yuv420p ${film}`;
  await Bun.$`chmod 644 ${film}`;
  const probe = await probeVideo(needs, film);
  const ladder = planLadder(probe, "");
  console.log(`film     ${probe.width}×${probe.height}, ${(probe.duration_ms / 1000).toFixed(1)} s`);
  console.log(`machine  ${cpus().length} × ${cpus()[0]?.model}; ffmpeg ${tools.version}, Bun ${Bun.version}`);
  console.log(
    "\n| rung | CRF | bytes | VMAF | CPU s | bytes, of H.264 | CPU, of H.264 |\n|---|---:|---:|---:|---:|---:|---:|",
  );
  for (const rung of planAv1(ladder)) {
    const beside = ladder.rungs.find(({ name }) => `${name}-av1` === rung.name);
    if (!beside) continue;
    const h264 = await make(beside);
    row(h264, h264);
    const tried: Made[] = [];
    for (const step of CRF_STEPS) {
      tried.push(await make({ ...rung, crf: rung.crf + step }));
      row(tried.at(-1)!, h264);
    }
    const bytes = bytesAt(tried, h264.vmaf);
    console.log(
      `| ${rung.name} at its VMAF | | ${Math.round(bytes)} | ${h264.vmaf.toFixed(2)} | | ${share(bytes, h264.bytes)} | |`,
    );
  }

  async function make(rung: Rung): Promise<Made> {
    const folder = await mkdtemp(join(home, "run-"));
    await Bun.$`chmod 755 ${folder}`;
    const parts: Uint8Array[] = [];
    const alone: Ladder = { ...ladder, rungs: [rung], sounds: [] };
    const { cpu_s } = await transcode(needs, {
      source_path: film,
      probe,
      ladder: alone,
      folder,
      async onFile(file) {
        parts.push(file.bytes);
      },
    });
    const path = join(home, "made.mp4");
    await Bun.write(path, new Blob(parts as BlobPart[]));
    return {
      rung,
      bytes: parts.reduce((sum, { length }) => sum + length, 0),
      vmaf: await vmafOf(path, film, rung),
      cpu_s,
    };
  }
} finally {
  await rm(home, { recursive: true, force: true });
}

function row({ rung, bytes, vmaf, cpu_s }: Made, beside: Made): void {
  const of = rung.codec === "av1" ? [share(bytes, beside.bytes), share(cpu_s, beside.cpu_s)] : ["", ""];
  console.log(
    `| ${rung.name} | ${rung.crf} | ${bytes} | ${vmaf.toFixed(2)} | ${cpu_s.toFixed(2)} | ${of.join(" | ")} |`,
  );
}

function share(a: number, b: number): string {
  return `${((a / b) * 100).toFixed(0)} %`;
}

/** The logarithm of the bytes is nearly a straight line over VMAF between two CRFs; outside of them the nearest two are drawn on. */
function bytesAt(tried: Made[], vmaf: number): number {
  const sorted = tried.toSorted((a, b) => a.vmaf - b.vmaf);
  const above = sorted.findIndex((one) => one.vmaf >= vmaf);
  const upper = above < 0 ? sorted.length - 1 : Math.max(1, above);
  const [low, high] = [sorted[upper - 1]!, sorted[upper]!];
  const at = (vmaf - low.vmaf) / (high.vmaf - low.vmaf);
  return Math.exp(Math.log(low.bytes) + at * (Math.log(high.bytes) - Math.log(low.bytes)));
}

/** Mean VMAF of a rung against the source at the rung's size and rate; both begin at their first frame. */
async function vmafOf(path: string, film: string, { width, height, fps }: Rung): Promise<number> {
  const [made, wanted, report] = [join(home, "made.y4m"), join(home, "wanted.y4m"), join(home, "vmaf.json")];
  await Bun.$`${ffmpeg} -v error -y -i ${path} -pix_fmt yuv420p ${made}`.quiet();
  const plain = `fps=${fps.num}/${fps.den},scale=${width}:${height}:flags=bicubic`;
  await Bun.$`${ffmpeg} -v error -y -i ${film} -an -vf ${plain} -pix_fmt yuv420p ${wanted}`.quiet();
  const graph = `movie=${made}[a];movie=${wanted}[b];[a][b]libvmaf=shortest=1:log_fmt=json:log_path=${report}:n_threads=2`;
  await Bun.$`${VMAF_PROBE} -v error -f lavfi -i ${graph} -show_entries frame=pts -of csv`.quiet();
  const { pooled_metrics } = (await Bun.file(report).json()) as { pooled_metrics: { vmaf: { mean: number } } };
  return pooled_metrics.vmaf.mean;
}
