import { afterAll, expect, setDefaultTimeout, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { getVideo } from "../contract.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";

setDefaultTimeout(60_000);
const has = machineFfmpeg() !== null;
const media = await mediaHouse({ limits: { eager_side_px_max: 1 } });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;

test.skipIf(!has)(
  "MD200: once the small rungs are made, an upper one that adds nothing leaves the lists; who holds the lists of before gets it still",
  async () => {
    const astrid = await media.person("astrid");
    // Sixty lines high, enlarged. Nothing is copied from this container.
    const output = "-vf scale=426:240:flags=bicubic -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac".split(
      " ",
    );
    const bytes = await makeClip({ seconds: 5, size: "106x60", format: "mkv", output });
    const file = { filename: "film.mkv", media_type: "video/x-matroska" };
    const id: VideoId = await uploadVideo(media, astrid.token, bytes, { audience: "public", ...file });
    const early = await videoWhen(media, astrid.token, id, ({ hls_url }) => hls_url !== null);
    const before = early.renditions.map(({ rung }) => rung);
    expect(before).toHaveLength(3);
    const at = (name: string) => new URL(name, new URL(early.hls_url!, "http://house.test")).href;
    const list = await (await media.ask(at(`${before.at(-1)}.m3u8`))).text();
    await videoWhen(media, astrid.token, id, ({ status }) => status === "ready");
    await media.settled();
    const { renditions } = good(await client.call(getVideo, { token: astrid.token, params: { video_id: id } }));
    expect(renditions.map(({ rung }) => rung)).toEqual([before[0]!]);
    const master = await (await media.ask(at("master.m3u8"))).text();
    expect(master).not.toContain(`${before.at(-1)}.m3u8`);
    const init = /MAP:URI="([^"]+)"/.exec(list)![1]!;
    const segment = list.split("\n").find((line) => line.endsWith("/1.m4s"))!;
    for (const name of [init, segment]) {
      const answer = await media.ask(at(name));
      expect(answer.status).toBe(200);
      expect((await answer.bytes()).length).toBeGreaterThan(100);
    }
    // For who asked, and not kept.
    expect(
      (await media.stored()).filter((name) => name.includes(`/${before.at(-1)}/`) && name.endsWith(".m4s")),
    ).toEqual([]);
  },
);
