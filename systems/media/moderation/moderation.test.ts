import { afterAll, expect, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { createUpload, getMediaLimits, getVideo, patchVideo } from "../contract.ts";
import { mediaHouse, shownVideo } from "../testing.ts";

const rooms = new Map<string, number>();
const media = await mediaHouse({ limits: { person_room: async (id: string) => rooms.get(id) ?? null } });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const { sql } = media.house.db;
const [ada, bo, mo] = [await media.person("ada"), await media.person("bo"), await media.person("mo", "moderator")];
const { moderation } = media.media;
const hide = (id: VideoId) => sql.tx((tx) => moderation.hide(tx, id, mo.id));
const show = (id: VideoId) => sql.tx((tx) => moderation.show(tx, id));
const sees = async (token: string, id: VideoId) =>
  (await client.call(getVideo, { token, params: { video_id: id } })).status === 200;
const change = (id: VideoId, body: { audience?: "public" | "private"; title?: string }) =>
  client.call(patchVideo, { token: ada.token, params: { video_id: id }, body });

test("MD220: a film that was taken out of sight is its owner's alone, and comes back for whom it was", async () => {
  const id = await shownVideo(media, ada.id);
  expect(await sees(bo.token, id)).toBe(true);
  expect(await hide(id)).not.toBeNull();
  expect(await hide(id)).toBeNull();
  expect([await sees(bo.token, id), await sees(ada.token, id)]).toEqual([false, true]);
  expect((await media.media.videoCards([id])).size).toBe(0);
  expect((await change(id, { audience: "public" })).code).toBe("video.hidden");
  expect((await change(id, { title: "Another name" })).status).toBe(200);
  const claim = { post_id: "9", video_id: id, image_ids: [], audience: "public", space_id: null } as const;
  const claimed = sql.tx((tx) => media.media.claimForPost(tx, ada.id, { ...claim, image_ids: [] }));
  expect(await claimed.catch((error: { code: string }) => error.code)).toBe("post.media_not_usable");
  expect(await moderation.subject(sql.pool, id)).toMatchObject({ audience: "public", is_hidden: true });
  await show(id);
  expect(await show(id)).toBeNull();
  expect([await sees(bo.token, id), (await media.media.videoCards([id])).size]).toEqual([true, 1]);
});

test("MD220: its post coming and going does not bring it back, and tells for whom it will be", async () => {
  const id = await shownVideo(media, ada.id);
  const claim = { post_id: "10", video_id: id, image_ids: [], audience: "public" as const, space_id: null };
  await sql.tx((tx) => media.media.claimForPost(tx, ada.id, claim));
  await hide(id);
  await sql.tx((tx) => media.media.hidePost(tx, "10"));
  await sql.tx((tx) => media.media.showPost(tx, "10", { audience: "public", space_id: null }));
  expect(await sees(bo.token, id)).toBe(false);
  await sql.tx((tx) => media.media.releasePost(tx, "10"));
  await show(id);
  expect([await sees(bo.token, id), await sees(ada.token, id)]).toEqual([false, true]);
});

test("MD221: who is new has a smaller room, and is told that it grows", async () => {
  rooms.set(bo.id, 1_000);
  expect((await client.call(getMediaLimits, { token: bo.token, query: {} })).body.quota_bytes).toBe(1_000);
  const body = { filename: "a.png", size_bytes: 1_001, media_type: "image/png" };
  const refused = await client.call(createUpload, { token: bo.token, body });
  expect([refused.code, (refused.body as unknown as { detail: string }).detail]).toEqual([
    "upload.quota_exceeded",
    expect.stringContaining("grows"),
  ]);
  expect((await client.call(createUpload, { token: bo.token, body: { ...body, size_bytes: 999 } })).status).toBe(201);
  expect((await client.call(createUpload, { token: ada.token, body })).status).toBe(201);
});
