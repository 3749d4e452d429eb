import { afterAll, beforeAll, expect, test } from "bun:test";

import type { Browser, BrowserContext, Page } from "playwright-core";

import { createPost } from "#systems/feed/contract.ts";
import { createVideo, getVideo, mediaRoutes } from "#systems/media/contract.ts";

import { openBrowser } from "./browser.ts";
import { type House, makeClip, PASSWORD, personOf, startHouse, uploadFile } from "./house.ts";

/** The page's player in a real browser, on a real house. The rules are the page's (apps/web/SPEC.md). */
const MINUTES = 60_000;
const FILM_S = 12;
const SHORTS = 6;
const LONG_S = 31;

let house: House;
let browser: Browser;
let token = "";
let film = "";
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  house = await startHouse();
  browser = await openBrowser();
  token = await personOf(house, "astrid");
  film = await filmOf("The barn dance", { seconds: FILM_S, width: 640, height: 360 });
  await house.client.call(mediaRoutes.putCaptions, {
    token,
    params: { video_id: film, language: "en" },
    body: { text: `WEBVTT\n\n00:00.000 --> 00:${FILM_S}.000\nMind the <b>second</b> step.\n` },
  });
  await house.client.call(mediaRoutes.putChapters, {
    token,
    params: { video_id: film },
    body: {
      items: [
        { at_ms: 0, title: "Welcome" },
        { at_ms: 6_000, title: "Waltz" },
      ],
    },
  });
  for (let at = 0; at < SHORTS; at++) await filmOf(`Short ${at}`, { seconds: 2, width: 180, height: 320 });
}, 3 * MINUTES);
afterAll(async () => {
  await browser?.close();
  await house?.[Symbol.asyncDispose]();
});

test(
  "WEB26, WEB30: a film begins at the place that its address says, and asks for nothing before it",
  async () => {
    const page = await visit();
    const asked: string[] = [];
    const got: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    // A house that is busy says when to ask again; what was got is not asked for again.
    page.on("response", (answer) => answer.ok() && got.push(answer.url()));
    await page.goto(`${house.url}/watch/${film}?t=0m9s`);
    expect(await playedTo(page, 9)).toBeLessThan(FILM_S + 0.5);
    const segments = asked.filter((url) => url.endsWith(".m4s"));
    // The grid is 4 s: the third segment holds second 9. What lies before it is not fetched.
    expect(segments.length).toBeGreaterThan(0);
    expect(segments.filter((url) => /\/[01]\.m4s/.test(url))).toEqual([]);
    const taken = got.filter((url) => url.endsWith(".m4s"));
    expect(new Set(taken).size).toBe(taken.length);
  },
  MINUTES,
);

test(
  "WEB37, WEB29: keys play, seek, go to a tenth, hurry and turn the sound off; it is so again the next time",
  async () => {
    const page = await visit();
    await page.goto(`${house.url}/watch/${film}`);
    await playedTo(page, 0.1);
    await page.keyboard.press("k");
    await until(page, (video) => video.paused);
    await page.keyboard.press("5");
    await until(page, (video) => Math.abs(video.currentTime - video.duration / 2) < 0.2 && !video.seeking);
    await page.keyboard.press("j");
    await until(page, (video) => video.currentTime < 1);
    await page.keyboard.press("Shift+>");
    await page.keyboard.press("m");
    await until(page, (video) => video.playbackRate === 1.25 && video.muted);
    await page.reload();
    await until(page, (video) => video.playbackRate === 1.25 && video.muted);
    await page.keyboard.press("Shift+<");
    await page.keyboard.press("m");
  },
  MINUTES,
);

test(
  "WEB31, WEB32: captions come and go by a key and a button; the bar says place and chapter",
  async () => {
    const page = await visit();
    await page.goto(`${house.url}/watch/${film}?t=7`);
    await playedTo(page, 7);
    const words = page.locator("[data-captions]");
    expect(await words.count()).toBe(0);
    await page.keyboard.press("c");
    await words.waitFor();
    expect(await words.textContent()).toBe("Mind the second step.");
    await page.getByRole("button", { name: "Captions", exact: true }).click();
    await words.waitFor({ state: "detached" });
    const bar = page.getByRole("slider", { name: "Place in the video" });
    expect(await bar.getAttribute("aria-valuetext")).toMatch(/^\d+ seconds of 1[12] seconds, Waltz$/);
    await bar.focus();
    await page.keyboard.press("Home");
    await until(page, (video) => video.currentTime < 2);
  },
  MINUTES,
);

