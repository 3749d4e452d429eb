import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";

import type { UploadId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";

import { PART_BYTES_MIN, PARTS_MAX, PARTS_SIGNED_MAX, UPLOAD_BYTES_CEILING, UPLOADS_OPEN_MAX } from "../bounds.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  createVideo,
  getMediaLimits,
  getUpload,
  listUploads,
  signParts,
} from "../contract.ts";
import { createSteppedClock, good, mediaHouse, sendParts, uploadBytes } from "../testing.ts";
import { cutOf, partBytes } from "./parts.ts";

const MIB = 1024 * 1024;
const LIMITS = {
  video_bytes_max: 40 * MIB,
  image_bytes_max: 2 * MIB,
  person_bytes_max: 60 * MIB,
  free_bytes_reserve: 0,
};
const media = await mediaHouse({ limits: LIMITS });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;

const astrid = await media.person("astrid");
const birger = await media.person("birger");
const FILM = { filename: "film.mp4", size_bytes: 1000, media_type: "video/mp4" };

const begin = async (body = FILM, token = astrid.token) => good(await client.call(createUpload, { token, body }));
const freed = async () => {
  await media.settled();
  return media.stored();
};

describe("uploads are refused before their first byte", () => {
  test("MD1: nobody but who is signed in uploads", async () => {
    const { status, code } = await client.call(createUpload, { body: FILM });
    expect([status, code]).toEqual([401, "session.required"]);
  });

  test.each([
    [{ ...FILM, size_bytes: 0 }, 422, "upload.empty"],
    [{ ...FILM, size_bytes: LIMITS.video_bytes_max + 1 }, 413, "upload.too_large"],
    [{ ...FILM, media_type: "image/png", size_bytes: LIMITS.image_bytes_max + 1 }, 413, "upload.too_large"],
    [{ ...FILM, size_bytes: UPLOAD_BYTES_CEILING + 1 }, 400, "request.invalid"],
    [{ ...FILM, size_bytes: -1 }, 400, "request.invalid"],
    [{ ...FILM, size_bytes: 1.5 }, 400, "request.invalid"],
    [{ ...FILM, media_type: "text/html" }, 415, "upload.type_refused"],
    [{ ...FILM, media_type: "image/svg+xml" }, 415, "upload.type_refused"],
    [{ ...FILM, media_type: "application/vnd.apple.mpegurl" }, 415, "upload.type_refused"],
    [{ ...FILM, filename: "" }, 400, "request.invalid"],
    [{ ...FILM, filename: "x".repeat(256) }, 400, "request.invalid"],
    [{ ...FILM, filename: "a\u0000b" }, 400, "request.invalid"],
    [{ ...FILM, more: true }, 400, "request.invalid"],
  ])("MD2: %j is refused with %d", async (body, status, code) => {
    const answer = await client.call(createUpload, { token: astrid.token, body });
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  test("MD3: a person's room has an end, and open uploads count", async () => {
    const carl = await media.person("carl");
    const size_bytes = LIMITS.video_bytes_max;
    const first = await begin({ ...FILM, size_bytes }, carl.token);
    const second = await client.call(createUpload, { token: carl.token, body: { ...FILM, size_bytes } });
    expect([second.status, second.code]).toEqual([413, "upload.quota_exceeded"]);
    expect(good(await client.call(getMediaLimits, { token: carl.token })).used_bytes).toBe(size_bytes);
    await client.call(abortUpload, { token: carl.token, params: { upload_id: first.id } });
    expect(good(await client.call(getMediaLimits, { token: carl.token })).used_bytes).toBe(0);
    expect((await client.call(createUpload, { token: carl.token, body: { ...FILM, size_bytes } })).status).toBe(201);
  });

  test("MD3: two calls at once cannot both take the last room", async () => {
    const dag = await media.person("dag");
    const body = { ...FILM, size_bytes: LIMITS.video_bytes_max };
    const answers = await Promise.all([1, 2, 3].map(() => client.call(createUpload, { token: dag.token, body })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 413, 413]);
  });

  test("MD4: so many unfinished uploads and no more", async () => {
    const erik = await media.person("erik");
    const answers = await Promise.all(
      Array.from({ length: UPLOADS_OPEN_MAX + 1 }, () => client.call(createUpload, { token: erik.token, body: FILM })),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(UPLOADS_OPEN_MAX);
    expect(answers.find((answer) => answer.status !== 201)?.code).toBe("upload.too_many_open");
    const page = good(await client.call(listUploads, { token: erik.token, query: { limit: 30 } }));
    expect(page.items).toHaveLength(30);
    const rest = good(
      await client.call(listUploads, { token: erik.token, query: { limit: 30, cursor: page.next_cursor! } }),
    );
    expect(rest.items).toHaveLength(UPLOADS_OPEN_MAX - 30);
    expect(rest.next_cursor).toBeNull();
    expect(new Set([...page.items, ...rest.items].map((item) => item.id)).size).toBe(UPLOADS_OPEN_MAX);
  });
});

describe("parts", () => {
  test("MD5: parts are cut by the server: from 8 to 64 MiB, at most 10,000, none empty", () => {
    for (const size_bytes of [1, PART_BYTES_MIN, PART_BYTES_MIN + 1, 10 * 1024 ** 3, UPLOAD_BYTES_CEILING]) {
      const cut = cutOf(size_bytes);
      expect(cut.part_count).toBeLessThanOrEqual(PARTS_MAX);
      expect(cut.part_size_bytes).toBeGreaterThanOrEqual(PART_BYTES_MIN);
      expect(partBytes({ ...cut, size_bytes }, cut.part_count)).toBeGreaterThan(0);
      expect((cut.part_count - 1) * cut.part_size_bytes + partBytes({ ...cut, size_bytes }, cut.part_count)).toBe(
        size_bytes,
      );
    }
    expect(cutOf(10 * 1024 ** 3).part_count).toBeLessThanOrEqual(1_000);
  });

  test("MD6: another person's upload does not exist", async () => {
    const { id } = await begin();
    const params = { upload_id: id };
    const token = birger.token;
    const parts = [{ part_number: 1, etag: "x" }];
    const answers = await Promise.all([
      client.call(getUpload, { token, params }),
      client.call(signParts, { token, params, body: { part_numbers: [1] } }),
      client.call(completeUpload, { token, params, body: { parts } }),
      client.call(abortUpload, { token, params }),
      client.call(createVideo, { token, body: { upload_id: id, title: "Mine now", audience: "public" } }),
    ]);
    expect(answers.map((answer) => [answer.status, answer.code])).toEqual(answers.map(() => [404, "upload.not_found"]));
  });

  test("MD7: numbers that the upload does not have are refused, in any call", async () => {
    const { id } = await begin({ ...FILM, size_bytes: 9 * MIB });
    const sign = (part_numbers: number[]) =>
      client.call(signParts, { token: astrid.token, params: { upload_id: id }, body: { part_numbers } });
    expect((await sign([3])).code).toBe("upload.part_unknown");
    expect((await sign([1, 1])).code).toBe("upload.part_unknown");
    expect((await sign([0])).status).toBe(400);
    expect((await sign([PARTS_MAX + 1])).status).toBe(400);
    expect((await sign(Array.from({ length: PARTS_SIGNED_MAX + 1 }, (_, i) => i + 1))).status).toBe(400);
    expect((await sign([])).status).toBe(400);
    const complete = (numbers: number[]) =>
      client.call(completeUpload, {
        token: astrid.token,
        params: { upload_id: id },
        body: { parts: numbers.map((part_number) => ({ part_number, etag: "abc" })) },
      });
    expect((await complete([1, 2, 3])).code).toBe("upload.part_unknown");
    expect((await complete([1, 1])).code).toBe("upload.part_unknown");
    expect((await complete([1])).code).toBe("upload.part_missing");
    // All named, none arrived.
    expect([(await complete([1, 2])).status]).toEqual([422]);
  });

  test("MD8: a part of the wrong size is not stored", async () => {
    const { id } = await begin({ ...FILM, size_bytes: 100 });
    const params = { upload_id: id };
    const signed = good(await client.call(signParts, { token: astrid.token, params, body: { part_numbers: [1] } }));
    const url = signed.parts[0]!.url;
    for (const length of [99, 101, 0]) {
      const answer = await media.ask(url, { method: "PUT", body: new Uint8Array(length) });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
    expect(good(await client.call(getUpload, { token: astrid.token, params })).parts).toEqual([]);
  });

  test("MD9: a wrong ETag names the part to send again, and the right one then completes", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(64));
    const { id } = await begin({ ...FILM, size_bytes: bytes.length });
    const params = { upload_id: id };
    const sent = await sendParts(media, astrid.token, id, bytes);
    const wrong = await client.call(completeUpload, {
      token: astrid.token,
      params,
      body: { parts: [{ part_number: 1, etag: '"00000000000000000000000000000000"' }] },
    });
    expect([wrong.status, wrong.code]).toEqual([422, "upload.part_mismatch"]);
    expect((await client.call(completeUpload, { token: astrid.token, params, body: { parts: sent } })).status).toBe(
      202,
    );
  });
});

describe("an upload", () => {
  test("MD10: arrives whole from parts sent in any order, twice and in parallel; ETags with and without quotes", async () => {
    const bytes = new Uint8Array(PART_BYTES_MIN * 2 + 12_345);
    for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    const { id, part_count, part_size_bytes } = await begin({ ...FILM, size_bytes: bytes.length });
    expect([part_count, part_size_bytes]).toEqual([3, PART_BYTES_MIN]);
    const params = { upload_id: id };
    const signed = good(
      await client.call(signParts, { token: astrid.token, params, body: { part_numbers: [3, 1, 2] } }),
    );
    const put = async ({ part_number, url, size_bytes }: (typeof signed.parts)[number]) => {
      const start = (part_number - 1) * part_size_bytes;
      const answer = await media.ask(url, { method: "PUT", body: bytes.slice(start, start + size_bytes) });
      return { part_number, etag: answer.headers.get("etag")! };
    };
    const [third] = [await put(signed.parts[0]!)];
    // The tab was closed here; who comes back asks what arrived.
    const half = good(await client.call(getUpload, { token: astrid.token, params }));
    expect(half.parts.map((part) => part.part_number)).toEqual([3]);
    const [first, second] = await Promise.all([put(signed.parts[1]!), put(signed.parts[2]!), put(signed.parts[1]!)]);
    const parts = [second!, { ...third!, etag: third!.etag.replaceAll('"', "") }, first!];
    const done = await client.call(completeUpload, { token: astrid.token, params, body: { parts } });
    expect([done.status, done.body]).toEqual([202, { id, status: "complete" }]);
    const stored = await media.blobs.get(`uploads/${id}`);
    expect(Bun.hash(await new Response(stored.body).arrayBuffer())).toBe(Bun.hash(bytes));
    // The answer was lost: the same call again says the same.
    expect((await client.call(completeUpload, { token: astrid.token, params, body: { parts } })).status).toBe(202);
    const closed = await client.call(signParts, { token: astrid.token, params, body: { part_numbers: [1] } });
    expect([closed.status, closed.code]).toEqual([409, "upload.closed"]);
    await client.call(abortUpload, { token: astrid.token, params });
    expect(await freed()).not.toContain(`uploads/${id}`);
  });

  test("MD11: given up, it leaves nothing, and its part URLs take nothing more", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(500));
    const { id } = await begin({ ...FILM, size_bytes: bytes.length });
    const params = { upload_id: id };
    await sendParts(media, astrid.token, id, bytes);
    const signed = good(await client.call(signParts, { token: astrid.token, params, body: { part_numbers: [1] } }));
    expect((await client.call(abortUpload, { token: astrid.token, params })).status).toBe(204);
    expect((await client.call(getUpload, { token: astrid.token, params })).status).toBe(404);
    expect((await client.call(abortUpload, { token: astrid.token, params })).status).toBe(404);
    await media.settled();
    const late = await media.ask(signed.parts[0]!.url, { method: "PUT", body: bytes });
    expect(late.status).toBe(410);
    expect(await media.blobs.multipart.listOpen(Date.now() + 1000)).not.toContainEqual(
      expect.objectContaining({ name: `uploads/${id}` }),
    );
  });

  test("MD12: becomes at most one thing, of its own kind, and only when it is complete", async () => {
    const fredrik = await media.person("fredrik");
    const open = await begin(FILM, fredrik.token);
    const video = (upload_id: UploadId) =>
      client.call(createVideo, { token: fredrik.token, body: { upload_id, title: "A film", audience: "private" } });
    expect((await video(open.id)).code).toBe("upload.not_complete");
    const picture = await uploadBytes(media, fredrik.token, new Uint8Array(10), {
      filename: "a.png",
      media_type: "image/png",
    });
    expect((await video(picture)).code).toBe("upload.wrong_kind");
    expect((await video("1" as UploadId)).code).toBe("upload.not_found");
  });
});

