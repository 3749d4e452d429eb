/**
 * Fragmented MP4 as we need it (ISO/IEC 14496-12): ffmpeg's segments are put on our grid whatever run made them, so that
 * the pieces of two runs fit together, and its init is freed of what would shift them.
 */
export interface Box {
  type: string;
  /** Where the whole box begins and ends in its buffer, and where its content begins. */
  start: number;
  content: number;
  end: number;
}

export function boxesIn(bytes: Uint8Array, from = 0, to = bytes.length): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  let at = from;
  while (at + 8 <= to) {
    let size = view.getUint32(at);
    let content = at + 8;
    if (size === 1 && at + 16 <= to) {
      size = Number(view.getBigUint64(at + 8));
      content = at + 16;
    }
    if (size < content - at || at + size > to) break;
    boxes.push({ type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), start: at, content, end: at + size });
    at += size;
  }
  return boxes;
}

/** True when `bytes` are one fragment from beginning to end: a file that is still being written is not. */
export function isWholeSegment(bytes: Uint8Array): boolean {
  const boxes = boxesIn(bytes);
  return (
    boxes.at(-1)?.end === bytes.length && boxes.some(({ type }) => type === "moof") && boxes.at(-1)?.type === "mdat"
  );
}

export function isWholeInit(bytes: Uint8Array): boolean {
  const boxes = boxesIn(bytes);
  return boxes.at(-1)?.end === bytes.length && boxes.some(({ type }) => type === "moov");
}

/** The init of a track without edit lists (they would move the film by the reordering delay) and without the encoder's signature. */
export function cleanInit(bytes: Uint8Array): Uint8Array {
  return concat(
    boxesIn(bytes).map((box) =>
      box.type === "moov" ? without(bytes, box, ["edts", "udta"]) : bytes.subarray(box.start, box.end),
    ),
  );
}

const PARENTS = new Set(["moov", "trak"]);

function without(bytes: Uint8Array, box: Box, types: string[]): Uint8Array {
  const kept = boxesIn(bytes, box.content, box.end)
    .filter(({ type }) => !types.includes(type))
    .map((child) => (PARENTS.has(child.type) ? without(bytes, child, types) : bytes.subarray(child.start, child.end)));
  return makeBox(box.type, ...kept);
}

/** Ticks per second of the track that an init describes. @throws Error for an init without a track */
export function timescaleOf(init: Uint8Array): number {
  const mdhd = find(init, ["moov", "trak", "mdia", "mdhd"]);
  const view = viewOf(init);
  return view.getUint32(mdhd.content + (view.getUint8(mdhd.content) === 1 ? 20 : 12));
}

/** Whether segments of a run with the one init can be played with the other: the same clock and the same codec's setup. */
export function sameTrack(one: Uint8Array, other: Uint8Array): boolean {
  const setup = (init: Uint8Array) => {
    const { start, end } = find(init, ["moov", "trak", "mdia", "minf", "stbl", "stsd"]);
    return init.subarray(start, end);
  };
  return timescaleOf(one) === timescaleOf(other) && Buffer.compare(setup(one), setup(other)) === 0;
}

/** The samples of a fragment: how many, and how large each is. @throws Error for one that holds not exactly one run */
export function samplesOf(segment: Uint8Array): { sizes: number[]; data: Uint8Array } {
  const view = viewOf(segment);
  const trun = find(segment, ["moof", "traf", "trun"]);
  const flags = view.getUint32(trun.content) & 0xffffff;
  const count = view.getUint32(trun.content + 4);
  let at = trun.content + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  const step = [0x100, 0x200, 0x400, 0x800].reduce((sum, flag) => sum + (flags & flag ? 4 : 0), 0);
  const sizeAt = flags & 0x100 ? 4 : 0;
  const usual = flags & 0x200 ? 0 : usualSize(segment);
  const sizes: number[] = [];
  for (let i = 0; i < count; i++, at += step) sizes.push(flags & 0x200 ? view.getUint32(at + sizeAt) : usual);
  const mdat = find(segment, ["mdat"]);
  return { sizes, data: segment.subarray(mdat.content, mdat.end) };
}

function usualSize(segment: Uint8Array): number {
  const view = viewOf(segment);
  const tfhd = find(segment, ["moof", "traf", "tfhd"]);
  const flags = view.getUint32(tfhd.content) & 0xffffff;
  if (!(flags & 0x10)) throw new Error("A fragment says nowhere how large its samples are.");
  const before = [0x1, 0x2, 0x8].reduce((sum, flag) => sum + (flags & flag ? (flag === 0x1 ? 8 : 4) : 0), 8);
  return view.getUint32(tfhd.content + before);
}

