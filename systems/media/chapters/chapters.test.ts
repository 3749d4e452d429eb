import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { getVideo, patchVideo } from "../contract.ts";
import { good, machineFfmpeg, makeClip, type MediaHouse, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";
import { CHAPTERS_MAX, chaptersRoutes as r } from "./contract.ts";
import { chaptersFromFile, chaptersIn } from "./times.ts";

describe("MD117: what a description lists", () => {
  const none: string[] = [
    "",
    "0:00 Alone",
    "0:10 Late\n1:00 Later",
    "0:00 A\n2:00 B\n1:00 C",
    "0:00 A\n0:00 B",
    "0:00\n1:00",
    "0:00 A\n99:99 B",
    "At 0:00 it begins and at 1:00 it ends",
    "0:00 A\n1:00:00:00 B and 2:00\n",
    Array.from({ length: CHAPTERS_MAX + 1 }, (_, i) => `${i}:00 a`).join("\n"),
  ];
  test.each(none)("%#: no list of chapters", (text) => {
    expect(chaptersIn(text, 36_000_000)).toEqual([]);
  });

  test("in the ways that people write them", () => {
    expect(chaptersIn("Hello!\n\n0:00 Intro\n[01:30] - The middle\n • 1:02:03 — The end ✓\nBye", 7_200_000)).toEqual([
      { at_ms: 0, title: "Intro" },
      { at_ms: 90_000, title: "The middle" },
      { at_ms: 3_723_000, title: "The end ✓" },
    ]);
    expect(chaptersIn("0:00 A\n10:00 B", 300_000)).toEqual([]);
  });

  test("long lines cost no more than they are long", () => {
    for (const bad of ["0:00 ", " ", "-", "(", "0:", "1:00 a\t"]) {
      expect(chaptersIn(`${bad.repeat(5_000 / bad.length)}x`.repeat(10), null).length).toBeLessThan(3);
    }
  });

  test("of a file: in order, from 0, named, within the film", () => {
    expect(
      chaptersFromFile(
        [
          { at_ms: 5_000, title: "b\u0000\u202e" },
          { at_ms: 20, title: " a " },
          { at_ms: 5_000, title: "again" },
          { at_ms: 6_000, title: "" },
          { at_ms: 99_000, title: "beyond" },
          { at_ms: -1, title: "before" },
        ],
        10_000,
      ),
    ).toEqual([
      { at_ms: 0, title: "a" },
      { at_ms: 5_000, title: "b" },
      { at_ms: 6_000, title: "Chapter 3" },
    ]);
  });
});

const has = machineFfmpeg() !== null;
if (!has) console.warn("skipped: ffmpeg is not on this machine");

describe.if(has)("chapters and storyboard", () => {
  let house: MediaHouse;
  let owner: string;
  let other: string;
  let id: VideoId;

  beforeAll(async () => {
    house = await mediaHouse();
    owner = (await house.person("astrid")).token;
    other = (await house.person("other")).token;
    id = await uploadVideo(house, owner, await makeClip({ seconds: 4, size: "160x90" }));
    await videoWhen(house, owner, id, ({ status }) => status === "ready");
    await house.settled();
  });
  afterAll(() => house[Symbol.asyncDispose]());

  const put = (token: string | null, items: object[]) =>
    house.client.call(r.putChapters, { token, params: { video_id: id }, body: { items } as never });
  const shown = async () => good(await house.client.call(getVideo, { token: null, params: { video_id: id } }));

  test("MD117: what cannot stand is refused, and whose they are not", async () => {
    expect((await put(null, [])).status).toBe(401);
    expect((await put(other, [])).code).toBe("video.not_yours");
    expect((await put(owner, [{ at_ms: 1, title: "a" }])).code).toBe("chapters.order");
    const twice = [
      { at_ms: 0, title: "a" },
      { at_ms: 0, title: "b" },
    ];
    expect((await put(owner, twice)).body).toMatchObject({
      code: "chapters.order",
      errors: [{ pointer: "/items/1/at_ms" }],
    });
    const beyond = [
      { at_ms: 0, title: "a" },
      { at_ms: 4_100, title: "b" },
    ];
    expect((await put(owner, beyond)).code).toBe("chapters.beyond");
    expect((await put(owner, [{ at_ms: 0, title: "" }])).status).toBe(400);
    expect(
      (
        await put(
          owner,
          Array.from({ length: CHAPTERS_MAX + 1 }, (_, at_ms) => ({ at_ms, title: "a" })),
        )
      ).status,
    ).toBe(400);
  });

  test("MD117: the description's stand until the owner says otherwise, and none if they want none", async () => {
    const body = { description: "0:00 Begin\n0:02 End" };
    good(await house.client.call(patchVideo, { token: owner, params: { video_id: id }, body }));
    const offered = [
      { at_ms: 0, title: "Begin" },
      { at_ms: 2_000, title: "End" },
    ];
    expect(await shown()).toMatchObject({ chapters: offered, chapters_url: null });
    const items = [
      { at_ms: 0, title: "<i>" },
      { at_ms: 1_000, title: "Two" },
    ];
    expect(good(await put(owner, items))).toMatchObject({ items, origin: "owner", suggested: offered });
    await house.settled();
    const { chapters, chapters_url } = await shown();
    expect(chapters).toEqual(items);
    expect(await (await house.ask(chapters_url ?? "")).text()).toBe(
      "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n&lt;i&gt;\n\n00:00:01.000 --> 24:00:00.000\nTwo\n",
    );
    good(await put(owner, []));
    expect(await shown()).toMatchObject({ chapters: [], chapters_url: null });
  });

  test("MD118: a storyboard is there, as sheets and as WebVTT, and moves along", async () => {
    const { storyboard } = await shown();
    expect(storyboard).toMatchObject({
      columns: 1,
      rows: 1,
      count: 1,
      tile_width: 160,
      tile_height: 90,
      interval_ms: 4_000,
    });
    const sheet = await house.ask(storyboard?.url_template.replace("{sheet}", "0") ?? "");
    expect(sheet.headers.get("content-type")).toBe("image/jpeg");
    expect(await (await house.ask(storyboard?.webvtt_url ?? "")).text()).toBe(
      "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\n0.jpg#xywh=0,0,160,90\n",
    );
    good(
      await house.client.call(patchVideo, { token: owner, params: { video_id: id }, body: { audience: "private" } }),
    );
    await house.settled();
    const moved = good(await house.client.call(getVideo, { token: owner, params: { video_id: id } }));
    expect((await house.ask(moved.storyboard?.webvtt_url ?? "")).status).toBe(200);
    expect((await house.ask(storyboard?.webvtt_url ?? "")).status).toBe(404);
  });
});
