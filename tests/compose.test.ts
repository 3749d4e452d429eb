import { afterAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import {
  cancelScheduled,
  createDraft,
  createPost,
  getPost,
  listDrafts,
  listScheduled,
  publishScheduled,
  schedulePost,
} from "#systems/feed/contract.ts";
import { createImage, getImage } from "#systems/media/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { openBrowser } from "./browser.ts";
import { PASSWORD, personOf, startHouse, uploadFile } from "./house.ts";

/** Writing with everything that a post may carry, on the page, on two devices. */
const house = await startHouse();
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});
const MINUTE = 60_000;
const AXE = await Bun.file(new URL("../node_modules/axe-core/axe.min.js", import.meta.url)).text();
/** A PNG of one grey dot. */
const DOT = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (char) => char.charCodeAt(0),
);
const broken: string[] = [];
const { client } = house;
const astrid = await personOf(house, "astrid");
const bo = await personOf(house, "bo");
await client.call(peopleRoutes.follow, { token: astrid, params: { handle: "bo" } });
const oak = (await client.call(createPost, { token: bo, body: { text: "The oak has fallen", audience: "public" } }))
  .body;

async function device(colorScheme: "light" | "dark" = "light", width = 1280): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: 850 },
    colorScheme,
    bypassCSP: true,
    reducedMotion: "reduce",
  });
  await context.request.post(`${house.url}/v1/sessions`, { data: { handle: "astrid", password: PASSWORD } });
  const page = await context.newPage();
  page.on("pageerror", ({ message }) => broken.push(message));
  return page;
}

