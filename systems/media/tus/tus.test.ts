import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";

import * as tus from "tus-js-client";

import type { UploadId } from "#kernel/ids.ts";

import {
  abortUpload,
  completeUpload,
  getMediaLimits,
  getUpload,
  getVideo,
  listUploads,
  signParts,
} from "../contract.ts";
import { createSteppedClock, good, machineFfmpeg, makeClip, mediaHouse } from "../testing.ts";

const MIB = 1024 * 1024;
const clock = createSteppedClock();
const media = await mediaHouse({
  clock,
  limits: { video_bytes_max: 60 * MIB, person_bytes_max: 400 * MIB, image_bytes_max: 2 * MIB, free_bytes_reserve: 0 },
});
const server = Bun.serve({ port: 0, idleTimeout: 20, fetch: (request) => media.house.api.fetch(request, "192.0.2.1") });
afterAll(async () => {
  await server.stop(true);
  await media[Symbol.asyncDispose]();
});
const { client } = media;
const endpoint = `http://127.0.0.1:${server.port}/v1/tus`;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const ffmpeg = machineFfmpeg() !== null;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const base64 = (text: string) => Buffer.from(text).toString("base64");
const FILM = `filename ${base64("film.mp4")},filetype ${base64("video/mp4")}`;
const BYTES = "application/offset+octet-stream";

interface Sent {
  url: string;
  answers: { method: string; status: number; header: (name: string) => string | undefined }[];
}

/** The client as it comes from npm, with nothing of ours. */
function upload(bytes: Uint8Array, options: Partial<tus.UploadOptions> = {}, token = astrid.token): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const answers: Sent["answers"] = [];
    const one = new tus.Upload(Buffer.from(bytes) as never, {
      endpoint,
      headers: bearer(token),
      retryDelays: [0, 200, 500],
      metadata: { filename: "film.mp4", filetype: "video/mp4" },
      onAfterResponse: (request, response) =>
        void answers.push({
          method: request.getMethod(),
          status: response.getStatus(),
          header: (name) => response.getHeader(name),
        }),
      ...options,
      onSuccess: () => resolve({ url: one.url ?? "", answers }),
      onError: reject,
    });
    one.start();
  });
}

