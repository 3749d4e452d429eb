import { expect, test } from "bun:test";

import { dashManifest } from "./dash.ts";
import { gridOf, playRate } from "./grid.ts";
import { type Ladder, planLadder } from "./ladder.ts";
import { namesOf, secondsOf, segmentsOf } from "./playlist.ts";

const ladderOf = (duration_ms: number, fps: number, sounds: Ladder["sounds"][number]["title"][] = [null]): Ladder =>
  planLadder(
    {
      duration_ms,
      width: 1280,
      height: 720,
      fps_average: fps,
      fps_smallest: fps,
      sounds: sounds.map((title, i) => ({ stream: i + 1, language: i === 0 ? null : "sv", title })),
    },
    "etag",
  );

/** Of each track: its timescale and the length of each segment, as a player reads them. */
function timelines(manifest: string): Map<string, { timescale: number; start: number; ticks: number[] }> {
  const found = new Map<string, { timescale: number; start: number; ticks: number[] }>();
  for (const [, id, , inside] of manifest.matchAll(
    /<Representation id="([^"]+)"([^>]*)>([\s\S]*?)<\/Representation>/g,
  )) {
    const timescale = Number(/timescale="(\d+)"/.exec(inside!)?.[1]);
    if (Number.isNaN(timescale)) continue;
    const ticks: number[] = [];
    for (const [, d, r] of inside!.matchAll(/<S(?: t="\d+")? d="(\d+)"(?: r="(\d+)")?\/>/g))
      for (let i = 0; i <= Number(r ?? 0); i++) ticks.push(Number(d));
    found.set(id!, { timescale, start: Number(/<S t="(\d+)"/.exec(inside!)?.[1]), ticks });
  }
  return found;
}

test("EN50: every track's segments are told in its own ticks, as many and as long as in its HLS list", () => {
  for (const fps of [24, 25, 29.97, 30, 60, 10]) {
    const ladder = ladderOf(61_234, fps);
    const told = timelines(dashManifest(ladder));
    expect([...told.keys()].sort()).toEqual([...ladder.rungs, ...ladder.sounds].map(({ name }) => name).sort());
    for (const [track, { timescale, start, ticks }] of told) {
      expect(start).toBe(0);
      expect(ticks.length).toBe(segmentsOf(ladder, track));
      for (const [k, d] of ticks.entries()) expect(d / timescale).toBeCloseTo(secondsOf(ladder, track, k), 9);
    }
    const { duration_s } = gridOf(61_234, playRate(fps, fps));
    expect(dashManifest(ladder)).toContain(`mediaPresentationDuration="PT${duration_s.toFixed(6)}S"`);
  }
});

test("EN50: names are those of the segments; rungs of one codec are aligned in one set, and a copied one promises nothing", () => {
  const ladder = ladderOf(20_000, 24);
  const names = namesOf(ladder);
  const manifest = dashManifest(ladder);
  for (const { name } of ladder.rungs) {
    expect(manifest).toContain(`initialization="${names.init(name)}"`);
    expect(manifest).toContain(`media="${names.segment(name, 7).replace("7.m4s", "$Number$.m4s")}"`);
  }
  expect(manifest.match(/contentType="video"/g)).toHaveLength(1);
  expect(manifest).toContain('segmentAlignment="true"');
  const top = ladder.rungs.at(-1)!;
  const copied = {
    stream: 0,
    timescale: 12_288,
    shift: 0,
    first: 0,
    start: 0,
    samples: [150, 330],
    ticks: [76_800, 168_960],
  };
  const with_copy: Ladder = {
    ...ladder,
    rungs: [
      ...ladder.rungs.slice(0, -1),
      { ...top, kind: "copy", copied: { ...copied, average_bps: 1e6, peak_bps: 2e6 } },
    ],
  };
  const told = dashManifest(with_copy);
  expect(told).not.toContain("segmentAlignment");
  expect(timelines(told).get(top.name)).toEqual({ timescale: 12_288, start: 0, ticks: [76_800, 168_960] });
  expect(told).toContain('maxSegmentDuration="PT13.750000S"');
});

test("EN50: what a file says of its tracks ends no attribute and opens no element", () => {
  const title = `"/><BaseURL>http://evil.example/</BaseURL> & ]]>`;
  const texts = [
    { language: "en", label: title, kind: "captions" as const, is_default: false, file: "captions/en-1.vtt" },
  ];
  const manifest = dashManifest(ladderOf(9_000, 25, [title, title]), { texts });
  expect(manifest).not.toContain("<BaseURL>http");
  expect(manifest.match(/<BaseURL>[^<]*<\/BaseURL>/g)).toEqual(["<BaseURL>captions/en-1.vtt</BaseURL>"]);
  expect([...manifest].some((char) => char < " " && char !== "\n")).toBe(false);
  expect(manifest.match(/<Label>/g)).toHaveLength(3);
});