/** What a checker of WCAG 2.2 AA finds wrong, in the sheet that is open where nothing is said. */
async function wrongIn(page: Page, where = "[role=dialog]:last-of-type"): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (on) => {
    const { axe } = globalThis as unknown as {
      axe: { run(on: string, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await axe.run(on, { runOnly: tags });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
  }, where);
}

test(
  "WEB74, WEB77: a post with a warning, a poll and a quote is begun on one device, taken up on another, and posted from there",
  async () => {
    const one = await device();
    await one.goto(`${house.url}/posts/${oak.id}`);
    await one.getByRole("button", { name: "Quote", exact: true }).click();
    const form = one.getByRole("form", { name: "Write a post" });
    await form.getByLabel("Text of the post").fill("What becomes of it?");
    await form.getByRole("button", { name: "Warn before it" }).click();
    await form.getByLabel("Warning before the post").fill("Fallen trees");
    await form.getByRole("button", { name: "Add a poll" }).click();
    await form.getByLabel("Option 1", { exact: true }).fill("Firewood");
    await form.getByLabel("Option 1", { exact: true }).press("Enter");
    // Enter leads on to the next option.
    const next = form.getByLabel("Option 2", { exact: true });
    while (!(await next.evaluate((node) => node === document.activeElement))) await Bun.sleep(20);
    await one.keyboard.type("A table");
    expect(await wrongIn(one)).toEqual([]);
    const drafts = async () => (await client.call(listDrafts, { token: astrid })).body.items;
    for (let kept = await drafts(); kept[0]?.content.poll?.options[1] !== "A table"; kept = await drafts())
      await Bun.sleep(100);

    const two = await device("dark", 390);
    await two.goto(`${house.url}/posts/${oak.id}`);
    await two.getByRole("button", { name: "Quote", exact: true }).waitFor();
    await two.keyboard.press("n");
    const there = two.getByRole("form", { name: "Write a post" });
    await there.getByRole("button", { name: "Publish later, drafts" }).click();
    await two.getByRole("menuitem", { name: "Drafts" }).click();
    await two
      .getByRole("button", { name: /What becomes of it/ })
      .first()
      .waitFor();
    expect(await wrongIn(two)).toEqual([]);
    await two
      .getByRole("button", { name: /^What becomes of it/ })
      .first()
      .click();
    await there.getByText("The oak has fallen").waitFor();
    await there.getByRole("button", { name: "Post", exact: true }).click();
    await two.getByText("Your post is out.").waitFor({ timeout: MINUTE });
    expect(await drafts()).toEqual([]);
    const { body } = await client.call(getPost, {
      token: bo,
      params: { id: (await newestOf("astrid")).id },
    });
    expect(body).toMatchObject({
      text: "What becomes of it?",
      content_warning: "Fallen trees",
      quote: { state: "shown", post: { id: oak.id } },
      poll: { options: [{ text: "Firewood" }, { text: "A table" }] },
    });
    await two.goto(`${house.url}/posts/${body.id}`);
    await two.getByRole("button", { name: "Show", exact: true }).click();
    await two.getByText("Firewood").waitFor();
    await two.getByRole("link", { name: "Quoted post by bo" }).waitFor();
    expect(await wrongIn(two, "article")).toEqual([]);
    await one.context().close();
    await two.context().close();
  },
  2 * MINUTE,
);

test(
  "WEB75: a post is scheduled, moved, taken back as a draft, and none of it was out",
  async () => {
    const page = await device();
    await page.goto(`${house.url}/posts/${oak.id}`);
    await page.getByRole("button", { name: "Quote", exact: true }).waitFor();
    await page.keyboard.press("n");
    const form = page.getByRole("form", { name: "Write a post" });
    await form.getByLabel("Text of the post").fill("The bus leaves at eight");
    const menu = async (entry: string) => {
      await form.getByRole("button", { name: "Publish later, drafts" }).click();
      await page.getByRole("menuitem", { name: entry }).click();
    };
    await menu("Publish later");
    await page
      .getByRole("button", { name: /^Monday morning|^Tomorrow morning/ })
      .first()
      .click();
    expect(await wrongIn(page)).toEqual([]);
    await page.getByRole("button", { name: "Schedule", exact: true }).click();
    await page.getByText(/^It will be out/).waitFor({ timeout: MINUTE });
    const waiting = async () => (await client.call(listScheduled, { token: astrid })).body.items;
    const [first] = await waiting();
    expect(first?.post.text).toBe("The bus leaves at eight");
    await page.keyboard.press("n");
    await menu("Scheduled posts");
    await page.getByRole("button", { name: "What to do with this scheduled post" }).click();
    await page.getByRole("menuitem", { name: /^Do not publish/ }).click();
    await page.getByText("Not scheduled any more. It is among your drafts.").waitFor({ timeout: MINUTE });
    expect(await waiting()).toEqual([]);
    expect((await client.call(listDrafts, { token: astrid })).body.items[0]?.id).toBe(first!.id as string);
    expect((await newestOf("astrid")).text).not.toBe("The bus leaves at eight");
    await page.context().close();
  },
  2 * MINUTE,
);

test(
  "FD181, FD184: with real media, what a draft or a scheduled post holds is nobody else's, and the post that comes of it has it",
  async () => {
    const picture = async () => {
      const upload_id = await uploadFile(house, astrid, { name: "dot.png", media_type: "image/png", bytes: DOT });
      const { body } = await client.call(createImage, { token: astrid, body: { upload_id, alt: "A dot" } });
      const ready = async () => (await client.call(getImage, { token: astrid, params: { image_id: body.id } })).body;
      while ((await ready()).status === "processing") await Bun.sleep(50);
      return body.id;
    };
    const write = (body: object) =>
      client.call(createPost, { token: astrid, body: { text: "x", audience: "public", ...body } });
    const [one, two] = [await picture(), await picture()];
    const draft = await client.call(createDraft, { token: astrid, body: { text: "x", image_ids: [one] } });
    expect(await write({ image_ids: [one] })).toMatchObject({ status: 422, code: "post.media_not_usable" });
    const post = await write({ image_ids: [one], draft_id: draft.body.id });
    expect([post.status, post.body.images.length]).toEqual([201, 1]);
    const seen = (await client.call(getPost, { token: bo, params: { id: post.body.id } })).body.images[0]!;
    expect((await fetch(new URL(seen.variants[0]!.url, house.url))).status).toBe(200);

    const publish_at = new Date(Date.now() + 3_600_000).toISOString();
    const later = (image: string) =>
      client.call(schedulePost, {
        token: astrid,
        body: { post: { text: "later", audience: "public", image_ids: [image] }, publish_at },
      });
    const waiting = (await later(two)).body;
    expect(await write({ image_ids: [two] })).toMatchObject({ code: "post.media_not_usable" });
    await client.call(cancelScheduled, { token: astrid, params: { id: waiting.id } });
    expect(await later(two)).toMatchObject({ code: "post.media_not_usable" });
    const again = await client.call(schedulePost, {
      token: astrid,
      body: { post: { text: "later", audience: "public", image_ids: [two] }, publish_at, draft_id: waiting.id },
    });
    const out = await client.call(publishScheduled, { token: astrid, params: { id: again.body.id } });
    expect([out.status, out.body.images.map((image) => image.id)]).toEqual([201, [two]]);
  },
  MINUTE,
);

test(
  "WEB76: what stands behind a warning or a cover is not on the page until its reader asks, and then over a reload",
  async () => {
    const upload_id = await uploadFile(house, bo, { name: "dot.png", media_type: "image/png", bytes: DOT });
    const image = await client.call(createImage, { token: bo, body: { upload_id, alt: "A dot" } });
    const { id } = (
      await client.call(createPost, {
        token: bo,
        body: {
          text: "The ending",
          audience: "public",
          content_warning: "Spoilers",
          sensitive: true,
          image_ids: [image.body.id],
        },
      })
    ).body;
    const page = await device();
    await page.goto(`${house.url}/posts/${id}`);
    await page.getByText("Spoilers").waitFor();
    const words = page.locator("article").getByText("The ending");
    const picture = page.getByRole("button", { name: /A dot/ });
    expect([await words.count(), await picture.count()]).toEqual([0, 0]);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await words.waitFor();
    expect(await picture.count()).toBe(0);
    await page.getByRole("button", { name: /^Sensitive picture/ }).click();
    await picture.waitFor();
    await page.reload();
    await words.waitFor();
    await picture.waitFor();
    await page.getByRole("button", { name: "Hide", exact: true }).click();
    await words.waitFor({ state: "detached" });
    await page.context().close();
    expect(broken).toEqual([]);
  },
  2 * MINUTE,
);

async function newestOf(handle: string) {
  const answer = await fetch(`${house.url}/v1/people/${handle}/posts`, { headers: { authorization: `Bearer ${bo}` } });
  const { items } = (await answer.json()) as { items: { id: string; text: string }[] };
  return items[0] ?? { id: "1", text: "" };
}