async function raw(method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array<ArrayBuffer>) {
  const answer = await fetch(path.startsWith("http") ? path : `${endpoint}${path}`, {
    method,
    headers: { "tus-resumable": "1.0.0", ...bearer(astrid.token), ...headers },
    ...(body ? { body } : {}),
  });
  const text = await answer.text();
  const code = text.startsWith("{") ? (JSON.parse(text) as { code: string }).code : text;
  return { status: answer.status, code, headers: answer.headers };
}
const begin = async (size: number, headers: Record<string, string> = {}) => {
  const made = await raw("POST", "", { "upload-length": String(size), "upload-metadata": FILM, ...headers });
  if (made.status !== 201) throw new Error(`${made.status} ${made.code}`);
  return made.headers.get("location") ?? "";
};
const patch = (url: string, offset: number, bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  raw("PATCH", url, { "upload-offset": String(offset), "content-type": BYTES, ...headers }, bytes);
const offsetOf = async (url: string) => (await raw("HEAD", url)).headers.get("upload-offset");
const idOf = (url: string) => url.slice(url.lastIndexOf("/") + 1) as UploadId;
const stored = async (url: string) =>
  new Uint8Array(await new Response((await media.blobs.get(`uploads/${idOf(url)}`)).body).arrayBuffer());
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

describe("tus refuses", () => {
  test("MD90: nobody, who may only read, another person, and another site's page", async () => {
    const url = await begin(10);
    const token = good(
      await client.call((await import("#systems/people/contract.ts")).peopleRoutes.createToken, {
        token: astrid.token,
        body: { name: "reader", scopes: ["read"] },
      }),
    ).secret;
    for (const [method, path] of [
      ["POST", ""],
      ["HEAD", url],
      ["PATCH", url],
      ["DELETE", url],
    ] as const) {
      const ask = async (headers: Record<string, string>) => (await raw(method, path, headers)).status;
      expect(await ask({ authorization: "" })).toBe(401);
      expect(await ask({ authorization: "Bearer fht_nonsense" })).toBe(401);
      expect(await ask(bearer(token))).toBe(403);
      if (path !== "")
        expect(await ask({ ...bearer(birger.token), "upload-offset": "0", "content-type": BYTES })).toBe(404);
    }
    const cookie = { authorization: "", cookie: `folkhus_session=${astrid.token}` };
    const from = async (headers: Record<string, string>) => {
      const { authorization: _, ...rest } = { ...cookie, ...headers };
      const answer = await fetch(endpoint, {
        method: "POST",
        headers: { "tus-resumable": "1.0.0", "upload-length": "10", "upload-metadata": FILM, ...rest },
      });
      return answer.status;
    };
    expect(await from({ "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await from({ origin: "https://evil.test" })).toBe(403);
    expect(await from({ "sec-fetch-site": "same-origin" })).toBe(201);
    await raw("DELETE", url);
  });

  test.each([
    ["an empty file", { "upload-length": "0" }, 422, "upload.empty"],
    ["one that is too large", { "upload-length": String(61 * MIB) }, 413, "upload.too_large"],
    ["a type that is not taken", { "upload-metadata": `filetype ${base64("text/html")}` }, 415, "upload.type_refused"],
    ["no length", { "upload-length": "" }, 400, "tus.refused"],
    ["an unknown length", { "upload-length": "", "upload-defer-length": "1" }, 501, "tus.refused"],
    ["a length that is none", { "upload-length": "-1" }, 400, "tus.refused"],
    ["broken metadata", { "upload-metadata": "filename ####" }, 400, "tus.refused"],
    ["endless metadata", { "upload-metadata": `a ${base64("x".repeat(9000))}` }, 400, "request.invalid"],
    ["parts to be joined", { "upload-concat": "partial" }, 501, "tus.refused"],
    [
      "a title that is too long",
      { "upload-metadata": `${FILM},title ${base64("x".repeat(121))}` },
      400,
      "request.invalid",
    ],
    [
      "a space of others",
      { "upload-metadata": `${FILM},title ${base64("A")},space_id ${base64("77")}` },
      403,
      "video.not_member",
    ],
    ["another version", { "tus-resumable": "0.2.2" }, 412, "tus.version"],
    ["no version", { "tus-resumable": "" }, 412, "tus.version"],
  ])("MD91: %s before a byte of it", async (_, more, status, code) => {
    const headers: Record<string, string> = { "upload-length": "10", "upload-metadata": FILM };
    for (const [name, value] of Object.entries(more)) {
      headers[name] = value;
      if (value === "" && name !== "tus-resumable") delete headers[name];
    }
    const answer = await raw("POST", "", headers);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.headers.get("tus-resumable")).toBe("1.0.0");
    if (status === 412) expect(answer.headers.get("tus-version")).toBe("1.0.0");
  });

  test("MD91: a person's room has an end here too", async () => {
    const carl = await media.person("carl");
    const asked = { "upload-length": String(60 * MIB), "upload-metadata": FILM, ...bearer(carl.token) };
    const answers = await Promise.all(Array.from({ length: 8 }, () => raw("POST", "", asked)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, 201, 413, 413]);
    expect(answers.find(({ status }) => status === 413)?.code).toBe("upload.quota_exceeded");
  });

  test("MD92: a wrong offset, more bytes than announced, no offset, another content", async () => {
    const url = await begin(100);
    expect((await patch(url, 0, new Uint8Array(60))).status).toBe(204);
    const wrong = await patch(url, 0, new Uint8Array(60));
    expect([wrong.status, wrong.code]).toEqual([409, "upload.offset"]);
    expect((await patch(url, 60, new Uint8Array(41))).status).toBe(413);
    expect((await raw("PATCH", url, { "content-type": BYTES }, new Uint8Array(1))).status).toBe(403);
    expect((await patch(url, 60, new Uint8Array(1), { "content-type": "video/mp4" })).status).toBe(400);
    expect((await raw("PATCH", "/999", { "upload-offset": "0", "content-type": BYTES })).status).toBe(404);
    expect((await raw("PATCH", "/..%2f1", { "upload-offset": "0", "content-type": BYTES })).status).toBe(404);
    expect((await raw("GET", url)).status).toBe(405);
    expect(await offsetOf(url)).toBe("60");
    await raw("DELETE", url);
  });

  test("MD92: what came by tus takes no signed parts and no list of them", async () => {
    const url = await begin(100);
    const params = { upload_id: idOf(url) };
    const { token } = astrid;
    expect((await client.call(signParts, { token, params, body: { part_numbers: [1] } })).code).toBe(
      "upload.other_door",
    );
    const parts = [{ part_number: 1, etag: "abc" }];
    expect((await client.call(completeUpload, { token, params, body: { parts } })).code).toBe("upload.other_door");
    expect((await client.call(abortUpload, { token, params })).status).toBe(204);
    expect((await raw("HEAD", url)).status).toBe(404);
  });

  test("MD93: a wrong checksum is 460 and nothing of it counts; a right one does; another algorithm is 400", async () => {
    const bytes = new Uint8Array(randomBytes(9 * MIB));
    const url = await begin(bytes.length);
    const sum = (algorithm: string, of: Uint8Array) => ({
      "upload-checksum": `${algorithm} ${createHash(algorithm).update(of).digest("base64")}`,
    });
    const wrong = await patch(url, 0, bytes, sum("sha1", bytes.subarray(1)));
    expect([wrong.status, wrong.code]).toEqual([460, "upload.checksum_mismatch"]);
    expect(await offsetOf(url)).toBe("0");
    expect((await patch(url, 0, bytes.slice(0, 5), { "upload-checksum": "crc32 AAAA" })).status).toBe(400);
    for (const [at, algorithm] of [
      [0, "sha1"],
      [8_500_000, "sha256"],
      [9_000_000, "md5"],
    ] as const) {
      const end = { 0: 8_500_000, 8_500_000: 9_000_000, 9_000_000: bytes.length }[at];
      const part = bytes.slice(at, end);
      expect((await patch(url, at, part, sum(algorithm, part))).status).toBe(204);
    }
    expect(md5(await stored(url))).toBe(md5(bytes));
  });

  test("MD94: two that write at once: one does, the other is 423, and no byte is mixed", async () => {
    const url = await begin(4 * MIB);
    const gate = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(MIB).fill(1));
        began.resolve();
        await gate.promise;
        controller.close();
      },
    });
    const first = fetch(url, {
      method: "PATCH",
      headers: { "tus-resumable": "1.0.0", "upload-offset": "0", "content-type": BYTES, ...bearer(astrid.token) },
      body: slow,
    });
    await began.promise;
    for (;;) {
      const held = await media.house.db.sql.pool<
        { writer: string | null }[]
      >`SELECT writer FROM media_uploads WHERE id = ${idOf(url)}`;
      if (held[0]?.writer) break;
      await Bun.sleep(5);
    }
    const second = await patch(url, 0, new Uint8Array(10).fill(2));
    expect([second.status, second.code]).toEqual([423, "upload.busy"]);
    expect(second.headers.get("retry-after")).toBe("2");
    gate.resolve();
    expect((await first).headers.get("upload-offset")).toBe(String(MIB));
    await raw("DELETE", url);
  });
});

