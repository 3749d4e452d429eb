import { afterAll, beforeAll, expect, test } from "bun:test";

import type { Browser } from "playwright-core";

import { openBrowser } from "./browser.ts";
import { type House, PASSWORD, personOf, startHouse } from "./house.ts";
import { OUT_OF_BAND } from "./mastodon.ts";

/** The screen on which a person lets a program in, in a real browser. */

let house: House;
let browser: Browser;
beforeAll(async () => {
  house = await startHouse();
  await personOf(house, "ann");
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});

const BACK = "http://127.0.0.1:1/back";
const WAIT = { timeout: 60_000 };

async function register(): Promise<string> {
  const body = new URLSearchParams({
    client_name: "A phone",
    redirect_uris: `${BACK}\n${OUT_OF_BAND}`,
    scopes: "read write",
  });
  const answer = await fetch(`${house.url}/api/v1/apps`, { method: "POST", body });
  return ((await answer.json()) as { client_id: string }).client_id;
}
const address = (client_id: string, redirect_uri: string) =>
  `${house.url}/oauth/authorize?${new URLSearchParams({ client_id, redirect_uri, response_type: "code", scope: "read write", state: "a&b" }).toString()}`;

test("MA8: whoever comes signed out signs in first and is brought back; the answer goes where the program waits, with its state", async () => {
  const client_id = await register();
  const page = await (await browser.newContext()).newPage();
  // The program's own place.
  await page.route(`${BACK}*`, (route) => route.fulfill({ body: "back" }));
  const back = async () => {
    await page.waitForURL(`${BACK}*`, WAIT);
    return new URL(page.url()).searchParams;
  };
  await page.goto(address(client_id, BACK));
  await page.locator("input[name=handle]").fill("ann", WAIT);
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.getByRole("heading", { name: "Let A phone in?" }).waitFor(WAIT);
  await page.getByRole("button", { name: "Let it in" }).click();
  const searchParams = await back();
  expect(searchParams.get("code")).toMatch(/^fho_/);
  expect(searchParams.get("state")).toBe("a&b");

  await page.goto(address(client_id, BACK));
  await page.getByRole("button", { name: "No, do not" }).click(WAIT);
  expect((await back()).get("error")).toBe("access_denied");

  await page.goto(address(client_id, OUT_OF_BAND));
  await page.getByRole("button", { name: "Let it in" }).click(WAIT);
  await page.getByText(/^fho_/).waitFor(WAIT);

  // An address that was never registered gets nothing, not even a no.
  await page.goto(address(client_id, "http://127.0.0.1:1/elsewhere"));
  await page.getByRole("heading", { name: "This app cannot be let in" }).waitFor(WAIT);
  expect(await page.getByRole("button", { name: "Let it in" }).count()).toBe(0);
}, 180_000);
