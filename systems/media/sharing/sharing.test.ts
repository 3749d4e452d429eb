import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { SpaceId, VideoId } from "#kernel/ids.ts";

import { getVideo, patchVideo, type Video } from "../contract.ts";
import { good, machineFfmpeg, makeClip, type MediaHouse, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";
import { addressOf, startOf } from "./address.ts";
import { sharingRoutes as r } from "./contract.ts";
import { fileNameOf } from "./file-name.ts";
import { within } from "./oembed.ts";

describe("MD121: a downloaded file's name", () => {
  test.each([
    ["A film", "video/mp4", "A film.mp4"],
    ["../../etc/passwd", "video/webm", "etc passwd.webm"],
    ['a"b; filename=c\r\nX: y', "video/quicktime", "a b filename=cX y.mov"],
    ["\u202egnp.exe", "video/mp4", "gnp.exe.mp4"],
    ["con", "video/mp4", "video con.mp4"],
    ["...", "video/x-matroska", "video.mkv"],
    ["🎬 é", "application/x-strange", "🎬 é.bin"],
    ["x".repeat(500), "video/mp4", `${"x".repeat(100)}.mp4`],
  ])("%j", (title, media_type, name) => {
    expect(fileNameOf(title, media_type)).toBe(name);
  });
});

describe("MD123: only addresses of this house's own pages are known", () => {
  const origin = "https://house.example";
  test.each([
    "",
    "not an address",
    "/watch/1",
    "http://house.example/watch/1",
    "https://house.example:444/watch/1",
    "https://house.example.evil.org/watch/1",
    "https://evil.org/https://house.example/watch/1",
    "https://user@house.example/watch/1",
    "https://house.example@evil.org/watch/1",
    "https://house.example/watch/0",
    "https://house.example/watch/99999999999999999999",
    "https://house.example/watch/1/2",
    "https://house.example/watch/../posts",
    "https://house.example/v1/videos/1",
    "javascript:alert(1)//https://house.example/watch/1",
    "file:///watch/1",
  ])("not %j", (address) => {
    expect(addressOf(address, origin)).toBeNull();
  });

  test("but these", () => {
    expect(addressOf("https://house.example/watch/12?t=1m5s#x", origin)).toEqual({
      video_id: "12" as VideoId,
      start_s: 65,
    });
    expect(addressOf("https://house.example/embed/12/", origin)).toEqual({ video_id: "12" as VideoId, start_s: 0 });
    expect(addressOf("https://house.example/posts/7", origin)).toMatchObject({ post_id: "7" });
  });

  test("beginnings", () => {
    expect(["90", "90s", "1m30s", "1h2m3s", "2h"].map(startOf)).toEqual([90, 90, 90, 3_723, 7_200]);
    expect(["", null, "-1", "1e9", "90x", "999999", "s"].map(startOf)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

test("MD124: a frame has the film's shape and fits into what was asked for", () => {
  expect(within({ width: 1920, height: 1080 }, 640, 640)).toEqual({ width: 640, height: 360 });
  expect(within({ width: 1080, height: 1920 }, 640, 640)).toEqual({ width: 360, height: 640 });
  expect(within({ width: 160, height: 90 }, 1, 8_000)).toEqual({ width: 1, height: 1 });
});

const has = machineFfmpeg() !== null;
if (!has) console.warn("skipped: ffmpeg is not on this machine");

describe.if(has)("sharing", () => {
  let house: MediaHouse;
  let owner: string;
  let other: string;
  let film: Uint8Array<ArrayBuffer>;
  let id: VideoId;
  let hidden: VideoId;

  beforeAll(async () => {
    house = await mediaHouse();
    owner = (await house.person("astrid")).token;
    other = (await house.person("other")).token;
    film = await makeClip({ seconds: 2, size: "160x90" });
    id = await uploadVideo(house, owner, film, { title: 'Winter & "snow" <b>' });
    hidden = await uploadVideo(house, owner, film, { audience: "private" });
    await videoWhen(house, owner, id, ({ status }) => status === "ready");
    await house.settled();
  });
  afterAll(() => house[Symbol.asyncDispose]());

  const download = (token: string | null, video_id: string, query: { redirect?: "1" } = {}) =>
    house.client.call(r.downloadVideo, { token, params: { video_id }, query });
  const patch = async (video_id: string, body: object) =>
    good(await house.client.call(patchVideo, { token: owner, params: { video_id }, body: body as never }));
  const seen = async (token: string | null, video_id: string): Promise<Video> =>
    good(await house.client.call(getVideo, { token, params: { video_id } }));
  const oembed = (url: string, query: object = {}) =>
    house.client.call(r.oembed, { query: { url, ...query } as never });

  test("MD120: the file is given to nobody but its owner, unless they say so; never to who may not see", async () => {
    for (const token of [null, other]) {
      expect((await download(token, hidden)).status).toBe(404);
      expect((await download(token, id)).code).toBe("video.no_downloads");
      expect((await seen(token, id)).can_download).toBe(false);
    }
    const own = good(await download(owner, hidden));
    expect(own.filename).toBe("A film.mp4");
    await patch(id, { downloads: "viewers" });
    await patch(hidden, { downloads: "viewers" });
    expect((await download(other, hidden)).status).toBe(404);
    expect((await seen(null, id)).can_download).toBe(true);
  });

  test("MD121: what is downloaded is the file that was sent, under a clean name, and not a page", async () => {
    const { url, filename, size_bytes } = good(await download(null, id));
    expect(filename).toBe("Winter & snow b.mp4");
    expect(size_bytes).toBe(film.length);
    const file = await house.ask(url);
    expect(file.headers.get("content-disposition")).toStartWith("attachment;");
    expect(await file.bytes()).toEqual(film);
    const sent = await download(null, id, { redirect: "1" });
    expect([sent.status, sent.headers.get("location")]).toEqual([302, url]);
    // The address is of this file alone.
    expect((await house.ask(url.replace(/uploads\/\d+/, "uploads/1"))).status).not.toBe(200);
  });

  test("MD122: only what everyone may see stands on other sites, and only while its owner does not mind", async () => {
    expect((await seen(null, id)).embed_url).toBe(`/embed/${id}`);
    expect((await seen(owner, hidden)).embed_url).toBeNull();
    expect((await patch(id, { embedding: "nobody" })).embed_url).toBeNull();
    expect((await oembed(`http://house.test/watch/${id}`)).status).toBe(404);
    expect((await patch(id, { embedding: "anywhere" })).embed_url).toBe(`/embed/${id}`);
    expect(
      (await house.client.call(patchVideo, { token: other, params: { video_id: id }, body: { embedding: "nobody" } }))
        .status,
    ).toBe(403);
    // A private space's public video is its members' alone; an open space's is everybody's.
    const person = await house.person("member");
    for (const [space_id, visibility, embed] of [
      ["901", "private", false],
      ["902", "public", true],
    ] as const) {
      house.spaces.join(person.id, space_id as SpaceId, visibility);
      const video_id = await uploadVideo(house, person.token, film);
      const body = { audience: "public" as const, space_id };
      good(await house.client.call(patchVideo, { token: person.token, params: { video_id }, body }));
      const { embed_url } = await videoWhen(house, person.token, video_id, ({ hls_url }) => hls_url !== null);
      expect([visibility, embed_url !== null]).toEqual([visibility, embed]);
      expect((await oembed(`http://house.test/watch/${video_id}`)).status).toBe(embed ? 200 : 404);
    }
  });

  test("MD123: oEmbed is refused for every other address, format and video, in the same words", async () => {
    const missing = await oembed("http://house.test/watch/1");
    const unseen = await oembed(`http://house.test/watch/${hidden}`);
    expect(missing.status).toBe(404);
    expect({ ...(missing.body as object), request_id: "" }).toEqual({ ...(unseen.body as object), request_id: "" });
    expect((await oembed(`https://elsewhere.test/watch/${id}`)).code).toBe("oembed.address");
    expect((await oembed(`http://house.test/watch/${id}`, { format: "xml" })).status).toBe(501);
    expect((await oembed(`http://house.test/watch/${id}`, { maxwidth: "0" })).status).toBe(400);
    expect((await oembed(`http://house.test/posts/1`)).status).toBe(404);
  });

  test("MD124: oEmbed says all that another site needs, and nothing in it can leave its attribute", async () => {
    const answer = good(await oembed(`http://house.test/watch/${id}?t=1`, { maxwidth: "320", unknown: "x" }));
    expect(answer).toMatchObject({
      type: "video",
      version: "1.0",
      title: 'Winter & "snow" <b>',
      author_url: "http://house.test/@astrid",
      width: 320,
      height: 180,
      thumbnail_width: 160,
      thumbnail_height: 90,
    });
    expect(answer.html).toStartWith(
      `<iframe src="http://house.test/embed/${id}?t=1" width="320" height="180" title="Winter &amp; &quot;snow&quot; &lt;b&gt;"`,
    );
    expect((await house.ask(answer.thumbnail_url ?? "")).status).toBe(200);
  });
});
