import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chown, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PARTS_RECEIVED_AT_ONCE_MAX } from "../bounds.ts";
import { blobsContract } from "../contract.suite.ts";
import { holdersContract } from "../holders.suite.ts";
import { passingContract } from "../passing.suite.ts";
import { md5, servedBlobs } from "./testing.ts";

const openFiles = async () => ({ ...(await servedBlobs()), part_size_bytes: 300_000 });
blobsContract("files", openFiles);
passingContract("files", openFiles);

holdersContract("files", openFiles);

const HOUR_MS = 3_600_000;
const film = { media_type: "video/mp4" };
const digits = new TextEncoder().encode("0123456789");
const inAnHour = () => Date.now() + HOUR_MS;
const later = () => Date.now() + HOUR_MS;

const served = await servedBlobs();
const { blobs, folder, ask, send } = served;
const outside = await mkdtemp(join(tmpdir(), "blobs-outside-"));
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await rm(outside, { recursive: true, force: true });
});

/** PUTs that send a byte and then nothing, as a client does that wants to hold a place. */
function stalledPuts(ask: typeof served.ask, url: string, upload_folder: string) {
  const gone = new AbortController();
  const answers: Promise<unknown>[] = [];
  const beingWritten = async () =>
    (await readdir(upload_folder)).filter((name) => name.startsWith("claim-") || name.startsWith("part-")).length;
  return {
    /** @returns the status of a refusal, or null once the part is being written */
    async begin(): Promise<number | null> {
      const before = await beingWritten();
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(1)),
      });
      let status: number | null = null;
      const answered = ask(url, { method: "PUT", body, signal: gone.signal }).then(
        (answer) => (status = answer.status),
        () => {},
      );
      answers.push(answered);
      while (status === null && (await beingWritten()) === before) await Bun.sleep(2);
      return status;
    },
    async end() {
      gone.abort();
      await Promise.all(answers);
    },
  };
}

describe("refuses", () => {
  test("BL9: a source that is a link or no file, so that a sandbox's output cannot point at our secrets", async () => {
    const link = join(outside, "link");
    await symlink("/etc/passwd", link);
    for (const path of [link, outside, "/dev/zero"]) {
      await expect(blobs.put("x/1", { path }, film)).rejects.toThrow();
      await expect(blobs.put("x/1", { path, move: true }, film)).rejects.toThrow();
    }
    expect(await blobs.head("x/1")).toBeNull();
  });

  test("BL16: an over-long part is cut while it streams, and leaves nothing", async () => {
    const { multipart_id } = await blobs.multipart.create("x/long", { ...film, part_size_bytes: 1000 });
    const url = await blobs.multipart.signPart("x/long", multipart_id, 1, 1000, inAnHour());
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    const answer = await ask(url, { method: "PUT", body: endless });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: "upload.part_size", status: 413 });
    expect(pulled).toBeLessThan(10_000);
    const short = await ask(url, { method: "PUT", body: new Blob([new Uint8Array(999)]).stream() });
    expect(short.status).toBe(422);
    expect(await readdir(join(folder, "uploads", multipart_id))).not.toContain("claim-1");
    expect(await blobs.multipart.listParts("x/long", multipart_id)).toEqual([]);
  });

  test("BL15: a part larger than the upload's part size", async () => {
    const { multipart_id } = await blobs.multipart.create("x/large", { ...film, part_size_bytes: 1000 });
    await expect(blobs.multipart.signPart("x/large", multipart_id, 1, 1001, inAnHour())).rejects.toThrow("upload.part");
    await expect(blobs.multipart.signPart("x/other", multipart_id, 1, 10, inAnHour())).rejects.toThrow("upload.gone");
  });

  test("BL18: parts of unequal size where the size was told", async () => {
    const { multipart_id } = await blobs.multipart.create("x/uneven", { ...film, part_size_bytes: 1000 });
    const parts = [
      await send("x/uneven", multipart_id, 1, new Uint8Array(900)),
      await send("x/uneven", multipart_id, 2, new Uint8Array(1000)),
    ];
    await expect(blobs.multipart.complete("x/uneven", multipart_id, parts)).rejects.toThrow("must have 1000 bytes");
  });

  test(`BL25: more than ${PARTS_RECEIVED_AT_ONCE_MAX} parts of one upload on their way`, async () => {
    const { multipart_id } = await blobs.multipart.create("x/many", { ...film, part_size_bytes: 10 });
    const url = await blobs.multipart.signPart("x/many", multipart_id, 1, 10, inAnHour());
    const stalled = stalledPuts(ask, url, join(folder, "uploads", multipart_id));
    for (let i = 0; i < PARTS_RECEIVED_AT_ONCE_MAX; i++) await stalled.begin();
    const refused = await ask(url, { method: "PUT", body: digits });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    expect(await refused.json()).toMatchObject({ code: "upload.parts_at_once" });
    await stalled.end();
    let status = 429;
    while (status === 429) ({ status } = await ask(url, { method: "PUT", body: digits }));
    expect(status).toBe(200);
  });

  test("BL24: parts that are on their way have their room already, so that many at once cannot fill the disk", async () => {
    const free_bytes = (await blobs.freeBytes())!;
    const tight = await servedBlobs({ free_bytes_min: free_bytes - 40 * 1024 ** 3 });
    const { multipart_id } = await tight.blobs.multipart.create("x/tight", film);
    const url = await tight.blobs.multipart.signPart("x/tight", multipart_id, 1, 5 * 1024 ** 3, inAnHour());
    const stalled = stalledPuts(tight.ask, url, join(tight.folder, "uploads", multipart_id));
    const begun = [];
    for (let i = 0; i < 9; i++) begun.push(await stalled.begin());
    expect(begun.filter((status) => status === 507).length).toBeGreaterThan(0);
    expect(begun.filter((status) => status === null).length).toBeGreaterThan(5);
    await stalled.end();
    await tight[Symbol.asyncDispose]();
  });

  test("BL24: uploads when the disk is nearly full, while reading goes on", async () => {
    const full = await servedBlobs({ free_bytes_min: Number.MAX_SAFE_INTEGER });
    await full.blobs.put("a", digits, film);
    const { multipart_id } = await full.blobs.multipart.create("b", film);
    const url = await full.blobs.multipart.signPart("b", multipart_id, 1, 3, inAnHour());
    const answer = await full.ask(url, { method: "PUT", body: "abc" });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([507, "300"]);
    expect(await answer.json()).toMatchObject({ code: "blob.disk_full" });
    expect((await full.ask(full.blobs.urlSigned("a", { expires_at_ms: inAnHour() }))).status).toBe(200);
    expect(await full.blobs.freeBytes()).toBeGreaterThan(0);
    await full[Symbol.asyncDispose]();
  });

  test("BL5: a secret that is too short to be one", async () => {
    await expect(servedBlobs({ folder: join(outside, "short"), secret: "short" })).rejects.toThrow("32 characters");
  });
});

