import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";

import { createImage, createUpload, getImage, getUpload, getVideo } from "../contract.ts";
import {
  createSteppedClock,
  good,
  machineFfmpeg,
  makeClip,
  mediaHouse,
  uploadBytes,
  uploadVideo,
  videoWhen,
} from "../testing.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
const media = await mediaHouse({ clock });
afterAll(() => media[Symbol.asyncDispose]());
const { client, blobs } = media;
const astrid = await media.person("astrid");
const HOUR = 3_600_000;
const collect = () => media.work("media.collect_orphans");

async function picture(token = astrid.token) {
  const bytes = await new Bun.Image(await onePixel()).png().bytes();
  const upload_id = await uploadBytes(media, token, bytes, { filename: "a.png", media_type: "image/png" });
  const { id } = good(await client.call(createImage, { token, body: { upload_id } }));
  await media.settled();
  return id;
}
const onePixel = async () =>
  new Uint8Array(
    Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
      "base64",
    ),
  );

describe("orphans", () => {
  test("MD60: what no row knows goes after an hour and not before; what a row knows stays", async () => {
    const kept = await picture();
    const open = good(
      await client.call(createUpload, {
        token: astrid.token,
        body: { filename: "a.mp4", size_bytes: 9, media_type: "video/mp4" },
      }),
    );
    const before = await media.stored();
    const byte = new Uint8Array(1);
    const orphans = [
      "uploads/123",
      "videos/123/abc/480p/0.m4s",
      "videos/123/abc/480p/1.m4s",
      "public/images/77/def/320.webp",
      `images/${kept}/0123abc/320.webp`,
    ];
    for (const name of orphans) await blobs.put(name, byte, { media_type: "video/mp4" });
    const left = await blobs.multipart.create("uploads/456", { media_type: "video/mp4" });
    await collect();
    expect(await media.stored()).toEqual([...before, ...orphans].sort());
    clock.step(2 * HOUR);
    await collect();
    // A place that a row may have moved out of, or into, waits longer: addresses of it are still good.
    expect(await media.stored()).toEqual([...before, orphans[4]!].sort());
    const names = (await blobs.multipart.listOpen(clock.now() + 1000)).map(({ name }) => name);
    expect(names).toEqual([`uploads/${open.id}`]);
    expect(await blobs.multipart.listParts("uploads/456", left.multipart_id)).toEqual([]);
    clock.step(3 * HOUR);
    await collect();
    expect(await media.stored()).toEqual(before);
  });

  test("MD61: pictures that nothing shows go after a day", async () => {
    const id = await picture();
    const used = await picture();
    await media.house.db.sql.tx((tx) =>
      media.media.claimForPost(tx, astrid.id, {
        post_id: "5",
        video_id: null,
        image_ids: [used],
        audience: "public",
        space_id: null,
      }),
    );
    clock.step(25 * HOUR);
    await media.work("media.free_unused");
    expect((await client.call(getImage, { token: astrid.token, params: { image_id: id } })).status).toBe(404);
    expect((await client.call(getImage, { token: astrid.token, params: { image_id: used } })).status).toBe(200);
    await media.settled();
    expect((await media.stored()).filter((name) => name.includes(id))).toEqual([]);
  });
});

test.skipIf(machineFfmpeg() === null)(
  "MD63: a failed video that nobody tried again gives its source and what is half-made back",
  async () => {
    const time = createSteppedClock();
    await using house = await mediaHouse({ clock: time });
    const { token } = await house.person("carl");
    const id = await uploadVideo(house, token, await makeClip({ seconds: 20 }));
    await videoWhen(house, token, id, (video) => video.progress > 0.2);
    await house.jobs.drain(0);
    const { sql } = house.house.db;
    await sql.pool`UPDATE media_videos SET status = 'failed', failure_code = 'media.gave_up', failure_can_retry = true, failed_at = now() WHERE id = ${id}`;
    const before = await house.stored();
    expect(before.some((name) => name.startsWith("uploads/"))).toBe(true);
    house.jobs.start();
    await house.work("media.free_unused");
    expect(await house.stored()).toEqual(before);
    time.step(8 * 24 * HOUR);
    await house.work("media.free_unused");
    const video = await videoWhen(house, token, id, () => true);
    expect(video.failure).toMatchObject({ can_retry: false });
    const whole = new Set(video.renditions.filter((rung) => rung.progress === 1).map((rung) => rung.rung));
    const left = (await house.stored()).filter((name) => name.endsWith(".m4s")).map((name) => name.split("/").at(-2)!);
    expect(left.filter((track) => track !== "audio" && !whole.has(track))).toEqual([]);
    expect((await house.stored()).some((name) => name.startsWith("uploads/"))).toBe(false);
    expect(video.hls_url === null).toBe(whole.size === 0);
  },
);

