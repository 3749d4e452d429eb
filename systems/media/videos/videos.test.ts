import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { QueryIn } from "#kernel/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD } from "#systems/people/testing.ts";

import { createVideo, deleteVideo, getUpload, getVideo, listVideos, patchVideo, retryVideo } from "../contract.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadBytes, uploadVideo, videoWhen } from "../testing.ts";

setDefaultTimeout(60_000);
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const moderator = await media.person("mod", "moderator");

const withFfmpeg = test.skipIf(machineFfmpeg() === null);
const clip = machineFfmpeg() ? await makeClip({ seconds: 6 }) : new Uint8Array();
const ended = (video: { status: string }) => video.status !== "processing";
const lines = (text: string) => text.trim().split("\n");

describe("a video", () => {
  withFfmpeg(
    "MD20: becomes ready, with at least three rungs, and every list and segment that it names is there",
    async () => {
      const id = await uploadVideo(media, astrid.token, clip, { title: "Midsummer" });
      const video = await videoWhen(media, astrid.token, id, ended);
      expect(video).toMatchObject({
        status: "ready",
        title: "Midsummer",
        progress: 1,
        width: 320,
        height: 180,
        may_edit: true,
      });
      expect(video.duration_ms).toBeGreaterThan(5_800);
      expect(video.duration_ms).toBeLessThan(6_300);
      expect(video.renditions.length).toBeGreaterThanOrEqual(3);
      expect(video.renditions.every((rung) => rung.bitrate_bps > 0)).toBe(true);
      await media.settled();
      const { poster_url, hls_url } = await videoWhen(media, astrid.token, id, ended);
      const poster = await media.ask(poster_url!);
      expect([poster.status, poster.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
      const master = await (await media.ask(hls_url!)).text();
      expect(lines(master).filter((line) => line.startsWith("#EXT-X-STREAM-INF"))).toHaveLength(
        video.renditions.length,
      );
      expect(master).toContain("#EXT-X-MEDIA:TYPE=AUDIO");
      const lists = [...lines(master).filter((line) => !line.startsWith("#")), /URI="([^"]+)"/.exec(master)![1]!];
      for (const list of lists) {
        const answer = await media.ask(new URL(list, new URL(hls_url!, "http://house.test")).href);
        expect(answer.headers.get("cache-control")).toContain("no-cache");
        const text = await answer.text();
        expect(text).toContain("#EXT-X-ENDLIST");
        const files = [...lines(text).filter((line) => !line.startsWith("#")), /MAP:URI="([^"]+)"/.exec(text)![1]!];
        expect(files.length).toBeGreaterThanOrEqual(2);
        for (const file of files) {
          const bytes = await media.ask(new URL(file, new URL(hls_url!, "http://house.test")).href, {
            headers: { range: "bytes=0-9" },
          });
          expect([bytes.status, bytes.headers.get("cache-control")]).toEqual([
            206,
            expect.stringContaining("immutable") as unknown as string,
          ]);
        }
      }
      const whole = good(await client.call(getVideo, { params: { video_id: id } }));
      expect(whole.renditions.map((rung) => rung.progress)).toEqual(whole.renditions.map(() => 1));
    },
  );

  withFfmpeg("MD21: the lowest rung plays before the rest is made, and each step is told once", async () => {
    const id = await uploadVideo(media, astrid.token, clip);
    await videoWhen(media, astrid.token, id, (video) => video.hls_url !== null);
    await videoWhen(media, astrid.token, id, ended);
    // The rows themselves: nothing is read past a running transaction, and other test files have theirs in this cluster.
    const events = (
      await media.house.db.sql.pool<{ type: string }[]>`SELECT type FROM log_events
        WHERE topic = 'media' AND data->>'video_id' = ${id} ORDER BY stamp, seq`
    ).map(({ type }) => type);
    expect(events.filter((type) => type !== "media.video_changed")).toEqual([
      "media.video_created",
      "media.video_playable",
      "media.video_ready",
    ]);
  });

  withFfmpeg(
    "MD22: its source is kept and counted; deleted, all of it goes, and it is not there for anyone",
    async () => {
      const carl = await media.person("carl");
      const id = await uploadVideo(media, carl.token, clip);
      const video = await videoWhen(media, carl.token, id, ended);
      await media.settled();
      expect((await media.stored()).filter((name) => name.includes(`/${id}/`)).length).toBeGreaterThan(8);
      expect((await client.call(deleteVideo, { token: birger.token, params: { video_id: id } })).code).toBe(
        "video.not_yours",
      );
      expect((await client.call(deleteVideo, { token: carl.token, params: { video_id: id } })).status).toBe(204);
      expect((await client.call(getVideo, { token: carl.token, params: { video_id: id } })).status).toBe(404);
      await media.settled();
      expect((await media.ask(video.hls_url!)).status).toBe(404);
      expect((await media.stored()).filter((name) => name.includes(id))).toEqual([]);
      expect(good(await client.call(listVideos, { token: carl.token })).items).toEqual([]);
    },
  );

  withFfmpeg("MD23: deleted while it is being made, the making stops and nothing stays", async () => {
    const dag = await media.person("dag");
    const long = await makeClip({ seconds: 40, size: "480x270" });
    const id = await uploadVideo(media, dag.token, long);
    await videoWhen(media, dag.token, id, (video) => video.hls_url !== null);
    await client.call(deleteVideo, { token: dag.token, params: { video_id: id } });
    await media.settled();
    expect((await media.stored()).filter((name) => name.includes(id))).toEqual([]);
    expect(await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: media.scratch_folder, onlyFiles: false }))).toEqual(
      [],
    );
  });

  withFfmpeg("MD24: a moderator takes down what is not private; somebody else changes nothing", async () => {
    const id = await uploadVideo(media, astrid.token, clip);
    const params = { video_id: id };
    expect((await client.call(patchVideo, { token: birger.token, params, body: { title: "Mine" } })).code).toBe(
      "video.not_yours",
    );
    expect((await client.call(retryVideo, { token: birger.token, params })).code).toBe("video.not_yours");
    expect((await client.call(retryVideo, { token: astrid.token, params })).code).toBe("video.not_failed");
    expect((await client.call(deleteVideo, { token: moderator.token, params })).status).toBe(204);
  });
});

