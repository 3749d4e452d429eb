import { afterAll, describe, expect, test } from "bun:test";

import { type Ladder, planLadder } from "./ladder.ts";
import { namesOf } from "./playlist.ts";
import { probeVideo } from "./probe.ts";
import { fitLadder, likenessOf, pairsOf } from "./study.ts";
import { encodeBench, FAST } from "./testing.ts";

const bench = await encodeBench();
const why = typeof bench === "string" ? bench : null;
afterAll(() => {
  if (typeof bench !== "string") bench[Symbol.dispose]();
});

const ladderOf = (width = 1920, height = 1080): Ladder =>
  planLadder({ duration_ms: 20_000, width, height, fps_average: 24, fps_smallest: 24, sounds: [] }, "etag");
const FREE = new Set(["720p", "1080p"]);
const taken = (peak_bps: number) => new Map([["480p", { average_bps: peak_bps / 2, peak_bps }]]);
const names = (ladder: Ladder) => ladder.rungs.map(({ name }) => name);

describe("EN51: the plan is fitted to the film", () => {
  test("a rung that only enlarges the one below goes; what was made stays, whatever it looks like", () => {
    const ladder = ladderOf();
    const likeness = new Map([
      ["1080p", 0.9991],
      ["720p", 0.98],
    ]);
    const fitted = fitLadder(ladder, { free: FREE, likeness, taken: new Map() });
    expect(names(fitted)).toEqual(["240p", "360p", "480p", "720p"]);
    expect(fitted.before_fit?.map(({ name }) => name)).toEqual(["1080p"]);
    const asked = fitLadder(ladder, { free: new Set(), likeness, taken: taken(100_000) });
    expect(asked.rungs).toEqual(ladder.rungs);
    expect(asked.before_fit).toEqual([]);
  });

  test("caps come down to what smaller rungs needed, never up and never below their floor; names follow, others' stay", () => {
    const ladder = ladderOf();
    const fitted = fitLadder(ladder, { free: FREE, likeness: new Map(), taken: taken(400_000) });
    for (const [i, rung] of fitted.rungs.entries()) {
      const before = ladder.rungs[i]!;
      expect(rung.maxrate_bps).toBeLessThanOrEqual(before.maxrate_bps);
      expect(rung.maxrate_bps).toBeGreaterThanOrEqual(before.maxrate_bps * 0.3);
      const same = namesOf(fitted).init(rung.name) === namesOf(ladder).init(rung.name);
      expect(same).toBe(!FREE.has(rung.name));
    }
    expect(fitted.before_fit?.map(({ name }) => name)).toEqual(["720p", "1080p"]);
    const noisy = fitLadder(ladder, { free: FREE, likeness: new Map(), taken: taken(90_000_000) });
    expect(noisy.rungs).toEqual(ladder.rungs);
    expect(noisy.before_fit).toEqual([]);
  });
});

describe.skipIf(why !== null)(`EN51: a film is looked at${why ? ` (skipped: ${why})` : ""}`, () => {
  if (typeof bench === "string") return;
  const look = async (filter: string) => {
    const path = await bench.make(
      "film.mkv",
      "-f",
      "lavfi",
      "-i",
      `testsrc2=size=320x180:rate=8:duration=3,${filter}`,
      ...FAST,
    );
    const probe = await probeVideo(bench.needs, path);
    const ladder = planLadder(probe, "etag");
    const pairs = pairsOf(ladder, new Set(["480p", "720p"]));
    return likenessOf(bench.needs, path, probe, pairs, { folder: bench.folder() });
  };

  test("one that was enlarged to its size has nothing that smaller rungs lack", async () => {
    const likeness = await look("scale=1280:720:flags=bicubic");
    expect([...likeness.keys()].sort()).toEqual(["480p", "720p"]);
    expect(likeness.get("720p")).toBeGreaterThan(0.996);
  });

  test("one with detail of its own has", async () => {
    const likeness = await look("scale=1280:720:flags=neighbor,noise=alls=12:allf=t");
    expect(likeness.get("720p")).toBeLessThan(0.99);
  });
});
