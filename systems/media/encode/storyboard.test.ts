import { afterAll, describe, expect, test } from "bun:test";

import { probeVideo } from "./probe.ts";
import { makeStoryboard, nearestFrames, planStoryboard } from "./storyboard.ts";
import { encodeBench, FAST, MOVING, TONE } from "./testing.ts";
import { MediaRefusal } from "./tools.ts";

const bench = await encodeBench();
const has = typeof bench !== "string";
if (!has) console.warn(`skipped: ${bench}`);
afterAll(() => (has ? bench[Symbol.dispose]() : undefined));

describe("EN45: the plan holds for any length and shape", () => {
  const shape = { width: 1920, height: 1080 };
  test.each([
    [40, 1, 1_000, 1, 1],
    [1_000, 1, 1_000, 1, 1],
    [1_001, 2, 1_000, 2, 1],
    [30_000, 30, 1_000, 10, 3],
    [600_000, 300, 2_000, 10, 10],
    [7_200_000, 240, 30_000, 10, 10],
    [86_400_000, 288, 300_000, 10, 10],
  ])("%d ms: %d pictures", (duration_ms, count, interval_ms, columns, rows) => {
    expect(planStoryboard({ ...shape, duration_ms })).toEqual({
      count,
      interval_ms,
      columns,
      rows,
      tile_width: 160,
      tile_height: 90,
    });
  });

  test("upright and long ones keep their shape", () => {
    expect(planStoryboard({ width: 1080, height: 1920, duration_ms: 1 })).toMatchObject({
      tile_width: 90,
      tile_height: 160,
    });
    expect(planStoryboard({ width: 1600, height: 160, duration_ms: 1 })).toMatchObject({
      tile_width: 160,
      tile_height: 16,
    });
  });

  test("steps are not shorter than the key frames lie apart", () => {
    expect(planStoryboard({ ...shape, duration_ms: 80_000 }, 80)).toMatchObject({ interval_ms: 1_000, count: 80 });
    expect(planStoryboard({ ...shape, duration_ms: 80_000 }, 7)).toMatchObject({ interval_ms: 15_000, count: 6 });
    expect(planStoryboard({ ...shape, duration_ms: 80_000 }, 1)).toMatchObject({ interval_ms: 80_000, count: 1 });
  });

  test("each moment gets the key frame that is nearest, and the last one after the picture has ended", () => {
    const plan = planStoryboard({ ...shape, duration_ms: 10_000 });
    expect(nearestFrames([0, 4_000, 4_500], plan)).toEqual([0, 0, 1, 1, 2, 2, 2, 2, 2, 2]);
    expect(nearestFrames([0], plan)).toEqual(Array.from({ length: 10 }, () => 0));
  });
});

describe.if(has)("EN46: storyboards of real files", () => {
  const of = async (name: string, ...args: string[]) => {
    if (typeof bench === "string") throw new Error(bench);
    const path = await bench.make(name, ...args);
    const folder = bench.folder();
    return makeStoryboard(bench.needs, path, await probeVideo(bench.needs, path), folder);
  };
  const sizeOf = async (path: string): Promise<string> => {
    if (typeof bench === "string") throw new Error(bench);
    const child = Bun.spawn([
      bench.needs.tools.ffprobe,
      "-v",
      "error",
      "-show_entries",
      "stream=codec_name,width,height",
      "-of",
      "csv=p=0",
      path,
    ]);
    return (await new Response(child.stdout).text()).trim();
  };

  test("what has no frame is refused", async () => {
    if (typeof bench === "string") return;
    const path = bench.path("noise.mp4");
    await Bun.write(path, "no film at all");
    const probe = { duration_ms: 1_000, width: 320, height: 180, video: { stream: 0 } } as never;
    expect(makeStoryboard(bench.needs, path, probe, bench.folder())).rejects.toBeInstanceOf(MediaRefusal);
  });

  test("a film with a key frame each second", async () => {
    const made = await of("a.mp4", ...MOVING("320x180", "10", 12), ...FAST, "-g", "10");
    expect(made.plan).toMatchObject({ count: 12, columns: 10, rows: 2, interval_ms: 1_000 });
    expect(made.sheets).toHaveLength(1);
    expect(await sizeOf(made.sheets[0]!)).toBe("mjpeg,1600,180");
  });

  test("one key frame alone is one picture for the whole film", async () => {
    const made = await of("b.mp4", ...MOVING("320x180", "10", 5), ...FAST, "-g", "1000", "-sc_threshold", "0");
    expect(made.plan).toMatchObject({ count: 1, interval_ms: 5_000 });
    expect(await sizeOf(made.sheets[0]!)).toBe("mjpeg,160,90");
  });

  test("sound that goes on after the picture", async () => {
    const made = await of("c.mp4", ...MOVING("320x180", "10", 3), ...TONE(8), ...FAST, "-g", "10", "-c:a", "aac");
    // Three key frames for eight seconds: the last stands for all that is only heard.
    expect(made.plan).toMatchObject({ count: 3, interval_ms: 3_000 });
    expect(await sizeOf(made.sheets[0]!)).toBe("mjpeg,480,90");
  });

  test("one second", async () => {
    const made = await of("d.mp4", ...MOVING("160x90", "10", 1), ...FAST);
    expect(made.plan.count).toBe(1);
  });

  test("turned as the file asks", async () => {
    if (typeof bench === "string") return;
    const flat = await bench.make("e0.mp4", ...MOVING("320x180", "10", 2), ...FAST, "-g", "10");
    const made = await of("e.mp4", "-display_rotation", "90", "-i", flat, "-c", "copy").catch((error: Error) => error);
    // ffmpeg before 6 cannot write the turn.
    if (made instanceof Error) return expect(made.message).toContain("display_rotation");
    expect(await sizeOf(made.sheets[0]!)).toBe("mjpeg,180,160");
  });
});
