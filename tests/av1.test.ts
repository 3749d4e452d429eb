import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import type Player from "hls.js";
import type { Browser } from "playwright-core";

import { createSandbox } from "#ports/sandbox/index.ts";
import { getVideo } from "#systems/media/contract.ts";
import { findFfmpeg } from "#systems/media/index.ts";
import { good, makeClip, mediaHouse, uploadVideo, videoWhen } from "#systems/media/testing.ts";

import { openBrowser } from "./browser.ts";

/** AV1 beside H.264 in a real browser, through hls.js as it is. */
const MINUTES = 60_000;
const SECONDS = 6;
const FPS = 24;
const HLS = join(import.meta.dirname, "../node_modules/hls.js/dist/hls.min.js");
const PAGE = `<!doctype html><title>film</title><script src="/hls.js"></script><video muted></video>`;

const media = await mediaHouse({ limits: { av1_views_min: 1 } });
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } });
    if (pathname === "/hls.js") return new Response(Bun.file(HLS));
    return media.blobs.handler(request);
  },
});
let browser: Browser | null = null;
afterAll(async () => {
  await browser?.close();
  await server.stop(true);
  await media[Symbol.asyncDispose]();
});

const tools = await findFfmpeg(await createSandbox({ clock: media.house.db.clock }));

interface Played {
  codecs: string[];
  codec: string;
  width: number;
  frames: number;
  errors: string[];
}

/** Plays a film to its end. @param hide_av1 as a browser that has no decoder for it */
async function play(list: string, hide_av1: boolean): Promise<Played> {
  const context = await browser!.newContext();
  const page = await context.newPage();
  if (hide_av1)
    await page.addInitScript(() => {
      const is = MediaSource.isTypeSupported.bind(MediaSource);
      MediaSource.isTypeSupported = (type) => !type.includes("av01") && is(type);
    });
  await page.goto(server.url.href);
  const played = await page.evaluate(async (url) => {
    const { Hls } = window as unknown as { Hls: typeof Player };
    const video = document.querySelector("video")!;
    const errors: string[] = [];
    // A line that is known to be quick, so that nothing but the codec decides.
    const hls = new Hls({ abrEwmaDefaultEstimate: 50_000_000, startLevel: -1 });
    hls.on(Hls.Events.ERROR, (_event, { details, fatal }) => void (fatal && errors.push(details)));
    const seen = new Set<string>();
    hls.on(Hls.Events.LEVEL_SWITCHED, (_event, { level }) => void seen.add(hls.levels[level]!.videoCodec!.slice(0, 4)));
    hls.loadSource(url);
    hls.attachMedia(video);
    await new Promise((done) => hls.once(Hls.Events.MANIFEST_PARSED, done));
    await video.play();
    await new Promise((done) => {
      video.addEventListener("ended", done);
      video.addEventListener("error", done);
    });
    const { totalVideoFrames } = video.getVideoPlaybackQuality();
    if (video.error) errors.push(video.error.message);
    return {
      codecs: hls.levels.map(({ videoCodec }) => videoCodec!.slice(0, 4)),
      codec: [...seen].join(),
      width: video.videoWidth,
      frames: totalVideoFrames,
      errors,
    };
  }, list);
  await context.close();
  return played;
}

test.skipIf(!tools?.can_av1)(
  "MD204: a browser plays the AV1 rung to its last frame; one without AV1 is given H.264 and plays as before",
  async () => {
    const astrid = await media.person("astrid");
    const bytes = await makeClip({ seconds: SECONDS, size: "320x180", fps: FPS, format: "mkv" });
    const id = await uploadVideo(media, astrid.token, bytes, {
      filename: "film.mkv",
      media_type: "video/x-matroska",
    });
    await videoWhen(media, astrid.token, id, ({ status }) => status === "ready");
    await media.settled();
    const { sql } = media.house.db;
    await sql.pool`INSERT INTO media_video_days (video_id, day, views) VALUES (${id}, current_date, 1)`;
    await media.work("media.offer_av1");
    const { hls_url } = good(await media.client.call(getVideo, { token: astrid.token, params: { video_id: id } }));
    const { pathname } = new URL(hls_url!, server.url);
    const list = new URL(pathname, server.url).href;
    expect(await (await fetch(list)).text()).toContain("av01");

    browser = await openBrowser();
    const page = await browser.newPage();
    await page.goto(server.url.href);
    const can = await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="av01.0.00M.08"'));
    await page.close();
    const modern = await play(list, false);
    expect(modern.errors).toEqual([]);
    expect(new Set(modern.codecs)).toEqual(new Set(can ? ["avc1", "av01"] : ["avc1"]));
    expect(modern.codec).toBe(can ? "av01" : "avc1");
    const older = await play(list, true);
    expect(older).toMatchObject({ codec: "avc1", errors: [] });
    expect(new Set(older.codecs)).toEqual(new Set(["avc1"]));
    expect([modern.width, older.width]).toEqual([320, 320]);
    for (const { frames } of [modern, older]) expect(frames).toBeWithin(SECONDS * FPS - 2, SECONDS * FPS + 3);
  },
  3 * MINUTES,
);
