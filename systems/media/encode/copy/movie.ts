import {
  BOXES_MAX,
  CODEC_BYTES_MAX,
  EDITS_MAX,
  FILE_BOXES_MAX,
  MOOV_BYTES_MAX,
  TIMESCALE_MAX,
  TRACKS_MAX,
} from "./bounds.ts";
import { type Because, type ByteSource, Unusable } from "./source.ts";
import { type SampleTable, sampleTable } from "./tables.ts";

/** The index of an MP4 or QuickTime file (ISO/IEC 14496-12, 8), as far as copying and finding bytes needs it. */
export interface Movie {
  /** As in the file, which is also the order of ffmpeg's streams. */
  tracks: MovieTrack[];
  /** What it takes in memory. */
  held_bytes: number;
  file_bytes: number;
}

export interface MovieTrack {
  kind: "picture" | "sound" | "other";
  timescale: number;
  /** Seconds of nothing before its first edit. */
  delay_s: number;
  /** The edit: from `from` ticks of the media on, for `ticks` (null: to its end). */
  edit: { from: number; seconds: number | null } | null;
  /** It is shown as it is stored: neither turned nor mirrored nor moved. */
  upright: boolean;
  /** The four letters of its sample description: `avc1`, `mp4a`, `hvc1`, … */
  format: string;
  /** `avcC` of `avc1`, `esds` of `mp4a`: the content of the box; null for all else. */
  config: Uint8Array | null;
  /** The content of a `colr` box that says how colours are coded, if there is one. */
  colours: Uint8Array | null;
  /** null where its samples cannot be found, with the reason. */
  samples: SampleTable | null;
  because: string | null;
}

/**
 * Reads the index of a stranger's file: bounded in bytes, boxes, samples and time, whatever the file says.
 * Reads a few headers and the index itself, wherever that is.
 * @returns why not, as the end of a sentence; never throws for what is in the file
 * @throws only what `source.read` throws for bytes that it said it had
 */
export async function readMovie(source: ByteSource): Promise<Movie | Because> {
  try {
    const found = await findMoov(source);
    return parseMoov(await source.read(found.content, found.end), source.size_bytes);
  } catch (error) {
    if (error instanceof Unusable) return { because: error.message };
    throw error;
  }
}

/** Where the index is, by the headers of the boxes before it. @throws Unusable */
export async function findMoov(source: ByteSource): Promise<{ content: number; end: number }> {
  let at = 0;
  for (let boxes = 0; at + 8 <= source.size_bytes; boxes++) {
    if (boxes >= FILE_BOXES_MAX) throw new Unusable("it has too many parts");
    const head = viewOf(await source.read(at, Math.min(at + 16, source.size_bytes)));
    const { type, content, end } = boxAt(head, 0, at, source.size_bytes);
    if (type === "moof" || type === "sidx") throw new Unusable("it is written in fragments");
    if (type === "moov") {
      if (end - content > MOOV_BYTES_MAX) throw new Unusable("its index is too large");
      return { content, end };
    }
    at = end;
  }
  throw new Unusable("it has no index");
}

interface Found {
  type: string;
  content: number;
  end: number;
}

/** The box whose header is at `at` of `view`, which itself lies at `base` of what ends at `limit`. */
function boxAt(view: DataView, at: number, base: number, limit: number): Found {
  const start = base + at;
  if (at + 8 > view.byteLength) throw new Unusable("it is cut off or no MP4");
  let size = view.getUint32(at);
  let content = start + 8;
  if (size === 1) {
    if (at + 16 > view.byteLength) throw new Unusable("it is cut off or no MP4");
    size = Number(view.getBigUint64(at + 8));
    content = start + 16;
  } else if (size === 0) size = limit - start;
  const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type) || start + size < content || start + size > limit)
    throw new Unusable("it is cut off or no MP4");
  return { type, content, end: start + size };
}

/** One index in memory, and how many boxes may still be looked at. */
interface Reading {
  view: DataView;
  boxes_left: number;
}

function* children(reading: Reading, from: number, to: number): Generator<Found> {
  for (let at = from; at + 8 <= to;) {
    if (reading.boxes_left-- <= 0) throw new Unusable("its index has too many parts");
    const found = boxAt(reading.view, at, 0, to);
    yield found;
    at = found.end;
  }
}

