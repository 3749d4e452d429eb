import { afterAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { createPost, getPost, listDrafts, listScheduled } from "#systems/feed/contract.ts";
import { createImage } from "#systems/media/contract.ts";
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

/** What a checker of WCAG 2.2 AA finds wrong in the sheet that is open. */
async function wrongIn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(on: string, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await axe.run("[role=dialog]:last-of-type", { runOnly: tags });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
  });
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
  "WEB76: what stands behind a warning or a cover is not on the page until its reader asks, and then over a reload",
  async () => {
    const dot = Uint8Array.from(
      atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
      (char) => char.charCodeAt(0),
    );
    const upload_id = await uploadFile(house, bo, { name: "dot.png", media_type: "image/png", bytes: dot });
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
