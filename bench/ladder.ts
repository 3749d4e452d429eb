/**
 * CPU of our ladder (one decode, cascaded scaling, sound once) beside one ffmpeg process per rung, as
 * `-preset veryfast -bf 16 -b_strategy 1` servers do it, on the same film, at the same sizes and caps. Bytes and VMAF say whether the two are alike.
 *
 *   npm install --prefix bench/peers
 *   bun bench/ladder.ts [film] [--runs=3] [--height=720] [--seconds=30]
 *
 * Without a film, one is made. Every run of ours is followed by one of the peer's; medians are compared. The peer makes the
 * sound only once, which favours it. VMAF is of each rung against the source scaled to it, and the mean over the rungs is
 * compared; it comes from an ffprobe of npm that has libvmaf, which systems' own builds mostly lack.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";
import { type Ladder, planLadder, type Rung } from "#systems/media/encode/ladder.ts";
import { type Probe, probeVideo } from "#systems/media/encode/probe.ts";
import { type EncodeNeeds, findFfmpeg } from "#systems/media/encode/tools.ts";
import { transcode } from "#systems/media/encode/transcode.ts";

/** What such servers ask for. Ours is in systems/media/encode/ladder.ts. */
const PEER_CRF = "23";

interface Run {
  cpu_s: number;
  wall_s: number;
  bytes: number;
  /** By rung, smallest first. */
  vmaf: number[];
  rung_bytes: number[];
}

const VMAF_PROBE = join(
  import.meta.dirname,
  `peers/node_modules/@ffprobe-installer/${process.platform}-${process.arch}/ffprobe`,
);
if (!existsSync(VMAF_PROBE)) throw new Error("This bench needs libvmaf: npm install --prefix bench/peers");

const option = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
const runs = Number(option("runs") ?? 3);
const height = Number(option("height") ?? 0);
const seconds = Number(option("seconds") ?? 0);
const clock = createSystemClock();
const sandbox = await createSandbox({ clock });
const tools = await findFfmpeg(sandbox);
if (!tools) throw new Error("This bench needs ffmpeg and ffprobe with libx264.");
const needs: EncodeNeeds = { sandbox, clock, tools };
const home = await mkdtemp(join(tmpdir(), "folkhus-ladder-"));
await Bun.$`chmod 755 ${home}`;

try {
  const film = await sourceFilm(process.argv.slice(2).find((arg) => !arg.startsWith("--")));
  const probe = await probeVideo(needs, film);
  const ladder = planLadder(probe, "");
  console.log(
    `film     ${probe.width}×${probe.height}, ${(probe.duration_ms / 1000).toFixed(1)} s, ${probe.video.codec}, ${probe.sounds.length > 0 ? "with" : "without"} sound`,
  );
  console.log(`rungs    ${ladder.rungs.map(({ name, width, height }) => `${name} (${width}×${height})`).join(", ")}`);
  console.log(
    `machine  ${cpus().length} × ${cpus()[0]?.model}; ffmpeg ${tools.version}, Bun ${Bun.version}, sandbox ${sandbox.strength}`,
  );
  const ours: Run[] = [];
  const peers: Run[] = [];
  for (let i = 0; i < runs; i++) {
    ours.push(await oneDecode(film, probe, ladder));
    peers.push(await processPerRung(film, probe, ladder));
    console.log(
      `run ${i + 1}    ours ${ours.at(-1)!.cpu_s.toFixed(2)} CPU s, peer ${peers.at(-1)!.cpu_s.toFixed(2)} CPU s`,
    );
  }
  table(ladder.rungs, ours, peers);
} finally {
  await rm(home, { recursive: true, force: true });
}