test("MD13: what nobody goes on with is freed after its days; asking for URLs begins them anew", async () => {
  const clock = createSteppedClock();
  const DAY = 86_400_000;
  await using other = await mediaHouse({ limits: { ...LIMITS, upload_kept_ms: 7 * DAY }, clock });
  const { token } = await other.person("gunnar");
  const left = good(await other.client.call(createUpload, { token, body: FILM }));
  const kept = good(await other.client.call(createUpload, { token, body: FILM }));
  clock.step(6 * DAY);
  const again = good(
    await other.client.call(signParts, { token, params: { upload_id: kept.id }, body: { part_numbers: [1] } }),
  );
  expect(again.parts).toHaveLength(1);
  clock.step(2 * DAY);
  await other.work("media.expire_uploads");
  expect((await other.client.call(getUpload, { token, params: { upload_id: left.id } })).status).toBe(404);
  expect((await other.client.call(getUpload, { token, params: { upload_id: kept.id } })).status).toBe(200);
  expect(await other.blobs.multipart.listOpen(clock.now() + 1000)).toHaveLength(1);
});

describe("a house in need", () => {
  test("MD14: without room on the disk, uploads are refused with a reason; what is there is read on", async () => {
    await using real = await mediaHouse();
    const stored = await real.person("helga");
    const id = await uploadBytes(real, stored.token, new Uint8Array(10), {
      filename: "a.png",
      media_type: "image/png",
    });
    const full: Blobs = { ...real.blobs, freeBytes: async () => 10_000 };
    await using house = await mediaHouse({ blobs: full });
    const { token } = await house.person("helga");
    const answer = await house.client.call(createUpload, { token, body: FILM });
    expect([answer.status, answer.code]).toEqual([507, "upload.no_space"]);
    expect((await house.media.health()).degraded.map((d) => d.code)).toContain("media.no_space");
    expect((await real.client.call(getUpload, { token: stored.token, params: { upload_id: id } })).status).toBe(200);
  });

  test("MD15: without ffmpeg no video is taken, it is said, and pictures are", async () => {
    await using house = await mediaHouse({ tools: null });
    const { token } = await house.person("inga");
    const answer = await house.client.call(createUpload, { token, body: FILM });
    expect([answer.status, answer.code]).toEqual([503, "media.no_ffmpeg"]);
    const limits = good(await house.client.call(getMediaLimits, { token }));
    expect(limits.video.accepted).toBe(false);
    expect(limits.video.because).toContain("ffmpeg");
    expect(limits.image.accepted).toBe(true);
    expect((await house.media.health()).degraded.map((d) => d.code)).toContain("media.no_ffmpeg");
    expect((await house.client.call(createUpload, { token, body: { ...FILM, media_type: "image/png" } })).status).toBe(
      201,
    );
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});

test("MD99: with the SHA-256 of the whole it is complete only where it is; too large a file says so and stays", async () => {
  const bytes = new Uint8Array(randomBytes(9 * MIB));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const send = async () => {
    const { id } = await begin({ ...FILM, size_bytes: bytes.length });
    return { id, parts: await sendParts(media, astrid.token, id, bytes) };
  };
  const complete = async (upload: Awaited<ReturnType<typeof send>>, sum: string) =>
    client.call(completeUpload, {
      token: astrid.token,
      params: { upload_id: upload.id },
      body: { parts: upload.parts, sha256: sum },
    });
  const right = await send();
  expect((await complete(right, "nonsense")).status).toBe(400);
  expect((await complete(right, sha256)).status).toBe(202);
  const wrong = await send();
  expect((await complete(wrong, sha256.replaceAll(/[0-7]/g, "8"))).code).toBe("upload.checksum_mismatch");
  expect((await client.call(getUpload, { token: astrid.token, params: { upload_id: wrong.id } })).status).toBe(404);
  await client.call(abortUpload, { token: astrid.token, params: { upload_id: right.id } });
});
