import { afterAll, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { createPost, homeFeed } from "#systems/feed/contract.ts";
import { createUpload, createVideo, getVideo, type Video } from "#systems/media/contract.ts";

import { makeClip, personOf, startHouse, uploadFile } from "./house.ts";

const MINUTES = 60_000;

// A house that wants more free room than any disk has is a house whose disk is nearly full.
const FULL = { FOLKHUS_FREE_MIB_MIN: String(1024 * 1024) };
const house = await startHouse(FULL);
afterAll(() => house[Symbol.asyncDispose]());

test("FU1: with the disk nearly full, uploads are refused with a reason before they start, and reading goes on", async () => {
  const token = await personOf(house, "astrid");
  const refused = await house.client.call(createUpload, {
    token,
    body: { filename: "a.mp4", size_bytes: 1_000, media_type: "video/mp4" },
  });
  expect(refused.code).toBe("upload.no_space");
  expect(refused.status).toBeWithin(400, 600);
  expect((refused.body as unknown as { detail: string }).detail.length).toBeGreaterThan(20);
  const posted = await house.client.call(createPost, { token, body: { text: "still here", audience: "public" } });
  expect(posted.status).toBe(201);
  const home = await house.client.call(homeFeed, { token });
  expect(home.body.items.map((post) => post.text)).toEqual(["still here"]);
  const ready = await fetch(`${house.url}/readyz`);
  expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([200, "degraded"]);
});

test(
  "FU2, FU3: on a full disk what is stored plays and nothing is made; with room it is made, also where a stored file has vanished",
  async () => {
    await house.stop();
    await house.restart({ FOLKHUS_FREE_MIB_MIN: "1" });
    const token = await personOf(house, "birger");
    const bytes = await makeClip({ seconds: 10, width: 1280, height: 720, container: "mkv" });
    const upload_id = await uploadFile(house, token, { name: "a.mkv", media_type: "video/x-matroska", bytes });
    const made = await house.client.call(createVideo, {
      token,
      body: { upload_id, title: "a film", audience: "public" },
    });
    const params = { video_id: made.body.id };
    let video: Video;
    do video = (await house.client.call(getVideo, { token, params })).body;
    while (video.status === "processing" && (await Bun.sleep(100)) === undefined);
    expect(video.status).toBe("ready");
    await house.listsWritten();
    // 480p and below are made for every film, 720p for who asks.
    const list = async (rung: string) => {
      const url = new URL(`${rung}.m3u8`, new URL(video.hls_url ?? "", house.url));
      const lines = (await (await fetch(url)).text()).split("\n").filter((line) => line.endsWith(".m4s"));
      return lines.map((line) => new URL(line, url).href);
    };
    const [low, high] = [await list("240p"), await list("720p")];
    await house.stop();
    await house.restart();
    expect((await fetch(low[1]!)).status).toBe(200);
    const refused = await fetch(high[1]!);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([507, "media.no_space"]);

    await house.stop();
    await house.restart({ FOLKHUS_FREE_MIB_MIN: "1" });
    expect((await fetch(high[1]!)).status).toBe(200);
    const [recipe, rung, segment] = new URL(low[1]!).pathname.split("/").slice(-3);
    const stored = async () =>
      (await house.files("blobs")).find((one) => one.includes(`/${recipe}/${rung}/,`) && one.endsWith(`,${segment}`));
    const whole = await (await fetch(low[1]!)).bytes();
    await rm(join(house.data_folder, "blobs", (await stored()) ?? "missing"));
    const healed = await fetch(low[1]!);
    expect(healed.status).toBe(200);
    // Another encode of the same frames: about as long.
    const { length } = await healed.bytes();
    expect(length / whole.length).toBeWithin(0.8, 1.25);
    expect(await stored()).toBeDefined();
  },
  3 * MINUTES,
);
