import { afterAll, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SERVED_AT_ONCE_BYTES_MAX, SERVED_IN_MEMORY_BYTES_MAX } from "../bounds.ts";
import { md5, SECRET, servedBlobs } from "./testing.ts";

const served = await servedBlobs();
const { blobs, ask } = served;
afterAll(() => served[Symbol.asyncDispose]());

const LIST = { media_type: "application/vnd.apple.mpegurl", cache_control: "no-cache" } as const;
const list = new TextEncoder().encode("#EXTINF:4.00000,\n480/segment.m4s\n".repeat(200));
const inAnHour = () => Date.now() + 3_600_000;
/** Without a client that unpacks what it gets. */
const raw = (url: string, headers: Record<string, string>, method = "GET") =>
  ask(url, { method, headers, decompress: false } as RequestInit);

test("BL26: a list is compressed for who takes it, under an ETag of its own, and either ETag is good", async () => {
  const { etag } = await blobs.put("public/z/1.m3u8", list, LIST);
  const url = blobs.urlPublic("public/z/1.m3u8");
  for (const accepted of ["identity", "br", "gzip;q=0", "xgzip", "gzipped"]) {
    const plain = await raw(url, { "accept-encoding": accepted });
    expect([accepted, plain.headers.get("content-encoding"), plain.headers.get("etag")]).toEqual([
      accepted,
      null,
      `"${etag}"`,
    ]);
    expect(plain.headers.get("vary")).toBe("accept-encoding");
    expect(md5(await plain.bytes())).toBe(md5(list));
  }
  for (const accepted of ["gzip", "br, gzip", "deflate, gzip;q=0.5, br", "gzip ; q=1"]) {
    const zipped = await raw(url, { "accept-encoding": accepted });
    expect([accepted, zipped.headers.get("content-encoding")]).toEqual([accepted, "gzip"]);
    expect(zipped.headers.get("etag")).toBe(`"${etag}-gzip"`);
    expect(zipped.headers.get("vary")).toBe("accept-encoding");
    const bytes = await zipped.bytes();
    expect(bytes.length).toBeLessThan(list.length / 5);
    expect(md5(Bun.gunzipSync(bytes))).toBe(md5(list));
  }
  for (const tag of [`"${etag}"`, `"${etag}-gzip"`, `W/"${etag}-gzip"`]) {
    for (const accepted of ["gzip", "identity"]) {
      expect((await raw(url, { "accept-encoding": accepted, "if-none-match": tag })).status).toBe(304);
    }
  }
  const head = await raw(url, { "accept-encoding": "gzip" }, "HEAD");
  expect(Number(head.headers.get("content-length"))).toBeLessThan(list.length / 5);
  const range = await raw(url, { "accept-encoding": "gzip", range: "bytes=0-6" });
  expect([range.status, range.headers.get("content-encoding"), await range.text()]).toEqual([206, null, "#EXTINF"]);
  await blobs.put("public/z/2.mp4", list, { media_type: "video/mp4" });
  const film = await raw(blobs.urlPublic("public/z/2.mp4"), { "accept-encoding": "gzip" });
  expect([film.headers.get("content-encoding"), film.headers.get("vary")]).toEqual([null, null]);
});

test("BL26: what is kept in memory is never older than the store, whoever wrote to it", async () => {
  const other = await servedBlobs({ folder: served.folder });
  const url = blobs.urlPublic("public/k/1.m3u8");
  for (let round = 0; round < 20; round++) {
    const text = `#EXTM3U ${round}`.repeat(20);
    await (round % 2 ? other.blobs : blobs).put("public/k/1.m3u8", new TextEncoder().encode(text), LIST);
    expect(await (await ask(url)).text()).toBe(text);
    expect(await (await ask(url)).text()).toBe(text);
  }
  await other.blobs.deletePrefix("public/k/");
  expect((await ask(url)).status).toBe(404);
  await other[Symbol.asyncDispose]();
});