/** The film to use, scaled to `--height` where asked, almost without loss. */
async function sourceFilm(given: string | undefined): Promise<string> {
  const path = join(home, "film.mp4");
  const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "14", "-pix_fmt", "yuv420p"];
  if (given && !height && !seconds) {
    await Bun.$`cp ${given} ${path}`;
  } else if (given) {
    const scaled = height ? ["-vf", `scale=-2:${height}:flags=lanczos`] : [];
    const looped = seconds ? ["-t", String(seconds)] : [];
    await Bun.$`${tools!.ffmpeg} -v error -y -stream_loop ${seconds ? "-1" : "0"} -i ${given} ${looped} ${scaled} ${x264} -c:a copy ${path}`;
  } else {
    const picture = "mandelbrot=size=1280x720:rate=30:end_scale=0.001,noise=alls=6:allf=t";
    await Bun.$`${tools!.ffmpeg} -v error -y -f lavfi -i ${picture} -f lavfi -i ${"sine=frequency=330:sample_rate=48000"} -t 20 ${x264} -c:a aac ${path}`;
  }
  await Bun.$`chmod 644 ${path}`;
  return path;
}

async function oneDecode(film: string, probe: Probe, ladder: Ladder): Promise<Run> {
  const folder = await mkdtemp(join(home, "ours-"));
  const parts = new Map<string, Uint8Array[]>();
  let bytes = 0;
  const began = clock.monotonic();
  const { cpu_s } = await transcode(needs, {
    source_path: film,
    probe,
    ladder,
    folder,
    async onFile(file) {
      bytes += file.bytes.length;
      parts.set(file.track, [...(parts.get(file.track) ?? []), file.bytes]);
    },
  });
  const wall_s = (clock.monotonic() - began) / 1000;
  const vmaf: number[] = [];
  const rung_bytes: number[] = [];
  for (const rung of ladder.rungs) {
    const out = join(home, "ours.mp4");
    const files = parts.get(rung.name) ?? [];
    await Bun.write(out, new Blob(files as BlobPart[]));
    vmaf.push(await vmafOf(out, film, rung));
    rung_bytes.push(files.reduce((sum, file) => sum + file.length, 0));
  }
  return { cpu_s, wall_s, bytes, vmaf, rung_bytes };
}

