import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { deflateSync } from "node:zlib";

import type { PostId } from "#kernel/ids.ts";

import { createImage, deleteImage, getImage, getUpload, patchImage } from "../contract.ts";
import { good, machineFfmpeg, makePicture, mediaHouse, uploadBytes } from "../testing.ts";

setDefaultTimeout(60_000);
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");

async function image(bytes: Uint8Array, token = astrid.token, media_type = "image/png") {
  const upload_id = await uploadBytes(media, token, bytes, { filename: "picture", media_type });
  const made = await client.call(createImage, { token, body: { upload_id, alt: "A red house" } });
  if (made.status === 201) return { status: made.status, image: good(made), upload_id };
  for (;;) {
    const now = good(await client.call(getImage, { token, params: { image_id: good(made).id } }));
    if (now.status !== "processing") return { status: made.status, image: now, upload_id };
    await Bun.sleep(20);
  }
}

/** A PNG of one colour and any claimed size: small as a file, huge once decoded. */
function png(width: number, height: number, rows = height): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(Bun.hash.crc32(body) >>> 0, body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc((width + 1) * rows));
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk("IHDR", head),
      chunk("IDAT", data),
      chunk("IEND", Buffer.alloc(0)),
    ]),
  );
}

/** A JPEG with an EXIF segment that says where it was taken. */
async function jpegWithPlace(): Promise<Uint8Array> {
  const plain = await new Bun.Image(png(400, 300)).jpeg({ quality: 80 }).bytes();
  const exif = Buffer.from("Exif\0\0GPSLatitude 59.329323 SECRETPLACE");
  const segment = Buffer.alloc(4 + exif.length);
  segment.writeUInt16BE(0xffe1, 0);
  segment.writeUInt16BE(exif.length + 2, 2);
  exif.copy(segment, 4);
  return new Uint8Array(Buffer.concat([plain.subarray(0, 2), segment, plain.subarray(2)]));
}

describe("pictures that are refused, with a reason, and leave nothing", () => {
  const hostile: [string, () => Uint8Array, RegExp][] = [
    ["text named .png", () => new TextEncoder().encode("no picture\n".repeat(100)), /not_image/],
    [
      "an SVG with a script",
      () => new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
      /not_image|format_refused/,
    ],
    ["1×100000", () => png(1, 100_000), /size_refused/],
    ["100000×1", () => png(100_000, 1), /size_refused/],
    ["a decompression bomb: 30000×30000 in a few kilobytes", () => png(30_000, 30_000, 300), /size_refused/],
    [
      "a bomb that hides its size: 9000×9000 with rows missing",
      () => png(9_000, 9_000, 10),
      /broken|truncated|too_heavy|size_refused/,
    ],
    ["cut off in its middle", () => png(600, 400).slice(0, -30), /truncated|broken/],
    [
      "noise after a PNG's first bytes",
      () =>
        new Uint8Array([
          0x89,
          0x50,
          0x4e,
          0x47,
          0x0d,
          0x0a,
          0x1a,
          0x0a,
          ...crypto.getRandomValues(new Uint8Array(500)),
        ]),
      /not_image|broken|truncated|size_refused/,
    ],
  ];
  test.each(hostile)("MD40: %s", async (_name, make, code) => {
    const bytes = make();
    expect(bytes.length).toBeLessThan(200_000);
    const token = astrid.token;
    const upload_id = await uploadBytes(media, token, bytes, { filename: "picture", media_type: "image/png" });
    const refused = await client.call(createImage, { token, body: { upload_id } });
    expect([refused.status, refused.code]).toEqual([422, expect.stringMatching(code)]);
    expect((refused.body as unknown as { detail: string }).detail.length).toBeGreaterThan(20);
    await media.settled();
    expect(await media.stored()).toEqual([]);
  });

  test("MD41: another person's picture is not there, and its words are not theirs to change", async () => {
    const { image: made } = await image(png(40, 30));
    const params = { image_id: made.id };
    const token = birger.token;
    const answers = [
      await client.call(getImage, { token, params }),
      await client.call(getImage, { params }),
      await client.call(patchImage, { token, params, body: { alt: "Mine" } }),
      await client.call(deleteImage, { token, params }),
    ];
    expect(answers.map((answer) => answer.code)).toEqual(answers.map(() => "image.not_found"));
    await client.call(deleteImage, { token: astrid.token, params });
  });
});