/**
 * A fragment of ours: the same samples, at `decode_time` on the track's clock, numbered `sequence` from 1.
 * @throws Error for what is not one fragment with a 64-bit decode time, as ffmpeg writes it
 */
export function placeSegment(segment: Uint8Array, decode_time: bigint, sequence: number): Uint8Array {
  const moof = find(segment, ["moof"]);
  const mdat = find(segment, ["mdat"]);
  if (mdat.start !== moof.end) throw new Error("A fragment's samples do not follow its head.");
  const placed = concat([STYP, segment.subarray(moof.start, mdat.end)]);
  const view = viewOf(placed);
  view.setUint32(find(placed, ["moof", "mfhd"]).content + 4, sequence);
  const tfdt = find(placed, ["moof", "traf", "tfdt"]);
  if (view.getUint8(tfdt.content) !== 1) throw new Error("A fragment's decode time is too narrow.");
  view.setBigUint64(tfdt.content + 4, decode_time);
  return placed;
}

/** A fragment of samples that stand for themselves, AAC frames or key frames, each `ticks_each` long. */
export function plainSegment(
  frames: Uint8Array[],
  ticks_each: number,
  decode_time: bigint,
  sequence: number,
): Uint8Array {
  const tfhd = fullBox("tfhd", 0, 0x020028, u32(1), u32(ticks_each), u32(0x02000000));
  const tfdt = fullBox("tfdt", 1, 0, u64(decode_time));
  const trunWith = (offset: number) =>
    fullBox("trun", 0, 0x201, u32(frames.length), u32(offset), concat(frames.map((frame) => u32(frame.length))));
  const moofWith = (offset: number) =>
    makeBox("moof", fullBox("mfhd", 0, 0, u32(sequence)), makeBox("traf", tfhd, tfdt, trunWith(offset)));
  // The offset is the head's own length and mdat's: the same length whatever number stands in it.
  const moof = moofWith(moofWith(0).length + 8);
  return concat([STYP, moof, makeBox("mdat", ...frames)]);
}

/** A segment that shows only the first picture of another, a key frame, for as long as that one lasts. */
export function keySegment(segment: Uint8Array, sequence: number): Uint8Array {
  const { sizes, data } = samplesOf(segment);
  const tfdt = find(segment, ["moof", "traf", "tfdt"]);
  const decode_time = viewOf(segment).getBigUint64(tfdt.content + 4);
  return plainSegment([data.subarray(0, sizes[0])], ticksOf(segment), decode_time, sequence);
}

/** How long the samples of a fragment last together. */
function ticksOf(segment: Uint8Array): number {
  const view = viewOf(segment);
  const tfhd = find(segment, ["moof", "traf", "tfhd"]);
  const said = view.getUint32(tfhd.content) & 0xffffff;
  const usual = said & 0x8 ? view.getUint32(tfhd.content + 8 + (said & 0x1 ? 8 : 0) + (said & 0x2 ? 4 : 0)) : 0;
  const trun = find(segment, ["moof", "traf", "trun"]);
  const flags = view.getUint32(trun.content) & 0xffffff;
  const count = view.getUint32(trun.content + 4);
  if (!(flags & 0x100)) return usual * count;
  const step = [0x100, 0x200, 0x400, 0x800].reduce((sum, flag) => sum + (flags & flag ? 4 : 0), 0);
  let at = trun.content + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  let ticks = 0;
  for (let i = 0; i < count; i++, at += step) ticks += view.getUint32(at);
  return ticks;
}

function find(bytes: Uint8Array, path: string[]): Box {
  let from = 0;
  let to = bytes.length;
  let found: Box | undefined;
  for (const type of path) {
    found = boxesIn(bytes, from, to).find((box) => box.type === type);
    if (!found) throw new Error(`This is not the MP4 that we make: there is no ${path.join("/")}.`);
    [from, to] = [found.content, found.end];
  }
  return found!;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function concat(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function u32(n: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, n);
  return bytes;
}

export function u64(n: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, n);
  return bytes;
}

export const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

export const makeBox = (type: string, ...content: Uint8Array[]): Uint8Array =>
  concat([u32(8 + content.reduce((sum, part) => sum + part.length, 0)), ascii(type), ...content]);

export const fullBox = (type: string, version: number, flags: number, ...content: Uint8Array[]): Uint8Array =>
  makeBox(type, u32(version * 0x1000000 + flags), ...content);

/** `cmfs`: a CMAF segment. */
export const STYP = makeBox("styp", ascii("msdh"), u32(0), ascii("msdhmsixcmfs"));
