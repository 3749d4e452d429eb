import { afterAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";

import * as tus from "tus-js-client";

import { createPost, deletePost, getPost } from "#systems/feed/contract.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  createVideo,
  deleteVideo,
  getUpload,
  getVideo,
  signParts,
  type Video,
} from "#systems/media/contract.ts";

import { makeClip, personOf, startHouse, uploadFile } from "./house.ts";

const house = await startHouse();
afterAll(() => house[Symbol.asyncDispose]());
const token = await personOf(house, "astrid");
const made: { videos: string[]; posts: string[] } = { videos: [], posts: [] };

const MINUTES = 60_000;

async function untilVideo(id: string, done: (video: Video) => boolean): Promise<Video> {
  for (;;) {
    const { body } = await house.client.call(getVideo, { token, params: { video_id: id } });
    if (done(body)) return body;
    await Bun.sleep(50);
  }
}

describe("a kill -9", () => {
  test(
    "CR1: during an upload loses no acknowledged part, and the upload goes on after the restart",
    async () => {
      // Noise: three parts of it, of which only the bytes matter here.
      const bytes = crypto.getRandomValues(new Uint8Array(65_536));
      const file = new Uint8Array(18 * 2 ** 20).map((_, i) => bytes[i % bytes.length] ?? 0);
      const begun = await house.client.call(createUpload, {
        token,
        body: { filename: "noise.mp4", size_bytes: file.byteLength, media_type: "video/mp4" },
      });
      const { id, part_count, part_size_bytes } = begun.body;
      expect(part_count).toBeGreaterThan(1);
      const put = async (part_number: number) => {
        const signed = await house.client.call(signParts, {
          token,
          params: { upload_id: id },
          body: { part_numbers: [part_number] },
        });
        const url = new URL(signed.body.parts[0]?.url ?? "", house.url);
        const body = file.slice((part_number - 1) * part_size_bytes, part_number * part_size_bytes);
        const answer = await fetch(url, { method: "PUT", body });
        return { part_number, etag: answer.headers.get("etag")?.replaceAll('"', "") ?? "", status: answer.status };
      };
      const first = await put(1);
      expect(first.status).toBe(200);
      // The second is on its way when the house dies.
      const second = put(2).catch(() => null);
      await house.crash();
      await second;
      await house.restart();
      const after = await house.client.call(getUpload, { token, params: { upload_id: id } });
      expect(after.body.parts).toContainEqual(expect.objectContaining({ part_number: 1, etag: first.etag }));
      const rest = [];
      for (let n = 2; n <= part_count; n++) rest.push(await put(n));
      const parts = [first, ...rest].map(({ part_number, etag }) => ({ part_number, etag }));
      const completed = await house.client.call(completeUpload, { token, params: { upload_id: id }, body: { parts } });
      expect(completed.status).toBe(202);
      // It is noise and no video: the refusal says so and frees it.
      const video = await house.client.call(createVideo, {
        token,
        body: { upload_id: id, title: "noise", audience: "public" },
      });
      made.videos.push(video.body.id);
      expect((await untilVideo(video.body.id, (v) => v.status !== "processing")).failure?.detail).toBeTruthy();
    },
    2 * MINUTES,
  );

  test(
    "CR5: in the middle of a tus call loses nothing acknowledged, and another client goes on after the restart",
    async () => {
      const file = Buffer.alloc(30 * 2 ** 20, randomBytes(65_537));
      const headers = { authorization: `Bearer ${token}`, "tus-resumable": "1.0.0" };
      const begun = await fetch(new URL("/v1/tus", house.url), {
        method: "POST",
        headers: {
          ...headers,
          "upload-length": String(file.length),
          "upload-metadata": `filename ${btoa("noise.mp4")}`,
        },
      });
      const path = new URL(begun.headers.get("location") ?? "").pathname;
      const patch = (from: number, body: BodyInit) =>
        fetch(new URL(path, house.url), {
          method: "PATCH",
          headers: { ...headers, "upload-offset": String(from), "content-type": "application/offset+octet-stream" },
          body,
        });
      const acknowledged = 5 * 2 ** 20 + 7;
      expect((await patch(0, file.subarray(0, acknowledged))).status).toBe(204);
      // The next call is under way, a part of it is stored, and its line stays open.
      const open = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(file.subarray(acknowledged, 20 * 2 ** 20))),
      });
      const cut = patch(acknowledged, open).catch(() => null);
      const upload_id = path.slice(path.lastIndexOf("/") + 1);
      for (;;) {
        const { body } = await house.client.call(getUpload, { token, params: { upload_id } });
        if (body.received_bytes > acknowledged) break;
        await Bun.sleep(10);
      }
      await house.crash();
      await cut;
      await house.restart();
      const head = await fetch(new URL(path, house.url), { method: "HEAD", headers });
      expect(Number(head.headers.get("upload-offset"))).toBeGreaterThan(acknowledged);
      await new Promise<void>((resolve, reject) =>
        new tus.Upload(file as never, {
          uploadUrl: new URL(path, house.url).href,
          headers: { authorization: headers.authorization },
          retryDelays: [500, 1000, 2000, 4000],
          onSuccess: () => resolve(),
          onError: reject,
        }).start(),
      );
      const [name] = (await house.files("blobs")).filter((one) => one.includes(`uploads/,`));
      expect(name).toBeDefined();
      const kept = Bun.file(join(house.data_folder, "blobs", name ?? ""));
      expect(
        createHash("md5")
          .update(new Uint8Array(await kept.arrayBuffer()))
          .digest("hex"),
      ).toBe(createHash("md5").update(file).digest("hex"));
      expect((await house.client.call(abortUpload, { token, params: { upload_id } })).status).toBe(204);
    },
    2 * MINUTES,
  );

  test(
    "CR2: during encoding the job goes on after the restart, and the video becomes ready",
    async () => {
      const upload_id = await uploadFile(house, token, {
        name: "clip.mp4",
        media_type: "video/mp4",
        bytes: await makeClip({ seconds: 24, width: 1280, height: 720 }),
      });
      const created = await house.client.call(createVideo, {
        token,
        body: { upload_id, title: "clip", audience: "public" },
      });
      const { id } = created.body;
      made.videos.push(id);
      await untilVideo(id, (v) => v.progress > 0 && v.renditions.length > 0);
      await house.crash();
      await house.restart();
      const ready = await untilVideo(id, (v) => v.status !== "processing");
      expect(ready).toMatchObject({ status: "ready", width: 1280, height: 720 });
      expect(ready.duration_ms).toBeWithin(23_500, 24_500);
      expect(ready.renditions.length).toBeGreaterThanOrEqual(3);
      // Up to 480 lines is made for everybody; more when somebody asks for it, as ffmpeg does next.
      for (const { height, progress } of ready.renditions) expect(height > 480 || progress === 1).toBe(true);
      expect(await secondsOf(new URL(ready.hls_url ?? "", house.url))).toBeWithin(23.5, 24.5);
    },
    3 * MINUTES,
  );

  test(
    "CR3: during a burst of posts every acknowledged post is there once, and one sent again under its key is not doubled",
    async () => {
      const acknowledged = new Map<string, string>();
      const send = async (key: string) => {
        const answer = await house.client
          .call(createPost, {
            token,
            headers: { "idempotency-key": key },
            body: { text: `post ${key}`, audience: "public" },
          })
          .catch(() => null);
        if (answer?.status === 201) acknowledged.set(key, answer.body.id);
        return answer;
      };
      const keys = Array.from({ length: 300 }, (_, i) => `burst-${i}`);
      const burst = (async () => {
        for (let i = 0; i < keys.length; i += 10) await Promise.all(keys.slice(i, i + 10).map(send));
      })();
      while (acknowledged.size < 60) await Bun.sleep(2);
      await house.crash();
      await burst;
      const before = new Map(acknowledged);
      expect(before.size).toBeLessThan(keys.length);
      await house.restart();
      for (const id of before.values())
        expect((await house.client.call(getPost, { token, params: { id } })).status).toBe(200);
      // The client does not know which of the others arrived, so it sends them all again. A key whose request died with
      // the house may say "still running" for a while: that is an answer to wait on, not a second post.
      for (const key of keys)
        for (let answer = await send(key); answer?.status === 409; answer = await send(key)) await Bun.sleep(500);
      for (const [key, id] of before) expect(acknowledged.get(key)).toBe(id);
      const listed = await everyPostOf("astrid");
      expect(listed.length).toBe(new Set(listed.map((post) => post.text)).size);
      expect(listed.filter((post) => post.text.startsWith("post burst-")).length).toBe(keys.length);
      made.posts.push(...acknowledged.values());
    },
    3 * MINUTES,
  );

  test(
    "CR4: after the crashes and the deletion of everything, no file of a video or an upload is left",
    async () => {
      for (const id of made.posts) await house.client.call(deletePost, { token, params: { id } });
      for (const id of made.videos)
        expect((await house.client.call(deleteVideo, { token, params: { video_id: id } })).status).toBe(204);
      const left = async () =>
        (await house.files("blobs")).filter((name) => /\b(?:videos|uploads|images)\//.test(name));
      // Jobs take them away; how soon is no matter here.
      while ((await left()).length > 0) await Bun.sleep(100);
      expect(await left()).toEqual([]);
    },
    2 * MINUTES,
  );
});

async function everyPostOf(handle: string): Promise<{ id: string; text: string }[]> {
  const items: { id: string; text: string }[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer: Response = await fetch(`${house.url}/v1/people/${handle}/posts?limit=100${query}`);
    const page = (await answer.json()) as { items: { id: string; text: string }[]; next_cursor: string | null };
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}

/** Decodes the stream as a player would and says how long it is. */
async function secondsOf(url: URL): Promise<number> {
  const child = Bun.spawn(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", url.href], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return Number(await new Response(child.stdout).text());
}
