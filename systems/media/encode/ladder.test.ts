import { expect, test } from "bun:test";

import fc from "fast-check";

import { audioFrameAt, audioFrames, audioSeconds, gridOf, playRate, segmentSeconds, startOf, valueOf } from "./grid.ts";
import { type LadderSource, planLadder } from "./ladder.ts";
import { masterPlaylist, mediaPlaylist, namesOf, segmentsOf, tracksOf } from "./playlist.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`systems/media/encode/ladder seed ${seed}`);

const SOUND = { stream: 1, language: null, title: null };
const source = (more: Partial<LadderSource> = {}): LadderSource => ({
  duration_ms: 30_000,
  width: 1920,
  height: 1080,
  fps_average: 30,
  fps_smallest: 30,
  sounds: [SOUND],
  ...more,
});
const ladderOf = (more: Partial<LadderSource> = {}, identity = "etag") => planLadder(source(more), identity);
const sizes = (more: Partial<LadderSource>) =>
  ladderOf(more).rungs.map(({ name, width, height }) => `${name} ${width}x${height}`);

test("EN6: the usual shapes get the usual rungs", () => {
  expect(sizes({})).toEqual(["240p 426x240", "360p 640x360", "480p 854x480", "720p 1280x720", "1080p 1920x1080"]);
  expect(sizes({ width: 1080, height: 1920 })).toEqual([
    "240p 240x426",
    "360p 360x640",
    "480p 480x854",
    "720p 720x1280",
    "1080p 1080x1920",
  ]);
  expect(sizes({ width: 3840, height: 2160 }).at(-1)).toBe("1080p 1920x1080");
  expect(sizes({ width: 720, height: 576 })).toEqual(["240p 300x240", "360p 450x360", "480p 600x480", "576p 720x576"]);
  expect(sizes({ width: 640, height: 360 })).toEqual(["162p 288x162", "240p 426x240", "360p 640x360"]);
  expect(sizes({ width: 32, height: 32 })).toEqual(["14p 14x14", "20p 20x20", "32p 32x32"]);
});

const anySource = fc
  .record({
    short: fc.integer({ min: 16, max: 4320 }),
    shape: fc.double({ min: 1, max: 10, noNaN: true }),
    portrait: fc.boolean(),
    duration_ms: fc.integer({ min: 40, max: 4 * 3_600_000 }),
    fps_average: fc.oneof(
      fc.constantFrom(10, 15, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60, 120),
      fc.double({ min: 0.2, max: 240, noNaN: true }),
    ),
    variable: fc.boolean(),
    sounds: fc.constantFrom([], [SOUND]),
  })
  .map(({ short, shape, portrait, fps_average, variable, ...rest }): LadderSource => {
    const long = Math.min(8192, Math.round(short * shape));
    return {
      ...rest,
      width: portrait ? short : long,
      height: portrait ? long : short,
      fps_average,
      fps_smallest: variable ? fps_average * 1.7 : fps_average,
    };
  });

test("EN6, EN7, EN8: any source gets three to six rungs that fit it, on one exact grid", () => {
  fc.assert(
    fc.property(anySource, (of) => {
      const { rungs, grid } = planLadder(of, "etag");
      expect(rungs.length).toBeGreaterThanOrEqual(3);
      expect(rungs.length).toBeLessThanOrEqual(6);
      expect(new Set(rungs.map(({ name }) => name)).size).toBe(rungs.length);
      for (const [i, rung] of rungs.entries()) {
        expect((rung.width % 2) + (rung.height % 2)).toBe(0);
        // An odd or tiny source may grow by the one pixel that makes it even.
        expect(rung.width).toBeLessThanOrEqual(of.width + 1);
        expect(rung.height).toBeLessThanOrEqual(of.height + 1);
        if (i > 0) expect(rung.width * rung.height).toBeGreaterThan(rungs[i - 1]!.width * rungs[i - 1]!.height);
        const wanted = of.width / of.height;
        const short = Math.min(rung.width, rung.height);
        expect(Math.abs(rung.width / rung.height / wanted - 1)).toBeLessThanOrEqual(1.5 / short + 0.001);
        expect(grid.frames_per_segment % rung.every).toBe(0);
        expect(rung.codecs).toBe(`avc1.6400${rung.level.toString(16).padStart(2, "0")}`);
        expect(rung.level).toBeGreaterThanOrEqual(10);
        expect(valueOf(rung.fps)).toBeLessThanOrEqual(60);
      }
      expect(grid.segment_s).toBeGreaterThan(3.9);
      expect(grid.segment_s).toBeLessThan(4.1);
    }),
    { seed, numRuns: 500 },
  );
});