async function processPerRung(film: string, probe: Probe, ladder: Ladder): Promise<Run> {
  const folder = join(home, "peer");
  await mkdir(folder);
  let cpu_s = 0;
  const began = clock.monotonic();
  const { fps, segment_s, frames_per_segment } = ladder.grid;
  const hls = (name: string) =>
    [
      ["-f", "hls", "-hls_time", String(segment_s), "-hls_list_size", "0", "-hls_segment_type", "fmp4"],
      [
        "-hls_fmp4_init_filename",
        `${name}-init.mp4`,
        "-hls_segment_filename",
        join(folder, `${name}-%d.m4s`),
        join(folder, `${name}.m3u8`),
      ],
    ].flat();
  const run = async (args: string[]) => {
    const child = Bun.spawn([tools!.ffmpeg, "-v", "error", "-nostdin", "-y", "-i", film, ...args], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    if ((await child.exited) !== 0) throw new Error("The peer's ffmpeg failed.");
    cpu_s += Number(child.resourceUsage()!.cpuTime.total) / 1e6;
  };
  for (const rung of ladder.rungs) {
    const keys = String(frames_per_segment / rung.every);
    await run(
      [
        [
          "-map",
          "0:V:0",
          "-vf",
          `fps=${fps.num}/${fps.den * rung.every},scale=${rung.width}:${rung.height}`,
          "-pix_fmt",
          "yuv420p",
        ],
        ["-c:v", "libx264", "-preset", "veryfast", "-bf", "16", "-b_strategy", "1"],
        ["-crf", PEER_CRF, "-maxrate", String(rung.maxrate_bps), "-bufsize", String(rung.bufsize_bits)],
        ["-g", keys, "-keyint_min", keys, "-sc_threshold", "0", ...hls(rung.name)],
      ].flat(),
    );
  }
  if (probe.sounds.length > 0)
    await run(["-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000", ...hls("audio")]);
  const wall_s = (clock.monotonic() - began) / 1000;
  let bytes = 0;
  for (const name of await readdir(folder)) if (!name.endsWith(".m3u8")) bytes += (await stat(join(folder, name))).size;
  const vmaf: number[] = [];
  const rung_bytes: number[] = [];
  for (const rung of ladder.rungs) {
    vmaf.push(await vmafOf(join(folder, `${rung.name}.m3u8`), film, rung));
    let sum = 0;
    for (const name of await readdir(folder))
      if (name.startsWith(`${rung.name}-`)) sum += (await stat(join(folder, name))).size;
    rung_bytes.push(sum);
  }
  await rm(folder, { recursive: true });
  return { cpu_s, wall_s, bytes, vmaf, rung_bytes };
}

/** Mean VMAF of a rung against the source at the rung's size and rate; both begin at their first frame. */
async function vmafOf(path: string, film: string, { width, height: high, fps }: Rung): Promise<number> {
  const [made, wanted, report] = [join(home, "made.y4m"), join(home, "wanted.y4m"), join(home, "vmaf.json")];
  await Bun.$`${tools!.ffmpeg} -v error -y -i ${path} -pix_fmt yuv420p ${made}`.quiet();
  const plain = `fps=${fps.num}/${fps.den},scale=${width}:${high}:flags=bicubic`;
  await Bun.$`${tools!.ffmpeg} -v error -y -i ${film} -an -vf ${plain} -pix_fmt yuv420p ${wanted}`.quiet();
  const graph = `movie=${made}[a];movie=${wanted}[b];[a][b]libvmaf=shortest=1:log_fmt=json:log_path=${report}:n_threads=2`;
  await Bun.$`${VMAF_PROBE} -v error -f lavfi -i ${graph} -show_entries frame=pts -of csv`.quiet();
  const { pooled_metrics } = (await Bun.file(report).json()) as { pooled_metrics: { vmaf: { mean: number } } };
  return pooled_metrics.vmaf.mean;
}

function table(rungs: Rung[], ours: Run[], peers: Run[]): void {
  const row = (name: string, pick: (run: Run) => number, digits: number) => {
    const [a, b] = [median(ours.map(pick)), median(peers.map(pick))];
    console.log(
      `${name.padEnd(22)}${a.toFixed(digits).padStart(12)}${b.toFixed(digits).padStart(12)}${`${((a / b) * 100).toFixed(1)} %`.padStart(10)}`,
    );
  };
  console.log(
    `\n${`median of ${ours.length}`.padEnd(22)}${"ours".padStart(12)}${"peer".padStart(12)}${"ratio".padStart(10)}`,
  );
  row("CPU s", (run) => run.cpu_s, 2);
  row("wall s", (run) => run.wall_s, 2);
  row("bytes, all rungs", (run) => run.bytes, 0);
  row("VMAF, mean of rungs", (run) => run.vmaf.reduce((sum, value) => sum + value, 0) / run.vmaf.length, 2);
  console.log(
    `\n${"rung".padEnd(10)}${"VMAF ours".padStart(12)}${"peer".padStart(10)}${"bytes ours / peer".padStart(20)}`,
  );
  rungs.forEach(({ name }, i) => {
    const at = (all: Run[], pick: (run: Run) => number[]) => median(all.map((run) => pick(run)[i] ?? Number.NaN));
    const [a, b] = [at(ours, (run) => run.vmaf), at(peers, (run) => run.vmaf)];
    const bytes = at(ours, (run) => run.rung_bytes) / at(peers, (run) => run.rung_bytes);
    console.log(
      `${name.padEnd(10)}${a.toFixed(2).padStart(12)}${b.toFixed(2).padStart(10)}${`${(bytes * 100).toFixed(1)} %`.padStart(20)}`,
    );
  });
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