test(
  "WEB34, WEB35: a film that plays goes along over other screens, in the same element and without a break; Escape ends it",
  async () => {
    const page = await visit();
    await page.goto(`${house.url}/watch/${film}`);
    await playedTo(page, 0.1);
    // All of it is there before breaks are counted: a slow line is another matter.
    await page.keyboard.press("k");
    await until(
      page,
      ({ paused, buffered, duration }) => paused && buffered.length > 0 && buffered.end(0) > duration - 0.5,
    );
    await page.keyboard.press("k");
    await until(page, ({ paused, readyState }) => !paused && readyState >= 3);
    await page.evaluate(() => {
      const video = document.querySelector<HTMLVideoElement>("[data-player] video")!;
      Object.assign(window, { first: video, breaks: 0 });
      const broke = () => ((window as unknown as { breaks: number }).breaks += 1);
      for (const event of ["emptied", "pause", "seeking"]) video.addEventListener(event, broke);
      // Where the place is loaded, it is the machine's decoder that waits for its turn, and nothing that the page did.
      video.addEventListener("waiting", () => {
        const at = video.currentTime;
        const isLoaded = (i: number) => video.buffered.start(i) <= at && at < video.buffered.end(i);
        if (!Array.from({ length: video.buffered.length }, (_, i) => i).some(isLoaded)) broke();
      });
    });
    // Home has films that would begin by themselves.
    await page.getByRole("link", { name: "Home" }).filter({ visible: true }).first().click();
    const corner = page.getByRole("complementary", { name: "What you are watching" });
    await corner.waitFor();
    await page.getByRole("article").first().waitFor();
    const from_s = await place(page);
    await page.getByRole("link", { name: "Discover" }).filter({ visible: true }).first().click();
    await playedTo(page, from_s + 0.7);
    const same = () =>
      page.evaluate(() => {
        const { first, breaks } = window as unknown as { first: HTMLVideoElement; breaks: number };
        return { same: document.querySelector("[data-player] video") === first, breaks, paused: first.paused };
      });
    expect(await same()).toEqual({ same: true, breaks: 0, paused: false });
    // Back on its page it is the same one again, and left at rest it ends.
    await corner.getByRole("link", { name: "Back to The barn dance" }).click();
    await page.getByRole("heading", { name: "The barn dance" }).waitFor();
    expect((await same()).same).toBe(true);
    await page.keyboard.press("i");
    await corner.waitFor();
    await page.keyboard.press("Escape");
    await corner.waitFor({ state: "detached" });
    expect(await page.locator("[data-player]").count()).toBe(0);
  },
  MINUTES,
);

test(
  "WEB38: a film that stops coming says so, and goes on where it was when it is asked to",
  async () => {
    const page = await visit();
    await page.route(/master\.m3u8/, (route) => route.fulfill({ status: 404, body: "" }));
    await page.goto(`${house.url}/watch/${film}?t=5`);
    const alert = page.getByRole("alert").filter({ hasText: "stopped coming" });
    await alert.waitFor();
    await page.unroute(/master\.m3u8/);
    await alert.getByRole("button", { name: "Try again" }).click();
    await playedTo(page, 5);
    expect(await alert.count()).toBe(0);
  },
  MINUTES,
);

test(
  "WEB27, WEB25: a jump to what was not made yet asks for the lowest quality first, and waits as the house says",
  async () => {
    const long = await filmOf("A long evening", { seconds: LONG_S, width: 480, height: 270 });
    const rungs = await rungsOf(long);
    expect(rungs.length).toBeGreaterThan(1);
    const last = rungs[0]!.length - 1;
    const page = await visit();
    // As the house tells of a film whose upper qualities are still made.
    await page.route(`**/v1/videos/${long}`, async (route) => {
      const answer = await route.fetch();
      const told = (await answer.json()) as { renditions: { progress: number }[] };
      await route.fulfill({
        json: { ...told, renditions: told.renditions.map((one, at) => ({ ...one, progress: at === 0 ? 1 : 0.3 })) },
      });
    });
    // Every picture in the order in which it was asked for. What is asked for in an upper quality, and all after it, is
    // not answered before the jump: however quick the player is, the jump leads beyond what it has.
    const asked: string[] = [];
    const [wentUp, jump] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let refused_at_ms = 0;
    let again_at_ms = 0;
    let up = false;
    let jumped = false;
    const pictures = new Set(rungs.flat());
    await page.route(
      (url) => pictures.has(url.href),
      async (route) => {
        const url = route.request().url();
        asked.push(url);
        if (jumped && url === rungs[0]![last]) {
          if (refused_at_ms === 0) {
            refused_at_ms = performance.now();
            return route.fulfill({ status: 503, headers: { "retry-after": "1" }, body: "" });
          }
          again_at_ms ||= performance.now();
        }
        up ||= !rungs[0]!.includes(url);
        if (up && !jumped) {
          wentUp.resolve();
          await jump.promise;
        }
        // One that the player gave up meanwhile takes no answer.
        await route.continue().catch(() => {});
      },
    );
    await page.goto(`${house.url}/watch/${long}`);
    await playedTo(page, 0.2);
    expect(asked[0]).toBe(rungs[0]![0]!);
    // The line is quick: it goes up by itself, until a jump leads beyond what is loaded.
    await wentUp.promise;
    const askedOf = (at: number) => asked.filter((url) => rungs.some((list) => list[at] === url));
    expect(askedOf(last)).toEqual([]);
    jumped = true;
    // A page that is busy in the very moment of the jump: what its clocks had to do comes before the next segment is asked for.
    await page.evaluate(() =>
      addEventListener(
        "seeking",
        () => {
          const until_ms = performance.now() + 300;
          while (performance.now() < until_ms);
        },
        { capture: true },
      ),
    );
    await page.evaluate((at_s) => void (document.querySelector("video")!.currentTime = at_s), LONG_S - 2);
    await playedTo(page, LONG_S - 1.9);
    jump.resolve();
    expect(askedOf(last).slice(0, 2)).toEqual([rungs[0]![last]!, rungs[0]![last]!]);
    // From before the house said it until the page asked again: at least what it was told to wait.
    expect(again_at_ms - refused_at_ms).toBeGreaterThan(990);
  },
  2 * MINUTES,
);

