import { cpus } from "node:os";

import type { Page } from "playwright-core";

import { createPost } from "#systems/feed/contract.ts";
import { createVideo, getVideo } from "#systems/media/contract.ts";

import { openBrowser } from "../tests/browser.ts";
import { makeClip, personOf, startHouse, uploadFile } from "../tests/house.ts";

/**
 * From the click on a film to its first frame on its own page, in a real Chromium on a real house. The film is ready; the
 * browser knows nothing of it (a new one each time).
 *
 *     bun bench/watch-start.ts [runs]
 *
 * `pointed at` rests on the link for 300 ms before the click, as hands do; `at once` clicks without; `by address` opens the
 * page from nothing, with everything that it loads; `jump` seeks to a place of a playing film that is not loaded.
 */
const RUNS = Number(process.argv[2] ?? 7);
const SECONDS = 120;
const POINTED_MS = 300;

await using house = await startHouse({ FOLKHUS_LOG: "warn" });
const token = await personOf(house, "astrid");
const film = await upload();
const browser = await openBrowser();
console.log(
  `Bun ${Bun.version}, Chromium ${browser.version()}; ${cpus().length} × ${cpus()[0]?.model}; ${RUNS} runs each`,
);

const found: Record<string, number[]> = { "pointed at": [], "at once": [], "by address": [], jump: [] };
for (let run = 0; run < RUNS; run++) {
  found["pointed at"]!.push(await clicked(POINTED_MS));
  found["at once"]!.push(await clicked(0));
  const { by_address, jump } = await opened();
  found["by address"]!.push(by_address);
  found.jump!.push(jump);
}
await browser.close();

const at = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
console.log("| how | median ms | p95 ms |\n|---|---:|---:|");
for (const [how, times] of Object.entries(found))
  console.log(`| ${how} | ${at(times, 0.5).toFixed(0)} | ${at(times, 0.95).toFixed(0)} |`);

async function upload(): Promise<string> {
  const bytes = await makeClip({ seconds: SECONDS, width: 1280, height: 720 });
  const upload_id = await uploadFile(house, token, { name: "film.mp4", media_type: "video/mp4", bytes });
  const made = await house.client.call(createVideo, { token, body: { upload_id, title: "Film", audience: "public" } });
  const video_id = made.body.id;
  for (;;) {
    const { body } = await house.client.call(getVideo, { token, params: { video_id } });
    if (body.status === "ready") break;
    if (body.status === "failed") throw new Error(body.failure?.detail);
    await Bun.sleep(100);
  }
  await house.client.call(createPost, { token, body: { text: "Film", audience: "public", video_id } });
  return video_id;
}

async function visit(): Promise<Page> {
  // Not signed in: nobody's place in the film is kept from one run to the next.
  // Stillness: nothing in the list plays by itself, so that nothing of the film is there before the click.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  return context.newPage();
}

/** The page's own measure (`film.first_frame`) begins a little after the click; here it is the click. */
async function clicked(pointed_ms: number): Promise<number> {
  const page = await visit();
  await page.goto(`${house.url}/@astrid`);
  const link = page.getByRole("link", { name: "Watch Film on its own page" });
  await link.waitFor();
  await page.waitForLoadState("networkidle");
  await page.evaluate(() =>
    addEventListener("click", ({ timeStamp }) => Object.assign(window, { clicked_ms: timeStamp }), { capture: true }),
  );
  if (pointed_ms > 0) {
    await link.hover();
    await Bun.sleep(pointed_ms);
  }
  await link.click();
  const frame_ms = await firstFrame(page);
  const clicked_ms = await page.evaluate(() => (window as unknown as { clicked_ms: number }).clicked_ms);
  await page.context().close();
  return frame_ms - clicked_ms;
}

async function opened(): Promise<{ by_address: number; jump: number }> {
  const page = await visit();
  await page.goto(`${house.url}/watch/${film}`, { waitUntil: "commit" });
  const by_address = await firstFrame(page);
  const jump = await page.evaluate(
    (at_s) =>
      new Promise<number>((resolve) => {
        const video = document.querySelector<HTMLVideoElement>("[data-player] video")!;
        const began = performance.now();
        const look = (_now: number, { mediaTime }: { mediaTime: number }) => {
          if (mediaTime >= at_s - 0.1) resolve(performance.now() - began);
          else video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
        video.currentTime = at_s;
      }),
    SECONDS * 0.8,
  );
  await page.context().close();
  return { by_address, jump };
}

/** @returns when it was, on the page's clock */
async function firstFrame(page: Page): Promise<number> {
  const measured = await page.waitForFunction(() => {
    const [entry] = performance.getEntriesByName("film.first_frame", "measure");
    return entry && { end_ms: entry.startTime + entry.duration };
  });
  return ((await measured.jsonValue()) as { end_ms: number }).end_ms;
}
