import { afterAll, describe, expect, test } from "bun:test";

import { planLadder } from "../ladder.ts";
import { encodeBench, FAST, MOVING, TONE } from "../testing.ts";
import { transcode } from "../transcode.ts";
import { copiedSegments, type CopyPlan, copyRanges, copySegment, fileSource, spanRanges } from "./index.ts";
import { copiedTrack, dueTimes, joined, lookAt, type Looked } from "./testing.ts";

const ROOM_MS = 120_000;
const bench = await encodeBench();

if (typeof bench === "string") {
  test.skip(`copying is not tested: ${bench}`, () => {});
} else {
  afterAll(() => bench[Symbol.dispose]());
  const { make, needs, path } = bench;

  const run = async (...args: string[]) => {
    const child = Bun.spawn(args, { stdio: ["ignore", "pipe", "pipe"] });
    const [out, said] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect(said).toBe("");
    return out;
  };
  /** What ffmpeg finds of a stream: hash and size of each packet, or of each frame that it decodes. */
  const hashes = async (file: string, stream: string, how: "copy" | "decode") => {
    const out = await run(
      needs.tools.ffmpeg,
      "-v",
      "error",
      "-nostdin",
      "-i",
      file,
      "-map",
      `0:${stream}`,
      ...(how === "copy" ? ["-c", "copy"] : ["-fps_mode", "passthrough"]),
      "-copyts",
      "-f",
      "framemd5",
      "-",
    );
    return out
      .split("\n")
      .filter((line) => line && !line.startsWith("#"))
      .map((line) => line.split(",").at(-1)!.trim());
  };
  const picture = (looked: Looked) => {
    if ("because" in looked.picture) throw new Error(`not copied: ${looked.picture.because}`);
    return looked.picture;
  };
  const sound = (looked: Looked) => {
    if (!looked.sound) throw new Error("there is none");
    if ("because" in looked.sound) throw new Error(`not copied: ${looked.sound.because}`);
    return looked.sound;
  };
  /** The lowest rung, encoded, as one file: what a copy has to be in step with. */
  const encoded = async (looked: Looked, track: "picture" | "sound") => {
    const ladder = planLadder(looked.probe, "etag");
    const name = track === "picture" ? ladder.rungs.at(-1)!.name : "audio";
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const scratch = bench.folder();
    await transcode(needs, {
      source_path: looked.path,
      probe: looked.probe,
      ladder,
      tracks: [name],
      folder: scratch,
      async onFile(file) {
        if (file.track === name) parts.push(new Uint8Array(file.bytes));
      },
    });
    return parts;
  };
  /** Nothing is encoded again, every frame decodes as in the source, and segments tile the film. */
  const checkCopy = async (looked: Looked, plan: CopyPlan) => {
    const parts = await copiedTrack(looked, plan);
    const copied = await joined(bench, parts);
    const stream = plan.kind === "picture" ? "v:0" : "a:0";
    const [source_packets, packets] = await Promise.all([
      hashes(looked.path, stream, "copy"),
      hashes(copied, stream, "copy"),
    ]);
    expect(packets.length).toBe(plan.until - plan.cuts[0]!);
    // Sound leaves out the encoder's lead-in, and nothing else.
    expect(packets).toEqual(
      source_packets
        .slice(source_packets.length - (looked.movie.tracks[plan.stream]!.samples!.count - plan.cuts[0]!))
        .slice(0, packets.length),
    );
    if (plan.kind === "picture")
      expect(await hashes(copied, "v:0", "decode")).toEqual(await hashes(looked.path, "v:0", "decode"));
    const segments = copiedSegments(plan);
    for (const [k, { start_s, duration_s }] of segments.entries()) {
      expect(duration_s).toBeGreaterThan(0);
      expect(segments[k + 1]?.start_s ?? plan.end / plan.timescale).toBeCloseTo(start_s + duration_s, 6);
    }
    return { parts, copied };
  };
  /** Each frame of the copy is shown when the encoded rung shows it: within half a frame. */
  const checkStep = async (looked: Looked, parts: Uint8Array[]) => {
    const [copy, rung] = [dueTimes(parts), dueTimes(await encoded(looked, "picture"))];
    const half = 0.5 / looked.probe.fps_average + 0.001;
    expect([copy[0], rung[0]]).toEqual([0, 0]);
    for (const [n, at] of copy.entries())
      expect(Math.min(...rung.map((other) => Math.abs(other - at))), `frame ${n} at ${at}`).toBeLessThan(half);
    if ("because" in looked.picture) throw new Error(looked.picture.because);
    const { end, timescale } = looked.picture;
    expect(Math.abs(end / timescale - rung.at(-1)! - 2 * half)).toBeLessThan(half * 2);
  };
  /** Seconds at which a file is first heard. */
  const onset = async (file: string) => {
    const pcm = path("a.pcm");
    await run(
      needs.tools.ffmpeg,
      "-v",
      "error",
      "-nostdin",
      "-copyts",
      "-i",
      file,
      "-map",
      "0:a",
      "-f",
      "s16le",
      "-ac",
      "1",
      "-ar",
      "48000",
      "-af",
      "aresample=async=1:first_pts=0",
      pcm,
    );
    const samples = new Int16Array(await Bun.file(pcm).arrayBuffer());
    return samples.findIndex((sample) => Math.abs(sample) > 800) / 48_000;
  };
  const GOP = (frames: number) => ["-g", String(frames), "-keyint_min", String(frames), "-sc_threshold", "0"];
  const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"];
  const LATE_TONE = ["-af", "volume=0:enable='lt(t,2)'"];

  describe("what is copied", () => {
    const films: [string, () => Promise<string>, number][] = [
      [
        "B-frames, index at the end",
        () => make("a.mp4", ...MOVING("160x90", "25", 9), ...TONE(9), ...X264, ...GOP(50), "-c:a", "aac", ...LATE_TONE),
        3,
      ],
      [
        "29.97 frames a second, index in front",
        () =>
          make(
            "b.mp4",
            ...MOVING("160x90", "30000/1001", 10),
            ...TONE(10),
            ...X264,
            ...GOP(30),
            "-c:a",
            "aac",
            "-movflags",
            "+faststart",
            ...LATE_TONE,
          ),
        3,
      ],
      [
        "QuickTime",
        () => make("c.mov", ...MOVING("160x90", "30", 9), ...TONE(9), ...X264, ...GOP(60), "-c:a", "aac", ...LATE_TONE),
        3,
      ],
      [
        "without B-frames, without sound",
        () => make("d.mp4", ...MOVING("160x90", "24", 9), ...X264, "-crf", "30", "-bf", "0", ...GOP(24)),
        3,
      ],
      [
        "a picture that begins 0.3 s after the sound",
        async () => {
          const one = await make(
            "one.mp4",
            ...MOVING("160x90", "25", 8),
            ...TONE(9),
            ...X264,
            ...GOP(25),
            "-c:a",
            "aac",
            ...LATE_TONE,
          );
          return make("e.mp4", "-itsoffset", "0.3", "-i", one, "-i", one, "-map", "0:v", "-map", "1:a", "-c", "copy");
        },
        2,
      ],
      [
        "sound that begins 0.05 s after the picture",
        async () => {
          const one = await make(
            "one.mov",
            ...MOVING("160x90", "24", 8),
            ...TONE(9),
            ...X264,
            ...GOP(24),
            "-c:a",
            "aac",
            ...LATE_TONE,
          );
          return make("e.mov", "-itsoffset", "0.05", "-i", one, "-i", one, "-map", "0:a", "-map", "1:v", "-c", "copy");
        },
        2,
      ],
      [
        "no edit list",
        () =>
          make(
            "f.mp4",
            ...MOVING("160x90", "25", 8),
            ...TONE(8),
            ...X264,
            ...GOP(25),
            "-c:a",
            "aac",
            "-use_editlist",
            "0",
            ...LATE_TONE,
          ),
        2,
      ],
      ["key frames ten seconds apart", () => make("g.mp4", ...MOVING("160x90", "25", 21), ...X264, ...GOP(250)), 3],
      [
        "a variable rate",
        () =>
          make(
            "h.mp4",
            ...MOVING("160x90", "30", 8),
            "-vf",
            "select='not(mod(n,3))+lt(t,2)'",
            "-fps_mode",
            "vfr",
            ...X264,
            ...GOP(20),
          ),
        2,
      ],
      [
        "every frame a key frame",
        () => make("i.mp4", ...MOVING("160x90", "30", 9), ...X264, "-crf", "40", ...GOP(1)),
        3,
      ],
    ];
    for (const [name, film, segments] of films) {
      test(
        `EN22, EN23: ${name}: the same packets, the same frames, in step with what is encoded`,
        async () => {
          const looked = await lookAt(bench, await film());
          const plan = picture(looked);
          expect(plan.cuts.length).toBe(segments);
          const { parts } = await checkCopy(looked, plan);
          await checkStep(looked, parts);
          if (!looked.sound) return;
          // Without an edit list ffmpeg stretches the first frame of sound over its lead-in; that sound is encoded.
          if (name === "no edit list") return expect(looked.sound).toEqual({ because: "its sound has holes" });
          const heard = await onset((await checkCopy(looked, sound(looked))).copied);
          // Sound is in time to a frame of it with the sound that is encoded.
          expect(Math.abs(heard - (await onset(await joined(bench, await encoded(looked, "sound")))))).toBeLessThan(
            1024 / 44_100,
          );
        },
        ROOM_MS,
      );
    }

    test(
      "EN22: a picture that ends before its sound stands until the end",
      async () => {
        const looked = await lookAt(
          bench,
          await make("long.mp4", ...MOVING("160x90", "25", 5), ...TONE(7), ...X264, ...GOP(50), "-c:a", "aac"),
        );
        const plan = picture(looked);
        expect(plan.end / plan.timescale).toBeCloseTo(7, 1);
        const { copied } = await checkCopy(looked, plan);
        expect(
          Number(
            await run(needs.tools.ffprobe, "-v", "error", "-show_entries", "stream=duration", "-of", "csv=p=0", copied),
          ),
        ).toBeCloseTo(7, 1);
      },
      ROOM_MS,
    );

    test(
      "EN24: bytes that a segment needs are all that is read of the file, and a decoder's are more than enough",
      async () => {
        const looked = await lookAt(
          bench,
          await make("j.mp4", ...MOVING("160x90", "25", 13), ...TONE(13), ...X264, ...GOP(50), "-c:a", "aac"),
        );
        const plan = picture(looked);
        await using source = await fileSource(looked.path);
        for (let k = 0; k < plan.cuts.length; k++) {
          const whole = await copySegment(looked.movie, plan, k, source);
          // Only these bytes are there; all others are wrong.
          const bytes = new Uint8Array(source.size_bytes).fill(0xaa);
          for (const { start, end_exclusive } of copyRanges(looked.movie, plan, k))
            bytes.set(await source.read(start, end_exclusive), start);
          const again = await copySegment(looked.movie, plan, k, {
            size_bytes: bytes.length,
            read: async (start, end) => bytes.slice(start, end),
          });
          expect(Buffer.compare(again, whole)).toBe(0);
        }
        const span = spanRanges(looked.movie, looked.probe, [0, 1], 4, 8)!;
        for (const { start, end_exclusive } of copyRanges(looked.movie, plan, 1))
          expect(span.some((range) => range.start <= start && range.end_exclusive >= end_exclusive)).toBe(true);
        const all = span.reduce((sum, range) => sum + range.end_exclusive - range.start, 0);
        expect(all).toBeLessThan(source.size_bytes * 0.75);
      },
      ROOM_MS,
    );
  });

  describe("what is encoded instead, with the reason", () => {
    const refused: [string, () => Promise<string>, string][] = [
      [
        "a film cut between key frames",
        async () => {
          const whole = await make("k.mp4", ...MOVING("160x90", "25", 8), ...X264, ...GOP(100));
          return make("cut.mp4", "-ss", "1.5", "-i", whole, "-c", "copy");
        },
        "begins between two key frames",
      ],
      ["another codec", () => make("l.mp4", ...MOVING("160x90", "25", 1), "-c:v", "mpeg4"), "not H.264"],
      [
        "HEVC",
        () =>
          make(
            "m.mp4",
            ...MOVING("160x90", "25", 1),
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-x265-params",
            "log-level=none",
            "-tag:v",
            "hvc1",
          ),
        "not H.264",
      ],
      [
        "10 bits",
        () =>
          make(
            "n.mp4",
            ...MOVING("160x90", "25", 1),
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p10le",
          ),
        "profile",
      ],
      [
        "4:4:4",
        () =>
          make("o.mp4", ...MOVING("160x90", "25", 1), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p"),
        "profile",
      ],
      [
        "interlaced",
        () => make("p.mp4", ...MOVING("352x288", "25", 1), ...X264, "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
        "whole frames",
      ],
      [
        "stretched pixels",
        () => make("q.mp4", ...MOVING("352x288", "25", 1), "-vf", "setsar=16/11", ...FAST),
        "not square",
      ],
      [
        "full range",
        () =>
          make(
            "q2.mp4",
            ...MOVING("160x90", "25", 1),
            "-vf",
            "scale=out_range=pc",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuvj420p",
          ),
        "4:2:0",
      ],
      [
        "turned",
        async () => {
          const flat = await make("flat.mp4", ...MOVING("160x90", "25", 1), ...FAST);
          return make("turned.mp4", "-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90");
        },
        "turned",
      ],
      ["key frames too far apart", () => make("r.mp4", ...MOVING("160x90", "10", 13), ...X264, ...GOP(300)), "apart"],
      [
        "open groups",
        () => make("s.mp4", ...MOVING("160x90", "25", 13), ...X264, ...GOP(50), "-x264-params", "open-gop=1:bframes=3"),
        "open groups",
      ],
      [
        "too many bits",
        () => make("t.mp4", ...MOVING("160x90", "25", 2), "-vf", "noise=alls=100:allf=t", ...FAST, "-qp", "1"),
        "more bits",
      ],
      ["too many frames", () => make("u.mp4", ...MOVING("160x90", "120", 2), ...FAST), "60 frames"],
    ];
    for (const [name, film, because] of refused) {
      test(
        `EN25: ${name}`,
        async () => {
          const looked = await lookAt(bench, await film());
          expect(looked.picture).toEqual({ because: expect.stringContaining(because) });
        },
        ROOM_MS,
      );
    }
    const sounds: [string, string[], string][] = [
      ["sound that begins late", ["-itsoffset", "1", ...TONE(3), "-c:a", "aac"], "begins late"],
      ["sound that ends early", [...TONE(1), "-c:a", "aac"], "ends early"],
      ["too many bits", [...TONE(3), "-c:a", "aac", "-b:a", "320k", "-af", "anoisesrc=d=3"], "more bits"],
      ["six channels", [...TONE(3), "-c:a", "aac", "-af", "pan=5.1|c0=c0|c1=c0|c2=c0"], "mono nor stereo"],
      ["MP3", [...TONE(3), "-c:a", "libmp3lame"], "not AAC"],
    ];
    for (const [name, args, because] of sounds) {
      test(
        `EN25: sound: ${name}`,
        async () => {
          const noise =
            name === "too many bits"
              ? ["-f", "lavfi", "-i", "anoisesrc=d=3:r=48000", "-c:a", "aac", "-b:a", "512k", "-ac", "2"]
              : args;
          const looked = await lookAt(
            bench,
            await make("v.mp4", ...MOVING("160x90", "25", 4), ...noise, ...FAST, ...GOP(25)),
          );
          expect(looked.sound).toEqual({ because: expect.stringContaining(because) });
        },
        ROOM_MS,
      );
    }
  });
}
