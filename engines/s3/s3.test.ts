import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname } from "node:path";

import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

import { blobsContract } from "#ports/blobs/contract.suite.ts";
import { holdersContract } from "#ports/blobs/holders.suite.ts";
import { passingContract } from "#ports/blobs/passing.suite.ts";
import { createSystemClock, createVirtualClock } from "#ports/clock/index.ts";

import { createS3Client } from "./client.ts";
import { createS3Blobs, parseS3Url } from "./index.ts";
import { BLOCK_BYTES, blocksOf } from "./put.ts";
import { startTestS3 } from "./testing.ts";
import { escapeXml, textOf, textsOf } from "./xml.ts";

const SECRET = "a secret of more than thirty-two characters";
const HOUR_MS = 3_600_000;
const film = { media_type: "video/mp4" };
const onError = (error: unknown) => console.error(error);

/** A real store, where somebody has one to try: `S3_TEST_URL=s3://… bun test engines/s3`, in a folder that may be emptied. */
const real = process.env.S3_TEST_URL;

const openS3 = async () => {
  const s3 = real === undefined ? await startTestS3() : { url: real, [Symbol.asyncDispose]: async () => {} };
  const blobs = createS3Blobs({
    url: s3.url,
    clock: createSystemClock(),
    secret: SECRET,
    base_path: "/blobs",
    onError,
  });
  const part_size_bytes = real === undefined ? 300_000 : 5 * 1024 ** 2;
  return { blobs, part_size_bytes, [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose]() };
};
const engine = real === undefined ? "S3" : "S3, a real store";
passingContract(engine, openS3);
holdersContract(engine, openS3);
blobsContract(
  engine,
  openS3,
  real === undefined
    ? {
        whole_overwrites: "skipped: the S3 server of the tests writes bytes and ETag apart, S3 does not",
        odd_ranges: "(skipped: the S3 server of the tests gets these wrong)",
        odd_file_names:
          "(skipped: the S3 server of the tests escapes these otherwise than S3; the signature is compared with AWS's own)",
      }
    : {},
);

const s3 = await startTestS3();
const blobs = createS3Blobs({ url: s3.url, clock: createSystemClock(), secret: SECRET, base_path: "/blobs", onError });
afterAll(() => s3[Symbol.asyncDispose]());
const handle = (url: string, init?: RequestInit) =>
  blobs.handler(new Request(new URL(url, "http://house.example"), init));

