import { afterAll, describe, expect, test } from "bun:test";

import { planAv1 } from "./av1.ts";
import { sameTrack } from "./boxes.ts";
import { dashManifest } from "./dash.ts";
import { type Ladder, type LadderSource, planLadder } from "./ladder.ts";
import { masterPlaylist, namesOf, tracksOf } from "./playlist.ts";
import { probeVideo } from "./probe.ts";
import { encodeBench, FAST, MOVING } from "./testing.ts";
import { transcode } from "./transcode.ts";

const film = (width: number, height: number, fps = 25): LadderSource => ({
  duration_ms: 20_000,
  width,
  height,
  fps_average: fps,
  fps_smallest: fps,
  sounds: [{ stream: 1, language: null, title: null }],
});
const laddered = (source: LadderSource): Ladder => planLadder(source, "etag");
const withAv1 = (ladder: Ladder): Ladder => ({ ...ladder, rungs: [...ladder.rungs, ...planAv1(ladder)] });

describe("the plan", () => {
  const rungs = (source: LadderSource) => planAv1(laddered(source)).map(({ name, codecs }) => `${name} ${codecs}`);

  test("EN55: AV1 stands beside the largest rung up to 720p, 1080p where there is one, and a small one; the codec string says the level", () => {
    expect(rungs(film(1920, 1080))).toEqual([
      "360p-av1 av01.0.01M.08",
      "720p-av1 av01.0.05M.08",
      "1080p-av1 av01.0.08M.08",
    ]);
    expect(rungs(film(1280, 720, 60))).toEqual(["360p-av1 av01.0.01M.08", "720p-av1 av01.0.08M.08"]);
    expect(rungs(film(480, 854))).toEqual(["360p-av1 av01.0.01M.08", "480p-av1 av01.0.04M.08"]);
    expect(rungs(film(320, 180))).toEqual(["180p-av1 av01.0.00M.08"]);
    // Smaller than what the encoder takes.
    expect(rungs(film(90, 60))).toEqual([]);
  });

  test("EN55: the H.264 rungs keep their names and their order, and the AV1 ones are not said to need more", () => {
    const plain = laddered(film(1280, 720));
    const both = withAv1(plain);
    expect(both.rungs.slice(0, plain.rungs.length)).toEqual(plain.rungs);
    for (const track of tracksOf(plain)) expect(namesOf(both).folder(track)).toBe(namesOf(plain).folder(track));
    for (const rung of planAv1(plain)) {
      const beside = plain.rungs.find(({ name }) => `${name}-av1` === rung.name)!;
      expect(rung).toMatchObject({ width: beside.width, height: beside.height, every: beside.every });
      expect(rung.maxrate_bps).toBeLessThanOrEqual(beside.maxrate_bps);
    }
    // A second look at the same plan adds nothing to it.
    expect(planAv1(both)).toEqual(planAv1(plain));
  });

  test("EN55: beside a copied rung AV1 is on the grid, with even sides and no more bits than a rung of its size", () => {
    const plain = laddered(film(1280, 720));
    const top = { ...plain.rungs.at(-1)!, kind: "copy" as const, width: 1279, height: 719, maxrate_bps: 40_000_000 };
    const [, rung] = planAv1({ ...plain, rungs: [...plain.rungs.slice(0, -1), top] });
    expect(rung).toMatchObject({ name: "718p-av1", kind: "encode", width: 1278, height: 718, fps: plain.grid.fps });
    expect(rung!.maxrate_bps).toBeLessThan(4_000_000);
  });
});

