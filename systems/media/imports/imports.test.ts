import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";

import type { UploadId } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createOutside } from "#ports/outside/index.ts";

import { abortUpload, getMediaLimits, getUpload, getVideo, importUpload, type Upload } from "../contract.ts";
import { good, machineFfmpeg, makeClip, mediaHouse } from "../testing.ts";

const MIB = 1024 * 1024;
const ffmpeg = machineFfmpeg() !== null;
const FILM = new Uint8Array(randomBytes(20 * MIB + 11));
const clip = ffmpeg ? await makeClip({ seconds: 1, size: "160x90" }) : new Uint8Array(1);
const gate = { open: Promise.withResolvers<void>(), arrived: Promise.withResolvers<void>() };
let seen: { path: string; range: string | null }[] = [];
let etag = '"one"';
let cuts = 0;

/** The other side: a film server with every bad habit. */
const other = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    seen.push({ path: pathname, range });
    const headers = { "content-type": "video/mp4", etag };
    const from = request.headers.get("if-range") === etag ? Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0) : 0;
    const rest = FILM.slice(from);
    const partial = { ...headers, "content-range": `bytes ${from}-${FILM.length - 1}/${FILM.length}` };
    const status = from > 0 ? 206 : 200;
    switch (pathname) {
      case "/clip.mp4":
        return new Response(clip, { headers: { "content-type": "application/octet-stream" } });
      case "/film.mp4":
        return new Response(rest, { status, headers: from > 0 ? partial : headers });
      case "/no-length.webm":
        return new Response(
          new ReadableStream({
            start(controller) {
              for (let at = 0; at < FILM.length; at += MIB) controller.enqueue(FILM.subarray(at, at + MIB));
              controller.close();
            },
          }),
          { headers: { "content-type": "video/webm" } },
        );
      case "/cut.mp4":
      case "/changing.mp4": {
        if (cuts-- <= 0) return new Response(rest, { status, headers: from > 0 ? partial : headers });
        if (pathname === "/changing.mp4") etag = '"two"';
        const half = rest.slice(0, 12 * MIB);
        let at = 0;
        return new Response(
          new ReadableStream({
            pull(controller) {
              if (at >= half.length) controller.error(new Error("cut"));
              else controller.enqueue(half.subarray(at, (at += MIB)));
            },
          }),
          { status, headers: { ...(from > 0 ? partial : headers), "content-length": String(rest.length) } },
        );
      }
      case "/slow.mp4": {
        let sent = 0;
        return new Response(
          new ReadableStream({
            async pull(controller) {
              if (sent >= 12 * MIB) {
                gate.arrived.resolve();
                await gate.open.promise;
                return controller.close();
              }
              controller.enqueue(FILM.subarray(sent, (sent += MIB)));
            },
          }),
          { headers: { ...headers, "content-length": String(FILM.length) } },
        );
      }
      case "/page.mp4":
        return new Response("<html>", { headers: { "content-type": "text/html" } });
      case "/inside.mp4":
        return new Response(null, { status: 302, headers: { location: "http://169.254.169.254/latest/meta-data/" } });
      case "/huge.mp4":
        return new Response(new ReadableStream({ pull: (c) => c.enqueue(FILM) }), { headers });
      case "/told-huge.mp4":
        return new Response(new ReadableStream({ pull: (c) => c.enqueue(FILM) }), {
          headers: { ...headers, "content-length": String(61 * MIB) },
        });
      default:
        return new Response("no", { status: 404 });
    }
  },
});
const clock = createSystemClock();
const media = await mediaHouse({
  outside: createOutside({ clock, test_addresses: [`127.0.0.1:${other.port}`] }),
  limits: { video_bytes_max: 60 * MIB, person_bytes_max: 100 * MIB, free_bytes_reserve: 0 },
});
afterAll(async () => {
  gate.open.resolve();
  await media[Symbol.asyncDispose]();
  await other.stop(true);
});
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const at = (path: string) => `http://127.0.0.1:${other.port}${path}`;
const begin = async (path: string, more: Record<string, string> = {}, token = astrid.token) =>
  good(await client.call(importUpload, { token, body: { url: at(path), ...more } })).id;
const look = async (upload_id: UploadId, token = astrid.token) =>
  good(await client.call(getUpload, { token, params: { upload_id } }));
async function when(id: UploadId, wanted: (upload: Upload) => boolean): Promise<Upload> {
  for (;;) {
    const upload = await look(id);
    if (wanted(upload)) return upload;
    await Bun.sleep(20);
  }
}
const ended = (id: UploadId) => when(id, ({ status }) => status !== "importing");
const used = async (token = astrid.token) => good(await client.call(getMediaLimits, { token })).used_bytes;
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const storedOf = async (id: UploadId) =>
  md5(new Uint8Array(await new Response((await media.blobs.get(`uploads/${id}`)).body).arrayBuffer()));

