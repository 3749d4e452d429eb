import { afterAll, expect, setDefaultTimeout, test } from "bun:test";

import { NEWS_WAITERS_OF_ONE_MAX } from "../bounds.ts";
import { createVideo, deleteVideo, getVideo, patchVideo } from "../contract.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadBytes, uploadVideo } from "../testing.ts";

setDefaultTimeout(60_000);
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");

async function stillVideo(audience: "public" | "private" = "public") {
  const bytes = new Uint8Array(10);
  const upload_id = await uploadBytes(media, astrid.token, bytes, { filename: "a.mp4", media_type: "video/mp4" });
  const body = { upload_id, title: "x", audience };
  const { id } = good(await client.call(createVideo, { token: astrid.token, body }));
  await media.settled();
  return good(await client.call(getVideo, { token: astrid.token, params: { video_id: id } }));
}

test("MD79: a wait that is too long, or not for this viewer, is refused at once; one caller waits for so many and no more", async () => {
  const video = await stillVideo("private");
  const params = { video_id: video.id };
  const query = { wait_ms: 20_000, unless: video.version };
  expect((await client.call(getVideo, { token: birger.token, params, query })).code).toBe("video.not_found");
  expect((await client.call(getVideo, { params, query })).code).toBe("video.not_found");
  const long = await client.call(getVideo, { token: astrid.token, params, query: { ...query, wait_ms: 25_001 } });
  expect(long.status).toBe(400);
  const waiting = Array.from({ length: NEWS_WAITERS_OF_ONE_MAX + 1 }, () =>
    client.call(getVideo, { token: astrid.token, params, query }),
  );
  const first = await Promise.race(waiting);
  expect([first.status, first.code]).toEqual([429, "video.too_many_waits"]);
  good(await client.call(patchVideo, { token: astrid.token, params, body: { title: "y" } }));
  const answers = await Promise.all(waiting);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(NEWS_WAITERS_OF_ONE_MAX);
});

test("MD79: who waits is answered when it changes, when it goes, and at the end of the wait", async () => {
  const video = await stillVideo();
  const params = { video_id: video.id };
  const now = (unless: number, wait_ms = 20_000) => client.call(getVideo, { params, query: { wait_ms, unless } });
  expect(good(await now(video.version - 1)).version).toBe(video.version);
  expect(good(await now(video.version, 150)).version).toBe(video.version);
  const waiting = now(video.version);
  good(await client.call(patchVideo, { token: astrid.token, params, body: { title: "Another" } }));
  const changed = good(await waiting);
  expect(changed.title).toBe("Another");
  expect(changed.version).toBeGreaterThan(video.version);
  const gone = now(changed.version);
  good(await client.call(deleteVideo, { token: astrid.token, params }));
  expect((await gone).code).toBe("video.not_found");
});

test.skipIf(machineFfmpeg() === null)(
  "MD79: following a video by its version, one sees each step of its making",
  async () => {
    const video_id = await uploadVideo(media, astrid.token, await makeClip({ seconds: 6 }));
    const seen: string[] = [];
    for (let unless: number | undefined; ;) {
      const query = unless === undefined ? {} : { wait_ms: 20_000, unless };
      const video = good(await client.call(getVideo, { params: { video_id }, query }));
      unless = video.version;
      seen.push(video.status === "processing" && video.hls_url ? "playable" : video.status);
      if (video.status !== "processing") break;
    }
    expect(new Set(seen)).toEqual(new Set([...(seen[0] === "processing" ? ["processing"] : []), "playable", "ready"]));
  },
);
