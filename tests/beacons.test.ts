import { afterAll, expect, test } from "bun:test";

import type { Browser } from "playwright-core";

import { createVideo, getVideo, getVideoAnalytics, type VideoAnalytics } from "#systems/media/contract.ts";

import { openBrowser } from "./browser.ts";
import { makeClip, personOf, startHouse, uploadFile } from "./house.ts";

const MINUTES = 60_000;
const SECONDS = 14;
/** As a person's browser says it: a headless one says that it is a machine, and is no viewer. */
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

const house = await startHouse();
let browser: Browser | null = null;
afterAll(async () => {
  await browser?.close();
  await house[Symbol.asyncDispose]();
});

test(
  "MD167: who watches in a browser is counted once, with what they saw and how it played, also when their page is just closed",
  async () => {
    const token = await personOf(house, "astrid");
    const bytes = await makeClip({ seconds: SECONDS, width: 320, height: 180 });
    const upload_id = await uploadFile(house, token, { name: "film.mp4", media_type: "video/mp4", bytes });
    const made = await house.client.call(createVideo, {
      token,
      body: { upload_id, title: "A film", audience: "public" },
    });
    const params = { video_id: made.body.id };
    const ready = async () => (await house.client.call(getVideo, { token, params })).body.status === "ready";
    while (!(await ready())) await Bun.sleep(100);
    browser = await openBrowser();

    const watch = async (userAgent: string | null, until_s: number) => {
      const context = await browser!.newContext(userAgent === null ? {} : { userAgent });
      const page = await context.newPage();
      await page.goto(`${house.url}/watch/${params.video_id}`);
      const video = page.locator("video").first();
      await video.waitFor({ timeout: MINUTES });
      await video.evaluate(async (node: HTMLVideoElement) => {
        node.muted = true;
        await node.play();
      });
      // Back to the beginning, and a second of it once more. The page turns back by itself: on a busy machine word from
      // here may take seconds, in which it would play on.
      await page.waitForFunction(
        (s) => {
          const node = document.querySelector("video");
          if (!node || node.currentTime < s) return false;
          // It stands while it turns back: a page that hears of the jump late would hear of a place further on.
          node.pause();
          node.addEventListener("seeked", () => void node.play(), { once: true });
          node.currentTime = 0;
          return true;
        },
        until_s,
        { timeout: MINUTES },
      );
      await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) >= 1, null, {
        timeout: MINUTES,
      });
      // What a page says while it closes goes out behind it; a browser whose profile goes too takes that along.
      await page.close();
      return context;
    };
    const contexts = [await watch(null, 2), await watch(CHROME, 6)];

    const numbers = async (): Promise<VideoAnalytics> =>
      (await house.client.call(getVideoAnalytics, { token, params, query: { days: 1 } })).body;
    const told = ({ totals, retention }: VideoAnalytics) => totals.views > 0 && retention.again[2]! > 0;
    while (!told(await numbers())) await Bun.sleep(250);
    for (const context of contexts) await context.close();
    const { totals, retention, quality, referrers, by_day, views_total } = await numbers();
    expect(totals).toMatchObject({ views: 1, sessions: 1, viewer_days: 1 });
    expect(views_total).toBe(1);
    expect(by_day).toHaveLength(1);
    expect(totals.watched_ms).toBeWithin(6_000, 10_000);
    expect(quality.startup.starts).toBe(1);
    expect(quality.startup.p50_ms).toBeGreaterThan(0);
    expect(quality.rungs[0]?.rung).toMatch(/^\d+p$/);
    expect(quality.browsers).toEqual([{ name: "chrome", count: 1, share: 1 }]);
    expect(referrers[0]?.name).toBe("direct");
    // Six of fourteen seconds, the first of them twice, and nothing of the rest.
    expect(retention.watched.slice(0, 40)).toEqual(Array<number>(40).fill(1));
    expect(retention.watched.slice(60)).toEqual(Array<number>(40).fill(0));
    expect(retention.again.slice(1, 5)).toEqual([1, 1, 1, 1]);
    expect(retention.again[30]).toBe(0);
  },
  4 * MINUTES,
);
