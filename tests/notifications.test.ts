import { afterAll, expect, test } from "bun:test";

import type { Browser, Page } from "playwright-core";

import { createPost, likePost } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { openBrowser } from "./browser.ts";
import { PASSWORD, personOf, startHouse } from "./house.ts";

const house = await startHouse();
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});
const MINUTE = 60_000;

test(
  "WEB101, WEB102: the bell says what came and forgets it when it was seen; who is private is asked, and answers where they are told of it",
  async () => {
    const astrid = await personOf(house, "astrid");
    const bo = await personOf(house, "bo");
    await personOf(house, "cia");
    const { client } = house;
    const { id } = (
      await client.call(createPost, { token: astrid, body: { text: "The oak has fallen", audience: "public" } })
    ).body;
    await client.call(likePost, { token: bo, params: { id } });
    await client.call(peopleRoutes.follow, { token: bo, params: { handle: "astrid" } });
    const broken: string[] = [];
    const hers = await visitor(browser, broken, "astrid");
    const bell = hers.getByRole("link", { name: "Notifications" });
    await bell.getByText("2").waitFor({ timeout: MINUTE });
    await bell.click();
    await hers.getByText("bo liked your post").waitFor();
    await hers.getByText("The oak has fallen").waitFor();
    await bell.getByText("2").waitFor({ state: "detached", timeout: MINUTE });

    // From here on she says who follows her.
    await hers.goto(`${house.url}/settings/profile`);
    await hers.getByRole("checkbox", { name: /^Private account/ }).check();
    await hers.getByText("Your account is private.").waitFor();
    const theirs = await visitor(browser, broken, "cia");
    await theirs.goto(`${house.url}/@astrid`);
    await theirs.getByText("is for their followers").waitFor();
    await theirs.getByRole("button", { name: "Ask to follow astrid" }).click();
    await theirs.getByRole("button", { name: /^Asked to follow astrid/ }).waitFor();
    await hers.goto(`${house.url}/notifications`);
    await hers.getByText("cia asks to follow you").waitFor({ timeout: MINUTE });
    await hers.getByRole("button", { name: "Let cia follow you", exact: true }).click();
    await hers.getByText("cia follows you now.").waitFor();
    await theirs.reload();
    await theirs.getByText("The oak has fallen").waitFor();
    expect(broken).toEqual([]);
  },
  3 * MINUTE,
);

/** Signed in, and watched: whatever the page complains of, or asks of anybody but the house, is a failure. */
async function visitor(of: Browser, broken: string[], handle: string): Promise<Page> {
  const context = await of.newContext({ viewport: { width: 1280, height: 900 } });
  await context.request.post(`${house.url}/v1/sessions`, { data: { handle, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => broken.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(house.url) && !/^(data|blob):/.test(request.url())) broken.push(request.url());
  });
  await page.goto(house.url);
  return page;
}
