import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { UploadId, VideoId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";

import {
  abortUpload,
  completeUpload,
  createUpload,
  createVideo,
  deleteVideo,
  downloadVideo,
  getUpload,
  getVideo,
  putThumbnail,
  signParts,
  trimVideo,
} from "../contract.ts";
import { createSteppedClock, good, machineFfmpeg, makeClip, mediaHouse, uploadBytes, videoWhen } from "../testing.ts";

setDefaultTimeout(120_000);
const has = machineFfmpeg() !== null;
const clock = createSteppedClock();
// Only the lowest rung and the sound are made by themselves.
const media = await mediaHouse({ clock, limits: { eager_side_px_max: 1 } });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");

/** 34 s in three parts, of 14 s each: raw sound beside the film's own makes it large without anything to encode. */
const words = (text: string) => text.split(" ");
const X264 = "-c:v libx264 -preset ultrafast -crf 32 -pix_fmt yuv420p -g 48 -keyint_min 48 -sc_threshold 0";
const large = (more: string) =>
  makeClip({
    seconds: 34,
    size: "160x90",
    format: "mov",
    output: [
      ...words("-f lavfi -i anullsrc=channel_layout=5.1:sample_rate=48000"),
      ...words(`-map 0:v -map 1:a -map 2:a -t 34 -c:a:0 aac -c:a:1 pcm_s16le ${more}`),
    ],
  });
const film = has ? await large(X264) : new Uint8Array();

const begin = async (bytes: Uint8Array, token = astrid.token) => {
  const body = { filename: "film.mov", size_bytes: bytes.length, media_type: "video/quicktime" };
  const { id, part_count } = good(await client.call(createUpload, { token, body }));
  const etags = new Map<number, string>();
  const put = async (part_number: number, from = bytes) => {
    const params = { upload_id: id };
    const { part_size_bytes } = good(await client.call(getUpload, { token, params }));
    const signed = good(await client.call(signParts, { token, params, body: { part_numbers: [part_number] } }));
    const start = (part_number - 1) * part_size_bytes;
    const answer = await media.ask(signed.parts[0]!.url, {
      method: "PUT",
      body: from.slice(start, start + part_size_bytes),
    });
    if (answer.status === 200) etags.set(part_number, answer.headers.get("etag")!);
    return answer;
  };
  const complete = async () => {
    const parts = [...etags].map(([part_number, etag]) => ({ part_number, etag }));
    return client.call(completeUpload, { token, params: { upload_id: id }, body: { parts } });
  };
  return { id, part_count, put, complete };
};
const early = (upload_id: UploadId, token = astrid.token) =>
  client.call(createVideo, { token, body: { upload_id, title: "Early", audience: "public", early: true } });
const look = async (video_id: VideoId) =>
  good(await client.call(getVideo, { token: astrid.token, params: { video_id } }));
/** What a player asks for: by track, the addresses of the init and of all segments. */
const tracksOf = async (video_id: VideoId) => {
  const { hls_url } = await look(video_id);
  const base = new URL(hls_url!, "http://house.test");
  const read = async (file: string) => (await media.ask(new URL(file, base).href)).text();
  const lists = [...(await read("master.m3u8")).matchAll(/^[^#\s].*\.m3u8$|URI="([^"]+\.m3u8)"/gm)].map(
    ([line, quoted]) => quoted ?? line,
  );
  const tracks = new Map<string, string[]>();
  for (const list of lists) {
    const text = await read(list);
    const files = [/MAP:URI="([^"]+)"/.exec(text)![1]!, ...text.split("\n").filter((line) => line.endsWith(".m4s"))];
    tracks.set(
      list.replace(".m3u8", ""),
      files.map((file) => new URL(file, base).href),
    );
  }
  return tracks;
};

describe.skipIf(!has)("what is not begun early", () => {
  test("MD81: without its last part, its first part or its index, and what is no MP4: it goes on as ever", async () => {
    const upload = await begin(film);
    expect(upload.part_count).toBe(3);
    const why = async () => {
      const { status, code, body } = await early(upload.id);
      return [status, code, (body as { detail?: string }).detail];
    };
    expect(await why()).toEqual([409, "upload.too_early", expect.stringContaining("last part")]);
    await upload.put(1);
    expect(await why()).toEqual([409, "upload.too_early", expect.stringContaining("last part")]);
    await upload.put(3);
    const plain = await client.call(createVideo, {
      token: astrid.token,
      body: { upload_id: upload.id, title: "Not early", audience: "public" },
    });
    expect([plain.status, plain.code]).toEqual([409, "upload.not_complete"]);
    const other = await early(upload.id, birger.token);
    expect([other.status, other.code]).toEqual([404, "upload.not_found"]);
    good(await client.call(abortUpload, { token: astrid.token, params: { upload_id: upload.id } }));

    const no_front = await begin(film);
    await no_front.put(3);
    expect((await early(no_front.id)).code).toBe("upload.too_early");
    await client.call(abortUpload, { token: astrid.token, params: { upload_id: no_front.id } });

    const noise = await begin(new Uint8Array(film.length).fill(7));
    await noise.put(1);
    await noise.put(3);
    const refused = await early(noise.id);
    expect([refused.status, refused.code]).toEqual([409, "upload.too_early"]);
    expect((await early(noise.id)).code).toBe("upload.too_early");
    await client.call(abortUpload, { token: astrid.token, params: { upload_id: noise.id } });
  });

  test("MD81: a whole upload becomes a video as ever, early or not; and none twice", async () => {
    const clip = await makeClip({ seconds: 1, size: "160x90" });
    const id = await uploadBytes(media, astrid.token, clip, { filename: "a.mp4", media_type: "video/mp4" });
    const made = good(await early(id));
    expect((await look(made.id)).arriving).toBe(false);
    expect((await early(id)).code).toBe("upload.in_use");
    await media.settled();
  });
});

describe.skipIf(!has)("a video whose file is still arriving", () => {
  test("MD80, MD82, MD83: plays as far as its file has come, says where it has not, and is made whole at its end", async () => {
    const upload = await begin(film);
    await upload.put(1);
    await upload.put(3);
    const { id } = good(await early(upload.id));
    await media.settled();
    const begun = await look(id);
    expect(begun).toMatchObject({ status: "processing", arriving: true, duration_ms: 34_000 });
    const tracks = await tracksOf(id);
    // Lists are complete; so is the copied rung, whose bytes lie in the first part as well.
    expect([...tracks.values()].map((files) => files.length)).toEqual([...tracks.values()].map(() => 10));
    expect(begun.renditions.at(-1)!.rung).toBe("90p");
    for (const [track, files] of tracks) {
      const answers = await Promise.all(files.slice(0, 2).map((url) => media.ask(url)));
      expect([track, answers.map(({ status }) => status)]).toEqual([track, [200, 200]]);
      const missing = await media.ask(files[5]!);
      expect([track, missing.status]).toEqual([track, 503]);
      expect(missing.headers.get("retry-after")).toBe("3");
      expect(await missing.json()).toMatchObject({ code: "video.not_there_yet" });
    }
    const last = await media.ask(tracks.get("90p")![9]!);
    expect(last.status).toBe(200);

    // What needs all of the file waits for it.
    const params = { video_id: id };
    const token = astrid.token;
    expect((await client.call(downloadVideo, { token, params })).code).toBe("upload.not_complete");
    const cut = { token, params, body: { start_ms: 0, end_ms: 5_000, save_as: "new" as const } };
    expect((await client.call(trimVideo, cut)).code).toBe("video.not_made");
    expect((await client.call(putThumbnail, { token, params, body: { at_ms: 0 } })).code).toBe("thumbnail.not_ready");

    // What was read does not change any more.
    const other = await upload.put(1, new Uint8Array(film.length));
    expect([other.status, (await other.json()).code]).toEqual([409, "upload.part_sealed"]);
    expect((await upload.put(1)).status).toBe(200);

    // A part that has come can be played at once, before the upload says that it is whole.
    expect((await upload.put(2)).status).toBe(200);
    const middle = await media.ask(tracks.get("90p")![5]!);
    expect(middle.status).toBe(200);
    const before = await middle.bytes();
    expect((await look(id)).arriving).toBe(true);

    expect((await upload.complete()).status).toBe(202);
    expect((await look(id)).arriving).toBe(false);
    const ready = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
    expect(ready.status).toBe("ready");
    await media.settled();
    expect((await look(id)).poster_url).not.toBeNull();
    expect(await tracksOf(id)).toEqual(tracks);
    for (const files of tracks.values()) for (const url of files) expect((await media.ask(url)).status).toBe(200);
    expect(Buffer.compare(await (await media.ask(tracks.get("90p")![5]!)).bytes(), before)).toBe(0);
    good(await client.call(deleteVideo, { token: astrid.token, params: { video_id: id } }));
    await media.settled();
    expect(await media.stored()).toEqual((await media.stored()).filter((name) => !name.includes(id)));
  });

  test("MD84: an upload that is given up fails the video with a reason, and frees everything", async () => {
    const before = await media.stored();
    const upload = await begin(film);
    for (const part of [1, 3]) await upload.put(part);
    const { id } = good(await early(upload.id));
    await media.settled();
    expect((await media.stored()).length).toBeGreaterThan(before.length);
    good(await client.call(abortUpload, { token: astrid.token, params: { upload_id: upload.id } }));
    const failed = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
    expect(failed).toMatchObject({
      status: "failed",
      failure: { code: "video.upload_gone", can_retry: false },
      hls_url: null,
    });
    await media.settled();
    expect(await media.stored()).toEqual(before);
    expect((await client.call(getUpload, { token: astrid.token, params: { upload_id: upload.id } })).status).toBe(404);
  });

  test("MD84: so does one that nobody goes on with, and the deletion of the video frees the upload", async () => {
    const before = await media.stored();
    const [left, deleted] = [await begin(film), await begin(film)];
    const ids: VideoId[] = [];
    for (const upload of [left, deleted]) {
      for (const part of [1, 3]) await upload.put(part);
      ids.push(good(await early(upload.id)).id);
    }
    await media.settled();
    good(await client.call(deleteVideo, { token: astrid.token, params: { video_id: ids[1]! } }));
    await media.settled();
    expect((await deleted.put(2).catch(() => null))?.status ?? 404).not.toBe(200);
    clock.step(8 * DAY_MS);
    await media.work("media.expire_uploads");
    await media.settled();
    const failed = await look(ids[0]!);
    expect(failed).toMatchObject({ status: "failed", failure: { code: "video.upload_gone" } });
    expect(await media.stored()).toEqual(before);
  });

  test("MD84: a file that cannot become a video is refused while it is still being sent, and its parts are taken no more", async () => {
    const sound = await large("-vn").catch(() => null);
    if (!sound) return;
    const upload = await begin(sound);
    for (const part of [1, 3]) await upload.put(part);
    const { id } = good(await early(upload.id));
    const failed = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
    expect(failed).toMatchObject({ status: "failed", failure: { code: "video.no_picture" } });
    await media.settled();
    await expect(upload.put(2)).rejects.toThrow("404");
  });
});
