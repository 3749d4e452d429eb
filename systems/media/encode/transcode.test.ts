import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, truncateSync } from "node:fs";

import { boxesIn, samplesOf } from "./boxes.ts";
import { audioFrames } from "./grid.ts";
import { type Ladder, planLadder } from "./ladder.ts";
import { segmentsOf, tracksOf } from "./playlist.ts";
import { type Probe, probeVideo } from "./probe.ts";
import { encodeBench, FAST, MOVING, TONE } from "./testing.ts";
import { transcode, type TranscodeWork } from "./transcode.ts";

const bench = await encodeBench();
afterAll(() => typeof bench !== "string" && bench[Symbol.dispose]());

/** Real encodes on a machine that does other things too; a test alone takes about a second. */
const ROOM_MS = 60_000;

/** What a run gave, by track. */
interface Film {
  inits: Map<string, Uint8Array[]>;
  segments: Map<string, Map<number, Uint8Array>>;
  order: string[];
}

const newFilm = (): Film => ({ inits: new Map(), segments: new Map(), order: [] });

/** Decode time, and each picture's time, in ticks. */
function timesOf(segment: Uint8Array): { decode: bigint; shown: number[] } {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const inside = (type: string, from: number, to: number) =>
    boxesIn(segment, from, to).find((box) => box.type === type)!;
  const moof = inside("moof", 0, segment.length);
  const traf = inside("traf", moof.content, moof.end);
  const tfhd = inside("tfhd", traf.content, traf.end);
  const decode = view.getBigUint64(inside("tfdt", traf.content, traf.end).content + 4);
  const trun = inside("trun", traf.content, traf.end);
  const flags = view.getUint32(trun.content) & 0xffffff;
  const length = view.getUint32(tfhd.content + 8);
  let at = trun.content + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
  const shown: number[] = [];
  let time = Number(decode);
  for (let i = 0; i < view.getUint32(trun.content + 4); i++) {
    const own = flags & 0x100 ? view.getUint32(at) : length;
    const offset =
      flags & 0x800
        ? view.getInt32(at + (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0))
        : 0;
    shown.push(time + offset);
    time += own;
    at += [0x100, 0x200, 0x400, 0x800].reduce((sum, flag) => sum + (flags & flag ? 4 : 0), 0);
  }
  return { decode, shown };
}

