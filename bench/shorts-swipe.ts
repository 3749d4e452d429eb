import { cpus } from "node:os";

import type { Page } from "playwright-core";

import { createPost } from "#systems/feed/contract.ts";
import { createVideo, getVideo } from "#systems/media/contract.ts";

import { openBrowser } from "../tests/browser.ts";
import { makeClip, PASSWORD, personOf, startHouse, uploadFile } from "../tests/house.ts";

/**
 * From the input that brings the next short to the first new frame of it, as the browser presents it
 * (`requestVideoFrameCallback`), in a real Chromium on a real house.
 *
 *     bun bench/shorts-swipe.ts [rounds]
 *
 * A key and a wheel count from their event, a finger from when it leaves. Between two swipes it waits as a viewer does
 * (1.2 s), so that what comes next may be made ready. `first open` is from the click on the page's link to the first frame.
 */
const ROUNDS = Number(process.argv[2] ?? 3);
const SHORTS = 8;
const SECONDS = 8;
const LOOK_MS = 1_200;
const FRAME_MS_MAX = 15_000;
const PHONE = { width: 390, height: 844 };

type By = "key" | "wheel" | "finger";

await using house = await startHouse({ FOLKHUS_LOG: "warn" });
const token = await personOf(house, "astrid");
for (let at = 0; at < SHORTS; at++) await short(at);
const browser = await openBrowser();
const version = (await new Response(Bun.spawn(["ffmpeg", "-version"]).stdout).text()).split(" ")[2];
console.log(
  `Bun ${Bun.version}, ffmpeg ${version}, Chromium ${browser.version()}; ${cpus().length} × ${cpus()[0]?.model}; ${SHORTS} shorts, ${ROUNDS} rounds`,
);

const found: Record<By | "first open", number[]> = { key: [], wheel: [], finger: [], "first open": [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const by of ["key", "wheel", "finger"] as const) {
    const context = await browser.newContext({ viewport: PHONE, hasTouch: true, isMobile: by === "finger" });
    await context.request.post(`${house.url}/v1/sessions`, { data: { handle: "astrid", password: PASSWORD } });
    const page = await context.newPage();
    await page.goto(`${house.url}/settings`);
    await page.waitForLoadState("networkidle");
    found["first open"].push(await opened(page));
    for (let at = 1; at < SHORTS; at++) {
      await Bun.sleep(LOOK_MS);
      found[by].push(await swiped(page, by));
    }
    await context.close();
  }
}
await browser.close();

const at = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
console.log("| by | swipes | median ms | p95 ms | worst ms |\n|---|---:|---:|---:|---:|");
for (const [by, times] of Object.entries(found))
  console.log(
    `| ${by} | ${times.length} | ${at(times, 0.5).toFixed(0)} | ${at(times, 0.95).toFixed(0)} | ${Math.max(...times).toFixed(0)} |`,
  );

async function short(number: number) {
  const bytes = await makeClip({ seconds: SECONDS, width: 720, height: 1280 });
  const upload_id = await uploadFile(house, token, { name: "short.mp4", media_type: "video/mp4", bytes });
  const made = await house.client.call(createVideo, {
    token,
    body: { upload_id, title: `Short ${number}`, audience: "public" },
  });
  const video_id = made.body.id;
  for (;;) {
    const { body } = await house.client.call(getVideo, { token, params: { video_id } });
    if (body.status === "ready") break;
    if (body.status === "failed") throw new Error(body.failure?.detail);
    await Bun.sleep(100);
  }
  await house.client.call(createPost, { token, body: { text: `Short ${number}`, audience: "public", video_id } });
}

/** The page that is open already; the shorts' own code is not. */
async function opened(page: Page): Promise<number> {
  const frame = page.evaluate(
    (ms_max) =>
      new Promise<number>((resolve, reject) => {
        const began = performance.now();
        setTimeout(() => reject(new Error("no first frame")), ms_max);
        const look = () => {
          const video = document.querySelector<HTMLVideoElement>('video[data-short="on"]');
          if (video) video.requestVideoFrameCallback(() => resolve(performance.now() - began));
          else requestAnimationFrame(look);
        };
        look();
      }),
    FRAME_MS_MAX,
  );
  await page.getByRole("link", { name: "Shorts" }).filter({ visible: true }).first().click();
  return frame;
}

async function swiped(page: Page, by: By): Promise<number> {
  // Listening before the input is on its way: a busy machine may deliver that first.
  const waiting = await page.evaluateHandle(
    ({ type, ms_max }) => {
      const seen = new Promise<number>((resolve, reject) => {
        setTimeout(() => reject(new Error("no frame of the next short")), ms_max);
        let began: number | null = null;
        for (const video of document.querySelectorAll<HTMLVideoElement>('video[data-short="waiting"]')) {
          // A finger that drags slowly may see the next one move before it leaves: that counts as 0.
          const frame = () => {
            if (video.paused) video.requestVideoFrameCallback(frame);
            else resolve(began === null ? 0 : Math.max(0, performance.now() - began));
          };
          video.requestVideoFrameCallback(frame);
        }
        addEventListener(type, (event) => (began ??= event.timeStamp), { once: true, capture: true, passive: true });
      });
      return { seen };
    },
    { type: { key: "keydown", wheel: "wheel", finger: "touchend" }[by], ms_max: FRAME_MS_MAX },
  );
  if (by === "key") await page.keyboard.press("ArrowDown");
  else if (by === "wheel") {
    await page.mouse.move(PHONE.width / 2, PHONE.height / 2);
    await page.mouse.wheel(0, 120);
  } else await finger(page);
  return waiting.evaluate(({ seen }) => seen);
}

/** A thumb that throws the page up: 120 ms over half of its height. */
async function finger(page: Page) {
  const session = await page.context().newCDPSession(page);
  const x = PHONE.width / 2;
  const send = (type: "touchStart" | "touchMove" | "touchEnd", y?: number) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: y === undefined ? [] : [{ x, y }] });
  await send("touchStart", 640);
  for (let step = 1; step <= 8; step++) {
    await send("touchMove", 640 - step * 55);
    await Bun.sleep(15);
  }
  await send("touchEnd");
  await session.detach();
}