test("BL14: what every answer carries", async () => {
  await blobs.put("public/h.mp4", digits, film);
  await blobs.put("h.html", digits, { media_type: "text/html" });
  await blobs.put("h.m3u8", digits, { media_type: "application/vnd.apple.mpegurl", cache_control: "no-cache" });
  const open = await ask(blobs.urlPublic("public/h.mp4"));
  const common = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "referrer-policy": "no-referrer",
  };
  expect(Object.fromEntries(open.headers)).toMatchObject({
    ...common,
    "content-type": "video/mp4",
    "content-length": "10",
    "content-disposition": "inline",
    "cache-control": "public, max-age=31536000, immutable",
    "cross-origin-resource-policy": "cross-origin",
    "accept-ranges": "bytes",
    etag: `"${md5(digits)}"`,
  });
  const closed = await ask(blobs.urlSigned("h.html", { expires_at_ms: inAnHour() }));
  expect(Object.fromEntries(closed.headers)).toMatchObject({
    ...common,
    "content-type": "text/html",
    "content-disposition": 'attachment; filename="h.html"',
    "cache-control": expect.stringMatching(/^private, max-age=3(600|599), immutable$/),
    "cross-origin-resource-policy": "same-origin",
  });
  const changing = await ask(blobs.urlSigned("h.m3u8", { expires_at_ms: inAnHour() }));
  expect(changing.headers.get("cache-control")).toBe("private, no-cache");
  const refused = await ask("/blobs/h.html");
  expect(Object.fromEntries(refused.headers)).toMatchObject({ ...common, "cache-control": "no-store" });
});