test("EN7: rates are kept where films have them, and made whole where they vary", () => {
  const rate = (average: number, smallest: number) => {
    const { num, den } = playRate(average, smallest);
    return den === 1 ? `${num}` : `${num}/${den}`;
  };
  expect(rate(23.976, 23.976)).toBe("24000/1001");
  expect(rate(24, 24)).toBe("24");
  expect(rate(29.97, 29.97)).toBe("30000/1001");
  expect(rate(30, 30)).toBe("30");
  expect(rate(59.94, 59.94)).toBe("60000/1001");
  expect(rate(10, 10)).toBe("10");
  expect(rate(120, 120)).toBe("60");
  // A phone whose rate wanders, a screen recording that mostly stands still, and a clock of 90 kHz.
  expect(rate(29.4, 30)).toBe("30");
  expect(rate(7, 60)).toBe("30");
  expect(rate(14.9, 90_000)).toBe("15");
  expect(rate(0.5, 0.5)).toBe("5");
});

test("EN7, EN14: picture and sound cover the film exactly, segment by segment", () => {
  fc.assert(
    fc.property(anySource, (of) => {
      const grid = gridOf(of.duration_ms, playRate(of.fps_average, of.fps_smallest));
      let seconds = 0;
      for (let k = 0; k < Math.min(grid.segments, 50); k++) {
        expect(Math.abs(startOf(grid, k) - seconds)).toBeLessThan(1e-6);
        seconds += segmentSeconds(grid, k);
        const late = (audioFrameAt(grid, k) * 1024) / 48_000 - startOf(grid, k);
        if (k < grid.segments) expect(late).toBeGreaterThan(-1e-9);
        if (k < grid.segments) expect(late).toBeLessThan(1024 / 48_000 + 1e-9);
      }
      expect(audioFrameAt(grid, grid.segments)).toBe(audioFrames(grid));
      if (grid.segments < 50) expect(seconds).toBeCloseTo(grid.duration_s, 6);
      expect(audioSeconds(grid, grid.segments - 1)).toBeGreaterThanOrEqual(-1024 / 48_000);
    }),
    { seed, numRuns: 300 },
  );
});

test("EN9: the master names every rung with what a player chooses by", () => {
  expect(masterPlaylist(ladderOf({ width: 640, height: 360 }))).toBe(
    [
      "#EXTM3U",
      "#EXT-X-VERSION:7",
      "#EXT-X-INDEPENDENT-SEGMENTS",
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=539550,AVERAGE-BANDWIDTH=287500,CODECS="avc1.64000c,mp4a.40.2",RESOLUTION=288x162,FRAME-RATE=30.000,AUDIO="audio"',
      "162p.m3u8",
      '#EXT-X-STREAM-INF:BANDWIDTH=855800,AVERAGE-BANDWIDTH=414000,CODECS="avc1.640015,mp4a.40.2",RESOLUTION=426x240,FRAME-RATE=30.000,AUDIO="audio"',
      "240p.m3u8",
      '#EXT-X-STREAM-INF:BANDWIDTH=1460800,AVERAGE-BANDWIDTH=656000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="audio"',
      "360p.m3u8",
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=108750,CODECS="avc1.64000c",RESOLUTION=288x162,URI="trick.m3u8"',
      "",
    ].join("\n"),
  );
  const silent = masterPlaylist(ladderOf({ sounds: [] }), {
    rungs: new Set(["240p"]),
    measured: new Map([["240p", { average_bps: 1_000, peak_bps: 2_000 }]]),
  });
  expect(silent).not.toContain("AUDIO");
  expect(silent.match(/X-STREAM-INF/g)).toHaveLength(1);
  expect(silent).toContain("BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000");
});

