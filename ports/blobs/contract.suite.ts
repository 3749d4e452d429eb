import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";

import type { Blobs, MadeBlob } from "./index.ts";

export interface BlobsUnderTest extends AsyncDisposable {
  blobs: Blobs;
  /** S3 itself refuses parts under 5 MiB (but for the last); servers that stand in for it need not. */
  part_size_bytes: number;
}

/** What the server that stands in for a store is known not to do, with the reason; such a case is skipped and says so. */
export interface Unchecked {
  whole_overwrites?: string;
  /** Ranges that end at byte 0, and those counted from the end. */
  odd_ranges?: string;
  /** Signed addresses with `*` and quotes in what they sign. */
  odd_file_names?: string;
}

const HOUR_MS = 3_600_000;
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const text = { media_type: "text/plain; charset=utf-8" };
const film = { media_type: "video/mp4" };
const inAnHour = () => Date.now() + HOUR_MS;

/** The contract of SPEC.md, run on an engine through a real server. */
export function blobsContract(engine: string, open: () => Promise<BlobsUnderTest>, unchecked: Unchecked = {}): void {
  describe(`blobs on ${engine}`, () => {
    let under: BlobsUnderTest;
    let blobs: Blobs;
    let server: ReturnType<typeof Bun.serve>;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "blobs-suite-"));
      under = await open();
      blobs = under.blobs;
      server = Bun.serve({ port: 0, fetch: (request) => blobs.handler(request) });
    });
    afterAll(async () => {
      await server.stop(true);
      await under[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const put = (name: string, body: string | Uint8Array = name) =>
      blobs.put(name, typeof body === "string" ? new TextEncoder().encode(body) : body, text);
    const at = (url: string) => new URL(url, server.url).href;
    const ask = (url: string, init?: RequestInit) => fetch(at(url), init);
    const read = async (name: string) => new Response((await blobs.get(name)).body).bytes();
    const problemOf = async (work: Promise<unknown>): Promise<Problem> => {
      const error = await work.then(
        () => new Error("it was not refused"),
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof Problem)) throw error;
      return error;
    };
    const sendPart = async (name: string, id: string, number: number, bytes: Uint8Array<ArrayBuffer>) => {
      const url = await blobs.multipart.signPart(name, id, number, bytes.length, inAnHour());
      const answer = await ask(url, { method: "PUT", body: bytes });
      expect(answer.status).toBe(200);
      const etag = answer.headers.get("etag") ?? "";
      return { part_number: number, etag };
    };
    const beginUpload = (name: string) =>
      blobs.multipart.create(name, { ...film, part_size_bytes: under.part_size_bytes });

    describe("refuses", () => {
      const bad = [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a..b",
        "A",
        "a b",
        "a\\b",
        "a\0b",
        "a\nb",
        "å",
        "a%2fb",
        ".hidden",
        "-dash",
        "a,b",
        "=a",
        "a".repeat(97),
        Array.from({ length: 13 }, () => "a").join("/"),
      ];
      test.each(bad)("BL1: %j is no name, whatever is asked of it", async (name) => {
        await expect(blobs.put(name, new Uint8Array(1), text)).rejects.toThrow(RangeError);
        await expect(blobs.head(name)).rejects.toThrow(RangeError);
        await expect(blobs.get(name)).rejects.toThrow(RangeError);
        await expect(blobs.delete([name])).rejects.toThrow(RangeError);
        await expect(blobs.localFile(name)).rejects.toThrow(RangeError);
        await expect(blobs.multipart.create(name, film)).rejects.toThrow(RangeError);
        expect(() => blobs.urlSigned(name, { expires_at_ms: inAnHour() })).toThrow(RangeError);
        expect(() => blobs.urlPublic(name)).toThrow(RangeError);
        expect([403, 404]).toContain((await ask(`/blobs/public/${encodeURIComponent(name)}`)).status);
      });

      test("BL1: a prefix is a folder: without its slash, empty or climbing it is none", async () => {
        await put("keep/1");
        for (const prefix of ["", "/", "keep", "../", "keep/../", "Keep/"]) {
          await expect(blobs.deletePrefix(prefix)).rejects.toThrow(RangeError);
          expect(() => blobs.urlSignedPrefix(prefix, inAnHour())).toThrow(RangeError);
        }
        expect(await blobs.head("keep/1")).not.toBeNull();
      });

      test("BL2: a media type that could carry more than a type", async () => {
        for (const media_type of [
          "",
          "video",
          "video/mp4\r\nx: y",
          'text/html; charset="x"',
          `video/${"x".repeat(90)}`,
        ]) {
          const problem = await problemOf(blobs.put("a", new Uint8Array(1), { media_type }));
          expect([problem.status, problem.code]).toEqual([422, "blob.media_type"]);
        }
      });

      test("BL3: a blob that is not there, in each way of asking", async () => {
        expect((await problemOf(blobs.get("nowhere/1"))).code).toBe("blob.not_found");
        expect((await problemOf(blobs.localFile("nowhere/1"))).code).toBe("blob.not_found");
        expect(await blobs.head("nowhere/1")).toBeNull();
        await blobs.delete(["nowhere/1"]);
        const answer = await ask(blobs.urlSigned("nowhere/1", { expires_at_ms: inAnHour() }));
        expect(answer.status).toBe(404);
      });

      test("BL4: everything unsigned that is not below public/", async () => {
        await put("secret/1");
        for (const path of [
          "/blobs/secret/1",
          "/blobs/",
          "/blobs/public/../secret/1",
          "/blobs/public/%2e%2e/secret/1",
          "/blobs/o/secret/1",
        ]) {
          const answer = await ask(path);
          expect([path, answer.status]).toEqual([path, 404]);
          expect(answer.headers.get("content-type")).toBe("application/problem+json");
          expect(answer.headers.get("cache-control")).toBe("no-store");
        }
        expect(() => blobs.urlPublic("secret/1")).toThrow(RangeError);
      });

      test("BL5: a signature for another name, moment, file name, prefix or secret", async () => {
        await put("secret/1");
        await put("secret/2");
        const expires_at_ms = inAnHour();
        const good = blobs.urlSigned("secret/1", { expires_at_ms, download_as: "a.txt" });
        const prefix = blobs.urlSignedPrefix("secret/", expires_at_ms);
        expect((await ask(good)).status).toBe(200);
        const forged = [
          good.replace("secret/1", "secret/2"),
          good.replace(String(expires_at_ms), String(expires_at_ms + 1)),
          good.replace("a.txt", "b.html"),
          good.replace("?as=a.txt", ""),
          `${prefix.replace("/s/", "/o/")}1`,
          prefix.replace("secret/", "other/") + "1",
          prefix.replace(/\.1\./, ".0.") + "1",
          prefix.replace(/\.1\./, ".2.") + "1/1",
          good.replace(/\.[\w-]{43}\//, `.${"A".repeat(43)}/`),
          good.replace(/\.[\w-]{43}\//, "./"),
        ];
        for (const url of forged) expect([403, 404], url).toContain((await ask(url)).status);
      });

      test("BL6: a signature whose moment has passed, for one name, a prefix or a part", async () => {
        await put("secret/1");
        const past = Date.now() - 1;
        for (const url of [
          blobs.urlSigned("secret/1", { expires_at_ms: past }),
          `${blobs.urlSignedPrefix("secret/", past)}1`,
        ]) {
          expect((await ask(url)).status).toBe(403);
        }
        const { multipart_id } = await beginUpload("up/late");
        const part = await blobs.multipart.signPart("up/late", multipart_id, 1, 3, past);
        expect((await ask(part, { method: "PUT", body: "abc" })).status).toBe(403);
      });

      test("BL7: a method that the address was not signed for", async () => {
        await put("secret/1");
        const url = blobs.urlSigned("secret/1", { expires_at_ms: inAnHour() });
        for (const method of ["PUT", "POST", "DELETE"]) {
          expect((await ask(url, { method, body: method === "DELETE" ? undefined : "x" })).status).toBe(405);
        }
        expect(await read("secret/1")).toEqual(new TextEncoder().encode("secret/1"));
      });

      test("BL15: parts outside 1…10,000 or without a size", async () => {
        const { multipart_id } = await beginUpload("up/odd");
        for (const [number, size] of [
          [0, 5],
          [10_001, 5],
          [1.5, 5],
          [1, 0],
          [1, -1],
          [1, 6 * 1024 ** 3],
        ] as const) {
          const problem = await problemOf(blobs.multipart.signPart("up/odd", multipart_id, number, size, inAnHour()));
          expect([problem.status, problem.code]).toEqual([422, "upload.part"]);
        }
      });

      test("BL16: a part that is longer or shorter than it was signed for, and keeps nothing of it", async () => {
        const { multipart_id } = await beginUpload("up/sizes");
        const url = await blobs.multipart.signPart("up/sizes", multipart_id, 1, 1000, inAnHour());
        for (const size of [0, 999, 1001, 100_000]) {
          const answer = await ask(url, { method: "PUT", body: new Uint8Array(size) });
          expect([400, 403, 411, 413, 422], `${size} bytes`).toContain(answer.status);
        }
        expect(await blobs.multipart.listParts("up/sizes", multipart_id)).toEqual([]);
      });

      test("BL18: completing with a part that is missing, of other bytes, doubled, out of order or none at all", async () => {
        const { multipart_id } = await beginUpload("up/bad");
        const one = await sendPart("up/bad", multipart_id, 1, randomBytes(under.part_size_bytes));
        const two = await sendPart("up/bad", multipart_id, 2, randomBytes(10));
        const other = { part_number: 2, etag: md5(new Uint8Array(1)) };
        for (const parts of [
          [],
          [one, other],
          [one, one],
          [two, one],
          [two],
          [one, two, { part_number: 3, etag: two.etag }],
        ]) {
          const problem = await problemOf(blobs.multipart.complete("up/bad", multipart_id, parts));
          expect([problem.status, problem.code]).toEqual([422, "upload.part_mismatch"]);
        }
        expect(await blobs.head("up/bad")).toBeNull();
        expect((await blobs.multipart.complete("up/bad", multipart_id, [one, two])).size_bytes).toBe(
          under.part_size_bytes + 10,
        );
      });

      test("BL19: an upload that was aborted, belongs to another name or never was", async () => {
        const { multipart_id } = await beginUpload("up/gone");
        const one = await sendPart("up/gone", multipart_id, 1, randomBytes(10));
        const url = await blobs.multipart.signPart("up/gone", multipart_id, 1, 10, inAnHour());
        expect((await problemOf(blobs.multipart.complete("up/elsewhere", multipart_id, [one]))).code).toBe(
          "upload.gone",
        );
        await blobs.multipart.abort("up/elsewhere", multipart_id);
        expect(await blobs.multipart.listParts("up/gone", multipart_id)).toHaveLength(1);
        await blobs.multipart.abort("up/gone", multipart_id);
        await blobs.multipart.abort("up/gone", multipart_id);
        await blobs.multipart.abort("up/gone", "000000000000000000000000");
        expect(await blobs.multipart.listParts("up/gone", multipart_id)).toEqual([]);
        expect([404, 410]).toContain((await ask(url, { method: "PUT", body: randomBytes(10) })).status);
        const problem = await problemOf(blobs.multipart.complete("up/gone", multipart_id, [one]));
        expect([problem.status, problem.code]).toEqual([410, "upload.gone"]);
        expect(await blobs.head("up/gone")).toBeNull();
      });
    });

    test("BL8: what is put is got, whole and in part, as bytes, as a stream and from a file", async () => {
      const bytes = new Uint8Array(randomBytes(3_000_000));
      const path = join(folder, "source");
      await writeFile(path, bytes);
      const stream = () => new Blob([bytes]).stream();
      for (const [name, body] of [
        ["in/bytes", bytes],
        ["in/stream", stream()],
        ["in/file", { path }],
        ["in/moved", { path, move: true }],
      ] as const) {
        const head = await blobs.put(name, body, film);
        expect(head).toMatchObject({ name, size_bytes: bytes.length, media_type: "video/mp4" });
        expect(await blobs.head(name)).toEqual(head);
        expect(md5(await read(name))).toBe(md5(bytes));
        const part = await blobs.get(name, { start: 10, end_exclusive: 2_000_010 });
        expect(md5(await new Response(part.body).bytes())).toBe(md5(bytes.subarray(10, 2_000_010)));
      }
      await expect(stat(path)).rejects.toThrow("ENOENT");
    });

    test("BL8: nothing is a blob too", async () => {
      const head = await put("in/empty", new Uint8Array(0));
      expect(head.size_bytes).toBe(0);
      expect(await read("in/empty")).toHaveLength(0);
      expect((await ask(blobs.urlSigned("in/empty", { expires_at_ms: inAnHour() }))).status).toBe(200);
    });

    test("BL9: a put that fails half way leaves what was there", async () => {
      await put("in/half", "old");
      const broken = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new Uint8Array(100_000));
        },
        pull() {
          throw new Error("the source broke");
        },
      });
      await expect(blobs.put("in/half", broken, film)).rejects.toThrow("the source broke");
      expect(await new Response((await blobs.get("in/half")).body).text()).toBe("old");
    });

    const torn = unchecked.whole_overwrites;
    const whole = "BL9: readers during overwrites see one whole blob or the other, with the ETag that belongs to it";
    test.skipIf(torn !== undefined)(torn === undefined ? whole : `${whole} (${torn})`, async () => {
      const versions = ["a", "b"].map((c) => new TextEncoder().encode(c.repeat(200_000)));
      await put("in/swap", versions[0]);
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 20; i++) await put("in/swap", versions[i % 2]);
        writing = false;
      })();
      const url = blobs.urlSigned("in/swap", { expires_at_ms: inAnHour() });
      let reads = 0;
      while (writing || reads < 5) {
        const answer = await ask(url);
        expect(answer.status).toBe(200);
        expect(answer.headers.get("etag")).toBe(`"${md5(await answer.bytes())}"`);
        reads += 1;
      }
      await writer;
    });

    test("BL10: the ETag is strong and changes with the bytes", async () => {
      const first = await put("in/etag", "one");
      const second = await put("in/etag", "two");
      expect([first.etag, second.etag]).toEqual([
        md5(new TextEncoder().encode("one")),
        md5(new TextEncoder().encode("two")),
      ]);
    });

    test("BL11: names are listed in byte order, by pages, below a folder only", async () => {
      const names = ["l/a", "l/a-b/c", "l/a/b", "l/a/b/c", "l/a.b", "l/b", "l/a0/1", "l2/x"];
      for (const name of names) await put(name);
      const below = names.filter((name) => name.startsWith("l/")).sort();
      expect(await blobs.list("l/")).toEqual({ names: below, next_after: null });
      const paged: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await blobs.list("l/", { limit: 2, ...(after === undefined ? {} : { after }) });
        paged.push(...page.names);
        if (page.next_after === null) break;
        after = page.next_after;
      }
      expect(paged).toEqual(below);
      expect((await blobs.list("l/a/")).names).toEqual(["l/a/b", "l/a/b/c"]);
      expect((await blobs.list("nothing/")).names).toEqual([]);
      expect((await blobs.list("")).names).toContain("l2/x");
    });

    test("BL70: what is listed can be measured by the same pages: size and age as its head has them", async () => {
      for (const [i, name] of ["m/a", "m/a/b", "m/c"].entries()) await put(name, "x".repeat(i * 10 + 1));
      const found: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await blobs.measure("m/", { limit: 2, ...(after === undefined ? {} : { after }) });
        for (const { name, size_bytes, modified_at } of page.blobs) {
          const head = (await blobs.head(name))!;
          expect(size_bytes).toBe(head.size_bytes);
          expect(Math.abs(modified_at.getTime() - head.modified_at.getTime())).toBeLessThan(1_000);
          found.push(name);
        }
        if (page.next_after === null) break;
        after = page.next_after;
      }
      expect(found).toEqual(["m/a", "m/a/b", "m/c"]);
      expect((await blobs.measure("m/nothing/")).blobs).toEqual([]);
    });

    test("BL12: deleting takes these names and no others", async () => {
      for (const name of ["d/1", "d/2", "d/2/x", "d/3/x", "d/3/y/z", "d3/x"]) await put(name);
      await blobs.delete(["d/1", "d/2", "d/none"]);
      expect((await blobs.list("d/")).names).toEqual(["d/2/x", "d/3/x", "d/3/y/z"]);
      expect(await blobs.deletePrefix("d/3/")).toBe(2);
      expect(await blobs.deletePrefix("d/3/")).toBe(0);
      expect((await blobs.list("d/")).names).toEqual(["d/2/x"]);
      expect(await blobs.head("d3/x")).not.toBeNull();
      await put("d/3/x");
      expect(await blobs.head("d/3/x")).not.toBeNull();
    });

    test("BL13: public names have a stable address", async () => {
      await blobs.put("public/v/1.mp4", new TextEncoder().encode("0123456789"), film);
      const url = blobs.urlPublic("public/v/1.mp4");
      expect(blobs.urlPublic("public/v/1.mp4")).toBe(url);
      const answer = await ask(url);
      expect([answer.status, await answer.text()]).toEqual([200, "0123456789"]);
      expect(answer.headers.get("content-type")).toBe("video/mp4");
      expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    });

    test("BL13: a signed prefix serves what lies below it, so that a playlist's relative names resolve", async () => {
      await blobs.put("v/9/master.m3u8", new TextEncoder().encode("480/a.m4s"), {
        media_type: "application/vnd.apple.mpegurl",
      });
      await put("v/9/480/a.m4s", "segment");
      await put("v/90/a", "not yours");
      const base = blobs.urlSignedPrefix("v/9/", inAnHour());
      expect(base.endsWith("/v/9/")).toBe(true);
      const playlist = await ask(`${base}master.m3u8`);
      // The address after redirects: players resolve against that one.
      const segment = await fetch(new URL(await playlist.text(), playlist.url));
      expect(await segment.text()).toBe("segment");
      expect((await ask(base.replace("/v/9/", "/v/90/") + "a")).status).toBe(403);
      expect([403, 404]).toContain((await ask(`${base}../90/a`)).status);
    });

    test("BL14: one range, its ends, beyond the end, and HEAD", async () => {
      const bytes = new TextEncoder().encode("0123456789");
      const { etag } = await blobs.put("r/1.mp4", bytes, film);
      const url = blobs.urlSigned("r/1.mp4", { expires_at_ms: inAnHour() });
      const ranged = async (range: string, headers: Record<string, string> = {}) => {
        const answer = await ask(url, { headers: { range, ...headers } });
        return [answer.status, answer.headers.get("content-range"), answer.status === 416 ? null : await answer.text()];
      };
      expect(await ranged("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
      expect(await ranged("bytes=7-")).toEqual([206, "bytes 7-9/10", "789"]);
      expect(await ranged("bytes=8-99")).toEqual([206, "bytes 8-9/10", "89"]);
      expect((await ranged("bytes=10-"))[0]).toBe(416);
      const head = await ask(url, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([
        200,
        "10",
        `"${etag}"`,
      ]);
      expect(head.headers.get("accept-ranges")).toBe("bytes");
    });

    const odd = unchecked.odd_ranges;
    test.skipIf(odd !== undefined)(
      `BL14: a range of the first byte and ranges counted from the end ${odd ?? ""}`,
      async () => {
        await blobs.put("r/odd.mp4", new TextEncoder().encode("0123456789"), film);
        const url = blobs.urlSigned("r/odd.mp4", { expires_at_ms: inAnHour() });
        for (const [range, of, body] of [
          ["bytes=0-0", "bytes 0-0/10", "0"],
          ["bytes=-3", "bytes 7-9/10", "789"],
          ["bytes=-99", "bytes 0-9/10", "0123456789"],
        ] as const) {
          const answer = await ask(url, { headers: { range } });
          expect([answer.status, answer.headers.get("content-range"), await answer.text()]).toEqual([206, of, body]);
        }
      },
    );

    test("BL14: a copy that is still good is not sent again", async () => {
      const { etag } = await blobs.put("r/2.mp4", new TextEncoder().encode("0123456789"), film);
      const url = blobs.urlSigned("r/2.mp4", { expires_at_ms: inAnHour() });
      const again = await ask(url, { headers: { "if-none-match": `"${etag}"` } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
      const other = await ask(url, { headers: { "if-none-match": `"${md5(new Uint8Array(1))}"` } });
      expect([other.status, await other.text()]).toEqual([200, "0123456789"]);
    });

    test("BL14: what a browser could run is a download, and a given name is the file's name", async () => {
      await blobs.put("r/page.html", new TextEncoder().encode("<script>"), { media_type: "text/html" });
      await blobs.put("r/pic.svg", new TextEncoder().encode("<svg/>"), { media_type: "image/svg+xml" });
      for (const name of ["r/page.html", "r/pic.svg"]) {
        const answer = await ask(blobs.urlSigned(name, { expires_at_ms: inAnHour() }));
        expect(answer.headers.get("content-disposition")).toStartWith("attachment; filename=");
      }
      await blobs.put("r/3.mp4", new Uint8Array(1), film);
      const url = blobs.urlSigned("r/3.mp4", { expires_at_ms: inAnHour(), download_as: "Sommar 25.mp4" });
      expect((await ask(url)).headers.get("content-disposition")).toBe('attachment; filename="Sommar 25.mp4"');
    });

    const names = unchecked.odd_file_names;
    test.skipIf(names !== undefined)(
      `BL14: a file's name in any letters, fit for a header ${names ?? ""}`,
      async () => {
        await blobs.put("r/4.mp4", new Uint8Array(1), film);
        const download_as = 'Sommar "25"\r\n/åö*.mp4';
        const answer = await ask(blobs.urlSigned("r/4.mp4", { expires_at_ms: inAnHour(), download_as }));
        expect(answer.headers.get("content-disposition")).toBe(
          `attachment; filename="Sommar _25___*.mp4"; filename*=UTF-8''Sommar%20_25_%C3%A5%C3%B6%2A.mp4`,
        );
      },
    );

    test("BL17: parts come in any order and at once, a part may come again, and the whole is theirs in order", async () => {
      const name = "up/film";
      const size = under.part_size_bytes;
      const parts = [size, size, size, 1234].map((bytes) => new Uint8Array(randomBytes(bytes)));
      const { multipart_id } = await beginUpload(name);
      expect(await blobs.multipart.listOpen(Date.now() + HOUR_MS)).toContainEqual({ name, multipart_id });
      expect(await blobs.multipart.listOpen(Date.now() - HOUR_MS)).not.toContainEqual({ name, multipart_id });
      await sendPart(name, multipart_id, 2, new Uint8Array(size));
      const sent = await Promise.all(
        [3, 0, 1, 2].map((i) => sendPart(name, multipart_id, i + 1, parts[i] as Uint8Array<ArrayBuffer>)),
      );
      const listed = await blobs.multipart.listParts(name, multipart_id);
      expect(listed).toEqual(
        parts.map((bytes, i) => ({ part_number: i + 1, size_bytes: bytes.length, etag: md5(bytes) })),
      );
      expect(await blobs.head(name)).toBeNull();

      const chosen = sent.sort((a, b) => a.part_number - b.part_number);
      const head = await blobs.multipart.complete(name, multipart_id, chosen);
      const whole = Buffer.concat(parts);
      const etag = `${md5(Buffer.concat(parts.map((bytes) => createHash("md5").update(bytes).digest())))}-4`;
      expect(head).toMatchObject({ name, size_bytes: whole.length, media_type: "video/mp4", etag });
      expect(md5(await read(name))).toBe(md5(whole));
      expect(await blobs.multipart.listOpen(Date.now() + HOUR_MS)).not.toContainEqual({ name, multipart_id });
      expect(await blobs.multipart.listParts(name, multipart_id)).toEqual([]);
      // The answer was lost, and the client completes again.
      expect(await blobs.multipart.complete(name, multipart_id, chosen)).toEqual(head);
    });

    test("BL30: what has arrived of an upload can be read before its end, and does not change any more", async () => {
      const name = "up/early";
      const size = under.part_size_bytes;
      const parts = [size, size, size, 1234].map((bytes) => new Uint8Array(randomBytes(bytes)));
      const { multipart_id } = await beginUpload(name);
      const part = (n: number) => parts[n - 1] as Uint8Array<ArrayBuffer>;
      const first = await sendPart(name, multipart_id, 1, part(1));
      const last = await sendPart(name, multipart_id, 4, part(4));
      const view = await blobs.multipart.partial(name, multipart_id);
      expect(await blobs.multipart.partial("up/other", multipart_id)).toBeNull();
      expect(await blobs.multipart.partial(name, "0".repeat(24))).toBeNull();
      // Not every store can show what has arrived.
      if (view === null) return blobs.multipart.abort(name, multipart_id);
      expect(view.ranges).toEqual([
        { start: 0, end_exclusive: size },
        { start: size * 3, end_exclusive: size * 3 + 1234 },
      ]);
      const seen = await readFile(view.path);
      expect(md5(seen.subarray(0, size))).toBe(md5(part(1)));
      expect(md5(seen.subarray(size * 3))).toBe(md5(part(4)));
      // Other bytes for what somebody may have read: refused, and nothing of them is kept. The same again is harmless.
      await expect(sendPart(name, multipart_id, 1, new Uint8Array(size))).rejects.toThrow("409");
      expect(await sendPart(name, multipart_id, 1, part(1))).toEqual(first);
      const middle = [await sendPart(name, multipart_id, 3, part(3)), await sendPart(name, multipart_id, 2, part(2))];
      const now = await blobs.multipart.partial(name, multipart_id);
      expect(now?.ranges).toEqual([{ start: 0, end_exclusive: size * 3 + 1234 }]);
      const all = [first, ...middle, last].sort((a, b) => a.part_number - b.part_number);
      await blobs.multipart.complete(name, multipart_id, all);
      expect(md5(await read(name))).toBe(md5(Buffer.concat(parts)));
      expect(await blobs.multipart.partial(name, multipart_id)).toBeNull();
    });

    describe("what is made when it is asked for", () => {
      const asked: string[] = [];
      let answer: (name: string, signal: AbortSignal) => Promise<MadeBlob | "stored" | null>;
      const bytes = new TextEncoder().encode("0123456789");
      beforeAll(() =>
        blobs.onMissing({
          mayMake: (name) => name.endsWith(".m4s"),
          make(name, signal) {
            asked.push(name);
            return answer(name, signal);
          },
        }),
      );
      beforeEach(() => {
        asked.length = 0;
        answer = async () => ({ bytes, media_type: "video/mp4" });
      });
      const film = () => blobs.urlSignedPrefix("made/film/", inAnHour());

      test("BL40: the unsigned, the ill-signed and the expired never reach the maker", async () => {
        const good = film();
        for (const url of [
          "/blobs/made/film/1.m4s",
          `${good}1.m4s`.replace("film", "filn"),
          `${blobs.urlSignedPrefix("made/other/", inAnHour())}../film/1.m4s`,
          `${blobs.urlSignedPrefix("made/film/", Date.now() - 1)}1.m4s`,
          `${good}..%2f1.m4s`,
        ])
          expect([url, [403, 404].includes((await ask(url)).status)]).toEqual([url, true]);
        expect(asked).toEqual([]);
      });

      test("BL41: a GET is answered with what was made, as it will be from the store; HEAD makes nothing", async () => {
        const url = `${film()}1.m4s`;
        expect((await ask(url, { method: "HEAD" })).status).toBe(404);
        expect(asked).toEqual([]);
        const whole = await ask(url);
        expect([whole.status, await whole.text(), whole.headers.get("etag")]).toEqual([
          200,
          "0123456789",
          `"${md5(bytes)}"`,
        ]);
        expect(whole.headers.get("content-type")).toBe("video/mp4");
        expect(whole.headers.get("cache-control")).toContain("immutable");
        const part = await ask(url, { headers: { range: "bytes=2-4" } });
        expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
          206,
          "234",
          "bytes 2-4/10",
        ]);
        expect((await ask(url, { headers: { range: "bytes=10-" } })).status).toBe(416);
        expect((await ask(blobs.urlPublic("public/made/1.m4s"))).status).toBe(200);
        expect(asked).toEqual(["made/film/1.m4s", "made/film/1.m4s", "made/film/1.m4s", "public/made/1.m4s"]);
      });

      test("BL42: what has come to be stored is served from the store, what cannot be made is 404, and a refusal is the answer", async () => {
        answer = async (name) => {
          await blobs.put(name, bytes, { media_type: "video/mp4" });
          return "stored";
        };
        expect(await (await ask(`${film()}2.m4s`)).text()).toBe("0123456789");
        expect(await (await ask(`${film()}2.m4s`)).text()).toBe("0123456789");
        expect(asked).toEqual(["made/film/2.m4s"]);
        answer = async () => null;
        expect((await ask(`${film()}3.m4s`)).status).toBe(404);
        answer = async () => {
          throw new Problem(503, "media.busy", "Too much at once.", { retry_after_s: 2 });
        };
        const refused = await ask(`${film()}3.m4s`);
        expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
        expect(await refused.json()).toMatchObject({ code: "media.busy" });
      });

      test("BL43: the maker learns that the caller has left", async () => {
        const left = Promise.withResolvers<void>();
        const begun = Promise.withResolvers<void>();
        answer = (_name, signal) => {
          begun.resolve();
          signal.addEventListener("abort", () => left.resolve());
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
        };
        const caller = new AbortController();
        const asking = ask(`${film()}4.m4s`, { signal: caller.signal }).catch(() => {});
        await begun.promise;
        caller.abort();
        await Promise.all([left.promise, asking]);
      });
    });

    test("BL20: a local file has the bytes, and is gone afterwards where it was a copy", async () => {
      await put("f/1", "bytes");
      await using file = await blobs.localFile("f/1");
      expect(await readFile(file.path, "utf8")).toBe("bytes");
    });

    test("BL21: a sweep takes no blob and no open upload", async () => {
      await put("s/1");
      await put("s/1", "again");
      const { multipart_id } = await beginUpload("s/up");
      const one = await sendPart("s/up", multipart_id, 1, randomBytes(10));
      await blobs.sweep(Date.now() + HOUR_MS);
      expect(await new Response((await blobs.get("s/1")).body).text()).toBe("again");
      expect((await blobs.multipart.complete("s/up", multipart_id, [one])).size_bytes).toBe(10);
    });
  });
}
