/** A knife for MP4 files and bytes. It knows nothing of how the house reads them. */

export interface FoundBox {
  start: number;
  content: number;
  end: number;
}

const typeAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at + 4, at + 8));
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Content that does not begin with the first child. */
const HEADS: Record<string, number> = { stsd: 8, avc1: 78, hev1: 78, mp4a: 28, dref: 8 };

/**
 * The n-th box at a path such as `moov/trak/mdia`; `trak:1` is the second of its kind.
 * @throws Error when there is none
 */
export function boxAt(bytes: Uint8Array, path: string): FoundBox {
  let found: FoundBox = { start: 0, content: 0, end: bytes.length };
  for (const step of path.split("/")) {
    const [type = "", nth = "0"] = step.split(":");
    let left = Number(nth);
    let at = found.content;
    let next: FoundBox | null = null;
    while (at + 8 <= found.end) {
      const size = view(bytes).getUint32(at);
      if (size < 8) break;
      if (typeAt(bytes, at) === type && left-- === 0) {
        next = { start: at, content: at + 8, end: at + size };
        break;
      }
      at += size;
    }
    if (!next) throw new Error(`there is no ${path}`);
    const last = path.endsWith(step);
    found = last ? next : { ...next, content: next.content + (HEADS[type] ?? 0) };
  }
  return found;
}

/** A copy with 32-bit numbers written at places. */
export function with32(bytes: Uint8Array, ...changes: [at: number, value: number][]): Uint8Array {
  const copy = bytes.slice();
  for (const [at, value] of changes) view(copy).setUint32(at, value >>> 0);
  return copy;
}

export const read32 = (bytes: Uint8Array, at: number): number => view(bytes).getUint32(at);

export function with16(bytes: Uint8Array, ...changes: [at: number, value: number][]): Uint8Array {
  const copy = bytes.slice();
  for (const [at, value] of changes) view(copy).setUint16(at, value);
  return copy;
}

/** A copy in which the first (or every) occurrence of some letters is others of the same length. */
export function renamed(bytes: Uint8Array, from: string, to: string, all = false): Uint8Array {
  const copy = Buffer.from(bytes);
  let at = copy.indexOf(from, 0, "latin1");
  if (at < 0) throw new Error(`there is no ${from}`);
  while (at >= 0) {
    copy.write(to, at, "latin1");
    at = all ? copy.indexOf(from, at + 1, "latin1") : -1;
  }
  return new Uint8Array(copy);
}

export const joined = (...parts: (Uint8Array | string)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))));

export function box(type: string, content: Uint8Array | string): Uint8Array {
  const body = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const head = new Uint8Array(8);
  view(head).setUint32(0, body.length + 8);
  head.set(Buffer.from(type, "latin1"), 4);
  return joined(head, body);
}

/**
 * Puts bytes into a box's parent chain and mends the sizes above. Chunk offsets are mended where `mdat` lies behind.
 * @param path of the box behind whose head the bytes go
 */
export function inserted(bytes: Uint8Array, path: string, at: number, more: Uint8Array): Uint8Array {
  let copy = joined(bytes.subarray(0, at), more, bytes.subarray(at));
  const steps = path === "" ? [] : path.split("/");
  for (let depth = 1; depth <= steps.length; depth++) {
    const { start } = boxAt(bytes, steps.slice(0, depth).join("/"));
    copy = with32(copy, [start, read32(copy, start) + more.length]);
  }
  return copy;
}

/** Moves every 32-bit chunk offset of all tracks. */
export function withOffsets(bytes: Uint8Array, by: number): Uint8Array {
  const copy = bytes.slice();
  for (let track = 0; ; track++) {
    let stco: FoundBox;
    try {
      stco = boxAt(bytes, `moov/trak:${track}/mdia/minf/stbl/stco`);
    } catch {
      return copy;
    }
    const count = read32(bytes, stco.content + 4);
    for (let i = 0; i < count; i++) {
      const at = stco.content + 8 + 4 * i;
      view(copy).setUint32(at, read32(bytes, at) + by);
    }
  }
}

/** Turns over single bits, always the same ones for a seed (xorshift32). */
export function flipped(bytes: Uint8Array, seed: number, flips: number, from = 0, to = bytes.length): Uint8Array {
  const copy = bytes.slice();
  let state = seed | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < flips; i++) copy[from + (next() % (to - from))]! ^= 1 << (next() % 8);
  return copy;
}