function child(reading: Reading, parent: Found, ...path: string[]): Found | null {
  let found: Found | null = parent;
  for (const type of path) {
    const within: Found = found;
    found = null;
    for (const box of children(reading, within.content, within.end)) {
      if (box.type === type) {
        found = box;
        break;
      }
    }
    if (!found) return null;
  }
  return found;
}

function parseMoov(bytes: Uint8Array, file_bytes: number): Movie {
  const reading: Reading = { view: viewOf(bytes), boxes_left: BOXES_MAX };
  const top = [...children(reading, 0, bytes.length)];
  if (top.some(({ type }) => type === "mvex")) throw new Unusable("it is written in fragments");
  if (top.some(({ type }) => type === "cmov")) throw new Unusable("its index is compressed");
  const mvhd = top.find(({ type }) => type === "mvhd");
  if (!mvhd) throw new Unusable("its index is broken");
  const timescale = timescaleIn(slice(reading, mvhd));
  const traks = top.filter(({ type }) => type === "trak");
  if (traks.length > TRACKS_MAX) throw new Unusable("it has too many tracks");
  const tracks = traks.map((trak) => parseTrack(reading, trak, timescale, file_bytes));
  return {
    tracks,
    file_bytes,
    held_bytes: tracks.reduce(
      (sum, track) => sum + 1_024 + (track.config?.length ?? 0) + (track.samples?.held_bytes ?? 0),
      0,
    ),
  };
}

const NONE: MovieTrack = {
  kind: "other",
  timescale: 1,
  delay_s: 0,
  edit: null,
  upright: true,
  format: "",
  config: null,
  colours: null,
  samples: null,
  because: null,
};

/** What is wrong with one track is that track's matter: the others may still be of use. */
function parseTrack(reading: Reading, trak: Found, movie_timescale: number, file_bytes: number): MovieTrack {
  const track = { ...NONE };
  try {
    const hdlr = child(reading, trak, "mdia", "hdlr");
    const handler = hdlr && hdlr.end - hdlr.content >= 12 ? ascii(reading.view, hdlr.content + 8) : "";
    track.kind = handler === "vide" ? "picture" : handler === "soun" ? "sound" : "other";
    if (track.kind === "other") return track;
    const tkhd = child(reading, trak, "tkhd");
    const mdhd = child(reading, trak, "mdia", "mdhd");
    const stbl = child(reading, trak, "mdia", "minf", "stbl");
    if (!tkhd || !mdhd || !stbl) throw new Unusable("its index is broken");
    track.timescale = timescaleIn(slice(reading, mdhd));
    track.upright = isUpright(slice(reading, tkhd));
    describe(reading, stbl, track);
    checkReferences(reading, trak);
    edits(reading, trak, movie_timescale, track);
    track.samples = tablesOf(reading, stbl, track.timescale, file_bytes);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    track.because = error.message;
  }
  return track;
}

function tablesOf(reading: Reading, stbl: Found, timescale: number, file_bytes: number): SampleTable {
  const tables = new Map<string, Found>();
  for (const box of children(reading, stbl.content, stbl.end)) if (!tables.has(box.type)) tables.set(box.type, box);
  const optional = (type: string) => (tables.has(type) ? slice(reading, tables.get(type)!) : null);
  const needed = (type: string) => {
    const view = optional(type);
    if (!view) throw new Unusable(`it has no ${type}`);
    return view;
  };
  const wide = tables.has("co64");
  return sampleTable({
    stts: needed("stts"),
    ctts: optional("ctts"),
    stss: optional("stss"),
    stsc: needed("stsc"),
    stsz: needed("stsz"),
    chunks: needed(wide ? "co64" : "stco"),
    wide,
    timescale,
    file_bytes,
  });
}

/** Version and flags, two moments, then the ticks per second: of `mvhd` and `mdhd` alike. */
function timescaleIn(view: DataView): number {
  const at = view.byteLength > 0 && view.getUint8(0) === 1 ? 20 : 12;
  const timescale = at + 4 <= view.byteLength ? view.getUint32(at) : 0;
  if (timescale < 1 || timescale > TIMESCALE_MAX) throw new Unusable("its clock is broken");
  return timescale;
}

const IDENTITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

function isUpright(tkhd: DataView): boolean {
  const at = tkhd.byteLength > 0 && tkhd.getUint8(0) === 1 ? 52 : 40;
  if (at + 36 > tkhd.byteLength) throw new Unusable("its index is broken");
  return IDENTITY.every((value, i) => tkhd.getInt32(at + i * 4) === value);
}

/** One edit, and a delay before it, are what cameras and encoders write; more is a film that was cut. */
function edits(reading: Reading, trak: Found, movie_timescale: number, track: MovieTrack): void {
  const elst = child(reading, trak, "edts", "elst");
  if (!elst) return;
  const view = slice(reading, elst);
  if (view.byteLength < 8) throw new Unusable("its edit list is broken");
  const wide = view.getUint8(0) === 1;
  const count = view.getUint32(4);
  const step = wide ? 20 : 12;
  if (count > EDITS_MAX || 8 + count * step > view.byteLength)
    throw new Unusable("its edit list is too long or broken");
  for (let i = 0; i < count; i++) {
    const at = 8 + i * step;
    const ticks = wide ? Number(view.getBigUint64(at)) : view.getUint32(at);
    const from = wide ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    if (view.getInt32(at + step - 4) !== 0x10000) throw new Unusable("its edit list changes its speed");
    if (track.edit || !Number.isSafeInteger(ticks) || !Number.isSafeInteger(from))
      throw new Unusable("it is cut of several pieces");
    if (from < 0) track.delay_s += ticks / movie_timescale;
    else track.edit = { from, seconds: ticks === 0 ? null : ticks / movie_timescale };
  }
}

/** Samples must lie in this very file; a reference to another one is never followed. */
function checkReferences(reading: Reading, trak: Found): void {
  const dref = child(reading, trak, "mdia", "minf", "dinf", "dref");
  if (!dref) return;
  if (dref.end - dref.content < 8) throw new Unusable("its index is broken");
  for (const entry of children(reading, dref.content + 8, dref.end)) {
    const own = entry.end - entry.content >= 4 && (reading.view.getUint32(entry.content) & 1) === 1;
    if (!own) throw new Unusable("its samples lie in another file");
  }
}

function describe(reading: Reading, stbl: Found, track: MovieTrack): void {
  const stsd = child(reading, stbl, "stsd");
  if (!stsd || stsd.end - stsd.content < 8) throw new Unusable("its index is broken");
  if (reading.view.getUint32(stsd.content + 4) !== 1) throw new Unusable("it has several descriptions of its samples");
  const [entry] = children(reading, stsd.content + 8, stsd.end);
  if (!entry) throw new Unusable("its index is broken");
  track.format = entry.type;
  if (entry.type === "avc1") {
    const within = inside(entry, 78);
    track.config = contentOf(reading, child(reading, within, "avcC"));
    track.colours = contentOf(reading, child(reading, within, "colr"));
    if (child(reading, within, "sinf")) throw new Unusable("it is encrypted");
  } else if (entry.type === "mp4a") {
    // QuickTime's versions 1 and 2 have more fields, and the rest in a box of its own.
    const version = entry.content + 10 <= entry.end ? reading.view.getUint16(entry.content + 8) : 0;
    const within = inside(entry, version === 1 ? 44 : version === 2 ? 64 : 28);
    track.config = contentOf(reading, child(reading, within, "esds") ?? child(reading, within, "wave", "esds"));
  } else if (entry.type === "encv" || entry.type === "enca") throw new Unusable("it is encrypted");
}

function inside(entry: Found, fields_bytes: number): Found {
  if (entry.content + fields_bytes > entry.end) throw new Unusable("its index is broken");
  return { ...entry, content: entry.content + fields_bytes };
}

/** A copy: what is kept must not hold the whole index in memory. */
function contentOf(reading: Reading, box: Found | null): Uint8Array | null {
  if (!box) return null;
  if (box.end - box.content > CODEC_BYTES_MAX) throw new Unusable("its index is broken");
  const view = slice(reading, box);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const slice = ({ view }: Reading, box: Found) =>
  new DataView(view.buffer, view.byteOffset + box.content, box.end - box.content);
const ascii = (view: DataView, at: number) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
