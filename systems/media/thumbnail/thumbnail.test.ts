import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { createImage, getVideo, type Video } from "../contract.ts";
import { planStoryboard } from "../encode/storyboard.ts";
import {
  good,
  machineFfmpeg,
  makeClip,
  makePicture,
  type MediaHouse,
  mediaHouse,
  uploadBytes,
  uploadVideo,
  videoWhen,
} from "../testing.ts";
import { CANDIDATES_MAX, thumbnailRoutes as r } from "./contract.ts";
import { candidatesOf } from "./routes.ts";

const has = machineFfmpeg() !== null;
if (!has) console.warn("skipped: ffmpeg is not on this machine");

describe.if(has)("what stands for a video", () => {
  let house: MediaHouse;
  let owner: string;
  let other: string;
  let id: VideoId;

  beforeAll(async () => {
    house = await mediaHouse();
    owner = (await house.person("astrid")).token;
    other = (await house.person("other")).token;

    id = await uploadVideo(house, owner, await makeClip({ seconds: 3, size: "160x90" }));
    await videoWhen(house, owner, id, ({ status }) => status === "ready");
    await house.settled();
  });
  afterAll(() => house[Symbol.asyncDispose]());

  const put = (token: string | null, body: object) =>
    house.client.call(r.putThumbnail, { token, params: { video_id: id }, body: body as never });
  const shown = async (): Promise<Video> =>
    good(await house.client.call(getVideo, { token: null, params: { video_id: id } }));
  const picture = async (token: string) => {
    const upload_id = await uploadBytes(house, token, await makePicture(), {
      filename: "a.png",
      media_type: "image/png",
    });
    return good(await house.client.call(createImage, { token, body: { upload_id } })).id;
  };
  const bytesAt = async (url: string | null) => (await house.ask(url ?? "")).bytes();

  test("MD119: another person's video or picture, and a moment that is not there, are refused", async () => {
    expect((await put(null, { at_ms: 0 })).status).toBe(401);
    expect((await put(other, { at_ms: 0 })).code).toBe("video.not_yours");
    expect((await house.client.call(r.listThumbnails, { token: other, params: { video_id: id } })).status).toBe(403);
    expect((await put(owner, { at_ms: 3_500 })).code).toBe("thumbnail.beyond");
    expect((await put(owner, { image_id: await picture(other) })).code).toBe("image.not_found");
    expect((await put(owner, { at_ms: 0, automatic: true })).status).toBe(400);
    expect((await put(owner, {})).status).toBe(400);
  });

  test("MD119: each choice has an address of its own, and the one before works on for a while", async () => {
    const first = (await shown()).poster_url;
    expect(first).toMatch(/\/poster-[0-9a-f]{16}\.jpg$/);
    const moment = await put(owner, { at_ms: 2_999 });
    expect(moment.status).toBe(200);
    const second = (await shown()).poster_url;
    expect(second).toBe(good(moment).poster_url);
    expect(second).not.toBe(first);
    expect(await bytesAt(second)).not.toEqual(await bytesAt(first));
    expect((await house.ask(second ?? "")).headers.get("cache-control")).toContain("immutable");

    expect((await put(owner, { image_id: await picture(owner) })).status).toBe(200);
    const third = (await shown()).poster_url ?? "";
    expect(third).toMatch(/\.webp$/);
    expect((await house.ask(third)).headers.get("content-type")).toBe("image/webp");
    // Cards follow.
    expect((await house.media.videoCards([id])).get(id)?.poster_url).toBe(third);

    expect((await put(owner, { automatic: true })).status).toBe(200);
    expect((await shown()).poster_url).toBe(first);
    expect((await house.ask(first ?? "")).status).toBe(200);
  });

  test("MD119: of two choices at once one stands, and it is the later", async () => {
    const answers = await Promise.all([
      put(owner, { at_ms: 0 }),
      put(owner, { at_ms: 1_500 }),
      put(owner, { at_ms: 2_500 }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await house.settled();
    const { poster_url } = await shown();
    expect((await house.ask(poster_url ?? "")).status).toBe(200);
    expect((await house.stored()).filter((name) => name.includes(poster_url?.split("/").at(-1) ?? "?"))).toHaveLength(
      1,
    );
  });

  test("MD119: moments are offered from the storyboard", async () => {
    const { items } = good(await house.client.call(r.listThumbnails, { token: owner, params: { video_id: id } }));
    expect(items).toHaveLength(1);
    expect((await house.ask(items[0]?.sheet_url ?? "")).status).toBe(200);
    expect((await put(owner, { at_ms: items[0]?.at_ms ?? -1 })).status).toBe(200);
  });
});

test("MD119: at most a dozen moments are offered, spread over the film and within it", () => {
  for (const duration_ms of [40, 1_000, 12_300, 100_000, 7_200_000]) {
    const plan = planStoryboard({ width: 1600, height: 900, duration_ms });
    const items = candidatesOf({ ...plan, url_template: "/{sheet}.jpg", webvtt_url: "" }, duration_ms);
    expect(items).toHaveLength(Math.min(CANDIDATES_MAX, plan.count));
    expect(new Set(items.map(({ at_ms }) => at_ms)).size).toBe(items.length);
    for (const { at_ms, x, y } of items) {
      expect(at_ms).toBeLessThan(duration_ms);
      expect(x).toBeLessThan(1_600);
      expect(y).toBeLessThan(900);
    }
  }
});
