import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { Blobs } from "#ports/blobs/index.ts";

import { deleteVideo } from "../contract.ts";
import { machineFfmpeg, makeClip, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";

setDefaultTimeout(60_000);

/** How often each segment was stored, over all attempts. */
const puts = new Map<string, number>();
const real = await mediaHouse();
const counting: Blobs = {
  ...real.blobs,
  put(name, body, options) {
    if (name.endsWith(".m4s")) puts.set(name, (puts.get(name) ?? 0) + 1);
    return real.blobs.put(name, body, options);
  },
};
const media = await mediaHouse({ blobs: counting });
afterAll(async () => {
  await media[Symbol.asyncDispose]();
  await real[Symbol.asyncDispose]();
});
const astrid = await media.person("astrid");

describe.skipIf(machineFfmpeg() === null)("stopped in the middle", () => {
  test("MD33: making goes on after the committed segments, redoes at most one of each rung, and the film is whole", async () => {
    const id = await uploadVideo(media, astrid.token, await makeClip({ seconds: 39, size: "640x360", format: "mkv" }), {
      filename: "film.mkv",
      media_type: "video/x-matroska",
      audience: "private",
    });
    for (const part of [0.1, 0.4, 0.7]) {
      await videoWhen(media, astrid.token, id, (video) => video.status !== "processing" || video.progress >= part);
      // As hard as a process can be stopped from inside: running work is cut and handed back to the queue.
      await media.jobs.drain(0);
      media.jobs.start();
    }
    const video = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
    expect(video.status).toBe("ready");
    await media.settled();
    const again = [...puts.entries()].filter(([, times]) => times > 1);
    const byRung = Map.groupBy(again, ([name]) => name.split("/").at(-2)!);
    for (const [rung, names] of byRung) expect([rung, names.length]).toEqual([rung, Math.min(names.length, 3)]);
    expect(puts.size).toBe(10 * (video.renditions.length + 1));
    const master = await (await media.ask(video.hls_url!)).text();
    const lists = master.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const place = new URL(video.hls_url!, "http://house.test");
    for (const list of lists) {
      const text = await (await media.ask(new URL(list, place).href)).text();
      const segments = text.split("\n").filter((line) => line.endsWith(".m4s"));
      expect(segments).toHaveLength(10);
      for (const segment of segments)
        expect((await media.ask(new URL(segment, place).href, { method: "HEAD" })).status).toBe(200);
    }
    await media.client.call(deleteVideo, { token: astrid.token, params: { video_id: id } });
    await media.settled();
    expect((await media.stored()).filter((name) => name.includes(id))).toEqual([]);
  });
});