if (typeof bench === "string") test.skip(`transcode: ${bench}`, () => {});
else {
  const { needs, make, folder, path } = bench;
  const run = async (
    source_path: string,
    probe: Probe,
    ladder: Ladder,
    film: Film,
    more: Partial<TranscodeWork> = {},
  ) => {
    const scratch = folder();
    try {
      return await transcode(needs, {
        source_path,
        probe,
        ladder,
        folder: scratch,
        async onFile(file) {
          if (file.kind === "init") film.inits.set(file.track, [...(film.inits.get(file.track) ?? []), file.bytes]);
          else {
            if (!film.segments.has(file.track)) film.segments.set(file.track, new Map());
            film.segments.get(file.track)!.set(file.index, file.bytes);
          }
          film.order.push(`${file.track}/${file.kind === "init" ? "init" : file.index}`);
        },
        ...more,
      });
    } finally {
      expect(readdirSync(scratch)).toEqual([]);
    }
  };
  const trackBytes = (film: Film, track: string) => {
    const segments = [...film.segments.get(track)!].sort(([a], [b]) => a - b);
    return Buffer.concat([film.inits.get(track)![0]!, ...segments.map(([, bytes]) => bytes)]);
  };
  /** One line per decoded frame: its time and what ffmpeg says of the whole. */
  const decoded = async (film: Film, track: string, ...entries: string[]) => {
    const file = path(`${track}.mp4`);
    await Bun.write(file, trackBytes(film, track));
    const child = Bun.spawn(
      [needs.tools.ffprobe, "-v", "error", "-show_entries", entries.join(":"), "-of", "json", file],
      { stderr: "pipe" },
    );
    const [out, said] = await Promise.all([new Response(child.stdout).json(), new Response(child.stderr).text()]);
    expect(said).toBe("");
    return out as { frames: Record<string, string | number>[]; streams: Record<string, string | number>[] };
  };
  /** Seconds at which the sound of a film is first heard. */
  const onset_s = async (film: Film) => {
    const file = path("audio.mp4");
    await Bun.write(file, trackBytes(film, "audio"));
    const pcm = path("audio.pcm");
    await Bun.$`${needs.tools.ffmpeg} -v error -nostdin -i ${file} -f s16le -ac 1 -ar 48000 ${pcm}`.quiet();
    const samples = new Int16Array(await Bun.file(pcm).arrayBuffer());
    return samples.findIndex((sample) => Math.abs(sample) > 500) / 48_000;
  };
  /** Every picture of the film is there once, at its place on the grid. */
  const checkGrid = (film: Film, ladder: Ladder) => {
    for (const rung of ladder.rungs) {
      const segments = [...film.segments.get(rung.name)!].sort(([a], [b]) => a - b);
      expect(segments.map(([k]) => k)).toEqual(Array.from({ length: ladder.grid.segments }, (_, k) => k));
      const shown = segments.flatMap(([, bytes]) => timesOf(bytes).shown).sort((a, b) => a - b);
      expect(shown).toHaveLength(Math.ceil(ladder.grid.frames / rung.every));
      const step = shown[1]! - shown[0]!;
      for (const [n, time] of shown.entries()) expect(time).toBe(n * step);
      for (const [k, bytes] of segments)
        expect(Number(timesOf(bytes).decode)).toBe((k * ladder.grid.frames_per_segment * step) / rung.every);
      expect(
        film.inits.get(rung.name)!.every((init) => Buffer.compare(init, film.inits.get(rung.name)![0]!) === 0),
      ).toBe(true);
    }
    if (ladder.sounds.length === 0) return;
    const sound = [...film.segments.get("audio")!].sort(([a], [b]) => a - b);
    expect(sound).toHaveLength(segmentsOf(ladder, "audio"));
    let frame = 0;
    for (const [, bytes] of sound) {
      expect(timesOf(bytes).decode).toBe(BigInt(frame * 1024));
      frame += samplesOf(bytes).sizes.length;
    }
    expect(frame).toBe(audioFrames(ladder.grid));
  };

  describe("refusals and ends", () => {
    test(
      "EN16: an abort ends it and leaves the folder empty",
      async () => {
        const source = await make("long.mp4", ...MOVING("640x360", "30", 8), ...FAST);
        const probe = await probeVideo(needs, source);
        const stop = new AbortController();
        const film = newFilm();
        const scratch = folder();
        const work: TranscodeWork = {
          source_path: source,
          probe,
          ladder: planLadder(probe, "test"),
          folder: scratch,
          signal: stop.signal,
          async onFile(file) {
            film.order.push(file.track);
            stop.abort();
          },
        };
        expect(await transcode(needs, work).catch((error) => error.code)).toBe("media.aborted");
        expect(readdirSync(scratch)).toEqual([]);
        expect(film.order.length).toBeGreaterThan(0);
      },
      ROOM_MS,
    );

    test(
      "EN16: a store that fails ends it, and its error is thrown on",
      async () => {
        const source = await make("a.mp4", ...MOVING("160x120", "10", 5), ...FAST);
        const probe = await probeVideo(needs, source);
        const store = async () => {
          throw new Error("the store is away");
        };
        await expect(run(source, probe, planLadder(probe, "test"), newFilm(), { onFile: store })).rejects.toThrow(
          "the store is away",
        );
      },
      ROOM_MS,
    );

    test(
      "EN13: a film that breaks off after it was probed says where, and keeps what is whole",
      async () => {
        const source = await make("cut.mp4", ...MOVING("320x240", "25", 12), ...FAST, "-movflags", "+faststart");
        const probe = await probeVideo(needs, source);
        truncateSync(source, Math.floor(Bun.file(source).size * 0.6));
        const film = newFilm();
        const failure = await run(source, probe, planLadder(probe, "test"), film).catch((error) => error);
        expect(failure).toMatchObject({ code: "video.truncated", lasting: true });
        expect(failure.detail).toContain("about 4 s");
        for (const track of film.segments.values()) expect([...track.keys()]).toEqual([0]);
      },
      ROOM_MS,
    );
  });

  describe("what is made", () => {
    test(
      "EN7, EN8, EN11, EN12, EN14: all rungs on the grid, and two runs that play as one",
      async () => {
        const picture = MOVING("640x360", "30000/1001", 10);
        const source = await make(
          "film.mp4",
          ...picture,
          ...TONE(10),
          ...FAST,
          "-c:a",
          "aac",
          "-af",
          "volume=0:enable='lt(t,5)',pan=5.1|c0=c0|c1=c0|c2=c0",
        );
        const probe = await probeVideo(needs, source);
        const ladder = planLadder(probe, "test");
        const whole = newFilm();
        const { made, cpu_s } = await run(source, probe, ladder, whole);
        checkGrid(whole, ladder);
        expect(cpu_s).toBeGreaterThan(0);
        expect([...made.keys()].sort()).toEqual(tracksOf(ladder).sort());
        // Each track in order, the init first.
        for (const track of tracksOf(ladder)) {
          const own = whole.order.filter((name) => name.startsWith(`${track}/`));
          expect(own).toEqual(["init", 0, 1, 2].map((what) => `${track}/${what}`));
        }
        const { streams } = await decoded(
          whole,
          "360p",
          "stream=profile,level,width,height,color_space,has_b_frames,pix_fmt",
        );
        expect(streams[0]).toMatchObject({
          profile: "High",
          width: 640,
          height: 360,
          pix_fmt: "yuv420p",
          color_space: "smpte170m",
        });
        expect(ladder.rungs.at(-1)!.codecs).toBe(`avc1.6400${Number(streams[0]!.level).toString(16)}`);
        const sound = await decoded(whole, "audio", "stream=channels,sample_rate,codec_name");
        expect(sound.streams[0]).toMatchObject({ channels: 2, sample_rate: "48000", codec_name: "aac" });

        // As after a crash that lost all but the first segment.
        const resumed = newFilm();
        await run(source, probe, ladder, resumed, { until: 1 });
        await run(source, probe, ladder, resumed, { from: 1 });
        checkGrid(resumed, ladder);
        const [one, two] = await Promise.all([
          decoded(whole, "360p", "frame=pts_time,pict_type"),
          decoded(resumed, "360p", "frame=pts_time,pict_type"),
        ]);
        expect(two.frames.map(({ pts_time }) => pts_time)).toEqual(one.frames.map(({ pts_time }) => pts_time));
        // The tone of the source begins at 5 s, in the second segment: at that time in both, to a frame of sound.
        for (const film of [whole, resumed]) expect(Math.abs((await onset_s(film)) - 5)).toBeLessThan(1024 / 48_000);
        // Every picture shows the same moment: the difference between the runs is that of two encodes, not of two frames.
        const [a, b] = ["a.mp4", "b.mp4"].map((name) => path(name));
        await Bun.write(a!, trackBytes(whole, "360p"));
        await Bun.write(b!, trackBytes(resumed, "360p"));
        const said =
          await Bun.$`${needs.tools.ffmpeg} -hide_banner -nostdin -i ${a} -i ${b} -lavfi ssim=stats_file=- -f null - 2>/dev/null`
            .quiet()
            .text();
        const alike = [...said.matchAll(/All:([\d.]+)/g)].map(([, value]) => Number(value));
        expect(alike).toHaveLength(ladder.grid.frames);
        expect(Math.min(...alike)).toBeGreaterThan(0.9);
      },
      ROOM_MS,
    );

    const FAR_KEYS = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "250", "-bf", "3"];
    const alone: [string, string, string[]][] = [
      ["an MP4 with key frames far apart", "far.mp4", FAR_KEYS],
      ["a Matroska file", "far.mkv", FAR_KEYS],
      [
        "HEVC with leading pictures",
        "open.mp4",
        ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=60:open-gop=1:bframes=4"],
      ],
      [
        "a transport stream",
        "stream.ts",
        ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "100"],
      ],
      ["an AVI", "old.avi", ["-c:v", "mpeg4", "-g", "60"]],
      [
        "pictures that stand still for seconds",
        "still.mkv",
        ["-vf", "select='lt(t,2)+gt(t,9)'", "-fps_mode", "vfr", ...FAR_KEYS],
      ],
    ];
    for (const [what, name, output] of alone) {
      test(
        `EN42: a segment that is made alone shows what a run from the beginning shows: ${what}`,
        async () => {
          // Without an index the search begins twelve seconds early.
          const [seconds, ks] = /[.](?:ts|avi)$/.test(name) ? [22, [5, 4]] : [14, [2, 1, 3]];
          const source = await make(name, ...MOVING("320x180", "25", seconds), ...output);
          const probe = await probeVideo(needs, source);
          const ladder = planLadder(probe, "test");
          const tracks = [ladder.rungs[1]!.name];
          const [whole, single] = [newFilm(), newFilm()];
          await run(source, probe, ladder, whole, { tracks });
          for (const k of ks) await run(source, probe, ladder, single, { tracks, from: k, until: k + 1 });
          expect([...single.segments.get(tracks[0]!)!.keys()].sort()).toEqual(ks.toSorted());
          for (let k = 0; k < Math.min(...ks); k++) whole.segments.get(tracks[0]!)!.delete(k);
          for (const [k, bytes] of single.segments.get(tracks[0]!)!)
            expect(timesOf(bytes)).toEqual(timesOf(whole.segments.get(tracks[0]!)!.get(k)!));
          const [a, b] = [path("a.mp4"), path("b.mp4")];
          await Bun.write(a, trackBytes(whole, tracks[0]!));
          await Bun.write(b, trackBytes(single, tracks[0]!));
          const said =
            await Bun.$`${needs.tools.ffmpeg} -hide_banner -nostdin -i ${a} -i ${b} -lavfi ssim=stats_file=- -f null - 2>/dev/null`
              .quiet()
              .text();
          const alike = [...said.matchAll(/All:([\d.]+)/g)].map(([, value]) => Number(value));
          expect(alike).toHaveLength(ladder.grid.frames - Math.min(...ks) * ladder.grid.frames_per_segment);
          // A picture of the moment before or after differs far more: a counter runs in it.
          expect(Math.min(...alike)).toBeGreaterThan(0.97);
        },
        ROOM_MS,
      );
    }

    test(
      "EN17: the lowest rung's beginning alone, then the rest",
      async () => {
        const source = await make("film.mp4", ...MOVING("320x180", "25", 9), ...TONE(9), ...FAST, "-c:a", "aac");
        const probe = await probeVideo(needs, source);
        const ladder = planLadder(probe, "test");
        const film = newFilm();
        const lowest = ladder.rungs[0]!.name;
        await run(source, probe, ladder, film, { tracks: [lowest, "audio"], until: 2 });
        expect([...film.segments.keys()].sort()).toEqual([lowest, "audio"].sort());
        expect(film.segments.get("audio")!.size).toBe(2);
        await run(source, probe, ladder, film, {
          tracks: ladder.rungs.slice(1).map(({ name }) => name),
        });
        await run(source, probe, ladder, film, { tracks: [lowest, "audio"], from: 2 });
        checkGrid(film, ladder);
      },
      ROOM_MS,
    );

    const shapes: [string, () => Promise<string>, { width: number; height: number }][] = [
      [
        "portrait by rotation",
        async () => {
          const flat = await make("flat.mp4", ...MOVING("320x180", "25", 2), ...FAST);
          return make("turned.mp4", "-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90");
        },
        { width: 180, height: 320 },
      ],
      [
        "stretched pixels",
        () => make("dv.mp4", ...MOVING("352x288", "25", 2), "-vf", "setsar=16/11", ...FAST),
        { width: 512, height: 288 },
      ],
      [
        "odd sides",
        () =>
          make(
            "odd.mkv",
            ...MOVING("321x181", "25", 2),
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv444p",
          ),
        { width: 320, height: 180 },
      ],
      [
        "60 frames a second",
        () => make("fast.mp4", ...MOVING("320x240", "60", 5), ...FAST),
        { width: 320, height: 240 },
      ],
      [
        "ten frames a second",
        () => make("slow.avi", ...MOVING("320x240", "10", 2), "-c:v", "msmpeg4v2"),
        { width: 320, height: 240 },
      ],
      [
        "a variable rate",
        () =>
          make(
            "vfr.mkv",
            ...MOVING("320x240", "30", 4),
            "-vf",
            "select='not(mod(n,3))+lt(t,1)'",
            "-fps_mode",
            "vfr",
            ...FAST,
          ),
        { width: 320, height: 240 },
      ],
      [
        "alpha",
        () =>
          make(
            "alpha.mov",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x240:rate=25:duration=1,format=yuva444p10le",
            "-c:v",
            "prores_ks",
            "-profile:v",
            "4444",
          ),
        { width: 320, height: 240 },
      ],
      [
        "interlaced",
        () =>
          make(
            "interlaced.mpg",
            ...MOVING("352x288", "25", 1),
            "-vf",
            "interlace",
            "-c:v",
            "mpeg2video",
            "-flags",
            "+ildct+ilme",
          ),
        { width: 352, height: 288 },
      ],
      [
        "HDR",
        () =>
          make(
            "hdr.mkv",
            ...MOVING("320x240", "25", 1),
            "-vf",
            "format=yuv420p10le",
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-x265-params",
            "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
          ),
        { width: 320, height: 240 },
      ],
      ["tiny", () => make("tiny.mp4", ...MOVING("32x32", "25", 1), ...FAST), { width: 32, height: 32 }],
      [
        "sound that goes on longer than the picture",
        () => make("longer.mkv", ...MOVING("160x120", "25", 1), ...TONE(6), ...FAST, "-c:a", "libopus"),
        { width: 160, height: 120 },
      ],
    ];
    for (const [name, source, size] of shapes) {
      test(
        `EN15: ${name}`,
        async () => {
          const file = await source();
          const probe = await probeVideo(needs, file);
          const ladder = planLadder(probe, "test");
          const film = newFilm();
          await run(file, probe, ladder, film);
          checkGrid(film, ladder);
          const top = ladder.rungs.at(-1)!;
          expect(top).toMatchObject(size);
          const { streams } = await decoded(
            film,
            top.name,
            "stream=width,height,pix_fmt,color_transfer,sample_aspect_ratio,field_order",
          );
          expect(streams[0]).toMatchObject({ ...size, pix_fmt: "yuv420p", color_transfer: "bt709" });
          expect(streams[0]!.sample_aspect_ratio ?? "1:1").toBe("1:1");
        },
        ROOM_MS,
      );
    }

    test(
      "EN15: a size that changes midway",
      async () => {
        const [one, two] = await Promise.all([
          make("1.ts", ...MOVING("320x240", "25", 3), ...FAST),
          make("2.ts", ...MOVING("640x360", "25", 3), "-output_ts_offset", "3", ...FAST),
        ]);
        const both = path("both.ts");
        await Bun.write(both, new Blob([await Bun.file(one!).bytes(), await Bun.file(two!).bytes()]));
        const probe = await probeVideo(needs, both);
        const ladder = planLadder(probe, "test");
        const film = newFilm();
        await run(both, probe, ladder, film);
        checkGrid(film, ladder);
        expect(ladder.grid.duration_s).toBeGreaterThan(5.5);
      },
      ROOM_MS,
    );
  });
}