describe("who may see it", () => {
  withFfmpeg("MD25: private is for its owner alone, behind an address that ends; public lies in the open", async () => {
    const id = await uploadVideo(media, astrid.token, clip, { audience: "private" });
    const params = { video_id: id };
    const mine = await videoWhen(media, astrid.token, id, ended);
    expect((await client.call(getVideo, { params })).code).toBe("video.not_found");
    expect((await client.call(getVideo, { token: birger.token, params })).code).toBe("video.not_found");
    expect((await client.call(getVideo, { token: moderator.token, params })).code).toBe("video.not_found");
    expect((await client.call(patchVideo, { token: birger.token, params, body: { title: "x" } })).code).toBe(
      "video.not_found",
    );
    expect(mine.hls_url).not.toContain("/public/");
    expect(new Date(mine.urls_until).getTime()).toBeLessThan(Date.now() + 4 * 3_600_000);
    // The same address again: a browser keeps what it has.
    expect((await videoWhen(media, astrid.token, id, ended)).hls_url).toBe(mine.hls_url);

    good(await client.call(patchVideo, { token: astrid.token, params, body: { audience: "public" } }));
    await media.settled();
    const open = good(await client.call(getVideo, { params }));
    expect(open.hls_url).toContain("/public/");
    expect((await media.ask(open.hls_url!)).status).toBe(200);
    // Pages that are open still have the old address.
    expect((await media.ask(mine.hls_url!)).status).toBe(200);

    good(await client.call(patchVideo, { token: astrid.token, params, body: { audience: "private" } }));
    await media.settled();
    expect((await media.ask(open.hls_url!)).status).toBe(404);
    expect((await client.call(getVideo, { params })).code).toBe("video.not_found");
    const again = good(await client.call(getVideo, { token: astrid.token, params }));
    const master = await (await media.ask(again.hls_url!)).text();
    const list = lines(master).find((line) => !line.startsWith("#"))!;
    expect((await media.ask(new URL(list, new URL(again.hls_url!, "http://house.test")).href)).status).toBe(200);
  });

  withFfmpeg("MD26: its audience changed while it is being made, what is made moves at once", async () => {
    const long = await makeClip({ seconds: 24, size: "480x270" });
    const id = await uploadVideo(media, astrid.token, long);
    const open = await videoWhen(media, astrid.token, id, (video) => video.hls_url !== null);
    good(
      await client.call(patchVideo, { token: astrid.token, params: { video_id: id }, body: { audience: "private" } }),
    );
    await videoWhen(media, astrid.token, id, ended);
    await media.settled();
    expect((await media.ask(open.hls_url!)).status).toBe(404);
    expect((await media.stored()).filter((name) => name.includes(id) && name.startsWith("public/"))).toEqual([]);
    const now = good(await client.call(getVideo, { token: astrid.token, params: { video_id: id } }));
    expect(now.status).toBe("ready");
    expect((await media.ask(now.hls_url!)).status).toBe(200);
    good(await client.call(deleteVideo, { token: astrid.token, params: { video_id: id } }));
  });

  test("MD27: a space's video needs the space, and its owner in it", async () => {
    const upload_id = await uploadBytes(media, astrid.token, new Uint8Array(10), {
      filename: "a.mp4",
      media_type: "video/mp4",
    });
    const create = (more: object) =>
      client.call(createVideo, { token: astrid.token, body: { upload_id, title: "x", audience: "space", ...more } });
    expect((await create({})).code).toBe("video.space_required");
    expect((await create({ space_id: "77" })).code).toBe("video.not_member");
    media.spaces.join(astrid.id, "77");
    const { id } = good(await create({ space_id: "77" }));
    expect((await client.call(getVideo, { token: birger.token, params: { video_id: id } })).status).toBe(404);
    media.spaces.join(birger.id, "77");
    expect((await client.call(getVideo, { token: birger.token, params: { video_id: id } })).status).toBe(200);
    await media.settled();
  });
});

