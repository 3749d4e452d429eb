import { HEAD_BYTES, HEAD_UNITS_MAX } from "./bounds.ts";
import { type ByteSource, Unusable } from "./source.ts";
import type { SampleTable } from "./tables.ts";

/** What an `avcC` box says of an H.264 track (ISO/IEC 14496-15, 5.3.3), and the parameter set in it. */
export interface Avc {
  profile: number;
  level: number;
  /** RFC 6381. */
  codecs: string;
  /** Of the length before each unit. */
  length_bytes: number;
  sps: Uint8Array;
  pps: Uint8Array[];
  width: number;
  height: number;
  /** 4:2:0, 8 bits, whole frames. */
  plain: boolean;
  square: boolean;
  full_range: boolean;
  /** H.273's number of the transfer: 16 and 18 are HDR; 2 where nothing is said. */
  transfer: number;
}

/** @throws Unusable for a box that is broken or has several sequence parameter sets */
export function parseAvc(box: Uint8Array): Avc {
  const broken = () => new Unusable("its description of the picture is broken");
  if (box.length < 7 || box[0] !== 1) throw broken();
  if ((box[5]! & 31) !== 1) throw new Unusable("it has several descriptions of its picture");
  const length_bytes = (box[4]! & 3) + 1;
  let at = 6;
  const unit = (): Uint8Array => {
    if (at + 2 > box.length) throw broken();
    const length = (box[at]! << 8) | box[at + 1]!;
    at += 2 + length;
    if (length === 0 || at > box.length) throw broken();
    return box.slice(at - length, at);
  };
  const sps = unit();
  const pps_count = box[at++];
  if (pps_count === undefined || pps_count === 0 || length_bytes === 3) throw broken();
  const pps = Array.from({ length: pps_count }, unit);
  const said = parseSps(sps);
  if (said.profile !== box[1] || said.level !== box[3]) throw broken();
  const codecs = `avc1.${[box[1], box[2], box[3]].map((byte) => byte!.toString(16).padStart(2, "0")).join("")}`;
  return { codecs, length_bytes, sps, pps, ...said };
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);

/** H.264, 7.3.2.1.1 and E.1.1, up to the colours. @throws Unusable */
function parseSps(unit: Uint8Array) {
  const bits = bitsOf(unit);
  if ((bits.u(8) & 31) !== 7) throw new Unusable("its description of the picture is broken");
  const profile = bits.u(8);
  bits.u(8);
  const level = bits.u(8);
  bits.ue();
  let plain = true;
  if (HIGH_PROFILES.has(profile)) {
    const chroma = bits.ue();
    if (chroma === 3) bits.u(1);
    const depths = [bits.ue(), bits.ue()];
    plain = chroma === 1 && depths.every((depth) => depth === 0) && bits.u(1) === 0;
    if (bits.u(1))
      for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) if (bits.u(1)) skipScaling(bits, list < 6 ? 16 : 64);
  }
  bits.ue();
  const order = bits.ue();
  if (order === 0) bits.ue();
  else if (order === 1) {
    bits.u(1);
    bits.ue();
    bits.ue();
    const frames = bits.ue();
    if (frames > 255) throw new Unusable("its description of the picture is broken");
    for (let i = 0; i < frames; i++) bits.ue();
  }
  bits.ue();
  bits.u(1);
  const wide = bits.ue() + 1;
  const high = bits.ue() + 1;
  const frames_only = bits.u(1) === 1;
  if (!frames_only) bits.u(1);
  bits.u(1);
  const crop = bits.u(1) ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const width = wide * 16 - (crop[0]! + crop[1]!) * 2;
  const height = high * 16 - (crop[2]! + crop[3]!) * 2;
  const frame = { profile, level, width, height, plain: plain && frames_only };
  if (width < 2 || height < 2 || !bits.u(1)) return { ...frame, square: true, full_range: false, transfer: 2 };
  let square = true;
  if (bits.u(1)) {
    const shape = bits.u(8);
    if (shape === 255) square = bits.u(16) === bits.u(16);
    else square = shape <= 1;
  }
  if (bits.u(1)) bits.u(1);
  let full_range = false;
  let transfer = 2;
  if (bits.u(1)) {
    bits.u(3);
    full_range = bits.u(1) === 1;
    if (bits.u(1)) {
      bits.u(8);
      transfer = bits.u(8);
    }
  }
  return { ...frame, square, full_range, transfer };
}

function skipScaling(bits: Bits, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) {
      const coded = bits.ue();
      next = (last + (coded % 2 === 0 ? -coded / 2 : (coded + 1) / 2) + 256) % 256;
    }
    last = next === 0 ? last : next;
  }
}

interface Bits {
  u(count: number): number;
  ue(): number;
}

/** Behind its end everything is broken. */
function bitsOf(unit: Uint8Array): Bits {
  // 0x03 after two zeros is there to hide start codes.
  const bytes: number[] = [];
  for (let i = 0, zeros = 0; i < unit.length; i++) {
    if (zeros >= 2 && unit[i] === 3) {
      zeros = 0;
      continue;
    }
    zeros = unit[i] === 0 ? zeros + 1 : 0;
    bytes.push(unit[i]!);
  }
  let at = 0;
  const u = (count: number): number => {
    if (at + count > bytes.length * 8) throw new Unusable("its description of the picture is broken");
    let value = 0;
    for (let i = 0; i < count; i++, at++) value = value * 2 + ((bytes[at >> 3]! >> (7 - (at & 7))) & 1);
    return value;
  };
  return {
    u,
    ue() {
      let zeros = 0;
      while (u(1) === 0) if (++zeros > 31) throw new Unusable("its description of the picture is broken");
      return 2 ** zeros - 1 + u(zeros);
    },
  };
}

/**
 * Whether a film can be begun at a sample: its first slice is of an IDR picture (nothing after it looks before it), and what
 * it says of the picture itself is what the index says. Reads a few kilobytes.
 */
export async function isIdr(source: ByteSource, samples: SampleTable, sample: number, avc: Avc): Promise<boolean> {
  const [place] = samples.places(sample, sample + 1);
  if (!place) return false;
  let window: { at: number; bytes: Uint8Array } = { at: 0, bytes: new Uint8Array(0) };
  const bytesAt = async (at: number, length: number): Promise<Uint8Array | null> => {
    if (at + length > place.size) return null;
    if (at < window.at || at + length > window.at + window.bytes.length) {
      const end = Math.min(place.size, at + Math.max(length, HEAD_BYTES));
      window = { at, bytes: await source.read(place.start + at, place.start + end) };
    }
    return window.bytes.subarray(at - window.at, at - window.at + length);
  };
  let at = 0;
  for (let units = 0; units < HEAD_UNITS_MAX; units++) {
    const head = await bytesAt(at, avc.length_bytes + 1);
    if (!head) return false;
    const length = head.subarray(0, avc.length_bytes).reduce((sum, byte) => sum * 256 + byte, 0);
    const type = head[avc.length_bytes]! & 31;
    if (type === 5) return true;
    if (type >= 1 && type <= 4) return false;
    if (type === 7 || type === 8) {
      const known = type === 7 ? [avc.sps] : avc.pps;
      const unit = length <= 4_096 ? await bytesAt(at + avc.length_bytes, length) : null;
      if (!unit || !known.some((own) => Buffer.compare(own, unit) === 0)) return false;
    }
    at += avc.length_bytes + length;
  }
  return false;
}