test("BL27: any page may read what is public, with ranges and their lengths; what is signed is for the house's own", async () => {
  await blobs.put("public/c/1.mp4", list, { media_type: "video/mp4" });
  await blobs.put("c/1.mp4", list, { media_type: "video/mp4" });
  const open = await ask(blobs.urlPublic("public/c/1.mp4"), { headers: { origin: "https://elsewhere.example" } });
  expect(Object.fromEntries(open.headers)).toMatchObject({
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "accept-ranges, content-length, content-range, etag, retry-after",
    "cross-origin-resource-policy": "cross-origin",
    "timing-allow-origin": "*",
  });
  const asked = await ask(blobs.urlPublic("public/c/1.mp4"), { method: "OPTIONS" });
  expect([asked.status, asked.headers.get("access-control-allow-headers")]).toEqual([
    204,
    "range, if-range, if-none-match, if-modified-since",
  ]);
  const closed = await ask(blobs.urlSigned("c/1.mp4", { expires_at_ms: inAnHour() }));
  expect(closed.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  for (const name of ["access-control-allow-origin", "timing-allow-origin"])
    expect(closed.headers.get(name)).toBeNull();
  const refused = await ask(blobs.urlSigned("c/1.mp4", { expires_at_ms: inAnHour() }), { method: "OPTIONS" });
  expect(refused.status).toBe(405);
});

test("BL14: ranges and HEAD are the same from memory and from the disk", async () => {
  for (const size of [SERVED_AT_ONCE_BYTES_MAX, SERVED_AT_ONCE_BYTES_MAX + 1, SERVED_IN_MEMORY_BYTES_MAX + 1]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7919) >> 3);
    const { etag } = await blobs.put("m/1.mp4", bytes, { media_type: "video/mp4" });
    const url = blobs.urlSigned("m/1.mp4", { expires_at_ms: inAnHour() });
    // The first answer is from the file, the second is from what was kept then.
    for (let i = 0; i < 3; i++) expect(md5(await (await ask(url)).bytes())).toBe(md5(bytes));
    for (const [range, start, end] of [
      ["bytes=5-9", 5, 10],
      ["bytes=60000-", 60_000, size],
      ["bytes=-7", size - 7, size],
    ] as const) {
      const answer = await ask(url, { headers: { range, "if-range": `"${etag}"` } });
      expect([answer.status, answer.headers.get("content-range"), answer.headers.get("content-length")]).toEqual([
        206,
        `bytes ${start}-${end - 1}/${size}`,
        String(end - start),
      ]);
      expect(md5(await answer.bytes())).toBe(md5(bytes.slice(start, end)));
    }
    const head = await ask(url, { method: "HEAD" });
    expect([head.headers.get("content-length"), (await head.bytes()).length]).toEqual([String(size), 0]);
    expect(md5(await (await ask(url)).bytes())).toBe(md5(bytes));
  }
});

/** The server in a process of its own, so that its memory and descriptors are its own. */
async function apart(folder: string) {
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, "serving.child.ts")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, SERVING_FOLDER: folder, SERVING_SECRET: SECRET },
  });
  const { value } = await child.stdout.getReader().read();
  const { port, path } = JSON.parse(new TextDecoder().decode(value)) as { port: number; path: string };
  const status = () => readFile(`/proc/${child.pid}/status`, "utf8");
  return {
    port,
    path,
    peak_mib: async () => Number(/VmHWM:\s+(\d+)/.exec(await status())?.[1]) / 1024,
    descriptors: async () => (await readdir(`/proc/${child.pid}/fd`)).length,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

/** Asks, takes a million bytes, and then nothing until it is told to go on. */
async function slowReader(port: number, path: string) {
  let bytes = 0;
  let going = false;
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(own, chunk) {
        bytes += chunk.length;
        if (going || bytes < 1_000_000) return;
        own.pause();
        resolve();
      },
    },
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  return {
    begun,
    taken: () => bytes,
    go() {
      going = true;
      socket.resume();
    },
    leave: () => socket.terminate(),
  };
}

test("BL28: 2 GiB to forty slow readers take no memory to speak of, and those who leave leave no descriptor", async () => {
  if (process.platform !== "linux") return console.log("skipped: it reads /proc");
  const folder = await mkdtemp(join(tmpdir(), "blobs-slow-"));
  {
    await using server = await apart(folder);
    const once = await fetch(`http://127.0.0.1:${server.port}${server.path}`, { headers: { range: "bytes=0-9" } });
    expect((await once.bytes()).length).toBe(10);
    const [descriptors, before_mib] = [await server.descriptors(), await server.peak_mib()];
    for (let round = 0; round < 3; round++) {
      const readers = await Promise.all(Array.from({ length: 40 }, () => slowReader(server.port, server.path)));
      await Promise.all(readers.map((reader) => reader.begun));
      readers[0]?.go();
      while ((readers[0]?.taken() ?? 0) < 200_000_000) await Bun.sleep(5);
      for (const reader of readers) reader.leave();
      while ((await server.descriptors()) > descriptors + 2) await Bun.sleep(10);
    }
    expect((await server.peak_mib()) - before_mib).toBeLessThan(64);
  }
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test("BL26: nothing above was a failure of ours", () => {
  expect(served.errors).toEqual([]);
});
