import { describe, expect, test } from "bun:test";

import { concat, fullBox, makeBox, u32, u64 } from "../boxes.ts";
import { gridOf } from "../grid.ts";
import type { Probe } from "../probe.ts";
import { MOOV_BYTES_MAX, SAMPLES_MAX } from "./bounds.ts";
import { type ByteSource, bytesSource, copyInit, copySegment, planPicture, planSound, readMovie } from "./index.ts";

/** A film of 240 pictures of 10 bytes, and 450 frames of sound, without ffmpeg: every number in it can be made wrong. */
const ASC = Uint8Array.of(0x11, 0x90);
/** x264's own for 160×90 at level 1.1, High. */
const AVCC = Uint8Array.from(
  Buffer.from("0164000bffe100196764000bacd9428df93011000003000100000300320f14299601000468ef8fcbfdf8f800", "hex"),
);
const ESDS = Uint8Array.of(
  0,
  0,
  0,
  0,
  3,
  21,
  0,
  1,
  0,
  4,
  17,
  0x40,
  0x15,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  5,
  2,
  ...ASC,
);
const zeros = (n: number) => new Uint8Array(n);
const FRAMES = 240;
const SOUND_FRAMES = 450;
const FRAME_BYTES = 10;
const MATRIX = concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

interface Made {
  entries?: Uint8Array[];
  stts?: Uint8Array;
  stsz?: Uint8Array;
  stss?: Uint8Array;
  stsc?: Uint8Array;
  stco?: Uint8Array;
  elst?: Uint8Array;
  dref?: Uint8Array;
  more?: Uint8Array[];
}

function trak(kind: "vide" | "soun", at: number, made: Made): Uint8Array {
  const picture = kind === "vide";
  const count = picture ? FRAMES : SOUND_FRAMES;
  const avc1 = makeBox("avc1", zeros(24), Uint8Array.of(0, 160, 0, 90), zeros(50), makeBox("avcC", AVCC));
  const mp4a = makeBox("mp4a", zeros(16), Uint8Array.of(0, 2, 0, 16), zeros(8), makeBox("esds", ESDS));
  const entries = made.entries ?? [picture ? avc1 : mp4a];
  const stbl = makeBox(
    "stbl",
    fullBox("stsd", 0, 0, u32(entries.length), ...entries),
    made.stts ?? fullBox("stts", 0, 0, u32(1), u32(count), u32(picture ? 512 : 1024)),
    ...(picture ? [made.stss ?? fullBox("stss", 0, 0, u32(3), u32(1), u32(101), u32(201))] : []),
    made.stsc ?? fullBox("stsc", 0, 0, u32(1), u32(1), u32(count), u32(1)),
    made.stsz ?? fullBox("stsz", 0, 0, u32(FRAME_BYTES), u32(count)),
    made.stco ?? fullBox("stco", 0, 0, u32(1), u32(at)),
  );
  const dref = made.dref ?? fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1));
  const mdhd = fullBox("mdhd", 0, 0, zeros(8), u32(picture ? 12_800 : 48_000), u32(0), zeros(4));
  const hdlr = fullBox(
    "hdlr",
    0,
    0,
    u32(0),
    Uint8Array.from(kind, (c) => c.charCodeAt(0)),
    zeros(13),
  );
  const mdia = makeBox("mdia", mdhd, hdlr, makeBox("minf", makeBox("dinf", dref), stbl));
  const tkhd = fullBox("tkhd", 0, 3, zeros(36), MATRIX, zeros(8));
  return makeBox("trak", tkhd, ...(made.elst ? [makeBox("edts", made.elst)] : []), mdia);
}

function film(picture: Made = {}, sound: Made = {}): Uint8Array {
  const frame = concat([u32(FRAME_BYTES - 4), Uint8Array.of(0x65), zeros(FRAME_BYTES - 5)]);
  const mdat = makeBox("mdat", ...Array.from({ length: FRAMES + SOUND_FRAMES }, () => frame));
  const ftyp = makeBox(
    "ftyp",
    Uint8Array.from("isom\0\0\0\0isom", (c) => c.charCodeAt(0)),
  );
  const at = ftyp.length + 8;
  const mvhd = fullBox("mvhd", 0, 0, zeros(8), u32(1_000), u32(0), zeros(80));
  const moov = makeBox(
    "moov",
    mvhd,
    trak("vide", at, picture),
    trak("soun", at + FRAMES * FRAME_BYTES, sound),
    ...(picture.more ?? []),
  );
  return concat([ftyp, mdat, moov]);
}

