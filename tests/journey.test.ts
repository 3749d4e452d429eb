import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, BrowserContext, Page } from "playwright-core";

import { openBrowser } from "./browser.ts";
import { type House, makeClip, PASSWORD, startHouse } from "./house.ts";

const MINUTES = 60_000;
const SECONDS = 8;

let house: House | null = null;
let browser: Browser | null = null;
const folder = await mkdtemp(join(tmpdir(), "journey-"));
afterAll(async () => {
  await browser?.close();
  await house?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test(
  "JO1: a person sets the house up, invites another, drops a video, and the other watches it in their home feed",
  async () => {
    house = await startHouse({ FOLKHUS_SIGNUP: "invitation" }, undefined, { from_nothing: true });
    browser = await openBrowser();
    const { url, setup_token } = house;
    const broken: string[] = [];
    const astrid = await visitor(browser, broken, url);
    const bo = await visitor(browser, broken, url);

    // Astrid opens the link that the first start printed, and is the admin.
    await astrid.goto(`${url}/setup?token=${setup_token}`);
    await enterAs(astrid, "Astrid", "astrid");
    await astrid.waitForURL((at) => !at.pathname.startsWith("/setup"));

    // She makes an invitation; Bo comes in by it.
    await astrid.goto(`${url}/admin/invitations`);
    await astrid.getByRole("button", { name: "Make a link" }).click();
    const link = (await astrid.locator("code").first().textContent()) ?? "";
    await bo.goto(link);
    await enterAs(bo, "Bo", "bo");
    await bo.waitForURL((at) => !at.pathname.startsWith("/sign-up"));

    // Bo follows Astrid.
    await bo.goto(`${url}/@astrid`);
    // The button answers at once; the house has to have answered too.
    const followed = bo.waitForResponse((answer) => answer.url().endsWith("/follow") && answer.ok());
    await bo.getByRole("button", { name: "Follow Astrid" }).click();
    await bo.getByRole("button", { name: /^Following Astrid/ }).waitFor();
    await followed;

    // Astrid drops a real film onto the page and posts it.
    const film = join(folder, "film.mp4");
    await Bun.write(film, await makeClip({ seconds: SECONDS, width: 854, height: 480 }));
    await astrid.goto(url);
    await dropFile(astrid, film);
    await astrid.getByRole("textbox", { name: "Text of the post" }).first().fill("From the hall #opening");
    await astrid.getByRole("form", { name: "Write a post" }).first().getByRole("button", { name: /^Post/ }).click();
    await astrid.getByRole("article").filter({ hasText: "From the hall" }).first().waitFor({ timeout: MINUTES });

    // Bo, who follows her, finds it at home and sees it move.
    await bo.goto(url);
    const post = bo.getByRole("article").filter({ hasText: "From the hall" }).first();
    await post.waitFor({ timeout: MINUTES });
    const video = post.locator("video");
    await video.waitFor({ timeout: MINUTES });
    await video.scrollIntoViewIfNeeded();
    await video.evaluate((node: HTMLVideoElement) => void node.play());
    const seen = await framesOf(bo);
    expect(seen.width).toBeGreaterThan(0);
    expect(seen.later_s).toBeGreaterThan(seen.first_s);
    expect(seen.decoded).toBeGreaterThan(5);
    expect(broken).toEqual([]);
  },
  4 * MINUTES,
);

test("JO2: a page opened from outside carries a card of what a stranger may see, and of nothing else", async () => {
  if (!house) throw new Error("JO1 did not start the house");
  const { url } = house;
  const signedIn = await fetch(`${url}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ handle: "astrid", password: PASSWORD }),
  });
  const { token } = (await signedIn.json()) as { token: string };
  const write = async (text: string, audience: string) => {
    const answer = await fetch(`${url}/v1/posts`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ text, audience }),
    });
    return ((await answer.json()) as { id: string }).id;
  };
  const htmlOf = async (path: string) => (await fetch(`${url}${path}`)).text();
  const open = await htmlOf(`/posts/${await write(`Tea at four "<b>" & more`, "public")}`);
  expect(open).toContain(`<meta property="og:description" content="Tea at four &quot;&lt;b&gt;&quot; &amp; more">`);
  expect(open).toContain(`<meta property="og:title" content="Astrid (@astrid)">`);
  const hidden = await htmlOf(`/posts/${await write("Only for those who follow", "followers")}`);
  expect(hidden).not.toContain("Only for those");
  expect(hidden).not.toContain("Astrid");
  expect(await htmlOf("/@astrid")).toContain(`og:type" content="profile"`);
});

test(
  "JO3: on SIGTERM the house ends with 0 and takes its database down; the next start needs no repair",
  async () => {
    if (!house) throw new Error("JO1 did not start the house");
    expect(await house.stop()).toBe(0);
    const lock = Bun.file(join(house.data_folder, "postgres/cluster/postmaster.pid"));
    expect(await lock.exists()).toBe(false);
    await house.restart();
    expect(house.output()).not.toContain("recover");
    expect((await fetch(`${house.url}/v1/people/astrid`)).status).toBe(200);
  },
  MINUTES,
);

/** A browser of somebody's own. What breaks in it is a failure of the journey, whatever the screen shows. */
async function visitor(browser: Browser, broken: string[], url: string): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => broken.push(String(error)));
  page.on("request", (request) => {
    const at = new URL(request.url());
    if (at.protocol.startsWith("http") && at.origin !== url) broken.push(`a call left the house: ${at.href}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Uncaught/.test(message.text()))
      broken.push(message.text());
  });
  return page;
}

async function enterAs(page: Page, name: string, handle: string) {
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Handle").fill(handle);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.locator("form button[type=submit]").click();
}

/** As a hand does it: the file is let go over the composer. */
async function dropFile(page: Page, path: string) {
  const bytes = Buffer.from(await Bun.file(path).arrayBuffer()).toString("base64");
  const data = await page.evaluateHandle((base64) => {
    const transfer = new DataTransfer();
    const content = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    transfer.items.add(new File([content], "film.mp4", { type: "video/mp4" }));
    return transfer;
  }, bytes);
  await page.getByRole("button", { name: "What is going on?" }).dispatchEvent("dragenter", { dataTransfer: data });
  const form = page.getByRole("form", { name: "Write a post" }).first();
  await form.dispatchEvent("dragover", { dataTransfer: data });
  await form.dispatchEvent("drop", { dataTransfer: data });
}

/** Waits until the playing video has moved on by half a second, and says what was decoded. */
async function framesOf(page: Page) {
  const playing = await page.waitForFunction(
    () => {
      const node = [...document.querySelectorAll("video")].find(
        (video) => video.currentTime > 0 && video.videoWidth > 0,
      );
      return node ? { at: node.currentTime, width: node.videoWidth } : null;
    },
    undefined,
    { timeout: 90_000 },
  );
  const first = (await playing.jsonValue()) as { at: number; width: number };
  const moved = await page.waitForFunction(
    (from) => {
      const node = [...document.querySelectorAll("video")].find(
        (video) => video.currentTime > 0 && video.videoWidth > 0,
      );
      const decoded = node?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
      return node && Math.abs(node.currentTime - from) > 0.5 && decoded > 5 ? { at: node.currentTime, decoded } : null;
    },
    first.at,
    { timeout: 60_000 },
  );
  const later = (await moved.jsonValue()) as { at: number; decoded: number };
  return { width: first.width, first_s: first.at, later_s: later.at, decoded: later.decoded };
}