test("BL14: ranges of odd forms, If-Range and conditions", async () => {
  const { etag, modified_at } = await blobs.put("r/1.mp4", digits, film);
  const url = blobs.urlSigned("r/1.mp4", { expires_at_ms: inAnHour() });
  const status = async (headers: Record<string, string>, method = "GET") => {
    const answer = await ask(url, { method, headers });
    const body = await answer.text();
    return [answer.status, answer.status === 416 ? answer.headers.get("content-range") : body];
  };
  const all = [200, "0123456789"];
  for (const range of ["bytes=5-2", "bytes=", "bytes=-", "items=0-1", "bytes=a-b"]) {
    expect([range, await status({ range })]).toEqual([range, all]);
  }
  expect(await status({ range: "bytes=0-1,4-5" })).toEqual(all);
  expect(await status({ range: "bytes=-0" })).toEqual([416, "bytes */10"]);
  expect(await status({ range: "bytes=10-20" })).toEqual([416, "bytes */10"]);
  expect(await status({ range: "bytes=0-1", "if-range": `"${etag}"` })).toEqual([206, "01"]);
  expect(await status({ range: "bytes=0-1", "if-range": modified_at.toUTCString() })).toEqual([206, "01"]);
  expect(await status({ range: "bytes=0-1", "if-range": '"other"' })).toEqual(all);
  expect(await status({ range: "bytes=0-1", "if-range": `W/"${etag}"` })).toEqual(all);
  expect(await status({ range: "bytes=0-1" }, "HEAD")).toEqual([200, ""]);
  expect(await status({ range: "bytes=0-1", "if-none-match": `"x", W/"${etag}"` })).toEqual([304, ""]);
  expect(await status({ "if-none-match": "*" })).toEqual([304, ""]);
  expect(await status({ "if-modified-since": modified_at.toUTCString() })).toEqual([304, ""]);
  expect(await status({ "if-modified-since": modified_at.toUTCString(), "if-none-match": '"x"' })).toEqual(all);
  expect(await status({ "if-modified-since": new Date(0).toUTCString() })).toEqual(all);
});

test("BL17: parts of a known size are written where they belong, so completing copies nothing", async () => {
  const { multipart_id } = await blobs.multipart.create("m/placed", { ...film, part_size_bytes: 1000 });
  const bytes = new Uint8Array(randomBytes(2500));
  const sent = [];
  for (const n of [3, 1, 2]) sent.push(await send("m/placed", multipart_id, n, bytes.slice((n - 1) * 1000, n * 1000)));
  const whole = await stat(join(folder, "uploads", multipart_id, "whole"));
  await blobs.multipart.complete(
    "m/placed",
    multipart_id,
    sent.sort((a, b) => a.part_number - b.part_number),
  );
  await using file = await blobs.localFile("m/placed");
  expect((await stat(file.path)).ino).toBe(whole.ino);
  expect(md5(await Bun.file(file.path).bytes())).toBe(md5(bytes));
});

test("BL17: parts of an unknown size, some put twice, come out right", async () => {
  const { multipart_id } = await blobs.multipart.create("m/unsized", film);
  const parts = [700, 300, 500].map((size) => new Uint8Array(randomBytes(size)));
  for (const n of [1, 2, 1]) await send("m/unsized", multipart_id, n, new Uint8Array(999));
  const sent = [];
  for (const [i, bytes] of parts.entries()) sent.push(await send("m/unsized", multipart_id, i + 1, bytes));
  const upload = await readdir(join(folder, "uploads", multipart_id));
  expect(upload.filter((file) => file.startsWith("part-"))).toHaveLength(2);
  expect((await blobs.multipart.complete("m/unsized", multipart_id, sent)).size_bytes).toBe(1500);
  expect(md5(await new Response((await blobs.get("m/unsized")).body).bytes())).toBe(md5(Buffer.concat(parts)));
});

test("BL18: parts that were put and not listed are not in the blob", async () => {
  const { multipart_id } = await blobs.multipart.create("m/fewer", { ...film, part_size_bytes: 1000 });
  const sent = [];
  for (const n of [1, 2, 3]) sent.push(await send("m/fewer", multipart_id, n, new Uint8Array(randomBytes(1000))));
  expect((await blobs.multipart.complete("m/fewer", multipart_id, sent.slice(0, 2))).size_bytes).toBe(2000);
});

test("BL18: a part still on its way when its upload is completed never touches the blob", async () => {
  const { multipart_id } = await blobs.multipart.create("m/late", { ...film, part_size_bytes: 1000 });
  const bytes = new Uint8Array(randomBytes(1000));
  const one = await send("m/late", multipart_id, 1, bytes);
  const url = await blobs.multipart.signPart("m/late", multipart_id, 2, 1000, inAnHour());
  const { promise: completed, resolve } = Promise.withResolvers<void>();
  const slow = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new Uint8Array(500));
      await completed;
      controller.enqueue(new Uint8Array(500));
      controller.close();
    },
  });
  const late = ask(url, { method: "PUT", body: slow, headers: { "content-type": "video/mp4" } });
  const claim = join(folder, "uploads", multipart_id, "claim-2");
  while (!(await Bun.file(claim).exists())) await Bun.sleep(1);
  const head = await blobs.multipart.complete("m/late", multipart_id, [one]);
  resolve();
  expect((await late).status).toBe(410);
  expect(await blobs.head("m/late")).toEqual(head);
  expect(head.size_bytes).toBe(1000);
  expect(md5(await new Response((await blobs.get("m/late")).body).bytes())).toBe(md5(bytes));
});