describe("tus-js-client, as it comes", () => {
  test("MD95: OPTIONS says what there is, to anyone", async () => {
    const { status, headers } = await raw("OPTIONS", "", { authorization: "" });
    expect(status).toBe(204);
    expect(headers.get("tus-version")).toBe("1.0.0");
    expect(headers.get("tus-extension")).toBe("creation,creation-with-upload,expiration,termination,checksum");
    expect(headers.get("tus-checksum-algorithm")).toBe("sha1,sha256,md5");
    expect(headers.get("tus-max-size")).toBe(String(60 * MIB));
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  test("MD95: sends a whole file in one call, and it waits as every upload does", async () => {
    const bytes = randomBytes(20 * MIB + 3);
    const { url, answers } = await upload(bytes);
    expect(answers.map(({ method, status }) => [method, status])).toEqual([
      ["POST", 201],
      ["PATCH", 204],
    ]);
    expect(Date.parse(answers[0]!.header("upload-expires") ?? "")).toBeGreaterThan(clock.now());
    expect(md5(await stored(url))).toBe(md5(bytes));
    const got = good(await client.call(getUpload, { token: astrid.token, params: { upload_id: idOf(url) } }));
    expect(got).toMatchObject({ status: "complete", door: "tus", received_bytes: bytes.length, kind: "video" });
    const head = await raw("HEAD", url);
    expect(head.headers.get("upload-offset")).toBe(String(bytes.length));
    expect(head.headers.get("upload-metadata")).toBe(FILM);
    expect(good(await client.call(listUploads, { token: astrid.token })).items.map(({ id }) => id)).toContain(
      idOf(url),
    );
  });

  test("MD95: in pieces of its own size, and with the bytes in the call that creates", async () => {
    const bytes = randomBytes(9 * MIB);
    const pieces = await upload(bytes, { chunkSize: 700_001, uploadDataDuringCreation: true });
    expect(pieces.answers[0]!.header("upload-offset")).toBe("700001");
    expect(md5(await stored(pieces.url))).toBe(md5(bytes));
    const one = await upload(bytes.subarray(0, 5000), { uploadDataDuringCreation: true });
    expect(one.answers).toHaveLength(1);
    expect(md5(await stored(one.url))).toBe(md5(bytes.subarray(0, 5000)));
    const other = await upload(bytes.subarray(0, 5000), { overridePatchMethod: true });
    expect(other.answers.map(({ method }) => method)).toEqual(["POST", "POST"]);
    expect(md5(await stored(other.url))).toBe(md5(bytes.subarray(0, 5000)));
  });

  test("MD96: goes on after a cut line with a new client that knows only the address, on another day", async () => {
    const bytes = randomBytes(40 * MIB);
    // A line that carries 11 MiB and then nothing: what a sender thinks it sent says little about what came.
    const [stalled, cut] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const line = Bun.serve({
      port: 0,
      idleTimeout: 60,
      fetch(request) {
        if (request.method !== "PATCH") return media.house.api.fetch(request, "192.0.2.1");
        let passed = 0;
        const body = request.body!.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            async transform(chunk, controller) {
              controller.enqueue(chunk);
              passed += chunk.length;
              if (passed < 11 * MIB) return;
              stalled.resolve();
              await cut.promise;
              controller.error(new Error("the line was cut"));
            },
          }),
        );
        return media.house.api.fetch(new Request(request, { method: "PATCH", body }), "192.0.2.1");
      },
    });
    const first = new tus.Upload(Buffer.from(bytes) as never, {
      endpoint: `http://127.0.0.1:${line.port}/v1/tus`,
      headers: bearer(astrid.token),
      metadata: { filename: "film.mp4", filetype: "video/mp4" },
    });
    first.start();
    await stalled.promise;
    await first.abort();
    cut.resolve();
    const url = `${endpoint}/${idOf(first.url ?? "")}`;
    for (;;) {
      const [row] = await media.house.db.sql.pool<
        { writer: string | null }[]
      >`SELECT writer FROM media_uploads WHERE id = ${idOf(url)}`;
      if (row!.writer === null) break;
      await Bun.sleep(5);
    }
    await line.stop(true);
    clock.step(6 * 24 * 3_600_000);
    await media.work("media.expire_uploads");
    const at = Number(await offsetOf(url));
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(bytes.length);
    let resent = 0;
    const { answers } = await upload(bytes, { uploadUrl: url, onProgress: (sent) => void (resent = sent) });
    expect(answers.map(({ method }) => method)).toEqual(["HEAD", "PATCH"]);
    expect(resent).toBe(bytes.length);
    expect(md5(await stored(url))).toBe(md5(bytes));
  });

  test("MD95: a file of whole parts and not a byte more, whose job is quicker than its answer", async () => {
    const bytes = new Uint8Array(randomBytes(16 * MIB));
    // The body stays open behind its last byte until the job has made the upload whole.
    const url = await begin(bytes.length);
    const whole = async () => {
      for (;;) {
        const params = { upload_id: idOf(url) };
        if (good(await client.call(getUpload, { token: astrid.token, params })).status === "complete") return;
        await Bun.sleep(5);
      }
    };
    const answer = await fetch(url, {
      method: "PATCH",
      headers: { "tus-resumable": "1.0.0", "upload-offset": "0", "content-type": BYTES, ...bearer(astrid.token) },
      body: new ReadableStream({
        async start(controller) {
          controller.enqueue(bytes);
          await whole();
          controller.close();
        },
      }),
    });
    expect([answer.status, answer.headers.get("upload-offset")]).toEqual([204, String(bytes.length)]);
    expect(md5(await stored(url))).toBe(md5(bytes));
  });

  test("MD97: a termination frees the bytes and the room; the address is gone", async () => {
    const used = async () => good(await client.call(getMediaLimits, { token: astrid.token })).used_bytes;
    const before = await used();
    const url = await begin(MIB);
    await patch(url, 0, new Uint8Array(MIB / 2));
    expect(await used()).toBe(before + MIB);
    await tus.Upload.terminate(url, { headers: bearer(astrid.token), retryDelays: [] } as never);
    expect((await raw("HEAD", url)).status).toBe(404);
    expect((await patch(url, MIB / 2, new Uint8Array(1))).status).toBe(404);
    expect(await used()).toBe(before);
  });

  test("MD97: an upload that expired is 410 at once, freed by the job, and then gone", async () => {
    const url = await begin(MIB);
    await patch(url, 0, new Uint8Array(MIB / 2));
    clock.step(8 * 24 * 3_600_000);
    expect((await raw("HEAD", url)).status).toBe(410);
    expect((await patch(url, MIB / 2, new Uint8Array(1))).status).toBe(410);
    await media.work("media.expire_uploads");
    expect((await raw("HEAD", url)).status).toBe(404);
    const rows = await media.house.db.sql.pool`SELECT 1 FROM media_uploads WHERE id = ${idOf(url)}`;
    expect(rows).toHaveLength(0);
  });

  test.if(ffmpeg)("MD98: with a title it becomes a video by itself, and the last answer names it", async () => {
    const clip = await makeClip({ seconds: 1, size: "160x90" });
    const { answers } = await upload(clip, {
      metadata: { filename: "a.mp4", filetype: "video/mp4", title: "Midsummer", audience: "public" },
    });
    const video_id = answers.at(-1)?.header("folkhus-video-id") ?? "";
    expect(answers.at(-1)?.header("location")).toBe(`/v1/videos/${video_id}`);
    const video = good(await client.call(getVideo, { token: astrid.token, params: { video_id } }));
    expect(video).toMatchObject({ title: "Midsummer", audience: "public", may_edit: true });
    const named = await upload(clip, {
      metadata: { filename: "My boat.mp4", as: "video" },
      uploadDataDuringCreation: true,
    });
    const other = named.answers.at(-1)?.header("folkhus-video-id") ?? "";
    expect(good(await client.call(getVideo, { token: astrid.token, params: { video_id: other } }))).toMatchObject({
      title: "My boat",
      audience: "private",
    });
    await media.settled();
  });

  test.if(ffmpeg)(
    "MD98: when the last answer is lost, the job or the next call finishes it, and there is one video",
    async () => {
      const clip = new Uint8Array(await makeClip({ seconds: 1, size: "160x90" }));
      const url = await begin(clip.length, { "upload-metadata": `${FILM},title ${base64("Lost")}` });
      const [first, second] = [patch(url, 0, clip), raw("HEAD", url)];
      await Promise.all([first, second]);
      await media.settled();
      const head = await raw("HEAD", url);
      expect(head.headers.get("folkhus-video-id")).toMatch(/^\d+$/);
      const rows = await media.house.db.sql.pool`SELECT 1 FROM media_videos WHERE upload_id = ${idOf(url)}`;
      expect(rows).toHaveLength(1);
    },
  );
});

test("nothing broke that nobody meant", () => {
  expect(media.house.broken).toEqual([]);
});
