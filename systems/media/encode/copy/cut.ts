import type { ByteRange } from "#ports/blobs/index.ts";

import { ascii, concat, fullBox, makeBox, STYP, u32, u64 } from "../boxes.ts";
import { AUDIO_FRAME } from "../grid.ts";
import { parseAac } from "./aac.ts";
import { parseAvc } from "./avc.ts";
import { COPIED_SEGMENT_BYTES_MAX, READ_BYTES_MAX, READ_GAP_BYTES_MAX } from "./bounds.ts";
import type { Movie } from "./movie.ts";
import { type CopyPlan, tableOf } from "./plan.ts";
import type { ByteSource } from "./source.ts";

/** The init of a copied track: our own boxes around the source's description of its pictures or sound. */
export function copyInit(movie: Movie, plan: CopyPlan): Uint8Array {
  const { track } = tableOf(movie, plan.stream, plan.kind);
  const picture = plan.kind === "picture";
  const size = picture ? parseAvc(track.config!) : { width: 0, height: 0 };
  const stsd = fullBox("stsd", 0, 0, u32(1), picture ? avc1(track.config!, track.colours) : mp4a(track.config!, plan));
  const none = (type: string) => fullBox(type, 0, 0, u32(0));
  const stbl = makeBox("stbl", stsd, none("stts"), none("stsc"), fullBox("stsz", 0, 0, u32(0), u32(0)), none("stco"));
  const dinf = makeBox("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1)));
  const header = picture ? fullBox("vmhd", 0, 1, zeros(8)) : fullBox("smhd", 0, 0, zeros(4));
  const hdlr = fullBox("hdlr", 0, 0, u32(0), ascii(picture ? "vide" : "soun"), zeros(12), zeros(1));
  // 0x55c4: the language is not said.
  const mdhd = fullBox("mdhd", 0, 0, zeros(8), u32(plan.timescale), u32(0), u16(0x55c4), zeros(2));
  const mdia = makeBox("mdia", mdhd, hdlr, makeBox("minf", header, dinf, stbl));
  const tkhd = fullBox(
    "tkhd",
    0,
    3,
    zeros(8),
    u32(1),
    zeros(4),
    u32(0),
    zeros(8),
    zeros(4),
    u16(picture ? 0 : 0x100),
    zeros(2),
    MATRIX,
    u32(size.width * 0x10000),
    u32(size.height * 0x10000),
  );
  const mvhd = fullBox(
    "mvhd",
    0,
    0,
    zeros(8),
    u32(1_000),
    u32(0),
    u32(0x10000),
    u16(0x100),
    zeros(10),
    MATRIX,
    zeros(24),
    u32(2),
  );
  const mvex = makeBox("mvex", fullBox("trex", 0, 0, u32(1), u32(1), u32(0), u32(0), u32(0)));
  const ftyp = makeBox("ftyp", ascii("iso6"), u32(0), ascii("iso6cmfcmp41"));
  return concat([ftyp, makeBox("moov", mvhd, makeBox("trak", tkhd, mdia), mvex)]);
}

function avc1(config: Uint8Array, colours: Uint8Array | null): Uint8Array {
  const { width, height } = parseAvc(config);
  const nclx = colours && colrOf(colours);
  return makeBox(
    "avc1",
    zeros(6),
    u16(1),
    zeros(16),
    u16(width),
    u16(height),
    u32(0x480000),
    u32(0x480000),
    zeros(4),
    u16(1),
    zeros(32),
    u16(0x18),
    u16(0xffff),
    makeBox("avcC", config),
    ...(nclx ? [nclx] : []),
  );
}

/** QuickTime says `nclc` without the range, MP4 `nclx` with it. */
function colrOf(content: Uint8Array): Uint8Array | null {
  const type = String.fromCharCode(...content.subarray(0, 4));
  if ((type !== "nclc" && type !== "nclx") || content.length < 10) return null;
  const range = type === "nclx" ? (content[10] ?? 0) & 0x80 : 0;
  return makeBox("colr", ascii("nclx"), content.subarray(4, 10), Uint8Array.of(range));
}

function mp4a(esds: Uint8Array, plan: CopyPlan): Uint8Array {
  const { config, channels, sample_rate_hz } = parseAac(esds);
  const descriptor = (tag: number, ...content: Uint8Array[]) => {
    const all = concat(content);
    return concat([Uint8Array.of(tag, all.length), all]);
  };
  const decoder = descriptor(
    4,
    Uint8Array.of(0x40, 0x15, 0, 0, 0),
    u32(plan.peak_bps),
    u32(plan.average_bps),
    descriptor(5, config),
  );
  const own = fullBox("esds", 0, 0, descriptor(3, u16(1), zeros(1), decoder, descriptor(6, Uint8Array.of(2))));
  return makeBox(
    "mp4a",
    zeros(6),
    u16(1),
    zeros(8),
    u16(channels),
    u16(16),
    zeros(4),
    u32(sample_rate_hz * 0x10000),
    own,
  );
}

/**
 * Segment `k` of a plan: the source's own samples, in order, with its own times moved to the film's clock. Takes the
 * segment's bytes in memory, and reads little more than them.
 * @throws what `source.read` throws
 */
export async function copySegment(movie: Movie, plan: CopyPlan, k: number, source: ByteSource): Promise<Uint8Array> {
  const { samples } = tableOf(movie, plan.stream, plan.kind);
  const { from, until } = samplesIn(plan, k);
  const times = plan.kind === "picture" ? pictureTimes(movie, plan, k) : soundTimes(plan, k);
  const entries = new Uint8Array((until - from) * 16);
  const view = new DataView(entries.buffer);
  let bytes = 0;
  for (let i = 0; i < until - from; i++) {
    const size = samples.sizeOf(from + i);
    bytes += size;
    view.setUint32(i * 16, times.lasts[i]!);
    view.setUint32(i * 16 + 4, size);
    // Only the first is sure to need nothing before it.
    view.setUint32(i * 16 + 8, i === 0 || plan.kind === "sound" ? 0x02000000 : 0x01010000);
    view.setInt32(i * 16 + 12, times.offsets[i]!);
  }
  if (bytes > COPIED_SEGMENT_BYTES_MAX) throw new RangeError(`segment ${k} is larger than the plan allowed`);
  const tfhd = fullBox("tfhd", 0, 0x020000, u32(1));
  const tfdt = fullBox("tfdt", 1, 0, u64(BigInt(times.decode)));
  const trun = (offset: number) => fullBox("trun", 1, 0xf01, u32(until - from), u32(offset), entries);
  const moofWith = (offset: number) =>
    makeBox("moof", fullBox("mfhd", 0, 0, u32(k + 1)), makeBox("traf", tfhd, tfdt, trun(offset)));
  const head_bytes = moofWith(0).length;
  const head = concat([STYP, moofWith(head_bytes + 8), u32(8 + bytes), ascii("mdat")]);
  const segment = new Uint8Array(head.length + bytes);
  segment.set(head);
  await readSamples(source, [...samples.places(from, until)], segment, head.length);
  return segment;
}

const samplesIn = (plan: CopyPlan, k: number): { from: number; until: number } => {
  const from = plan.cuts[k];
  if (from === undefined) throw new RangeError(`this track has no segment ${k}`);
  return { from, until: plan.cuts[k + 1] ?? plan.until };
};

interface Times {
  /** Of the first sample. */
  decode: number;
  lasts: number[];
  offsets: number[];
}

/**
 * Decode times are moved so that the film's first picture is decoded when it is shown, as in encoded rungs; what is
 * decoded early because of pictures between has a negative offset.
 */
function pictureTimes(movie: Movie, plan: CopyPlan, k: number): Times {
  const { samples } = tableOf(movie, plan.stream, plan.kind);
  const { from, until } = samplesIn(plan, k);
  const lead = samples.offsetOf(0);
  const decodes: number[] = [];
  const dues: number[] = [];
  samples.eachTime(from, until, (_sample, decode, offset) => {
    decodes.push(decode + lead + plan.shift);
    dues.push(decode + offset + plan.shift);
  });
  const next = until < samples.count ? samples.decodeTime(until) : samples.ticks;
  decodes.push(Math.max(next + lead + plan.shift, decodes.at(-1)! + 1));
  if (from === 0) {
    // A picture that begins a little after the sound: its first frame stands from the beginning on.
    decodes[0] = 0;
    dues[0] = 0;
  }
  if (until === plan.until) {
    // The frame that is shown last stands until the end; those that are decoded after it move along.
    const last = dues.reduce((best, due, i) => (due > dues[best]! ? i : best), 0);
    const longer = plan.end - (dues[last]! + decodes[last + 1]! - decodes[last]!);
    const moved = last === dues.length - 1 ? longer : Math.max(0, longer);
    for (let i = last + 1; i < decodes.length; i++) decodes[i]! += moved;
  }
  return {
    decode: decodes[0]!,
    lasts: dues.map((_, i) => decodes[i + 1]! - decodes[i]!),
    offsets: dues.map((due, i) => due - decodes[i]!),
  };
}

function soundTimes(plan: CopyPlan, k: number): Times {
  const { from, until } = samplesIn(plan, k);
  const early = k === 0 ? Math.min(0, from * AUDIO_FRAME + plan.shift) : 0;
  const lasts = Array.from({ length: until - from }, (_, i) => AUDIO_FRAME + (i === 0 ? early : 0));
  return { decode: plan.starts[k]!, lasts, offsets: lasts.map(() => 0) };
}

/** Where in the source the bytes of a segment lie, in the file's order, joined where they touch. */
export function copyRanges(movie: Movie, plan: CopyPlan, k: number): ByteRange[] {
  const { samples } = tableOf(movie, plan.stream, plan.kind);
  const { from, until } = samplesIn(plan, k);
  return joined(
    [...samples.places(from, until)].map(({ start, size }) => ({ start, end_exclusive: start + size })),
    0,
  );
}

/** Sorted; ranges with at most `gap` bytes between them become one. */
export function joined(ranges: ByteRange[], gap: number): ByteRange[] {
  const all: ByteRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last && range.start <= last.end_exclusive + gap)
      last.end_exclusive = Math.max(last.end_exclusive, range.end_exclusive);
    else all.push({ ...range });
  }
  return all;
}

/** Reads samples into `into`; neighbours in one read, with what lies between them. */
async function readSamples(
  source: ByteSource,
  places: { start: number; size: number }[],
  into: Uint8Array,
  at: number,
): Promise<void> {
  let next = at;
  for (let i = 0; i < places.length;) {
    const start = places[i]!.start;
    let end = start + places[i]!.size;
    let until = i + 1;
    for (; until < places.length; until++) {
      const place = places[until]!;
      const place_end = place.start + place.size;
      if (place.start < end || place.start - end > READ_GAP_BYTES_MAX || place_end - start > READ_BYTES_MAX) break;
      end = place_end;
    }
    const bytes = await source.read(start, end);
    for (; i < until; i++) {
      const place = places[i]!;
      into.set(bytes.subarray(place.start - start, place.start - start + place.size), next);
      next += place.size;
    }
  }
}

const zeros = (count: number) => new Uint8Array(count);
const u16 = (n: number) => Uint8Array.of(n >> 8, n & 255);
const MATRIX = concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));
