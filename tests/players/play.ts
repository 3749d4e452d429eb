import { join } from "node:path";

import type { Browser, Page } from "playwright-core";

import type { UploadId } from "#kernel/ids.ts";
import { createVideo, getVideo, type Video } from "#systems/media/contract.ts";

import { openBrowser } from "../browser.ts";
import { type House, personOf, startHouse, uploadFile } from "../house.ts";
import type { Entry } from "../media-corpus/index.ts";

export type Player = "hls.js" | "dash.js";
export const PLAYERS: readonly Player[] = ["hls.js", "dash.js"];
const STEP_MS_MAX = 30_000;
/** Chromium may round a length to a frame, and lists to a millisecond. */
const LENGTH_OFF_S_MAX = 0.25;

/** Waiting for what is being made is no fault of the film's; the bench measures how long it is. */
const WAITS = /bufferStalledError/;

/** A house with films, a site elsewhere with players, and a browser. */
export interface Cinema extends AsyncDisposable {
  /** @returns null for what is refused */
  show(entry: Entry): Promise<Video | null>;
  /** @returns what a viewer would complain of */
  play(video: Video, player: Player): Promise<string[]>;
}

export async function openCinema(): Promise<Cinema> {
  const built = await Bun.build({ entrypoints: [join(import.meta.dirname, "page.ts")], target: "browser" });
  const script = await built.outputs[0]!.text();
  const page =
    "<!doctype html><title>Elsewhere</title><video muted playsinline></video><script type=module src=/page.js></script>";
  const site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) =>
      new URL(request.url).pathname === "/page.js"
        ? new Response(script, { headers: { "content-type": "text/javascript" } })
        : new Response(page, { headers: { "content-type": "text/html" } }),
  });
  const house: House = await startHouse({ FOLKHUS_LOG: "warn" });
  const token = await personOf(house, "astrid");
  const browser: Browser = await openBrowser();
  return {
    async show(entry) {
      const { filename: name = "film.mp4", media_type = "video/mp4" } = entry;
      const bytes = await entry.make();
      const upload_id = (await uploadFile(house, token, { name, media_type, bytes })) as UploadId;
      const made = await house.client.call(createVideo, {
        token,
        body: { upload_id, title: entry.name.slice(0, 100), audience: "public" },
      });
      for (;;) {
        const { body } = await house.client.call(getVideo, { token, params: { video_id: made.body.id } });
        if (body.status === "failed") return null;
        // As soon as it can be: what is missing is made while it is watched.
        if (body.hls_url !== null) return body;
        await Bun.sleep(50);
      }
    },
    async play(video, player) {
      const context = await browser.newContext();
      const tab = await context.newPage();
      const path = player === "dash.js" ? video.dash_url : video.hls_url;
      const url = new URL(path ?? "", house.url).href;
      const kind = player === "dash.js" ? "dash" : "hls";
      try {
        await tab.goto(`http://127.0.0.1:${site.port}/?player=${kind}&url=${encodeURIComponent(url)}`);
        const wrong = await watched(tab, (video.duration_ms ?? 0) / 1000);
        const trouble = await tab.evaluate(() => window.trouble ?? ["the page's script did not run"]);
        return [...wrong, ...trouble.filter((words) => !WAITS.test(words))];
      } finally {
        await context.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await site.stop(true);
      await house[Symbol.asyncDispose]();
    },
  };
}

/** The first frame, over a boundary, to the end and back again. */
async function watched(tab: Page, seconds: number): Promise<string[]> {
  const wrong: string[] = [];
  const step = async (what: string, done: (video: HTMLVideoElement, at_s: number) => boolean, at_s = 0) => {
    const state = () =>
      tab.evaluate(() => {
        const { currentTime, readyState, seeking, paused, buffered, duration } = document.querySelector("video")!;
        const ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
        return JSON.stringify({ currentTime, readyState, seeking, paused, ranges, duration });
      });
    const text = `(${String(done)})(document.querySelector("video"), ${at_s})`;
    try {
      await tab.waitForFunction(text, undefined, { timeout: STEP_MS_MAX, polling: 30 });
    } catch {
      wrong.push(`${what} did not come: ${await state()}`);
    }
    return wrong.length === 0;
  };
  const seek = (at_s: number) =>
    tab.evaluate((at) => {
      const video = document.querySelector("video")!;
      video.currentTime = at;
      void video.play().catch(() => {});
    }, at_s);

  if (!(await step("the first frame", (video) => video.readyState >= 2 && video.videoWidth > 0))) return wrong;
  const said_s = await tab.evaluate(() => document.querySelector("video")!.duration);
  if (Math.abs(said_s - seconds) > LENGTH_OFF_S_MAX) wrong.push(`it is ${said_s} s long where ${seconds} s are said`);
  if (seconds > 5) {
    await seek(3.6);
    if (!(await step("the next segment", (video, at) => video.currentTime > at && !video.seeking, 4.2))) return wrong;
  }
  const late_s = Math.max(0, seconds - 0.6);
  await seek(late_s);
  const ends = (video: HTMLVideoElement, at: number) => video.ended || (!video.seeking && video.currentTime > at);
  if (!(await step("the end", ends, late_s + Math.min(0.2, seconds / 4)))) return wrong;
  await seek(0);
  await step(
    "the beginning, again",
    (video, at) =>
      !video.seeking && video.readyState >= 2 && (video.ended || video.currentTime > at) && video.currentTime < at + 3,
    Math.min(0.2, seconds / 4),
  );
  return wrong;
}