test.each([1000, null])(
  "BL18: ten complete at once in two processes, and all get it whole (part size %p)",
  async (size) => {
    // Two engines of one folder know nothing of each other, as two processes do.
    const other = await servedBlobs({ folder });
    const options = size === null ? film : { ...film, part_size_bytes: size };
    for (let round = 0; round < 10; round++) {
      const name = `m/rush-${size}-${round}`;
      const { multipart_id } = await blobs.multipart.create(name, options);
      const bytes = new Uint8Array(randomBytes(1010));
      const sent = [
        await send(name, multipart_id, 1, bytes.slice(0, 1000)),
        await send(name, multipart_id, 2, bytes.slice(1000)),
      ];
      const heads = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? other.blobs : blobs).multipart.complete(name, multipart_id, sent),
        ),
      );
      for (const { size_bytes, etag } of heads) expect([size_bytes, etag]).toEqual([1010, heads[0]?.etag ?? ""]);
      expect(md5(await new Response((await blobs.get(name)).body).bytes())).toBe(md5(bytes));
    }
    await other[Symbol.asyncDispose]();
  },
);

test("BL19: an abort cuts a part that is on its way and frees its bytes", async () => {
  const { multipart_id } = await blobs.multipart.create("m/cut", { ...film, part_size_bytes: 1000 });
  const url = await blobs.multipart.signPart("m/cut", multipart_id, 1, 1000, inAnHour());
  const never = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(500)) });
  const cut = ask(url, { method: "PUT", body: never });
  while (!(await Bun.file(join(folder, "uploads", multipart_id, "claim-1")).exists())) await Bun.sleep(1);
  await blobs.multipart.abort("m/cut", multipart_id);
  expect((await cut).status).toBe(410);
  expect(await readdir(join(folder, "uploads"))).not.toContain(multipart_id);
});

test("BL9: a file of another user is copied, not taken over", async () => {
  if (process.geteuid?.() !== 0) return console.log("skipped: only root can make a file of another user");
  const path = join(outside, "theirs");
  await writeFile(path, digits);
  await chown(path, 65534, 65534);
  await blobs.put("x/theirs", { path, move: true }, film);
  await using file = await blobs.localFile("x/theirs");
  expect((await stat(file.path)).uid).toBe(0);
});

test("BL12: puts and deletes of one folder at once end in a state that some order explains", async () => {
  // Rounds, because a folder that goes between the steps of a recursive mkdir is rare: about one round in forty.
  for (let round = 0; round < 40; round++) {
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 6 === 5 ? blobs.deletePrefix("race/") : blobs.put(`race/deep/${i}`, digits, film),
      ),
    );
    const { names } = await blobs.list("race/");
    for (const name of names) expect((await blobs.head(name))?.size_bytes).toBe(10);
    await blobs.deletePrefix("race/");
    expect((await blobs.list("race/")).names).toEqual([]);
  }
});

test("BL21: a sweep frees what no name leads to, and only when it is old enough", async () => {
  const own = await servedBlobs();
  await own.blobs.put("a/b/1", digits, film);
  await own.blobs.put("a/b/1", new Uint8Array(3), film);
  await own.blobs.put("a/c/1", digits, film);
  await own.blobs.delete(["a/c/1"]);
  await writeFile(join(own.folder, "tmp", "half"), "half");
  await writeFile(join(own.folder, "objects", "a", ",orphan"), "orphan");
  await symlink(",nothing", join(own.folder, "objects", "a", "=dangling"));
  const before = await own.files();
  expect(await own.blobs.sweep(Date.now() - HOUR_MS)).toBe(0);
  expect(await own.files()).toEqual(before);
  expect(await own.blobs.head("a/dangling")).toBeNull();
  expect(await own.blobs.sweep(later())).toBe(4);
  expect(await own.files()).toHaveLength(2);
  expect(await readdir(join(own.folder, "objects", "a"))).toEqual(["b"]);
  expect((await own.blobs.head("a/b/1"))?.size_bytes).toBe(3);
  await own[Symbol.asyncDispose]();
});

test("BL14: nothing above was a failure of ours", () => {
  expect(served.errors).toEqual([]);
});