describe("S3_URL", () => {
  test("what is in it", () => {
    expect(parseS3Url("s3://KEY:se%2Fcret@s3.example.org:9000/house/a/b?region=eu-north-1&tls=0&style=host")).toEqual({
      endpoint: "http://s3.example.org:9000",
      bucket: "house",
      region: "eu-north-1",
      access_key_id: "KEY",
      secret_access_key: "se/cret",
      key_prefix: "a/b/",
      style: "host",
      public_url: null,
    });
    const least = { endpoint: "https://h", region: "us-east-1", key_prefix: "", style: "path" };
    expect(parseS3Url("s3://k:s@h/bucket?public_url=https://cdn.example.org/")).toMatchObject({
      ...least,
      public_url: "https://cdn.example.org",
    });
  });

  test.each([
    "",
    "house",
    "https://k:s@h/bucket",
    "s3://h/bucket",
    "s3://k@h/bucket",
    "s3://k:hush@h",
    "s3://k:hush@h/Bucket",
    "s3://k:hush@h/bucket/../x",
    "s3://k:hush@h/bucket/Folder",
    "s3://k:hush@h/bucket?tls=yes",
    "s3://k:hush@h/bucket?style=virtual",
    "s3://k:hush@h/bucket?regoin=x",
    "s3://k:hush@h/bucket?region=a/b",
    "s3://k:hush@h/bucket?public_url=javascript:x",
  ])("nonsense is refused with a sentence that names the variable and not the secret: %j", (text) => {
    let message = "";
    try {
      parseS3Url(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toStartWith("S3_URL ");
    expect(message).not.toContain("hush");
  });
});

/** When an address of the store ends, ms since 1970. */
function endOf({ searchParams }: URL): number {
  const date = (searchParams.get("X-Amz-Date") ?? "").replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  return Date.parse(date) + 1000 * Number(searchParams.get("X-Amz-Expires"));
}

test("BL13: the bytes never pass through us: a blob is a redirect, a playlist is an answer", async () => {
  await blobs.put("v/1/a.m4s", new Uint8Array(10), film);
  await blobs.put("v/1/a.m3u8", new TextEncoder().encode("a.m4s"), { media_type: "application/vnd.apple.mpegurl" });
  const base = blobs.urlSignedPrefix("v/1/", Date.now() + 60_000);
  const segment = await handle(`${base}a.m4s`);
  expect([segment.status, segment.headers.get("cache-control")]).toEqual([
    307,
    expect.stringMatching(/^private, max-age=(30|29)$/),
  ]);
  const location = new URL(segment.headers.get("location") ?? "");
  expect(location.origin).toBe(s3.endpoint);
  expect(endOf(location)).toBeLessThanOrEqual(Date.now() + 60_000);
  const playlist = await handle(`${base}a.m3u8`);
  expect([playlist.status, await playlist.text()]).toEqual([200, "a.m4s"]);
  expect(playlist.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
  const etag = playlist.headers.get("etag") ?? "";
  expect((await handle(`${base}a.m3u8`, { headers: { "if-none-match": etag } })).status).toBe(304);
  expect((await handle(`${base}none.m3u8`)).status).toBe(404);
});

test("BL29: what is signed by the store holds for minutes, is the same for the next who asks, and never outlives our word", async () => {
  const now_ms = Date.now();
  const clock = { ...createSystemClock(), now: () => now_ms };
  const timed = createS3Blobs({ url: s3.url, clock, secret: SECRET, base_path: "/blobs", onError });
  await timed.put("t/1.m4s", new Uint8Array(10), film);
  await timed.put("public/t/1.m4s", new Uint8Array(10), film);
  const go = async (url: string, method = "GET") => {
    const answer = await timed.handler(new Request(new URL(url, "http://house.example"), { method }));
    const left_s = (endOf(new URL(answer.headers.get("location") ?? "http://nowhere")) - now_ms) / 1000;
    const age_s = Number(/max-age=(\d+)/.exec(answer.headers.get("cache-control") ?? "")?.[1]);
    return { answer, location: answer.headers.get("location"), left_s, age_s };
  };
  const signed = timed.urlSigned("t/1.m4s", { expires_at_ms: clock.now() + 2 * HOUR_MS });
  const [first, again] = [await go(signed), await go(signed)];
  expect(again.location).toBe(first.location);
  expect(first.left_s).toBeGreaterThanOrEqual(300);
  expect(first.left_s).toBeLessThanOrEqual(600);
  expect(first.age_s).toBeLessThanOrEqual(first.left_s / 2);
  const short = await go(timed.urlSigned("t/1.m4s", { expires_at_ms: clock.now() + 20_000 }));
  expect(short.left_s).toBeLessThanOrEqual(20);
  expect(first.answer.headers.get("access-control-allow-origin")).toBeNull();
  const open = await go(timed.urlPublic("public/t/1.m4s"));
  expect(open.left_s).toBeGreaterThanOrEqual(3600);
  expect(open.answer.headers.get("access-control-allow-origin")).toBe("*");
  expect((await go(timed.urlPublic("public/t/1.m4s"), "OPTIONS")).answer.status).toBe(204);
  const { multipart_id } = await timed.multipart.create("t/up", film);
  const part = new URL(await timed.multipart.signPart("t/up", multipart_id, 1, 1000, clock.now() + HOUR_MS));
  expect(part.origin).toBe(s3.endpoint);
});

test("BL13: with a CDN, public names have their address there", () => {
  const place = { ...parseS3Url(s3.url), public_url: "https://cdn.example.org/house" };
  const cdn = createS3Blobs({ url: place, clock: createSystemClock(), secret: SECRET, base_path: "/blobs", onError });
  expect(cdn.urlPublic("public/a.mp4")).toBe("https://cdn.example.org/house/public/a.mp4");
  expect(() => cdn.urlPublic("secret/a.mp4")).toThrow(RangeError);
  // The names in a list lead here, where what is missing is made, and from here to the CDN.
  expect(cdn.urlPublic("public/a.m3u8")).toBe("/blobs/public/a.m3u8");
});

test("BL16: the length of a part is signed", async () => {
  const { multipart_id } = await blobs.multipart.create("up/signed", film);
  const url = new URL(await blobs.multipart.signPart("up/signed", multipart_id, 1, 1000, Date.now() + HOUR_MS));
  expect(url.searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;host");
});

test("BL9: a body longer than a block goes in parts, is whole, and leaves no upload open when it breaks", async () => {
  const bytes = new Uint8Array(BLOCK_BYTES + 1000).fill(7);
  const head = await blobs.put("in/long", new Blob([bytes]).stream(), film);
  expect([head.size_bytes, head.etag.slice(-2)]).toEqual([bytes.length, "-2"]);
  expect(Bun.hash(await new Response((await blobs.get("in/long")).body).bytes())).toBe(Bun.hash(bytes));
  let sent = 0;
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent > 2 * BLOCK_BYTES) throw new Error("the source broke");
      sent += 1024 * 1024;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  await expect(blobs.put("in/broken", broken, film)).rejects.toThrow("the source broke");
  expect(await blobs.head("in/broken")).toBeNull();
  const open = await blobs.multipart.listOpen(Date.now() + HOUR_MS);
  expect(open.filter(({ name }) => name.startsWith("in/"))).toEqual([]);
});

test("BL20: the copy of a local file is gone after its disposal", async () => {
  await blobs.put("f/1", new Uint8Array(10), film);
  let path = "";
  {
    await using file = await blobs.localFile("f/1");
    path = file.path;
    expect(await Bun.file(path).exists()).toBe(true);
  }
  expect(await Bun.file(path).exists()).toBe(false);
  expect(existsSync(dirname(path))).toBe(false);
});

test("BL19, BL17: more uploads and parts than a page are all listed", async () => {
  const begun: string[] = [];
  for (let i = 0; i < 5; i++) begun.push((await blobs.multipart.create(`many/${i}`, film)).multipart_id);
  const open = await blobs.multipart.listOpen(Date.now() + HOUR_MS);
  expect(
    open
      .filter(({ name }) => name.startsWith("many/"))
      .map((of) => of.multipart_id)
      .sort(),
  ).toEqual(begun.sort());
});

test.each([undefined, `attachment; filename="a*b.mp4"; filename*=UTF-8''a%2Ab%20(1)!.mp4`])(
  "a signed address has the signature that AWS's own client makes (disposition %p)",
  async (disposition) => {
    const place = parseS3Url("s3://KEY:se%2Fcret@s3.example.org/house/folder?region=eu-north-1");
    const clock = createVirtualClock();
    const credentials = { accessKeyId: place.access_key_id, secretAccessKey: place.secret_access_key };
    const client = new S3Client({ region: place.region, endpoint: place.endpoint, credentials, forcePathStyle: true });
    const Key = `${place.key_prefix}r/4.mp4`;
    const command = new GetObjectCommand({ Bucket: place.bucket, Key, ResponseContentDisposition: disposition });
    const signingDate = new Date(clock.now());
    const theirs = new URL(await getSignedUrl(client, command, { expiresIn: 600, signingDate }));
    // Whatever their client adds to the query is signed by both.
    const query = Object.fromEntries([...theirs.searchParams].filter(([key]) => !/^X-Amz-(?!Content)/.test(key)));
    const call = { method: "GET", name: "r/4.mp4", query } as const;
    const ours = new URL(await createS3Client(place, clock).presign(call, clock.now() + 600_000));
    expect(Object.fromEntries(ours.searchParams)).toEqual(Object.fromEntries(theirs.searchParams));
    expect(ours.origin + ours.pathname).toBe(theirs.origin + theirs.pathname);
    client.destroy();
  },
);

/** Pauses between tries end at once; the times that calls have do not. */
const pausesEnd = (ms: number, signal?: AbortSignal) =>
  ms <= 5_000 ? Promise.resolve() : createSystemClock().sleep(ms, signal);

describe("the client", () => {
  const answers: (() => Response)[] = [];
  let asked = 0;
  const server = Bun.serve({
    port: 0,
    fetch() {
      asked += 1;
      return answers.shift()?.() ?? new Response("", { status: 200 });
    },
  });
  afterAll(() => server.stop(true));
  const place = parseS3Url(`s3://k:s@${server.url.host}/bucket?tls=0`);
  const error = (status: number, code: string) => () => new Response(`<Error><Code>${code}</Code></Error>`, { status });

  const run = async (given: (() => Response)[]) => {
    answers.splice(0, answers.length, ...given);
    asked = 0;
    // Waits end at once, so that the test need not.
    const clock = { ...createVirtualClock(), sleep: pausesEnd };
    const result = await createS3Client(place, clock)
      .call({ method: "GET", name: "a" })
      .then(({ status }) => status)
      .catch((thrown: Error) => thrown.name);
    return [result, asked];
  };

  test("what passes is tried again, a refusal is not, and it gives up", async () => {
    expect(await run([error(503, "SlowDown"), error(500, "InternalError")])).toEqual([200, 3]);
    expect(await run([error(403, "AccessDenied")])).toEqual(["S3Refusal", 1]);
    expect(await run([error(400, "RequestTimeout")])).toEqual([200, 2]);
    expect(await run(Array.from({ length: 9 }, () => error(503, "SlowDown")))).toEqual(["Throttled", 4]);
  });

  test("a store that is away is transient, and 503 to callers who need it", async () => {
    const clock = { ...createSystemClock(), sleep: pausesEnd };
    const told: unknown[] = [];
    const url = { ...place, endpoint: "http://127.0.0.1:1" };
    const lost = createS3Blobs({ url, clock, secret: SECRET, base_path: "/blobs", onError: (each) => told.push(each) });
    const playlist = lost.urlSigned("v/a.m3u8", { expires_at_ms: clock.now() + HOUR_MS });
    const answer = await lost.handler(new Request(`http://house.example${playlist}`));
    expect([answer.status, answer.headers.get("retry-after"), told.length]).toEqual([503, "5", 1]);
    const away = createS3Client({ ...place, endpoint: "http://127.0.0.1:1" }, clock);
    await expect(away.call({ method: "GET", name: "a" })).rejects.toMatchObject({ name: "Transient" });
  });
});

test("blocks are cut to size whatever the chunks were", async () => {
  const sizes = async (chunks: number[]) => {
    const got: number[] = [];
    for await (const block of blocksOf(chunks.map((size) => new Uint8Array(size)))) got.push(block.length);
    return got;
  };
  expect(await sizes([])).toEqual([]);
  expect(await sizes([0, 1, 2])).toEqual([3]);
  expect(await sizes([BLOCK_BYTES])).toEqual([BLOCK_BYTES]);
  expect(await sizes([BLOCK_BYTES - 1, 2])).toEqual([BLOCK_BYTES, 1]);
  expect(await sizes([2 * BLOCK_BYTES + 5])).toEqual([BLOCK_BYTES, BLOCK_BYTES, 5]);
});

test("XML is read for its texts, also where it is cut off or odd", () => {
  expect(textsOf("<R><K>a</K><K>b &amp; c</K><K>cut", "K")).toEqual(["a", "b &amp; c"]);
  expect(textOf("<K>&lt;&#229;&#xe5;&quot;&nope;&#9999999;</K>", "K")).toBe('<åå"&nope;&#9999999;');
  expect(textOf("<K>a</K>", "L")).toBeNull();
  expect(textOf(`<K>${escapeXml(`<&"'>`)}</K>`, "K")).toBe(`<&"'>`);
});