const PROBE: Probe = {
  container: "mov,mp4",
  duration_ms: 9_600,
  start_s: 0,
  width: 160,
  height: 90,
  rotation_deg: 0,
  fps_average: 25,
  fps_smallest: 25,
  video: {
    stream: 0,
    codec: "h264",
    profile: "High",
    level: 11,
    pixel_format: "yuv420p",
    coded_width: 160,
    coded_height: 90,
    duration_ms: 9_600,
    interlaced: false,
    hdr: false,
    matrix: "bt709",
  },
  sounds: [{ stream: 1, codec: "aac", channels: 2, sample_rate_hz: 48_000, language: null, title: null }],
};
const GRID = gridOf(9_600, { num: 25, den: 1 });

const READS_MAX = 4_000;
/** Counts what is read of a file, and fails the test when that has no end. */
function counted(bytes: Uint8Array): ByteSource & { reads: number; bytes_read: number } {
  const source = bytesSource(bytes);
  return {
    size_bytes: bytes.length,
    reads: 0,
    bytes_read: 0,
    async read(start, end) {
      this.reads += 1;
      this.bytes_read += end - start;
      if (this.reads > READS_MAX) throw new Error("it reads without end");
      return source.read(start, end);
    },
  };
}

/** All that is done with a stranger's index, one after another. @returns the reasons, or null where all of it was copied */
async function everything(bytes: Uint8Array): Promise<string | null> {
  const source = counted(bytes);
  const movie = await readMovie(source);
  if ("because" in movie) return movie.because;
  expect(movie.held_bytes).toBeLessThan(bytes.length * 8 + 1024 * 1024);
  const picture = await planPicture(movie, PROBE, GRID, source);
  const sound = planSound(movie, PROBE, GRID, PROBE.sounds[0]!);
  for (const plan of [picture, sound]) {
    if ("because" in plan) continue;
    copyInit(movie, plan);
    for (let k = 0; k < plan.cuts.length; k++) await copySegment(movie, plan, k, source);
  }
  return "because" in picture ? picture.because : "because" in sound ? sound.because : null;
}

const seed = Number(process.env.FOLKHUS_TEST_SEED ?? 20_260_721 + process.pid);
function random(from: number) {
  let state = from >>> 0;
  return (below: number) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 12)) >>> 0) % below;
  };
}

