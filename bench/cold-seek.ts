import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import type { VideoId } from "#kernel/ids.ts";
import { createVideo, getVideo } from "#systems/media/contract.ts";

import { makeClip, personOf, startHouse, uploadFile } from "../tests/house.ts";

/**
 * A seek into what nobody has made: from the request for the list and the segment to the first frame that ffmpeg decodes of
 * it, at the lowest rung of a film of an hour; then a hundred viewers at once for one missing segment of the same rung.
 *
 *     bun bench/cold-seek.ts [seeks = 20] [seed]
 *
 * The film is 20 s of HEVC at 1280×720, looped by copying: nothing of it can be cut from the source. The seeks go
 * backwards from the end, where the fill that goes on behind has not been.
 */
const SEEKS = Number(process.argv[2] ?? 20);
const SEED = Number(process.argv[3] ?? 1);
const VIEWERS = 100;
const SECONDS = 3_600;

const folder = await mkdtemp(join(tmpdir(), "cold-seek-"));
await using house = await startHouse({ FOLKHUS_LOG: "warn" });
const token = await personOf(house, "astrid");
const bytes = await film();
const upload_id = await uploadFile(house, token, { name: "film.mp4", media_type: "video/mp4", bytes });
const made = await house.client.call(createVideo, { token, body: { upload_id, title: "An hour", audience: "public" } });
const master = await playable(made.body.id);
const lists = (await textOf(master)).split("\n").filter((line) => line.endsWith(".m3u8"));
const lowest = new URL(lists[0] ?? "", master);

let state = SEED;
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const times: number[] = [];
const asked = new Set<number>();
while (times.length < SEEKS) {
  const began = performance.now();
  const { init, segments } = await listOf(lowest);
  const k = Math.floor(segments.length * (0.5 + random() / 2));
  if (asked.has(k)) continue;
  asked.add(k);
  const parts = await Promise.all([init, segments[k]!].map(async (url) => (await fetch(url)).bytes()));
  await firstFrame(new Blob(parts));
  times.push(performance.now() - began);
}

const { segments } = await listOf(lowest);
const k =
  segments.length - 1 - [...Array(segments.length).keys()].findIndex((n) => !asked.has(segments.length - 1 - n));
const began = performance.now();
const answers = await Promise.all(
  Array.from({ length: VIEWERS }, async () => {
    const answer = await fetch(segments[k]!);
    return { what: `${answer.status} ${Bun.hash(await answer.bytes())}`, ms: performance.now() - began };
  }),
);
const kinds = new Set(answers.map(({ what }) => what));
const slowest_ms = Math.max(...answers.map(({ ms }) => ms));

const version = (await new Response(Bun.spawn(["ffmpeg", "-version"]).stdout).text()).split(" ")[2];
console.log(`Bun ${Bun.version}, ffmpeg ${version}; ${cpus().length} × ${cpus()[0]?.model}; seed ${SEED}`);
console.log("| what | median ms | p95 ms | worst ms |\n|---|---:|---:|---:|");
console.log(
  `| cold seek, ${SEEKS} places | ${[0.5, 0.95, 1].map((share) => at(times, share).toFixed(0)).join(" | ")} |`,
);
console.log(
  `| ${VIEWERS} viewers of one missing segment | ${[0.5, 0.95, 1]
    .map((share) =>
      at(
        answers.map(({ ms }) => ms),
        share,
      ).toFixed(0),
    )
    .join(" | ")} |`,
);
console.log(
  `${VIEWERS} viewers: ${kinds.size} kind of answer (${[...kinds][0]?.slice(0, 3)}), the slowest after ${slowest_ms.toFixed(0)} ms`,
);
await rm(folder, { recursive: true, force: true });

async function film(): Promise<Uint8Array> {
  const short = join(folder, "short.mp4");
  const long = join(folder, "long.mp4");
  await Bun.write(short, await makeClip({ seconds: 20, width: 1280, height: 720, codec: "libx265" }));
  const loops = String(SECONDS / 20 - 1);
  const child = Bun.spawn(
    ["ffmpeg", "-v", "error", "-stream_loop", loops, "-i", short, "-c", "copy", "-movflags", "+faststart", long],
    { stdout: "ignore", stderr: "inherit" },
  );
  if ((await child.exited) !== 0) throw new Error("ffmpeg could not loop the film");
  return new Uint8Array(await Bun.file(long).arrayBuffer());
}

async function playable(video_id: VideoId): Promise<URL> {
  for (;;) {
    const { body } = await house.client.call(getVideo, { token, params: { video_id } });
    if (body.status === "failed") throw new Error(body.failure?.detail);
    if (body.hls_url !== null) return new URL(body.hls_url, house.url);
    await Bun.sleep(25);
  }
}

async function textOf(url: URL): Promise<string> {
  return (await fetch(url)).text();
}

async function listOf(url: URL): Promise<{ init: string; segments: string[] }> {
  const text = await textOf(url);
  return {
    init: new URL(/MAP:URI="([^"]+)"/.exec(text)?.[1] ?? "", url).href,
    segments: text.split("\n").flatMap((line) => (line.endsWith(".m4s") ? [new URL(line, url).href] : [])),
  };
}

/** Starting ffmpeg is part of it: about 50 ms that a browser does not need. */
async function firstFrame(part: Blob): Promise<void> {
  const path = join(folder, "part.mp4");
  await Bun.write(path, part);
  const child = Bun.spawn(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-frames:v", "1", "-f", "null", "-"], {
    stdout: "ignore",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error("nothing could be decoded");
}

function at(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}