describe.skipIf(machineFfmpeg() === null)("what happens to people", () => {
  test("PE65: of who becomes private nothing lies in the open, nor what they add; it is their followers'; public, it does again", async () => {
    await using house = await mediaHouse();
    const [astrid, birger, cecilia] = [
      await house.person("astrid"),
      await house.person("birger"),
      await house.person("cecilia"),
    ];
    const { client } = house;
    await client.call(peopleRoutes.follow, { token: cecilia.token, params: { handle: "birger" } });
    const id = await uploadVideo(house, birger.token, await makeClip({ seconds: 1 }));
    await house.settled();
    const open = await videoWhen(house, birger.token, id, ({ status }) => status === "ready");
    expect(open.hls_url).toContain("/public/");
    const become = async (isPrivate: boolean) => {
      good(await client.call(peopleRoutes.editMe, { token: birger.token, body: { private: isPrivate } }));
      await house.house.log.caughtUp("people", "media");
      await house.settled();
    };
    await become(true);
    expect((await house.ask(open.hls_url!)).status).toBe(404);
    const later = await uploadVideo(house, birger.token, await makeClip({ seconds: 1 }));
    await house.settled();
    expect((await house.stored()).filter((name) => name.startsWith("public/"))).toEqual([]);
    for (const video_id of [id, later]) {
      const see = async (token: string | null) => client.call(getVideo, { token, params: { video_id } });
      expect([(await see(null)).status, (await see(astrid.token)).status]).toEqual([404, 404]);
      const shown = good(await see(cecilia.token));
      expect((await house.ask(shown.hls_url!)).status).toBe(200);
    }
    await become(false);
    const again = await videoWhen(house, astrid.token, later, ({ hls_url }) => hls_url?.includes("/public/") === true);
    expect((await house.ask(again.hls_url!)).status).toBe(200);
  });

  test("MD62: of who is suspended nothing lies in the open; reinstated, it does again; deleted, it is gone", async () => {
    await using house = await mediaHouse();
    const { log, db } = house.house;
    const birger = await house.person("birger");
    const id = await uploadVideo(house, birger.token, await makeClip({ seconds: 1 }));
    await house.settled();
    const open = await videoWhen(house, birger.token, id, ({ status }) => status === "ready");
    expect(open.hls_url).toContain("/public/");
    const tell = async (type: string) => {
      await db.sql.tx((tx) =>
        log.append(tx, "people", birger.id, { type: `people.${type}`, version: 1, data: { person_id: birger.id } }),
      );
      await log.caughtUp("people", "media");
      await house.settled();
    };
    await tell("suspended");
    expect((await house.ask(open.hls_url!)).status).toBe(404);
    expect((await house.stored()).filter((name) => name.startsWith("public/"))).toEqual([]);
    await tell("reinstated");
    const again = await videoWhen(house, birger.token, id, ({ hls_url }) => hls_url?.includes("/public/") === true);
    expect((await house.ask(again.hls_url!)).status).toBe(200);
    const upload = good(
      await house.client.call(createUpload, {
        token: birger.token,
        body: { filename: "a.mp4", size_bytes: 9, media_type: "video/mp4" },
      }),
    );
    await tell("deleted");
    expect((await house.client.call(getUpload, { token: birger.token, params: { upload_id: upload.id } })).status).toBe(
      404,
    );
    // What was left of the older place, before it was public again, waits for pages that are open.
    expect((await house.stored()).filter((name) => !name.startsWith(`videos/${id}/`))).toEqual([]);
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});
