import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { SpaceId } from "#kernel/ids.ts";

import {
  createImage,
  createUpload,
  getMyStorage,
  getSpaceStorage,
  getStorage,
  type HouseStorage,
  listStorageOwners,
} from "../contract.ts";
import {
  createSteppedClock,
  good,
  machineFfmpeg,
  makeClip,
  makePicture,
  mediaHouse,
  uploadBytes,
  uploadVideo,
  videoWhen,
} from "../testing.ts";
import { readBlobName } from "./files.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
const media = await mediaHouse({ clock });
afterAll(() => media[Symbol.asyncDispose]());
const { client, blobs } = media;
const { sql } = media.house.db;
const admin = await media.person("ada", "admin");
const astrid = await media.person("astrid");
const birger = await media.person("birger");

const storage = async (): Promise<HouseStorage> => good(await client.call(getStorage, { token: admin.token }));
const walked = async () => {
  await media.work("media.take_stock");
  const { store } = await storage();
  if (!store) throw new Error("the store was not walked through");
  return store;
};

describe("what a blob's name says", () => {
  test("MD170: is read strictly; what fits nothing is nobody's", () => {
    const place = "public/videos/12/0123/";
    expect(readBlobName(`${place}0123456789ab/480p/7.m4s`)).toEqual({
      of: "video",
      id: "12",
      place,
      file: { kind: "segment", folder: "0123456789ab/480p/", track: "480p", k: 7 },
    });
    const kinds = [
      "0123456789ab/480p/init.mp4",
      "master.m3u8",
      "poster-ab.jpg",
      "captions/sv-1.vtt",
      "storyboard/ab/tiles.vtt",
      "0123456789ab/480p/07.m4s",
    ].map((file) => {
      const named = readBlobName(place + file);
      return named.of === "video" ? named.file.kind : named.of;
    });
    expect(kinds).toEqual(["init", "list", "poster", "captions", "storyboard", "other"]);
    for (const name of ["uploads/x", "uploads/../1", "videos/0/a/b", "videos/1/a", "elsewhere/1"])
      expect([name, readBlobName(name).of]).toEqual([name, "nothing"]);
  });
});

describe.skipIf(machineFfmpeg() === null)("storage", () => {
  test("MD171: rows say what takes how much, by kind, by person and by space; a walk finds the same in the store", async () => {
    // What an MP4 has already is cut from it when it is asked for, and then there would be nothing to count.
    const film = await makeClip({ seconds: 6, format: "mkv" });
    const mkv = { filename: "film.mkv", media_type: "video/x-matroska" };
    const id = await uploadVideo(media, astrid.token, film, mkv);
    const picture = await uploadBytes(media, birger.token, await makePicture(), {
      filename: "a.png",
      media_type: "image/png",
    });
    good(await client.call(createImage, { token: birger.token, body: { upload_id: picture } }));
    await client.call(createUpload, {
      token: birger.token,
      body: { filename: "b.mp4", size_bytes: 1_000_000, media_type: "video/mp4" },
    });
    await videoWhen(media, astrid.token, id, ({ status }) => status === "ready");
    await media.settled();
    const mine = good(await client.call(getMyStorage, { token: astrid.token }));
    const of = (kind: string) =>
      mine.held.filter((held) => held.kind === kind).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(of("source")).toBe(film.length);
    for (const kind of ["rung", "sound", "poster"]) expect([kind, of(kind) > 0]).toEqual([kind, true]);
    expect(mine.bytes).toBe(mine.held.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(mine.largest).toEqual([expect.objectContaining({ id, bytes: mine.bytes })]);
    const theirs = good(await client.call(getMyStorage, { token: birger.token }));
    expect(theirs.held.map(({ kind }) => kind)).toEqual(["upload", "picture"]);

    const house = await storage();
    expect(house.bytes).toBe(mine.bytes + theirs.bytes);
    expect(house.store).toBeNull();
    expect(house.free_bytes).toBeGreaterThan(0);
    const store = await walked();
    expect(store.drift_bytes).toBe(0);
    expect(store.orphan_bytes).toBe(0);
    expect(store.blobs).toBe((await media.stored()).length);
    for (const { kind, name, rows_bytes, bytes } of store.held)
      if (rows_bytes !== null && kind !== "upload") expect([kind, name, bytes]).toEqual([kind, name, rows_bytes]);
  });

  test("MD172: the list of who takes most is paged without gap or repeat, and is for admins", async () => {
    for (const route of [getStorage, listStorageOwners])
      expect((await client.call(route, { token: astrid.token })).code).toBe("role.required");
    const seen: (string | undefined)[] = [];
    for (let cursor: string | null = null; ;) {
      const query = { limit: 1, ...(cursor === null ? {} : { cursor }) } as never;
      const page = good(await client.call(listStorageOwners, { token: admin.token, query }));
      seen.push(...page.items.map(({ person }) => person?.handle));
      cursor = page.next_cursor;
      if (cursor === null) break;
    }
    expect(seen.toSorted()).toEqual(["astrid", "birger"]);
    expect((await client.call(listStorageOwners, { token: admin.token, query: { cursor: "x" } as never })).code).toBe(
      "cursor.invalid",
    );
    const space = "77" as SpaceId;
    media.spaces.join(astrid.id, space);
    const params = { space_id: space };
    expect((await client.call(getSpaceStorage, { token: astrid.token, params })).code).toBe("space.not_found");
    await sql.pool`UPDATE media_videos SET space_id = 77`;
    const ofSpace = good(await client.call(getSpaceStorage, { token: admin.token, params }));
    expect(ofSpace.largest).toHaveLength(1);
    const bySpace = good(await client.call(listStorageOwners, { token: admin.token, query: { by: "space" } as never }));
    expect(bySpace.items).toEqual([expect.objectContaining({ person: null, bytes: ofSpace.bytes })]);
    await sql.pool`UPDATE media_videos SET space_id = NULL`;
  });

  test("MD173: what the store has and no row names is drift, and so is what a row names and the store has not; a walk that was cut goes on", async () => {
    const byte = new Uint8Array(100);
    const video = (await sql.pool<{ id: string; place: string }[]>`SELECT id, place FROM media_videos LIMIT 1`)[0]!;
    await blobs.put(`${video.place}0123456789ab/480p/0.m4s`, byte, { media_type: "video/mp4" });
    await blobs.put("videos/99/abc/0123456789ab/480p/0.m4s", byte, { media_type: "video/mp4" });
    const [segment] = (await media.stored()).filter((name) => name.startsWith(video.place) && name.endsWith("/1.m4s"));
    const lost = (await blobs.head(segment!))!;
    await blobs.delete([segment!]);
    // Half of the names are in the books when the process dies.
    const names = await media.stored();
    await media.jobs.drain(1_000);
    const half = names[Math.floor(names.length / 2)]!;
    await sql.pool`INSERT INTO media_stock_walks (began_at, after_name) VALUES (now(), ${half})`;
    media.jobs.start();
    const rest = await walked();
    expect(rest.blobs).toBe(names.length - Math.floor(names.length / 2) - 1);
    const store = await walked();
    expect(store.blobs).toBe(names.length);
    expect(store.orphan_bytes).toBe(200);
    expect(store.drift_bytes).toBe(-lost.size_bytes);
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