test("MD28: nobody makes a video of nothing, and words have their bounds", async () => {
  const upload_id = await uploadBytes(media, astrid.token, new Uint8Array(10), {
    filename: "a.mp4",
    media_type: "video/mp4",
  });
  const create = (body: object) =>
    client.call(createVideo, { token: astrid.token, body: { upload_id, title: "x", audience: "public", ...body } });
  expect((await create({ title: "" })).status).toBe(400);
  expect((await create({ title: "x".repeat(121) })).status).toBe(400);
  expect((await create({ description: "x".repeat(5_001) })).status).toBe(400);
  expect((await create({ audience: "everyone" })).status).toBe(400);
  expect((await create({ owner_id: birger.id })).status).toBe(400);
  expect((await client.call(createVideo, { body: { upload_id, title: "x", audience: "public" } })).status).toBe(401);
  expect((await client.call(getUpload, { token: astrid.token, params: { upload_id } })).status).toBe(200);
});

withFfmpeg("MD29: a video says who made it, alone and in a list; what the departed made is not there", async () => {
  const elin = await media.person("elin");
  const film = { filename: "a.mp4", media_type: "video/mp4" };
  const ids: string[] = [];
  for (const title of ["One", "Two"]) {
    const upload_id = await uploadBytes(media, elin.token, new Uint8Array(10), film);
    const body = { upload_id, title, audience: "public" as const };
    ids.push(good(await client.call(createVideo, { token: elin.token, body })).id);
  }
  await media.settled();
  const owner = {
    id: elin.id,
    handle: "elin",
    display_name: "Elin of the mill",
    avatar: null,
    suspended: false,
    limited: false,
    private: false,
  };
  good(await client.call(peopleRoutes.editMe, { token: elin.token, body: { display_name: "Elin of the mill" } }));
  const list = good(await client.call(listVideos, { token: elin.token })).items;
  expect(list.map((video) => [video.id, video.owner_id, video.owner])).toEqual([
    [ids[1]!, elin.id, owner],
    [ids[0]!, elin.id, owner],
  ]);
  const params = { video_id: ids[0]! };
  const changed = await client.call(patchVideo, { token: elin.token, params, body: { title: "Three" } });
  expect(good(changed).owner).toEqual(owner);
  expect(good(await client.call(getVideo, { params })).owner).toEqual(owner);
  const left = await client.call(peopleRoutes.deleteMe, { token: elin.token, body: { password: TEST_PASSWORD } });
  expect(left.status).toBe(204);
  expect((await client.call(getVideo, { params })).code).toBe("video.not_found");
  expect((await client.call(getVideo, { token: moderator.token, params })).code).toBe("video.not_found");
});

withFfmpeg("MD189: one's own videos are listed by state, audience and a part of the title", async () => {
  const greta = await media.person("greta");
  const film = { filename: "a.mp4", media_type: "video/mp4" };
  for (const [title, audience] of [
    ["Sawing the oak", "public"],
    ["100 % OAK", "private"],
    ["A pond", "public"],
  ] as const) {
    const upload_id = await uploadBytes(media, greta.token, new Uint8Array(10), film);
    good(await client.call(createVideo, { token: greta.token, body: { upload_id, title, audience } }));
  }
  await media.settled();
  const titles = async (query: QueryIn<typeof listVideos>) =>
    good(await client.call(listVideos, { token: greta.token, query })).items.map((video) => video.title);
  expect(await titles({ q: "oak" })).toEqual(["100 % OAK", "Sawing the oak"]);
  expect(await titles({ q: "%" })).toEqual(["100 % OAK"]);
  expect(await titles({ q: "o_k" })).toEqual([]);
  expect(await titles({ q: "" })).toHaveLength(3);
  expect(await titles({ q: "oak", audience: "public" })).toEqual(["Sawing the oak"]);
  expect(await titles({ status: "failed" })).toHaveLength(3);
  expect(await titles({ status: "ready" })).toEqual([]);
  const first = good(await client.call(listVideos, { token: greta.token, query: { q: "o", limit: 1 } }));
  const query = { q: "o", limit: 1, cursor: first.next_cursor! };
  expect(good(await client.call(listVideos, { token: greta.token, query })).items[0]!.title).toBe("100 % OAK");
  expect((await client.call(listVideos, { token: greta.token, query: { q: "x".repeat(121) } })).status).toBe(400);
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});
