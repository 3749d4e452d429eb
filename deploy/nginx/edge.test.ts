import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createFileBlobs } from "#ports/blobs/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { nginxPath, startEdge } from "./testing.ts";

const HOUR_MS = 3_600_000;
const nginx = nginxPath();
if (nginx === null) console.log("skipped: nginx is not there (apt-get install nginx-light)");

const folder = await mkdtemp(join(tmpdir(), "edge-house-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const blobs = await createFileBlobs({
  folder,
  clock: createSystemClock(),
  secret: "a secret of more than thirty-two characters",
  base_path: "/blobs",
  onError: console.error,
});
const revoked = new Set<string>();
const taken = new Set<string>();
blobs.guardWith({
  isRevoked: (holder) => revoked.has(holder),
  isShown: async (name) => ([...taken].some((at) => name.startsWith(at)) ? false : null),
});

/** What the house was asked, path by path. */
let asked: string[] = [];
/** Held back by tests that need many to wait for one. */
let gate: Promise<void> = Promise.resolve();
const open = () =>
  Bun.serve({
    port: house_port,
    hostname: "127.0.0.1",
    maxRequestBodySize: 80 * 1024 * 1024,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (pathname === "/who") return Response.json(Object.fromEntries(request.headers));
      if (pathname.startsWith("/blobs/") && request.method === "GET") await gate;
      return blobs.handler(request);
    },
  });
let house_port = 0;
let house = open();
house_port = house.port ?? 0;
afterAll(() => house.stop(true));

const bytesAsked = () => asked.filter((path) => path.startsWith("/blobs/"));
const asksAsked = () => asked.filter((path) => path.startsWith("/blobs-allow/"));
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const segment = { media_type: "video/iso.segment" };
const list = { media_type: "application/vnd.apple.mpegurl", cache_control: "no-cache" } as const;
const film = { media_type: "video/mp4" };
let places = 0;
/** A place as media makes them. */
const place = (kind = "videos") => `${kind}/${++places}/${randomBytes(16).toString("hex")}/`;
const inAnHour = () => Date.now() + HOUR_MS;

