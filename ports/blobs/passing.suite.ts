import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";

import { Problem } from "#kernel/errors.ts";

import type { BlobsUnderTest } from "./contract.suite.ts";
import type { Blobs } from "./index.ts";

const film = { media_type: "video/mp4" };
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* broken(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new Error("the line broke");
}

/** Uploads whose bytes pass through us: BL60 and BL61 of SPEC.md, on an engine. */
export function passingContract(engine: string, open: () => Promise<BlobsUnderTest>): void {
  describe(`bytes that pass through us, on ${engine}`, () => {
    let under: BlobsUnderTest;
    let blobs: Blobs;
    beforeAll(async () => {
      under = await open();
      blobs = under.blobs;
    });
    afterAll(() => under[Symbol.asyncDispose]());

    const read = async (name: string) => new Response((await blobs.get(name)).body).bytes();
    const codeOf = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      return error instanceof Problem ? error.code : String(error);
    };
    const listed = async (name: string, id: string) =>
      (await blobs.multipart.listParts(name, id)).map(({ part_number, etag }) => ({ part_number, etag }));

    test("BL60: a part that is too short, too long, broken or of an upload that is gone leaves nothing", async () => {
      const { multipart_id } = await blobs.multipart.create("p/one", film);
      const put = (bytes: AsyncIterable<Uint8Array>, size = 10) =>
        blobs.multipart.putPart("p/one", multipart_id, 1, size, bytes);
      expect(await codeOf(put(inChunks(new Uint8Array(9), 4)))).toBe("upload.part_size");
      expect(await codeOf(put(inChunks(new Uint8Array(11), 4)))).toBe("upload.part_size");
      expect(await codeOf(put(broken(new Uint8Array(5))))).toContain("the line broke");
      expect(await listed("p/one", multipart_id)).toEqual([]);
      await blobs.multipart.abort("p/one", multipart_id);
      expect(await codeOf(put(inChunks(new Uint8Array(10), 4)))).toBe("upload.gone");
    });

    test.each([
      ["in order", [1, 2, 3]],
      ["the short one first", [3, 1, 2]],
    ])("BL60: parts of a size that nobody told become the whole, %s", async (_, order) => {
      const size = under.part_size_bytes;
      const parts = [randomBytes(size), randomBytes(size), randomBytes(1234)];
      const { multipart_id } = await blobs.multipart.create("p/told", film);
      for (const number of order) {
        const bytes = parts[number - 1]!;
        await blobs.multipart.putPart("p/told", multipart_id, number, bytes.length, inChunks(bytes, 70_000));
      }
      const sent = await listed("p/told", multipart_id);
      expect(sent).toEqual(parts.map((bytes, i) => ({ part_number: i + 1, etag: md5(bytes) })));
      await blobs.multipart.complete("p/told", multipart_id, sent);
      expect(md5(await read("p/told"))).toBe(md5(Buffer.concat(parts)));
      await blobs.delete(["p/told"]);
    });

    test("BL61: bytes in order, in calls of any length, become parts and the whole", async () => {
      const part_size_bytes = under.part_size_bytes;
      const whole = randomBytes(2 * part_size_bytes + 777);
      const { multipart_id } = await blobs.multipart.create("a/whole", { ...film, part_size_bytes });
      const durable: number[] = [];
      const append = (from: number, to: number) =>
        blobs.multipart.append("a/whole", multipart_id, from, inChunks(whole.subarray(from, to), 65_537), {
          part_size_bytes,
          isEnd: (at) => at === whole.length,
          durable: async (at) => void durable.push(at),
        });
      let at = 0;
      for (const to of [10, 10, 500, part_size_bytes - 1, part_size_bytes + 5, 2 * part_size_bytes, whole.length]) {
        at = await append(at, to);
        expect(at).toBe(to);
      }
      expect(durable).toEqual([part_size_bytes, 2 * part_size_bytes]);
      const sent = await listed("a/whole", multipart_id);
      expect(sent.map(({ etag }) => etag)).toEqual([
        md5(whole.subarray(0, part_size_bytes)),
        md5(whole.subarray(part_size_bytes, 2 * part_size_bytes)),
        md5(whole.subarray(2 * part_size_bytes)),
      ]);
      await blobs.multipart.complete("a/whole", multipart_id, sent);
      expect(md5(await read("a/whole"))).toBe(md5(whole));
      expect((await blobs.list("a/")).names).toEqual(["a/whole"]);
    });

    test("BL61: what a broken call wrote is written over by the one that goes on from before it", async () => {
      const part_size_bytes = under.part_size_bytes;
      const whole = randomBytes(part_size_bytes + 100);
      const { multipart_id } = await blobs.multipart.create("a/over", { ...film, part_size_bytes });
      const append = (from: number, body: AsyncIterable<Uint8Array>) =>
        blobs.multipart.append("a/over", multipart_id, from, body, {
          part_size_bytes,
          isEnd: (at) => at === whole.length,
        });
      await append(0, inChunks(whole.subarray(0, 300), 100));
      await expect(append(300, broken(new Uint8Array(part_size_bytes)))).rejects.toThrow("the line broke");
      // Written and then forgotten: a crash before the offset was kept.
      await append(300, inChunks(new Uint8Array(50), 50));
      await append(300, inChunks(whole.subarray(300, 320), 50));
      await append(320, inChunks(whole.subarray(320), 65_000));
      await blobs.multipart.complete("a/over", multipart_id, await listed("a/over", multipart_id));
      expect(md5(await read("a/over"))).toBe(md5(whole));
      await blobs.delete(["a/over"]);
    });

    test("BL61: very many small calls, and an abort that frees what they left", async () => {
      const part_size_bytes = under.part_size_bytes;
      const whole = randomBytes(70 * 11);
      const begin = () => blobs.multipart.create("a/small", { ...film, part_size_bytes });
      const { multipart_id } = await begin();
      const append = (id: string, from: number) =>
        blobs.multipart.append("a/small", id, from, inChunks(whole.subarray(from, from + 11), 3), {
          part_size_bytes,
          isEnd: (at) => at === whole.length,
        });
      for (let at = 0; at < whole.length;) at = await append(multipart_id, at);
      await blobs.multipart.complete("a/small", multipart_id, await listed("a/small", multipart_id));
      expect(md5(await read("a/small"))).toBe(md5(whole));
      const other = await begin();
      await append(other.multipart_id, 0);
      await blobs.multipart.abort("a/small", other.multipart_id);
      expect(await codeOf(append(other.multipart_id, 11))).toBe(engine === "files" ? "upload.gone" : "null");
      await blobs.multipart.abort("a/small", other.multipart_id);
      await blobs.delete(["a/small"]);
      expect((await blobs.list("a/")).names).not.toContain("a/small");
      expect((await blobs.list("a/")).names.filter((name) => name.startsWith("a/small"))).toEqual([]);
    });
  });
}
