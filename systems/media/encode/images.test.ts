import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

import { imageHead } from "./image-head.ts";
import { makeImage } from "./images.ts";
import { makePoster } from "./poster.ts";
import { probeVideo } from "./probe.ts";
import { encodeBench, FAST } from "./testing.ts";
import { MediaRefusal } from "./tools.ts";

/** Real programs on a machine that does other things too; a test alone takes about a second. */
const ROOM_MS = 60_000;

const bench = await encodeBench();
afterAll(() => typeof bench !== "string" && bench[Symbol.dispose]());

/** A PNG that says any size; its rows are all zero, so that a huge one is a few kilobytes. */
function png(width: number, height: number, rows = height): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(Bun.hash.crc32(body), 8 + data.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc((width + 1) * rows), { level: 9 });
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A gradient with something in it, as any format. */
const picture = (width: number, height: number) => {
  const bmp = Buffer.alloc(54 + width * height * 4);
  bmp.write("BM", 0, "latin1");
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(32, 28);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      bmp.set([(x * 255) / width, (y * 255) / height, (x ^ y) & 255, 255], 54 + (y * width + x) * 4);
  }
  return new Bun.Image(bmp);
};

/** Puts EXIF with an orientation, a place and a thumbnail's end mark behind a JPEG's first bytes. */
function withExif(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const body = Buffer.from([...Buffer.from("Exif\0\0"), ...tiff, ...Buffer.from("GPS 59.3293N 18.0686E"), 0xff, 0xd9]);
  const app1 = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255]);
  return Buffer.concat([jpeg.subarray(0, 2), app1, body, jpeg.subarray(2)]);
}