describe("the lists", () => {
  const ladder = withAv1(laddered(film(1280, 720)));
  const h264 = new Set(ladder.rungs.filter(({ codec }) => codec === "h264").map(({ name }) => name));

  test("EN56: AV1 stands behind H.264 in the master, with the same sound, and is nowhere until it is to be named", () => {
    const lines = masterPlaylist(ladder).trim().split("\n");
    const streams = lines.filter((line) => line.startsWith("#EXT-X-STREAM-INF"));
    expect(streams.map((line) => /CODECS="(\w+)/.exec(line)![1])).toEqual([
      "avc1",
      "avc1",
      "avc1",
      "avc1",
      "av01",
      "av01",
    ]);
    expect(streams.every((line) => line.includes('AUDIO="audio"') && line.includes(",mp4a.40.2"))).toBe(true);
    expect(lines.filter((line) => line.endsWith("p-av1.m3u8"))).toEqual(["360p-av1.m3u8", "720p-av1.m3u8"]);
    const before = masterPlaylist(ladder, { rungs: h264 });
    expect(before).toBe(masterPlaylist(laddered(film(1280, 720))));
    // Nothing of it changes but for the lines that come to it.
    expect(lines.filter((line) => !/av01|av1\.m3u8/.test(line))).toEqual(before.trim().split("\n"));
  });

  test("EN56: the DASH manifest has it in a set of its own; without it the manifest is what it was", () => {
    const sets = dashManifest(ladder).split("<AdaptationSet").slice(1);
    expect(sets.map((set) => (set.match(/codecs="(\w+)/g) ?? []).join(" "))).toEqual([
      Array(4).fill('codecs="avc1').join(" "),
      Array(2).fill('codecs="av01').join(" "),
      'codecs="mp4a',
    ]);
    const before = dashManifest(ladder, { rungs: h264 });
    expect(before).toBe(dashManifest(laddered(film(1280, 720))));
  });
});

const bench = await encodeBench();
afterAll(() => typeof bench !== "string" && bench[Symbol.dispose]());

if (typeof bench === "string" || !bench.needs.tools.can_av1) {
  test.skip(`AV1: ${typeof bench === "string" ? bench : "ffmpeg has no libsvtav1"}`, () => {});
} else {
  const { needs, folder, make, path } = bench;

  interface Made {
    inits: Uint8Array[];
    segments: Map<number, Uint8Array>;
  }

  /** What runs over these parts gave of a film's tracks. */
  async function runs(source: string, ladder: Ladder, tracks: string[], parts: [number, number][]) {
    const probe = await probeVideo(needs, source);
    const made = new Map<string, Made>(tracks.map((track) => [track, { inits: [], segments: new Map() }]));
    for (const [from, until] of parts)
      await transcode(needs, {
        source_path: source,
        probe,
        ladder,
        tracks,
        from,
        until,
        folder: folder(),
        async onFile(file) {
          const of = made.get(file.track)!;
          if (file.kind === "init") of.inits.push(file.bytes);
          else of.segments.set(file.index, file.bytes);
        },
      });
    return made;
  }

  /** Every picture as the decoder gives it, small and grey. */
  async function pictures(parts: Uint8Array[]): Promise<Uint8Array[]> {
    const file = path("joined.mp4");
    await Bun.write(file, new Blob(parts as BlobPart[]));
    const raw = new Uint8Array(
      await Bun.$`${needs.tools.ffmpeg} -v error -i ${file} -vf scale=64:36 -pix_fmt gray -f rawvideo -fps_mode passthrough -`.arrayBuffer(),
    );
    return Array.from({ length: raw.length / (64 * 36) }, (_, i) => raw.slice(i * 64 * 36, (i + 1) * 64 * 36));
  }
  const apart = (a: Uint8Array, b: Uint8Array) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]!), 0) / a.length;

  describe("the making", () => {
    test("EN57: segments of several runs join: one setup, each decodes alone to the same pictures, and each shows the film's own frame", async () => {
      const source = await make("film.mkv", ...MOVING("320x180", "24", 10), ...FAST);
      const ladder = withAv1(planLadder(await probeVideo(needs, source), "etag"));
      const [low] = ladder.rungs.filter(({ codec }) => codec === "h264").slice(-1);
      const [rung] = planAv1(ladder);
      const made = await runs(
        source,
        ladder,
        [rung!.name],
        [
          [0, 1],
          [1, 3],
        ],
      );
      const beside = await runs(source, ladder, [low!.name], [[0, 3]]);
      const { inits, segments } = made.get(rung!.name)!;
      expect([...segments.keys()].toSorted()).toEqual([0, 1, 2]);
      expect(inits).toHaveLength(2);
      expect(sameTrack(inits[0]!, inits[1]!)).toBe(true);
      const all = await pictures([inits[0]!, ...[0, 1, 2].map((k) => segments.get(k)!)]);
      expect(all).toHaveLength(ladder.grid.frames);
      const alone = await Promise.all([0, 1, 2].map((k) => pictures([inits[0]!, segments.get(k)!])));
      expect(alone.map((some) => some.length)).toEqual([96, 96, 48]);
      expect(alone.flat().every((picture, i) => apart(picture, all[i]!) === 0)).toBe(true);
      const h264 = beside.get(low!.name)!;
      const theirs = await pictures([h264.inits[0]!, ...[0, 1, 2].map((k) => h264.segments.get(k)!)]);
      const wrong = all.flatMap((picture, i) => {
        const here = apart(picture, theirs[i]!);
        const near = [i - 1, i + 1].flatMap((n) => (theirs[n] ? [apart(picture, theirs[n])] : []));
        return here < 4 && near.every((other) => here < other) ? [] : [i];
      });
      expect(wrong).toEqual([]);
    }, 60_000);

    test("EN57: what the stream says of itself is what the codec string says, whatever the size and rate; 8 bits, 4:2:0", async () => {
      for (const [size, rate] of [
        ["640x360", "30"],
        ["128x72", "50"],
      ] as const) {
        const source = await make("film.mkv", ...MOVING(size, rate, 0.5), ...FAST);
        const ladder = withAv1(planLadder(await probeVideo(needs, source), "etag"));
        const made = await runs(
          source,
          ladder,
          planAv1(ladder).map(({ name }) => name),
          [[0, 1]],
        );
        for (const { name, codecs } of planAv1(ladder)) {
          const init = Buffer.from(made.get(name)!.inits[0]!);
          const setup = init.subarray(init.indexOf("av1C") + 4);
          // Version 1; profile 0 and the level; main tier, 8 bits, colour, 4:2:0.
          expect([name, setup[0], setup[1]! >> 5, setup[2]! & 0xfc]).toEqual([name, 0x81, 0, 0x0c]);
          expect(codecs).toBe(`av01.0.${String(setup[1]! & 31).padStart(2, "0")}M.08`);
        }
      }
    }, 60_000);

    test("EN58: it is as good as the H.264 rung of its size in fewer bytes", async () => {
      const picture = "mandelbrot=size=320x180:rate=24:end_scale=0.05:maxiter=2000";
      const source = await make("film.mkv", "-f", "lavfi", "-i", picture, "-t", "6", ...FAST, "-crf", "8");
      const ladder = withAv1(planLadder(await probeVideo(needs, source), "etag"));
      const tracks = ["180p", "180p-av1"];
      const made = await runs(source, ladder, tracks, [[0, 2]]);
      const [h264, av1] = await Promise.all(
        tracks.map(async (track) => {
          const { inits, segments } = made.get(track)!;
          const parts = [inits[0]!, segments.get(0)!, segments.get(1)!];
          const file = path("joined.mp4");
          await Bun.write(file, new Blob(parts as BlobPart[]));
          const said =
            await Bun.$`${needs.tools.ffmpeg} -v info -nostats -i ${file} -i ${source} -lavfi ssim -f null -`.quiet();
          return {
            ssim: Number(/SSIM Y:([\d.]+)/.exec(said.stderr.toString())![1]),
            bytes: parts.reduce((sum, part) => sum + part.length, 0),
          };
        }),
      );
      expect(av1!.ssim).toBeGreaterThan(h264!.ssim - 0.02);
      expect(av1!.bytes).toBeLessThan(h264!.bytes);
    }, 60_000);

    test("EN57: a film whose picture is hard to code keeps to the cap of its rung", async () => {
      const source = await make(
        "film.mkv",
        "-f",
        "lavfi",
        "-i",
        "nullsrc=s=320x180:r=24:d=8,geq=random(1)*255:128:128",
        ...FAST,
      );
      const ladder = withAv1(planLadder(await probeVideo(needs, source), "etag"));
      const [rung] = planAv1(ladder);
      const made = await runs(source, ladder, [rung!.name], [[0, 2]]);
      const bytes = [...made.get(rung!.name)!.segments.values()].reduce((sum, segment) => sum + segment.length, 0);
      // Its own worst case, noise, goes over by a third; without a cap it would be ten times as much. The lists name what was measured.
      expect((bytes * 8) / 8).toBeLessThan(rung!.maxrate_bps * 1.6);
    }, 60_000);
  });
}
