import { afterAll, expect, setDefaultTimeout, test } from "bun:test";

import type { Page } from "playwright-core";

import {
  createFolder,
  createPost,
  getPosition,
  getReadingPreferences,
  homeFeed,
  listBookmarks,
  listLists,
  listMutedWords,
  putPosition,
} from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { openBrowser } from "./browser.ts";
import { PASSWORD, personOf, startHouse } from "./house.ts";

/** How somebody reads, in a real browser: where lists open, what comes in above, lists, folders, muted words, catching up. */
setDefaultTimeout(60_000);
const house = await startHouse();
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});
const { client } = house;
const token = await personOf(house, "astrid");
const other = await personOf(house, "bo");
await client.call(peopleRoutes.follow, { token, params: { handle: "bo" } });
let written = 0;
const write = async (posts: number) => {
  const one = () =>
    client.call(createPost, { token: other, body: { text: `Post ${++written}\n\nTwo lines.`, audience: "public" } });
  await Promise.all(Array.from({ length: posts }, one));
};
await write(24);
const newest = async () => (await client.call(homeFeed, { token, query: { limit: 1 } })).body.items[0]!;
const position = async () =>
  (await client.call(getPosition, { token, params: { timeline: "home" } })).body.position?.entry_id;

const context = await browser.newContext({ baseURL: house.url, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const errors: string[] = [];
page.on("pageerror", (error) => errors.push(error.message));
await context.request.post("/v1/sessions", { data: { handle: "astrid", password: PASSWORD } });

const entries = () =>
  page.locator("[data-entry]").evaluateAll((all) => all.map((item) => (item as HTMLElement).dataset.entry!));
const topOf = (entry: string) =>
  page.locator(`[data-entry="${entry}"]`).evaluate((item) => item.getBoundingClientRect().top);
const settled = (on: Page) =>
  on.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const lookAgain = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));

test("WEB78, WEB80: home opens where one stopped; the gap above fills without loss, and what is read does not move", async () => {
  const stopped = (await newest()).entry_id!;
  await write(46);
  await client.call(putPosition, { token, params: { timeline: "home" }, body: { entry_id: stopped, device: "Phone" } });
  await page.goto("/");
  await page.getByText("You stopped here").waitFor();
  expect(await topOf(stopped)).toBeCloseTo(176, -1);
  expect(await page.getByRole("button", { name: "46 new posts" }).count()).toBe(1);
  // To open is not to read: the place stays where it was.
  await page.evaluate(() => dispatchEvent(new Event("pagehide")));
  const between = page.getByRole("button", { name: "Load the posts between" });
  while ((await between.count()) > 0) {
    await page.mouse.move(700, 500);
    while (!(await between.evaluate((button) => button.getBoundingClientRect().top > 80))) {
      await page.mouse.wheel(0, -120);
      await settled(page);
    }
    const [shown, before] = [(await entries()).length, await topOf(stopped)];
    await between.click();
    while ((await entries()).length === shown) await Bun.sleep(20);
    await settled(page);
    expect(Math.abs((await topOf(stopped)) - before)).toBeLessThan(2);
  }
  const all = await entries();
  expect(all.slice(0, 47).at(-1)).toBe(stopped);
  expect(new Set(all).size).toBe(all.length);
  expect(all).toEqual(all.toSorted((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1)));
});

test("WEB79, WEB80: newer ones come in above unseen and are told; one key goes to them", async () => {
  await page.evaluate(() => window.scrollTo({ top: 3_000, behavior: "instant" }));
  await settled(page);
  const all = await entries();
  const tops = await Promise.all(all.map(topOf));
  const read = all[tops.findIndex((top) => top > 100)]!;
  const before = await topOf(read);
  await write(30);
  await lookAgain();
  while ((await entries()).length === all.length) await Bun.sleep(20);
  await settled(page);
  expect(Math.abs((await topOf(read)) - before)).toBeLessThan(2);
  expect(await page.getByRole("button", { name: "Load the posts between" }).count()).toBe(1);
  await page.getByRole("button", { name: /new posts/ }).waitFor();
  await page.keyboard.press(".");
  const first = (await newest()).entry_id!;
  await page.waitForFunction(
    (entry) => document.activeElement?.closest("[data-entry]")?.getAttribute("data-entry") === entry,
    first,
  );
  expect(await page.evaluate(() => scrollY)).toBe(0);
  expect((await entries())[0]).toBe(first);
  await page.getByRole("button", { name: /new posts/ }).waitFor({ state: "detached" });
});

test("WEB81: where one rests is told to the house", async () => {
  const first = (await newest()).entry_id!;
  while ((await position()) !== first) await Bun.sleep(50);
  await page.evaluate(() => window.scrollTo({ top: 1_500, behavior: "instant" }));
  while ((await position()) === first) await Bun.sleep(50);
  const rested = (await position())!;
  expect(Math.abs((await topOf(rested)) - 176)).toBeLessThan(300);
});

