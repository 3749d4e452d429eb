/**
 * What a picture says of itself in its first bytes, and whether its end is there. Decoders fill what is missing with grey
 * (JPEG, GIF); we would rather ask for the rest.
 */
export type ImageHead =
  | { kind: "jpeg" | "png" | "webp" | "gif" | "bmp"; width: number; height: number; whole: boolean }
  | { kind: "other"; name: string };

/** @returns null for what is no picture that we know of. Sizes are 0 where the head does not say them plainly. */
export function imageHead(bytes: Uint8Array): ImageHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHead(bytes, view);
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") {
    const [width, height] = bytes.length >= 24 ? [view.getUint32(16), view.getUint32(20)] : [0, 0];
    // The decoder checks the rest: a PNG without its end does not decode.
    return { kind: "png", width, height, whole: bytes.length >= 24 };
  }
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") {
    return {
      kind: "webp",
      width: 0,
      height: 0,
      whole: bytes.length >= 12 && view.getUint32(4, true) + 8 <= bytes.length + 1,
    };
  }
  if (/^GIF8[79]a$/.test(text(0, 6))) {
    const [width, height] = bytes.length >= 10 ? [view.getUint16(6, true), view.getUint16(8, true)] : [0, 0];
    return { kind: "gif", width, height, whole: endsWith(bytes, 0x3b) };
  }
  if (text(0, 2) === "BM" && bytes.length > 26) {
    return {
      kind: "bmp",
      width: Math.abs(view.getInt32(18, true)),
      height: Math.abs(view.getInt32(22, true)),
      whole: true,
    };
  }
  return other(bytes, text);
}

function other(bytes: Uint8Array, text: (at: number, length: number) => string): ImageHead | null {
  if (text(4, 4) === "ftyp") {
    const brand = text(8, 4);
    if (/^avi[fs]$/.test(brand)) return { kind: "other", name: "AVIF" };
    if (/^(?:hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand)) return { kind: "other", name: "HEIC" };
  }
  if (/^(?:II\*\0|MM\0\*)$/.test(text(0, 4))) return { kind: "other", name: "TIFF" };
  if (
    /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)?(?:<!DOCTYPE svg|<svg)/i.test(text(0, Math.min(512, bytes.length)))
  ) {
    return { kind: "other", name: "SVG" };
  }
  return null;
}

/** Walks the segments to the first scan; a thumbnail inside EXIF has its own end mark, which must not count. */
function jpegHead(bytes: Uint8Array, view: DataView): ImageHead {
  let width = 0;
  let height = 0;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    const is_frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (is_frame && at + 9 <= bytes.length) [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
    if (marker === 0xda) return { kind: "jpeg", width, height, whole: hasJpegEnd(bytes, at + 2 + length) };
    at += 2 + length;
  }
  return { kind: "jpeg", width, height, whole: false };
}

/** In a scan a real 0xff is always followed by 0x00, so 0xffd9 is the end and nothing else. */
function hasJpegEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

function endsWith(bytes: Uint8Array, mark: number): boolean {
  let last = bytes.length - 1;
  while (last > 0 && bytes[last] === 0) last--;
  return bytes[last] === mark;
}