test("EN9: a media list is complete at once", () => {
  const ladder = ladderOf({ duration_ms: 10_010, fps_average: 29.97, fps_smallest: 29.97 });
  const whole = mediaPlaylist(ladder, "480p");
  expect(whole).toContain("#EXT-X-PLAYLIST-TYPE:VOD");
  expect(whole.match(/#EXTINF:4\.004000,/g)).toHaveLength(2);
  expect(whole).toContain("#EXTINF:2.002000,");
  expect(whole).toEndWith("#EXT-X-ENDLIST\n");
  expect(whole).toContain(`#EXT-X-MAP:URI="${namesOf(ladder).init("480p")}"`);
  expect(mediaPlaylist(ladder, "480p")).toBe(whole);
});

test("EN9: a last segment too short for a frame of sound has none, in the list and in the count", () => {
  // 5 frames beyond a segment at 60: the sound of the last may begin where it ends.
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 30_000 }), (duration_ms) => {
      const ladder = ladderOf({ duration_ms, fps_average: 60, fps_smallest: 60 });
      const { grid } = ladder;
      const listed = [...mediaPlaylist(ladder, "audio").matchAll(/#EXTINF:([\d.]+)/g)].map(([, s]) => Number(s));
      expect(listed).toHaveLength(segmentsOf(ladder, "audio"));
      for (const seconds of listed) expect(seconds).toBeGreaterThan(0);
      expect(listed.reduce((sum, s) => sum + s, 0)).toBeCloseTo((audioFrames(grid) * 1024) / 48_000, 3);
    }),
    { seed, numRuns: 300 },
  );
});

test("EN41: every sound is listed once under a name of its own, the first as the default, and no title breaks the list", () => {
  const sounds = [
    SOUND,
    { stream: 2, language: "sv", title: null },
    { stream: 3, language: "en", title: 'Notes", URI="https://elsewhere' },
    { stream: 4, language: "en", title: 'Notes", URI="https://elsewhere' },
  ];
  const master = masterPlaylist(ladderOf({ sounds }));
  expect(master.split("\n").filter((line) => line.startsWith("#EXT-X-MEDIA"))).toEqual([
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="sv",LANGUAGE="sv",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-1.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Notes , URI= https://elsewhere",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-2.m3u8"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Notes , URI= https://elsewhere 2",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-3.m3u8"',
  ]);
});

test("EN10: names hold the recipe of their own track, and nothing of the client's", () => {
  const one = ladderOf();
  const other = ladderOf({ duration_ms: 40_000 });
  const grown = { ...one, rungs: one.rungs.map((rung) => (rung.name === "360p" ? { ...rung, crf: 20 } : rung)) };
  expect(namesOf(grown).segment("360p", 3)).not.toBe(namesOf(one).segment("360p", 3));
  expect(namesOf(grown).segment("480p", 3)).toBe(namesOf(one).segment("480p", 3));
  expect(namesOf(ladderOf({}, "another file")).init("audio")).not.toBe(namesOf(one).init("audio"));
  expect(namesOf(one).segment("480p", 3)).toStartWith(namesOf(one).folder("480p"));
  expect(namesOf(one).segment("480p", 3)).toMatch(/^[0-9a-f]{12}\/480p\/3\.m4s$/);
  expect(namesOf(one).segment("480p", 3)).toBe(namesOf(ladderOf()).segment("480p", 3));
  expect(namesOf(one).segment("480p", 3)).not.toBe(namesOf(other).segment("480p", 3));
  expect(tracksOf(one)).toEqual(["audio", "240p", "360p", "480p", "720p", "1080p"]);
});