describe.skipIf(nginx === null)("an nginx edge", async () => {
  if (nginx === null) return;
  const edge = await startEdge(nginx, `127.0.0.1:${house_port}`);
  afterAll(() => edge[Symbol.asyncDispose]());
  const ask = (url: string, init?: RequestInit) => fetch(edge.origin + url, init);
  const cacheOf = async (url: string, init?: RequestInit) => {
    const answer = await ask(url, init);
    await answer.bytes();
    return [answer.status, answer.headers.get("x-cache")];
  };
  /** The request line as it stands, which `fetch` would tidy up. */
  const rawStatus = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(edge.origin).port), "127.0.0.1");
      socket.on("error", reject);
      socket.on("data", (head) => {
        resolve(Number(head.toString().split(" ")[1]));
        socket.destroy();
      });
      socket.write(`GET ${path} HTTP/1.1\r\nhost: house\r\nconnection: close\r\n\r\n`);
    });
  const restartHouse = async () => {
    await house.stop(true);
    return () => (house = open());
  };
  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await Bun.sleep(50);
  };

  test("ED1: forged, expired, climbing and unsigned addresses are refused, also when the bytes are in the cache", async () => {
    const at = place();
    await blobs.put(`${at}480/0.m4s`, randomBytes(1000), segment);
    const good = `${blobs.urlSignedPrefix(at, inAnHour())}480/0.m4s`;
    expect(await cacheOf(good)).toEqual([200, "MISS"]);
    expect(await cacheOf(good)).toEqual([200, "HIT"]);
    const before = bytesAsked().length;
    const refused: [string, number][] = [
      [good.replace(/\.[\w-]{43}\//, `.${"A".repeat(43)}/`), 403],
      [`${blobs.urlSignedPrefix(at, Date.now() - 1)}480/0.m4s`, 403],
      [good.replace("/480/", "/480/../480/"), 404],
      [good.replace("/480/", "/%34%38%30/"), 404],
      [good.replace("/480/", "//480/"), 404],
      [`/blobs/${at}480/0.m4s`, 404],
      [`/blobs/public/${at}480/0.m4s`, 404],
      [`/blobs/public/../${at}480/0.m4s`, 404],
    ];
    for (const [url, status] of refused) expect([url, await rawStatus(url)]).toEqual([url, status]);
    const forged = await ask(refused[0]?.[0] ?? "");
    expect(await forged.json()).toMatchObject({ code: "blob.signature", status: 403 });
    expect(forged.headers.get("cache-control")).toBe("no-store");
    expect(bytesAsked().length).toBe(before);
  });

  test("ED2: two hundred who want one cold segment are one request to the house, and one question", async () => {
    const at = `public/${place()}`;
    const bytes = new Uint8Array(randomBytes(700_000));
    await blobs.put(`${at}480/0.m4s`, bytes, segment);
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    asked = [];
    const answers = Array.from({ length: 200 }, () => ask(blobs.urlPublic(`${at}480/0.m4s`)));
    await until(async () => bytesAsked().length > 0);
    held.resolve();
    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(200);
      expect(md5(await answer.bytes())).toBe(md5(bytes));
    }
    expect(bytesAsked()).toHaveLength(1);
    // One a second at most.
    expect(asksAsked().length).toBeLessThanOrEqual(3);
  });

  test("ED3: different signatures of one name share one file of the cache, and each is checked", async () => {
    const at = place();
    await blobs.put(`${at}480/0.m4s`, randomBytes(1000), segment);
    const url = `${blobs.urlSignedPrefix(at, inAnHour())}480/0.m4s`;
    const other = `${blobs.urlSignedPrefix(at, inAnHour() + 1000)}480/0.m4s`;
    const one = blobs.urlSigned(`${at}480/0.m4s`, { expires_at_ms: inAnHour() });
    const [ann, bob] = [blobs.bindTo(url, "ann"), blobs.bindTo(url, "bob")];
    asked = [];
    expect(await cacheOf(url)).toEqual([200, "MISS"]);
    for (const again of [other, one, ann, bob]) expect(await cacheOf(again)).toEqual([200, "HIT"]);
    expect(bytesAsked()).toHaveLength(1);
    expect(new Set(asksAsked()).size).toBe(5);
    const saved = blobs.urlSigned(`${at}480/0.m4s`, { expires_at_ms: inAnHour(), download_as: "min film.m4s" });
    expect((await ask(saved)).headers.get("content-disposition")).toContain('attachment; filename="min film.m4s"');
    expect((await ask(one)).headers.get("content-disposition")).toBe("inline");
  });

  test("ED4: who is revoked is refused within seconds while the others go on from the cache", async () => {
    const at = place();
    await blobs.put(`${at}480/0.m4s`, randomBytes(1000), segment);
    const url = `${blobs.urlSignedPrefix(at, inAnHour())}480/0.m4s`;
    const [cat, dan] = [blobs.bindTo(url, "cat"), blobs.bindTo(url, "dan")];
    expect(await cacheOf(cat)).toEqual([200, "MISS"]);
    expect(await cacheOf(dan)).toEqual([200, "HIT"]);
    revoked.add("cat");
    await until(async () => (await ask(cat)).status === 403);
    expect(await (await ask(cat)).json()).toMatchObject({ code: "blob.revoked" });
    expect(await cacheOf(dan)).toEqual([200, "HIT"]);
  });

  test("ED5: what is taken down is gone within seconds, before and after its bytes are deleted, public or signed", async () => {
    const [open_place, closed] = [`public/${place()}`, place()];
    for (const at of [open_place, closed]) await blobs.put(`${at}480/0.m4s`, randomBytes(1000), segment);
    const urls = [blobs.urlPublic(`${open_place}480/0.m4s`), `${blobs.urlSignedPrefix(closed, inAnHour())}480/0.m4s`];
    for (const url of urls) {
      expect(await cacheOf(url)).toEqual([200, "MISS"]);
      expect(await cacheOf(url)).toEqual([200, "HIT"]);
    }
    taken.add(open_place).add(closed);
    for (const url of urls) await until(async () => (await ask(url)).status === 404);
    for (const at of [open_place, closed]) await blobs.deletePrefix(at);
    for (const url of urls) expect((await ask(url)).status).toBe(404);
  });

  test("ED6: when the house is away, segments and lists that are kept are served on; what is not kept is 503", async () => {
    const [open_place, closed] = [`public/${place()}`, place()];
    for (const at of [open_place, closed]) {
      await blobs.put(`${at}480/0.m4s`, randomBytes(1000), segment);
      await blobs.put(`${at}480/1.m4s`, randomBytes(1000), segment);
      await blobs.put(`${at}480.m3u8`, randomBytes(1000), list);
    }
    const prefixes = [`/blobs/${open_place}`, blobs.urlSignedPrefix(closed, inAnHour())];
    const expiring = blobs.urlSignedPrefix(closed, Date.now() + 3_000);
    for (const prefix of [...prefixes, expiring])
      for (const name of ["480/0.m4s", "480.m3u8"]) expect((await ask(prefix + name)).status).toBe(200);
    const reopen = await restartHouse();
    try {
      for (const prefix of prefixes) {
        // Beyond the second for which a word of the house is fresh.
        await until(async () => (await ask(`${prefix}480.m3u8`)).headers.get("x-cache") === "STALE");
        expect(await cacheOf(`${prefix}480/0.m4s`)).toEqual([200, "HIT"]);
        expect([502, 503, 504]).toContain((await ask(`${prefix}480/1.m4s`)).status);
      }
      const unknown = await ask(`/blobs/public/${place()}480/0.m4s`);
      expect([unknown.status, unknown.headers.get("retry-after")]).toEqual([503, "5"]);
      // A signature does not outlive its moment because nobody is there to ask.
      await until(async () => (await ask(`${expiring}480/0.m4s`)).status === 503);
    } finally {
      reopen();
    }
    for (const prefix of prefixes) await until(async () => (await ask(`${prefix}480/1.m4s`)).status === 200);
  });

  test("ED7: lists are kept for a second and asked again by their ETag, compressed or not", async () => {
    const at = `public/${place()}`;
    const text = (n: number) => `#EXTM3U ${n}\n`.repeat(200);
    await blobs.put(`${at}a.m3u8`, new TextEncoder().encode(text(1)), list);
    const url = blobs.urlPublic(`${at}a.m3u8`);
    asked = [];
    for (let i = 0; i < 20; i++) {
      const plain = await ask(url, { headers: { "accept-encoding": i % 2 ? "identity" : "gzip" } });
      expect(await plain.text()).toBe(text(1));
    }
    expect(bytesAsked().length).toBeLessThan(5);
    const zipped = await ask(url, { headers: { "accept-encoding": "gzip" }, decompress: false } as RequestInit);
    expect([zipped.headers.get("content-encoding"), (await zipped.bytes()).length < 200]).toEqual(["gzip", true]);
    const plain = await ask(url, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    await blobs.put(`${at}a.m3u8`, new TextEncoder().encode(text(2)), list);
    await until(async () => (await (await ask(url)).text()) === text(2));
  });

  test("ED8: only what is immutable is kept, whatever it is called", async () => {
    const at = `public/${place()}`;
    for (const name of ["c.vtt", "p.jpg", "x.mp4"]) {
      await blobs.put(at + name, randomBytes(1000), { media_type: "video/mp4", cache_control: "no-cache" });
      for (let i = 0; i < 3; i++) expect((await cacheOf(blobs.urlPublic(at + name)))[1]).toBe("MISS");
      await blobs.put(`${at}k-${name}`, randomBytes(1000), film);
      expect((await cacheOf(blobs.urlPublic(`${at}k-${name}`)))[1]).toBe("MISS");
      expect((await cacheOf(blobs.urlPublic(`${at}k-${name}`)))[1]).toBe("HIT");
    }
  });

  test("ED9: ranges, conditions and HEAD are answered from the cache; a large file comes in slices", async () => {
    const at = `public/${place()}`;
    const bytes = new Uint8Array(randomBytes(10_000_000));
    const { etag } = await blobs.put(`${at}f.mp4`, bytes, film);
    await blobs.put(`${at}0.m4s`, bytes.slice(0, 300_000), segment);
    const url = blobs.urlPublic(`${at}f.mp4`);
    asked = [];
    const part = await ask(url, { headers: { range: "bytes=5000000-5000099" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 5000000-5000099/10000000"]);
    expect(md5(await part.bytes())).toBe(md5(bytes.slice(5_000_000, 5_000_100)));
    expect(bytesAsked()).toHaveLength(1);
    expect(md5(await (await ask(url)).bytes())).toBe(md5(bytes));
    expect(bytesAsked()).toHaveLength(3);
    const small = blobs.urlPublic(`${at}0.m4s`);
    for (const range of ["bytes=0-99", "bytes=299900-"]) {
      const answer = await ask(small, { headers: { range } });
      expect([answer.status, (await answer.bytes()).length]).toEqual([206, 100]);
    }
    expect((await ask(small, { headers: { range: "bytes=300000-" } })).status).toBe(416);
    expect(await cacheOf(small, { method: "HEAD" })).toEqual([200, "HIT"]);
    const tag = (await ask(small)).headers.get("etag") ?? "";
    expect((await ask(small, { headers: { "if-none-match": tag } })).status).toBe(304);
    expect((await ask(url, { headers: { "if-none-match": `"${etag}"` } })).status).toBe(304);
    const stale = await ask(small, { headers: { range: "bytes=0-9", "if-range": '"other"' } });
    expect(stale.status).toBe(200);
    const cross = await ask(small, { headers: { origin: "https://elsewhere.example" } });
    expect(cross.headers.get("access-control-allow-origin")).toBe("*");
    expect((await ask(small, { method: "OPTIONS" })).status).toBe(204);
  });

  test("ED10: a part of an upload goes through as it comes, up to the largest part, and no larger", async () => {
    const name = `uploads/${++places}`;
    const { multipart_id } = await blobs.multipart.create(name, film);
    const size = 64 * 1024 * 1024;
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    const url = await blobs.multipart.signPart(name, multipart_id, 1, size, inAnHour());
    let sent = 0;
    const whole = Promise.withResolvers<void>();
    // The second half is not sent before the house has the first.
    const halves = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent === size / 2) await whole.promise;
        controller.enqueue(bytes.subarray(sent, (sent += 1024 * 1024)));
        if (sent === size) controller.close();
      },
    });
    const answer = ask(url, { method: "PUT", body: halves, headers: { "content-length": String(size) } });
    await until(async () =>
      (await readdir(join(folder, "uploads", multipart_id))).some(
        (file) => file.startsWith("part-") || file === "whole",
      ),
    );
    whole.resolve();
    const { status, headers } = await answer;
    expect([status, headers.get("etag")]).toEqual([200, `"${md5(bytes)}"`]);
    expect((await readdir(join(edge.folder, "client_body"))).length).toBe(0);
    const large = await ask(url, { method: "PUT", body: new Uint8Array(81 * 1024 * 1024) });
    expect(large.status).toBe(413);
  });

  test("ED11: the house learns who asks, and a caller cannot say that they are somebody else", async () => {
    const told = (await (
      await ask("/who", { headers: { "x-forwarded-for": "10.1.2.3", "x-forwarded-proto": "gopher" } })
    ).json()) as Record<string, string>;
    expect(told["x-forwarded-for"]?.split(", ").at(-1)).toBe("127.0.0.1");
    expect(told["x-forwarded-proto"]).toBe("http");
  });

  test("ED12: the hit ratio is shown from the edge's own log, which names no signature and no person", async () => {
    const log = await edge.log();
    expect(log).not.toMatch(/127\.0\.0\.1|[\w-]{43}|\.ann\./);
    const shown = Bun.spawnSync([join(import.meta.dirname, "hit-ratio.sh"), join(edge.folder, "edge.log")]);
    const out = shown.stdout.toString();
    const lines = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string; cache: string; status: number });
    const served = lines.filter((line) => line.kind === "segment" && line.status < 400 && line.cache !== "");
    const hits = served.filter((line) => !["MISS", "EXPIRED", "BYPASS"].includes(line.cache));
    const row = /^segment\s+(\d+)\s+(\d+)\s+([\d.]+) %/m.exec(out);
    expect([row?.[1], row?.[2]]).toEqual([String(served.length), String(hits.length)]);
    expect(Number(row?.[3])).toBeCloseTo((hits.length / served.length) * 100, 0);
    expect(out).toMatch(/^all\s/m);
    expect(Bun.spawnSync([join(import.meta.dirname, "hit-ratio.sh"), join(edge.folder, "nothing.log")]).exitCode).toBe(
      2,
    );
  });

  test("ED13: an edge can stand in front of another", async () => {
    await using outer = await startEdge(nginx, new URL(edge.origin).host);
    const at = place();
    await blobs.put(`${at}480/0.m4s`, randomBytes(1000), segment);
    const url = `${blobs.urlSignedPrefix(at, inAnHour())}480/0.m4s`;
    asked = [];
    for (let i = 0; i < 3; i++) expect((await fetch(outer.origin + url)).status).toBe(200);
    expect((await fetch(edge.origin + url)).headers.get("x-cache")).toBe("HIT");
    expect(bytesAsked()).toHaveLength(1);
    expect((await fetch(outer.origin + url.replace(/\.[\w-]{43}\//, `.${"A".repeat(43)}/`))).status).toBe(403);
    taken.add(at);
    await until(async () => (await fetch(outer.origin + url)).status === 404);
  });

  test("ED14: nginx finds nothing to complain about", async () => {
    const errors = await readFile(join(edge.folder, "error.log"), "utf8");
    expect(errors.split("\n").filter((line) => /\[(?:emerg|alert|crit)\]/.test(line))).toEqual([]);
  });
});
