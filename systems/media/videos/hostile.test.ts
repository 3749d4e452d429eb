import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { getVideo, retryVideo } from "../contract.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";

setDefaultTimeout(60_000);
const has = machineFfmpeg() !== null;
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");

const text = (words: string) => new TextEncoder().encode(words);
const clip = has
  ? await makeClip({
      seconds: 12,
      output: ["-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart", "-c:a", "aac"],
    })
  : new Uint8Array();

async function failed(bytes: Uint8Array, file: { filename?: string; media_type?: string } = {}) {
  const id: VideoId = await uploadVideo(media, astrid.token, bytes, file);
  const video = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
  await media.settled();
  return { id, video };
}

/** What a refused file may leave: a row that says why, and not one byte. */
async function leavesNothing(id: VideoId) {
  expect((await media.stored()).filter((name) => name.includes(id))).toEqual([]);
  expect(await media.stored()).toEqual([]);
  expect(await media.blobs.multipart.listOpen(Date.now() + 1000)).toEqual([]);
  expect(
    await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: media.scratch_folder, onlyFiles: false })).catch(() => []),
  ).toEqual([]);
}

describe.skipIf(!has)("a file that is not what it says gets a reason, costs little and leaves nothing", () => {
  const hostile: [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ["text named .mp4", () => text("This is no film.\n".repeat(1000)), /not_media/],
    ["noise", () => crypto.getRandomValues(new Uint8Array(60_000)), /not_media|broken/],
    ["HTML", () => text("<html><script>alert(1)</script></html>"), /not_media/],
    [
      "a playlist that points at a local file",
      () => text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
      /not_media/,
    ],
    [
      "a playlist that points at a network",
      () => text("#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:4000/v1/people/admin\n#EXT-X-ENDLIST\n"),
      /not_media/,
    ],
    ["a list of files to join", () => text("ffconcat version 1.0\nfile /etc/passwd\n"), /not_media/],
    ["a film cut off in its middle, index in front", () => clip.slice(0, clip.length / 2), /truncated|broken/],
    [
      "a film without its end, index behind",
      async () => (await makeClip({ seconds: 4 })).slice(0, -2_000),
      /not_media|broken|codec_refused/,
    ],
    [
      "sound without a picture",
      () => makeClip({ seconds: 2, format: "mp4", output: ["-vn", "-c:a", "aac"] }),
      /no_picture/,
    ],
    [
      "a single picture",
      () =>
        makeClip({
          seconds: 1,
          fps: 50,
          sound: false,
          output: ["-frames:v", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p"],
        }),
      /too_short|not_media/,
    ],
    [
      "a PNG",
      () => makeClip({ seconds: 1, fps: 1, sound: false, format: "png", output: ["-frames:v", "1"] }),
      /not_media/,
    ],
    ["a film of 4096×16 pixels", () => makeClip({ seconds: 1, fps: 5, sound: false, size: "4096x16" }), /size_refused/],
    [
      "a codec that we do not take",
      () => makeClip({ seconds: 1, sound: false, format: "avi", output: ["-c:v", "ffv1"] }),
      /codec_refused|not_media/,
    ],
  ];
  test.each(hostile)("MD30: %s", async (_name, make, code) => {
    const { id, video } = await failed(await make());
    expect(video.status).toBe("failed");
    expect(video.failure?.code).toMatch(code);
    expect(video.failure?.detail.length).toBeGreaterThan(20);
    expect(video.failure?.can_retry).toBe(false);
    expect(video.hls_url).toBeNull();
    expect((await client.call(retryVideo, { token: astrid.token, params: { video_id: id } })).code).toBe(
      "video.cannot_retry",
    );
    // Others see that there is no film, and not why.
    expect(
      good(await client.call(getVideo, { token: birger.token, params: { video_id: id } })).failure,
    ).toBeUndefined();
    await leavesNothing(id);
  });

  test("MD30: a film whose middle is damaged plays as far as it can or says why, and is never half", async () => {
    const broken = clip.slice();
    crypto.getRandomValues(broken.subarray(clip.length / 2, clip.length / 2 + 40_000));
    const { id, video } = await failed(broken);
    if (video.status === "failed") return leavesNothing(id);
    expect(video.progress).toBe(1);
  });
});

describe.skipIf(!has)("a bad day of the house", () => {
  test("MD31: a full disk while encoding fails with a reason, leaves nothing half, and a retry goes on", async () => {
    let free = Number.MAX_SAFE_INTEGER;
    await using real = await mediaHouse();
    await using house = await mediaHouse({ blobs: { ...real.blobs, freeBytes: async () => free } });
    const { token } = await house.person("erik");
    const long = await makeClip({ seconds: 30, size: "480x270" });
    const id = await uploadVideo(house, token, long);
    await videoWhen(house, token, id, (video) => video.renditions.some((rung) => rung.progress > 0));
    free = 1_000;
    const video = await videoWhen(house, token, id, ({ status }) => status !== "processing");
    expect(video.failure).toMatchObject({ code: "media.no_space", can_retry: true });
    await house.settled();
    const whole = new Set(video.renditions.filter((rung) => rung.progress === 1).map((rung) => rung.rung));
    const left = (await house.stored()).filter((name) => name.endsWith(".m4s")).map((name) => name.split("/").at(-2)!);
    expect(left.filter((track) => track !== "audio" && !whole.has(track))).toEqual([]);
    if (whole.size === 0) expect(left).toEqual([]);
    free = Number.MAX_SAFE_INTEGER;
    expect(good(await house.client.call(retryVideo, { token, params: { video_id: id } })).status).toBe("processing");
    const again = await videoWhen(house, token, id, ({ status }) => status !== "processing");
    expect(again.status).toBe("ready");
    expect(again.progress).toBe(1);
  });

  test("MD32: a source that has vanished fails with a reason", async () => {
    await using house = await mediaHouse();
    const { token } = await house.person("frida");
    await house.jobs.drain(5_000);
    const id = await uploadVideo(house, token, clip);
    for (const name of await house.stored()) await house.blobs.delete([name]);
    house.jobs.start();
    const video = await videoWhen(house, token, id, ({ status }) => status !== "processing");
    expect(video.failure).toMatchObject({ code: "media.source_gone", can_retry: false });
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});