describe("an index that somebody sent", () => {
  test("EN21: a good one is read, wherever it is, and copied", async () => {
    expect(await everything(film())).toBeNull();
  });

  const hostile: [string, () => Uint8Array, string][] = [
    ["no MP4 at all", () => new TextEncoder().encode("#EXTM3U and more of it"), "no MP4"],
    ["nothing", () => zeros(0), "no index"],
    [
      "a count that is larger than its table",
      () => film({ stts: fullBox("stts", 0, 0, u32(0xffffffff), u32(240), u32(512)) }),
      "stts is broken",
    ],
    ["sizes without end", () => film({ stsz: fullBox("stsz", 0, 0, u32(0), u32(0xffffffff)) }), "stsz is broken"],
    [
      "more samples than a day has",
      () => film({ stsz: fullBox("stsz", 0, 0, u32(1), u32(SAMPLES_MAX + 1)) }),
      "too many samples",
    ],
    ["tables that disagree", () => film({ stts: fullBox("stts", 0, 0, u32(1), u32(239), u32(512)) }), "disagree"],
    [
      "a run that wraps around",
      () => film({ stts: fullBox("stts", 0, 0, u32(2), u32(0xffffffff), u32(1), u32(241), u32(1)) }),
      "disagree",
    ],
    ["years of film", () => film({ stts: fullBox("stts", 0, 0, u32(1), u32(FRAMES), u32(0x7fffffff)) }), "too long"],
    ["samples behind its end", () => film({ stco: fullBox("stco", 0, 0, u32(1), u32(0x7fffffff)) }), "behind its end"],
    [
      "chunks that are not there",
      () => film({ stsc: fullBox("stsc", 0, 0, u32(1), u32(1), u32(1), u32(1)) }),
      "chunks",
    ],
    [
      "chunks without samples",
      () => film({ stsc: fullBox("stsc", 0, 0, u32(1), u32(1), u32(0), u32(1)) }),
      "stsc is broken",
    ],
    [
      "samples that lie over each other",
      () =>
        film({
          stsz: fullBox("stsz", 0, 0, u32(5_000), u32(FRAMES)),
          stsc: fullBox("stsc", 0, 0, u32(1), u32(1), u32(1), u32(1)),
          stco: fullBox("stco", 0, 0, u32(FRAMES), ...Array.from({ length: FRAMES }, () => u32(36))),
        }),
      "over each other",
    ],
    [
      "key frames out of order",
      () => film({ stss: fullBox("stss", 0, 0, u32(2), u32(101), u32(1)) }),
      "stss is broken",
    ],
    [
      "two descriptions",
      () => film({ entries: [makeBox("avc1", zeros(78)), makeBox("avc1", zeros(78))] }),
      "several descriptions",
    ],
    ["encryption", () => film({ entries: [makeBox("encv", zeros(78))] }), "encrypted"],
    [
      "another file's samples",
      () =>
        film({
          dref: fullBox(
            "dref",
            0,
            0,
            u32(1),
            fullBox(
              "url ",
              0,
              0,
              Uint8Array.from("file:///etc/passwd\0", (c) => c.charCodeAt(0)),
            ),
          ),
        }),
      "another file",
    ],
    ["fragments", () => film({ more: [makeBox("mvex")] }), "fragments"],
    ["a compressed index", () => film({ more: [makeBox("cmov", zeros(99))] }), "compressed"],
    [
      "several edits",
      () => film({ elst: fullBox("elst", 0, 0, u32(2), ...[1_000, 0, 0x10000, 1_000, 25_600, 0x10000].map(u32)) }),
      "several pieces",
    ],
    [
      "an edit that is played slowly",
      () => film({ elst: fullBox("elst", 0, 0, u32(1), ...[1_000, 0, 0x8000].map(u32)) }),
      "speed",
    ],
    [
      "boxes in boxes without end",
      () => film({ more: Array.from({ length: 20_000 }, () => makeBox("free")) }),
      "too many parts",
    ],
    [
      "thousands of boxes before the index",
      () => concat([...Array.from({ length: 2_000 }, () => makeBox("free")), film()]),
      "too many parts",
    ],
    [
      "an index as large as memory",
      () =>
        concat([
          u32(1),
          Uint8Array.from("moov", (c) => c.charCodeAt(0)),
          u64(BigInt(MOOV_BYTES_MAX + 17)),
          zeros(MOOV_BYTES_MAX + 1),
        ]),
      "too large",
    ],
  ];
  for (const [name, bytes, because] of hostile) {
    test(`EN21: ${name}: not used, with the reason`, async () => {
      expect(await everything(bytes())).toContain(because);
    });
  }

  test(`EN21: cut, flipped and random bytes are never more than a reason (seed ${seed})`, async () => {
    console.info(`seed ${seed}: FOLKHUS_TEST_SEED=${seed} runs the same again`);
    const pick = random(seed);
    const good = film();
    const index_at = good.length - 1_300;
    let used = 0;
    for (let round = 0; round < 3_000; round++) {
      let bytes: Uint8Array = good.slice();
      const how = round % 4;
      if (how === 0) bytes = bytes.slice(0, pick(bytes.length));
      else if (how === 1)
        for (let n = 1 + pick(4); n > 0; n--) bytes[index_at + pick(bytes.length - index_at)] = pick(256);
      else if (how === 2) {
        // A whole number made extreme, where counts, sizes and offsets stand.
        const view = new DataView(bytes.buffer);
        view.setUint32(
          index_at + pick(bytes.length - index_at - 4),
          [0, 1, 0xff, 0x7fffffff, 0x80000000, 0xffffffff][pick(6)]!,
        );
      } else for (let n = 1 + pick(60); n > 0; n--) bytes[pick(bytes.length)] = pick(256);
      const because = await everything(bytes).catch((error: unknown) => {
        throw new Error(`round ${round} of seed ${seed} threw`, { cause: error });
      });
      if (because === null) used += 1;
    }
    // The changes are not so wild that nothing is ever used: then only the first check would have been tested.
    expect(used).toBeGreaterThan(100);
  });
});
