import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { createVideo, getVideo } from "#systems/media/contract.ts";

import { openBrowser } from "../tests/browser.ts";
import { PASSWORD, personOf, startHouse, uploadFile } from "../tests/house.ts";

/**
 * From the last uploaded byte to the first decoded frame, in a browser that has the house open, as whoever uploads has, and goes
 * to the video's page at that moment.
 *
 *     bun bench/upload-to-frame.ts [runs] [film]
 *
 * Twenty seconds of the film at 1280×720, in H.264 and HEVC, looped to 10 and 60 min without encoding them again; without a film, a
 * moving test picture is made.
 */
const RUNS = Number(process.argv[2] ?? 5);
const FILM = process.argv[3];
const LENGTHS_S = [20, 600, 3_600];
const LOOP_S = 20;
const CODECS = ["libx264", "libx265"] as const;
const FRAME_MS_MAX = 120_000;

const folder = await mkdtemp(join(tmpdir(), "upload-to-frame-"));

async function ffmpeg(...args: string[]): Promise<void> {
  const child = Bun.spawn(["ffmpeg", "-v", "error", "-y", ...args], { stdout: "ignore", stderr: "inherit" });
  if ((await child.exited) !== 0) throw new Error("ffmpeg could not make the source");
}

async function source(codec: (typeof CODECS)[number], seconds: number): Promise<string> {
  const loop = join(folder, `${codec}.mp4`);
  if (!(await Bun.file(loop).exists())) {
    const input = FILM
      ? ["-stream_loop", "-1", "-i", FILM]
      : ["-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=24", "-f", "lavfi", "-i", "sine=frequency=330"];
    const picture = ["-vf", "scale=1280:720,setsar=1", "-c:v", codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
    const quiet = codec === "libx265" ? ["-x265-params", "log-level=error"] : [];
    await ffmpeg(...input, "-t", String(LOOP_S), ...picture, ...quiet, "-c:a", "aac", "-b:a", "128k", loop);
  }
  const path = join(folder, `${codec}-${seconds}.mp4`);
  const whole = ["-c", "copy", "-movflags", "+faststart", path];
  await ffmpeg("-stream_loop", String(seconds / LOOP_S - 1), "-i", loop, ...whole);
  return path;
}

await using house = await startHouse({ FOLKHUS_LOG: "warn" });
const token = await personOf(house, "astrid");
const browser = await openBrowser();
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
await context.request.post(`${house.url}/v1/sessions`, { data: { handle: "astrid", password: PASSWORD } });

interface Measured {
  frame_ms: number;
  playable_ms: number;
}

/** Waits for hls_url by the long poll, as a follower's page does, then for a frame that the browser has decoded. */
async function once(path: string, title: string): Promise<Measured> {
  const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
  const upload_id = await uploadFile(house, token, { name: "film.mp4", media_type: "video/mp4", bytes });
  const page = await context.newPage();
  await page.goto(house.url, { waitUntil: "networkidle" });
  const began = performance.now();
  const { body } = await house.client.call(createVideo, { token, body: { upload_id, title, audience: "public" } });
  const frame = (async () => {
    await page.evaluate((address) => {
      history.pushState(null, "", address);
      dispatchEvent(new PopStateEvent("popstate"));
    }, `/watch/${body.id}?play=1`);
    await page.waitForFunction(
      () => {
        const video = document.querySelector("video");
        return video !== null && video.readyState >= 2 && video.videoWidth > 0;
      },
      undefined,
      { timeout: FRAME_MS_MAX, polling: 16 },
    );
    return performance.now() - began;
  })();
  let playable_ms = 0;
  for (let version: number | undefined; playable_ms === 0;) {
    const query = version === undefined ? {} : { wait_ms: 25_000, unless: version };
    const video = await house.client.call(getVideo, { token, params: { video_id: body.id }, query });
    if (video.body.hls_url !== null) playable_ms = performance.now() - began;
    if (video.body.status === "failed") throw new Error(`${title}: ${video.body.failure?.detail}`);
    version = video.body.version;
  }
  const frame_ms = await frame;
  await page.close();
  // The next run must not share the machine with this one's background fill.
  await fetch(`${house.url}/v1/videos/${body.id}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  await Bun.sleep(1_000);
  return { frame_ms, playable_ms };
}

const at = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
const version = (await new Response(Bun.spawn(["ffmpeg", "-version"]).stdout).text()).split(" ")[2];
console.log(
  `Bun ${Bun.version}, ffmpeg ${version}, Chromium ${browser.version()}; ${cpus().length} × ${cpus()[0]?.model}; ${RUNS} runs each`,
);
console.log("| source | playable, median ms | first frame, median ms | first frame, p95 ms |\n|---|---|---|---|");
for (const codec of CODECS) {
  for (const seconds of LENGTHS_S) {
    const path = await source(codec, seconds);
    const runs: Measured[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await once(path, `${codec} ${seconds} s`));
    const frames = runs.map((run) => run.frame_ms);
    const playable = at(
      runs.map((run) => run.playable_ms),
      0.5,
    );
    console.log(
      `| ${codec === "libx264" ? "H.264" : "HEVC"} ${seconds} s | ${playable.toFixed(0)} | ${at(frames, 0.5).toFixed(0)} | ${at(frames, 0.95).toFixed(0)} |`,
    );
    await rm(path);
  }
}
await browser.close();
await rm(folder, { recursive: true, force: true });