if (typeof bench === "string") test.skip(`pictures: ${bench}`, () => {});
else {
  const { needs, make, folder, path } = bench;
  const written = (name: string, content: string | Uint8Array) => {
    const file = path(name);
    writeFileSync(file, content);
    return file;
  };
  const refusal = async (content: string | Uint8Array): Promise<string> => {
    const out = folder();
    try {
      await makeImage(needs, written("sent", content), out);
    } catch (error) {
      if (!(error instanceof MediaRefusal)) throw error;
      expect(readdirSync(out)).toEqual([]);
      expect(error.detail.length).toBeGreaterThan(20);
      return error.code;
    }
    return "taken";
  };

  describe("refusals", () => {
    test(
      "EN19: nothing, text, and a film",
      async () => {
        expect(await refusal("")).toBe("image.empty");
        expect(await refusal("hello ".repeat(100))).toBe("image.not_image");
        expect(await refusal(crypto.getRandomValues(new Uint8Array(10_000)))).toBe("image.not_image");
      },
      ROOM_MS,
    );

    test(
      "EN18: kinds that are not taken are refused by name",
      async () => {
        const svg = `<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;
        expect(await refusal(svg)).toBe("image.format_refused");
        for (const brand of ["avif", "heic", "mif1"]) {
          expect(
            await refusal(
              Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0`), Buffer.alloc(100)]),
            ),
          ).toBe("image.format_refused");
        }
        expect(await refusal("II*\0" + "\0".repeat(100))).toBe("image.format_refused");
      },
      ROOM_MS,
    );

    test(
      "EN19: a bomb, and one that is long and thin, before they are decoded",
      async () => {
        expect(await refusal(png(16_000, 16_000, 1_000))).toBe("image.size_refused");
        expect(await refusal(png(1, 100_000))).toBe("image.size_refused");
        expect(await refusal(png(16_000, 10, 10))).toBe("image.size_refused");
        expect(await refusal(png(60_000, 60_000, 1))).toBe("image.size_refused");
      },
      ROOM_MS,
    );

    test(
      "EN19: cut off, of every kind",
      async () => {
        const whole = picture(200, 150);
        const gif = await Bun.file(
          await make("a.gif", "-f", "lavfi", "-i", "testsrc2=s=160x120:d=0.1", "-frames:v", "1"),
        ).bytes();
        const kinds = {
          jpeg: await whole.jpeg().bytes(),
          png: await picture(200, 150).png().bytes(),
          webp: await picture(200, 150).webp().bytes(),
          gif,
        };
        for (const [kind, bytes] of Object.entries(kinds)) {
          expect({ kind, code: await refusal(bytes) }).toEqual({ kind, code: "taken" });
          for (const share of [0.05, 0.5, 0.95]) {
            const code = await refusal(bytes.slice(0, Math.floor(bytes.length * share)));
            expect({ kind, share, code }).toMatchObject({
              code: expect.stringMatching(/^image\.(?:truncated|broken)$/),
            });
          }
        }
        expect(await refusal(withExif(kinds.jpeg, 1).slice(0, -200))).toBe("image.truncated");
      },
      ROOM_MS,
    );

    test(
      "EN19: rows that are missing behind a true head",
      async () => {
        expect(await refusal(png(2_000, 2_000, 3))).toBe("image.broken");
      },
      ROOM_MS,
    );
  });

  describe("what is made", () => {
    test(
      "EN18: sizes up to the source's own, never beyond",
      async () => {
        const out = folder();
        const made = await makeImage(needs, written("a.png", await picture(1_000, 500).png().bytes()), out);
        expect(made).toMatchObject({ width: 1_000, height: 500, format: "png" });
        expect(made.variants.map(({ width, height }) => `${width}x${height}`)).toEqual([
          "320x160",
          "640x320",
          "1000x500",
        ]);
        expect(readdirSync(out).sort()).toEqual(made.variants.map(({ file }) => file).sort());
        expect(made.placeholder).toStartWith("data:image/png;base64,");
        const small = await makeImage(needs, written("b.png", await picture(40, 30).png().bytes()), folder());
        expect(small.variants.map(({ width }) => width)).toEqual([40]);
        const large = await makeImage(needs, written("c.jpg", await picture(2_600, 1_300).jpeg().bytes()), folder());
        expect(large.variants.map(({ width }) => width)).toEqual([320, 640, 1280, 2048]);
      },
      ROOM_MS,
    );

    test(
      "EN18: turned as the camera was held, and EXIF is gone",
      async () => {
        const sent = withExif(await picture(400, 200).jpeg().bytes(), 6);
        expect(Buffer.from(sent).includes("GPS 59.3293N")).toBe(true);
        const out = folder();
        const made = await makeImage(needs, written("a.jpg", sent), out);
        expect(made).toMatchObject({ width: 200, height: 400 });
        for (const { file, width, height } of made.variants) {
          expect(height).toBe(width * 2);
          const bytes = await Bun.file(join(out, file)).bytes();
          expect(imageHead(bytes)?.kind).toBe("webp" as never);
          for (const trace of ["GPS", "Exif", "EXIF", "ICCP"]) expect(Buffer.from(bytes).includes(trace)).toBe(false);
        }
      },
      ROOM_MS,
    );

    test(
      "EN20: a poster is neither black nor the last that there is",
      async () => {
        // Two seconds of black, then something to see.
        const black = "color=black:s=640x360:r=25:d=2[a];testsrc2=s=640x360:r=25:d=4[b];[a][b]concat";
        const film = await make("film.mp4", "-f", "lavfi", "-i", black, ...FAST, "-g", "25");
        const out = folder();
        const poster = await makePoster(needs, film, await probeVideo(needs, film), out);
        expect(poster).toMatchObject({ width: 640, height: 360 });
        expect(poster.at_ms).toBeGreaterThanOrEqual(2_000);
        expect(poster.at_ms).toBeLessThan(4_000);
        expect(imageHead(await Bun.file(poster.path).bytes())).toMatchObject({
          kind: "jpeg",
          width: 640,
          height: 360,
          whole: true,
        });
      },
      ROOM_MS,
    );
  });
}
