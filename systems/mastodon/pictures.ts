import { deflateSync } from "node:zlib";

import { notFound } from "#kernel/errors.ts";

/**
 * Clients show a picture for everybody, and many cannot draw SVG. Who has none gets a figure on one of eight grounds; made once,
 * a few hundred bytes each.
 */
const GROUNDS = ["9c2b2e", "7a5c3e", "4f6b4a", "3f6473", "6b5180", "a0673a", "5a6270", "8a4a63"];
const FIGURE = "f4efe6";
const SIDE_PX = 200;
const HEADER = { width: 600, height: 200, ground: "e6ded0" };

type Pixel = (x: number, y: number) => number;

/** A PNG of two colours, one bit a pixel. */
function png(width: number, height: number, colours: string[], pixel: Pixel): Uint8Array {
  const row_bytes = 1 + Math.ceil(width / 8);
  const rows = Buffer.alloc(row_bytes * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (pixel(x, y) === 1) rows[y * row_bytes + 1 + (x >> 3)]! |= 0x80 >> (x & 7);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // One bit a pixel, of a palette.
  head.set([1, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(colours.join(""), "hex")),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(Bun.hash.crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}

/** Head and shoulders. */
const figure: Pixel = (x, y) => {
  const [dx, head, body] = [x - 100, y - 78, y - 205];
  return dx * dx + head * head < 36 * 36 || (dx * dx) / (72 * 72) + (body * body) / (78 * 78) < 1 ? 1 : 0;
};

const made = new Map<string, Uint8Array>();

export function pictureAt(name: string): Response {
  const hue = /^avatar-([0-7])\.png$/.exec(name)?.[1];
  if (hue === undefined && name !== "header.png") throw notFound("picture");
  let bytes = made.get(name);
  if (!bytes) {
    bytes =
      hue === undefined
        ? png(HEADER.width, HEADER.height, [HEADER.ground, FIGURE], () => 0)
        : png(SIDE_PX, SIDE_PX, [GROUNDS[Number(hue)]!, FIGURE], figure);
    made.set(name, bytes);
  }
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      "content-type": "image/png",
      "cache-control": "public, max-age=604800",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    },
  });
}