describe("an import is refused", () => {
  test.each([
    "file:///etc/passwd",
    "ftp://film.test/a",
    "http://me:secret@film.test/a",
    "http://film.test:22/a",
    "nonsense",
  ])("MD108: at once where %j is no address for us", async (url) => {
    expect((await client.call(importUpload, { token: astrid.token, body: { url } })).code).toBe("outside.url_refused");
  });

  test("MD108: of nobody, into a space of others, of a file whose name says that it is not taken", async () => {
    const ask = async (body: { url: string; title?: string; space_id?: string }, token: string | null = astrid.token) =>
      (await client.call(importUpload, { token, body })).code;
    expect(await ask({ url: at("/film.mp4") }, null)).toBe("session.required");
    expect(await ask({ url: at("/film.mp4"), title: "A", space_id: "77" })).toBe("video.not_member");
  });

  test.each([
    ["/inside.mp4", "outside.address_refused"],
    ["/page.mp4", "outside.type_refused"],
    ["/gone.mp4", "outside.status"],
    ["/told-huge.mp4", "outside.too_large"],
    ["/huge.mp4", "outside.too_large"],
  ])("MD108: %s, when it is looked at: it failed, says why, and nothing of it is kept", async (path, code) => {
    const upload = await ended(await begin(path));
    expect([upload.status, upload.failure?.code]).toEqual(["failed", code]);
    await media.settled();
    expect(await used()).toBe(0);
    expect(await media.stored()).toEqual([]);
    expect(await media.blobs.multipart.listOpen(clock.now() + 1000)).toEqual([]);
    expect((await client.call(abortUpload, { token: astrid.token, params: { upload_id: upload.id } })).status).toBe(
      204,
    );
  });

  test("MD108: an address inside the house, or one beside the test's own", async () => {
    for (const url of ["http://127.0.0.1:8081/a.mp4", "http://localhost/a.mp4", "http://[::1]/a.mp4"]) {
      const { id } = good(await client.call(importUpload, { token: astrid.token, body: { url } }));
      expect((await ended(id)).failure?.code).toBe("outside.address_refused");
    }
  });
});

describe("an import", () => {
  test("MD109: becomes an upload as every other; its room counts once; another person does not see it", async () => {
    const id = await begin("/film.mp4");
    expect(await ended(id)).toMatchObject({
      status: "complete",
      door: "import",
      filename: "film.mp4",
      media_type: "video/mp4",
      size_bytes: FILM.length,
      received_bytes: FILM.length,
      source_url: at("/film.mp4"),
    });
    expect(await storedOf(id)).toBe(md5(FILM));
    expect(await used()).toBe(FILM.length);
    expect((await client.call(getUpload, { token: birger.token, params: { upload_id: id } })).code).toBe(
      "upload.not_found",
    );
    await client.call(abortUpload, { token: astrid.token, params: { upload_id: id } });
  });

  test("MD109: of a length that nobody tells", async () => {
    const id = await begin("/no-length.webm");
    expect(await ended(id)).toMatchObject({ status: "complete", media_type: "video/webm", size_bytes: FILM.length });
    expect(await storedOf(id)).toBe(md5(FILM));
    expect(await used()).toBe(FILM.length);
    await client.call(abortUpload, { token: astrid.token, params: { upload_id: id } });
  });

  test("MD109: goes on by range after a cut, and begins anew where it is another file by then", async () => {
    for (const path of ["/cut.mp4", "/changing.mp4"]) {
      seen = [];
      cuts = 1;
      etag = '"one"';
      const id = await begin(path);
      expect((await ended(id)).status).toBe("complete");
      expect(await storedOf(id)).toBe(md5(FILM));
      expect(seen).toHaveLength(2);
      expect(Number(/^bytes=(\d+)-$/.exec(seen[1]?.range ?? "")?.[1])).toBeGreaterThan(0);
      await client.call(abortUpload, { token: astrid.token, params: { upload_id: id } });
    }
  }, 30_000);

  test("MD109: can be given up while it runs: the line is let go, and its bytes and room are free", async () => {
    const id = await begin("/slow.mp4");
    await gate.arrived.promise;
    const upload = await when(id, ({ received_bytes }) => received_bytes > 0);
    expect(upload.status).toBe("importing");
    expect(await used()).toBeGreaterThanOrEqual(upload.received_bytes);
    expect((await client.call(abortUpload, { token: astrid.token, params: { upload_id: id } })).status).toBe(204);
    expect(await used()).toBe(0);
    await media.settled();
    expect(await media.stored()).toEqual([]);
  });

  test("MD109: two at once cannot both take the last room", async () => {
    const dag = await media.person("dag");
    const ids = await Promise.all(
      ["/film.mp4", "/film.mp4", "/film.mp4", "/no-length.webm", "/no-length.webm", "/film.mp4"].map((path) =>
        begin(path, {}, dag.token),
      ),
    );
    const all = await Promise.all(
      ids.map(async (upload_id) => {
        for (;;) {
          const upload = await look(upload_id, dag.token);
          if (upload.status !== "importing") return upload;
          await Bun.sleep(20);
        }
      }),
    );
    const refused = all.filter(({ status }) => status === "failed");
    expect(refused.map(({ failure }) => failure?.code)).toEqual(refused.map(() => "upload.quota_exceeded"));
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(await used(dag.token)).toBe((6 - refused.length) * FILM.length);
  }, 30_000);

  test.if(ffmpeg)("MD109: with a title it becomes a video by itself", async () => {
    const id = await begin("/clip.mp4", { title: "From afar", audience: "public" });
    await ended(id);
    await media.settled();
    const [row] = await media.house.db.sql.pool<{ id: string }[]>`SELECT id FROM media_videos WHERE upload_id = ${id}`;
    const video = good(await client.call(getVideo, { token: birger.token, params: { video_id: row?.id ?? "" } }));
    expect(video).toMatchObject({ title: "From afar", owner: { handle: "astrid" } });
  });
});

test("nothing broke that nobody meant", () => {
  expect(media.house.broken).toEqual([]);
});
