import { afterAll, expect, test } from "bun:test";

import { planLadder } from "../ladder.ts";
import { masterPlaylist, mediaPlaylist, namesOf, segmentsOf } from "../playlist.ts";
import { probeVideo } from "../probe.ts";
import { encodeBench, FAST, MOVING, TONE } from "../testing.ts";
import { createCopier, createMovies, fileSource, packPlan, planOf, unpackPlan, withCopies } from "./index.ts";
import { copiedTrack, lookAt } from "./testing.ts";

const ROOM_MS = 60_000;
const bench = await encodeBench();

if (typeof bench === "string") {
  test.skip(`copied rungs are not tested: ${bench}`, () => {});
} else {
  afterAll(() => bench[Symbol.dispose]());
  const GOP = ["-g", "50", "-keyint_min", "50", "-sc_threshold", "0"];
  const copiedLadder = async (path: string) => {
    const probe = await probeVideo(bench.needs, path);
    await using source = await fileSource(path);
    return await withCopies(planLadder(probe, "etag"), probe, source);
  };

  test(
    "EN26: what cannot be copied leaves the ladder as it was, with the reasons",
    async () => {
      const film = await bench.make("a.mkv", ...MOVING("320x180", "25", 5), ...TONE(5), ...FAST, "-c:a", "aac");
      const { ladder, because } = await copiedLadder(film);
      expect(ladder).toEqual(planLadder(await probeVideo(bench.needs, film), "etag"));
      expect(because).toEqual({ file: "it is cut off or no MP4" });
    },
    ROOM_MS,
  );

  test(
    "EN26: the source is the top rung in the place of the one of its size, with its own numbers; its sound is kept",
    async () => {
      const film = await bench.make(
        "b.mp4",
        ...MOVING("640x360", "30000/1001", 9),
        ...TONE(9),
        ...FAST,
        "-crf",
        "32",
        ...GOP,
        "-c:a",
        "aac",
      );
      const probe = await probeVideo(bench.needs, film);
      const plain = planLadder(probe, "etag");
      const { ladder, because } = await copiedLadder(film);
      expect(because).toEqual({});
      expect(ladder.rungs.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
        "162p encode",
        "240p encode",
        "360p copy",
      ]);
      const [top] = ladder.rungs.slice(-1);
      // Another plan, another name: nothing that was encoded is ever taken for it.
      expect(namesOf(ladder).segment("360p", 0)).not.toBe(namesOf(plain).segment("360p", 0));
      const master = masterPlaylist(ladder);
      const { average_bps } = top!.copied!;
      expect(master).toContain(
        `AVERAGE-BANDWIDTH=${average_bps + ladder.sounds[0]!.bitrate_bps},CODECS="${top!.codecs},mp4a.40.2"`,
      );
      expect(master).toContain("RESOLUTION=640x360,FRAME-RATE=29.970");
      const bandwidths = [...master.matchAll(/X-STREAM-INF:BANDWIDTH=(\d+)/g)].map(([, bps]) => Number(bps));
      expect(Math.max(...bandwidths)).toBe(bandwidths.at(-1)!);
      const real_bps = (Bun.file(film).size * 8) / 9;
      expect(Math.abs((average_bps + ladder.sounds[0]!.bitrate_bps) / real_bps - 1)).toBeLessThan(0.05);
      for (const track of ["360p", "audio"]) {
        const listed = [...mediaPlaylist(ladder, track).matchAll(/#EXTINF:([\d.]+)/g)].map(([, s]) => Number(s));
        expect(listed).toHaveLength(segmentsOf(ladder, track));
        expect(listed.reduce((sum, s) => sum + s, 0)).toBeCloseTo(9, 1);
      }
      // One target for all lists that a player may change between, as HLS wants it.
      const targets = ["360p", "240p", "audio"].map(
        (track) => /TARGETDURATION:(\d+)/.exec(mediaPlaylist(ladder, track))![1],
      );
      expect(new Set(targets).size).toBe(1);
    },
    ROOM_MS,
  );

  test(
    "EN26: a copier makes of the ladder's plan what the plan made, in any stretch, from an index that it keeps",
    async () => {
      const film = await bench.make(
        "c.mp4",
        ...MOVING("160x90", "25", 9),
        ...TONE(9),
        ...FAST,
        "-crf",
        "34",
        ...GOP,
        "-c:a",
        "aac",
      );
      const looked = await lookAt(bench, film);
      if ("because" in looked.picture) throw new Error(looked.picture.because);
      expect(unpackPlan(packPlan(looked.picture), "picture", looked.picture.codecs)).toMatchObject({
        cuts: looked.picture.cuts,
        starts: looked.picture.starts,
        until: looked.picture.until,
        end: looked.picture.end,
      });
      const whole = await copiedTrack(looked, looked.picture);
      const { ladder } = await copiedLadder(film);
      const movies = createMovies();
      const made: Uint8Array[] = [];
      const top = ladder.rungs.at(-1)!.name;
      await createCopier(movies).make({
        source_path: film,
        ladder,
        tracks: [top],
        from: 1,
        until: 9,
        async onFile(file) {
          made.push(file.bytes);
        },
      });
      expect(made).toEqual([whole[0]!, ...whole.slice(2)]);
      expect(await movies.of(film)).toBe(await movies.of(film));
      expect(() => planOf(ladder, ladder.rungs[0]!.name)).toThrow(RangeError);
    },
    ROOM_MS,
  );
}