describe("a picture", () => {
  test("MD42: is ready in the answer, in sizes, with a blur; what was sent and where it was taken are gone", async () => {
    const bytes = await jpegWithPlace();
    const { status, image: made, upload_id } = await image(bytes, astrid.token, "image/jpeg");
    expect(status).toBe(201);
    expect(made).toMatchObject({ status: "ready", alt: "A red house", width: 400, height: 300 });
    expect(made.placeholder).toStartWith("data:image/");
    expect(made.variants.map((variant) => variant.width)).toEqual([320, 400]);
    for (const { url } of made.variants) {
      expect(url).not.toContain("/public/");
      const answer = await media.ask(url);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/webp"]);
      expect(Buffer.from(await answer.arrayBuffer()).includes("SECRETPLACE")).toBe(false);
    }
    await media.settled();
    expect((await client.call(getUpload, { token: astrid.token, params: { upload_id } })).status).toBe(404);
    expect(await media.stored()).toHaveLength(2);
    expect(
      good(
        await client.call(patchImage, { token: astrid.token, params: { image_id: made.id }, body: { alt: "A barn" } }),
      ).alt,
    ).toBe("A barn");
    expect((await client.call(deleteImage, { token: astrid.token, params: { image_id: made.id } })).status).toBe(204);
    await media.settled();
    expect((await media.ask(made.variants[0]!.url)).status).toBe(404);
    expect(await media.stored()).toEqual([]);
  });

  test.skipIf(machineFfmpeg() === null).each(["png", "jpg", "webp", "gif", "bmp"] as const)(
    "MD42: %s is taken",
    async (format) => {
      const { image: made } = await image(
        await makePicture("320x200", format),
        astrid.token,
        `image/${format === "jpg" ? "jpeg" : format}`,
      );
      expect([made.status, made.width, made.height]).toEqual(["ready", 320, 200]);
    },
  );
});

describe("what a post shows", () => {
  const claim = (owner_id: string, post_id: string, more: object) =>
    media.house.db.sql.tx((tx) =>
      media.media.claimForPost(tx, owner_id, {
        post_id: post_id as PostId,
        video_id: null,
        image_ids: [],
        audience: "public",
        space_id: null,
        ...more,
      }),
    );
  const code = (error: { code?: string }) => error.code;

  test("MD43: another's, a failed, a used or an unknown picture cannot be posted", async () => {
    const { image: mine } = await image(png(40, 30));
    // One whose sender did not wait for the refusal.
    const { image: bad } = await image(png(41, 30));
    await media.house.db.sql.pool`UPDATE media_images SET status = 'failed', failure_code = 'image.broken',
      failure_detail = 'It could not be read.', variants = '[]' WHERE id = ${bad.id}`;
    const refused = "post.media_not_usable";
    expect(await claim(birger.id, "1", { image_ids: [mine.id] }).catch(code)).toBe(refused);
    expect(await claim(astrid.id, "1", { image_ids: [bad.id] }).catch(code)).toBe(refused);
    expect(await claim(astrid.id, "1", { image_ids: ["12345"] }).catch(code)).toBe(refused);
    expect(await claim(astrid.id, "1", { video_id: "12345" }).catch(code)).toBe(refused);
    await claim(astrid.id, "1", { image_ids: [mine.id] });
    expect(await claim(astrid.id, "2", { image_ids: [mine.id] }).catch(code)).toBe(refused);
    // The same post may say the same again.
    await claim(astrid.id, "1", { image_ids: [mine.id] });
  });

  test("MD44: it is seen by whom the post is seen by: public lies in the open, hidden and released do not", async () => {
    const { image: made } = await image(png(64, 48));
    const params = { image_id: made.id };
    await claim(astrid.id, "10", { image_ids: [made.id] });
    await media.settled();
    const open = good(await client.call(getImage, { params })).variants[0]!.url;
    expect(open).toContain("/public/");
    expect((await media.ask(open)).status).toBe(200);
    const cards = await media.media.imageCards([made.id, "12345"]);
    expect([...cards.keys()]).toEqual([made.id]);
    expect(cards.get(made.id)!.variants[0]!.url).toBe(open);

    const { sql } = media.house.db;
    await sql.tx((tx) => media.media.hidePost(tx, "10"));
    await media.settled();
    expect((await client.call(getImage, { params })).status).toBe(404);
    expect((await media.ask(open)).status).toBe(404);
    await sql.tx((tx) => media.media.showPost(tx, "10", { audience: "public", space_id: null }));
    await media.settled();
    expect((await client.call(getImage, { params })).status).toBe(200);
    await claim(astrid.id, "10", {});
    await media.settled();
    expect((await client.call(getImage, { params })).status).toBe(404);
    expect((await client.call(getImage, { token: astrid.token, params })).status).toBe(200);
  });

  test("MD45: a face lies in the open under an address that stays, and is its owner's only", async () => {
    const { image: made } = await image(png(500, 500));
    const { pictures } = media.media;
    expect(await pictures.avatarOf(birger.id, made.id)).toBeNull();
    const [first, second] = await Promise.all([
      pictures.avatarOf(astrid.id, made.id),
      pictures.avatarOf(astrid.id, made.id),
    ]);
    expect(first).toEqual(second!);
    expect(first!.url_small).toContain("/public/");
    expect((await media.ask(first!.url_large)).status).toBe(200);
    expect(await pictures.avatarOf(astrid.id, made.id)).toEqual(first!);
    expect(await claim(astrid.id, "99", { image_ids: [made.id] }).catch(code)).toBe("post.media_not_usable");
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});