test(
  "WEB36: in shorts two are ready before they are wanted, a key shows them at once, and what lies behind is let go",
  async () => {
    const page = await visit();
    await page.goto(`${house.url}/shorts`);
    const shorts = page.locator("video[data-short]");
    await readyShorts(page, 3);
    expect(await shorts.count()).toBe(3);
    for (let at = 1; at <= 3; at++) {
      await page.keyboard.press("ArrowDown");
      await page.waitForFunction((index) => {
        const video = document.querySelectorAll("section")[index]?.querySelector("video");
        return video?.dataset.short === "on" && video.currentTime > 0 && !video.paused;
      }, at);
    }
    // One behind, the one on, and two ahead.
    await readyShorts(page, 4);
    expect(await shorts.count()).toBe(4);
    expect(await page.locator("section").first().locator("video").count()).toBe(0);
    const playing = await page.evaluate(() => [...document.querySelectorAll("video")].filter((v) => !v.paused).length);
    expect(playing).toBe(1);
  },
  MINUTES,
);

async function filmOf(title: string, clip: { seconds: number; width: number; height: number }): Promise<string> {
  // Nothing is copied from this container, so every rung is cut on the grid of 4 s.
  const bytes = await makeClip({ ...clip, container: "mkv" });
  const upload_id = await uploadFile(house, token, { name: "film.mkv", media_type: "video/x-matroska", bytes });
  const made = await house.client.call(createVideo, { token, body: { upload_id, title, audience: "public" } });
  const video_id = made.body.id;
  while ((await videoOf(video_id)).status === "processing") await Bun.sleep(100);
  await house.listsWritten();
  await house.client.call(createPost, { token, body: { text: title, audience: "public", video_id } });
  return video_id;
}

const videoOf = async (video_id: string) => (await house.client.call(getVideo, { token, params: { video_id } })).body;

async function visit(): Promise<Page> {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en" });
  contexts.push(context);
  await context.request.post(`${house.url}/v1/sessions`, { data: { handle: "astrid", password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  return page;
}

/** The segments of each quality, smallest first, as the lists name them. */
async function rungsOf(video_id: string): Promise<string[][]> {
  const read = async (url: string) => (await (await fetch(url)).text()).split("\n").map((line) => line.trim());
  const master = new URL((await videoOf(video_id)).hls_url!, house.url).href;
  const lines = await read(master);
  const variants = lines.flatMap((line, at) =>
    line.startsWith("#EXT-X-STREAM-INF:")
      ? [{ bps: Number(/[:,]BANDWIDTH=(\d+)/.exec(line)![1]), url: new URL(lines[at + 1]!, master).href }]
      : [],
  );
  variants.sort((a, b) => a.bps - b.bps);
  return Promise.all(
    variants.map(async ({ url }) =>
      (await read(url)).filter((line) => /^[^#].*\.m4s/.test(line)).map((line) => new URL(line, url).href),
    ),
  );
}

const place = (page: Page) =>
  page.evaluate(() => document.querySelector<HTMLVideoElement>("[data-player] video")?.currentTime ?? -1);

async function playedTo(page: Page, at_s: number): Promise<number> {
  await page.waitForFunction((wanted) => {
    const video = document.querySelector<HTMLVideoElement>("[data-player] video");
    return video !== null && video.readyState >= 2 && video.currentTime >= wanted;
  }, at_s);
  return place(page);
}

/** @param is runs in the page, on the player's element */
async function until(page: Page, is: (video: HTMLVideoElement) => boolean) {
  const video = await page.waitForSelector("[data-player] video");
  await page.waitForFunction(is as (video: unknown) => boolean, video);
}

const readyShorts = (page: Page, count: number) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll<HTMLVideoElement>("video[data-short]")].filter((v) => v.readyState >= 2).length >=
      wanted,
    count,
  );