test("WEB82, WEB83: somebody is put into a list from their profile; the list stands in the row and shows them; deleted, it comes back", async () => {
  await page.goto("/@bo");
  await page.getByRole("button", { name: "More", exact: true }).first().click();
  await page.getByRole("menuitem", { name: "Put into lists" }).click();
  await page.getByRole("button", { name: "New list" }).click();
  await page.getByLabel("Name of the new list").fill("Weavers");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("Added to “Weavers”.").waitFor();
  await page.goto("/");
  const row = page.getByRole("navigation", { name: "Ways to read" });
  await row.getByRole("link", { name: "Weavers" }).waitFor();
  expect(await row.getByRole("link").allTextContents()).toEqual([
    "Following",
    "For you",
    "Weavers",
    "Catch up",
    "Slow lane",
  ]);
  await row.getByRole("link", { name: "Weavers" }).click();
  await page.waitForURL("**/lists/*");
  await page.locator("[data-entry]").first().waitFor();
  await page.getByRole("button", { name: "More about this list" }).click();
  await page.getByRole("menuitemcheckbox", { name: /Keep out of home/ }).click();
  await page.getByText("kept out of home").waitFor();
  expect((await client.call(homeFeed, { token })).body.items).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).first().click();
  while ((await client.call(homeFeed, { token })).body.items.length === 0) await Bun.sleep(20);
  await page.getByRole("button", { name: "More about this list" }).click();
  await page.getByRole("menuitem", { name: "Delete the list" }).click();
  await page.getByText("“Weavers” is deleted.").waitFor();
  expect((await client.call(listLists, { token })).body.items).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).first().click();
  while ((await client.call(listLists, { token })).body.items.length === 0) await Bun.sleep(20);
});

test("WEB84: a bookmark that is held down is filed in a folder, which shows it", async () => {
  const folder = (await client.call(createFolder, { token, body: { name: "Recipes" } })).body;
  await page.goto("/@bo");
  await page.getByRole("button", { name: "Bookmark" }).first().click({ delay: 700 });
  await page.getByRole("radio", { name: /Recipes/ }).click();
  await page.getByText("Kept in “Recipes”.").waitFor();
  const kept = (await client.call(listBookmarks, { token, query: { folder: folder.id } })).body.items;
  expect(kept).toHaveLength(1);
  await page.goto(`/bookmarks?folder=${folder.id}`);
  await page.locator(`[data-post="${kept[0]!.id}"]`).waitFor();
});

test("WEB85, WEB86: a word is muted with a way back, what is to be warned of is folded and opens, and a preference holds", async () => {
  await page.goto("/settings/reading");
  await page.getByLabel("Word, phrase or #hashtag").fill("lines");
  await page.getByLabel("What happens").selectOption("warn");
  await page.getByRole("button", { name: "Mute", exact: true }).click();
  await page.getByText("“lines” is muted.").waitFor();
  await page.getByLabel("With the newest").check();
  const opens = async () => (await client.call(getReadingPreferences, { token })).body.home_opens;
  while ((await opens()) !== "top") await Bun.sleep(20);
  await page.goto("/");
  const post = page.locator("[data-entry]").first();
  await post.getByText("You muted lines.").waitFor();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await post.getByRole("button", { name: "Show", exact: true }).click();
  await post.getByText("Two lines.").waitFor();
  await page.goto("/tags/weather");
  await page.getByRole("button", { name: "Mute #weather" }).click();
  await page.getByText("#weather stays out of your home and lists.").waitFor();
  await page.getByRole("button", { name: "Undo" }).first().click();
  while ((await client.call(listMutedWords, { token })).body.items.length > 1) await Bun.sleep(20);
  await page.goto("/settings/reading");
  await page.getByRole("button", { name: "Hear lines again" }).click();
  await page.getByText("You hear “lines” again.").waitFor();
  expect((await client.call(listMutedWords, { token })).body.items).toEqual([]);
});

test("WEB87: catching up tells why each is there; having caught up is one press, and its undo goes back", async () => {
  await client.call(putPosition, { token, params: { timeline: "home" }, body: { entry_id: "1" } });
  await page.goto("/catch-up");
  await page.getByText("New, and few have seen it yet.").first().waitFor();
  await page.getByRole("button", { name: "Mark as caught up" }).first().click();
  await page.getByText("You are caught up").waitFor();
  expect(await position()).toBe((await newest()).entry_id!);
  await page.getByRole("button", { name: "Undo" }).first().click();
  while ((await position()) !== "1") await Bun.sleep(20);
});

test("nothing broke on the page", () => expect(errors).toEqual([]));
