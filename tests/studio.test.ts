import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";

import { openBrowser } from "./browser.ts";
import { makeClip, PASSWORD, personOf, startHouse } from "./house.ts";

const house = await startHouse();
const browser = await openBrowser();
const folder = await mkdtemp(join(tmpdir(), "studio-"));
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const MINUTE = 60_000;

test(
  "JO5: a film goes from a maker's file to their follower's screen: upload, live progress, words, captions, a picture, who sees it",
  async () => {
    await personOf(house, "astrid");
    await personOf(house, "bo");
    const broken: string[] = [];
    const astrid = await visitor(browser, broken, "astrid");
    const bo = await visitor(browser, broken, "bo");
    await bo.goto(`${house.url}/@astrid`);
    const followed = bo.waitForResponse((answer) => answer.url().endsWith("/follow") && answer.ok());
    await bo.getByRole("button", { name: "Follow astrid" }).click();
    await followed;

    // Two files at once; one of them is none.
    const [film, noise] = [join(folder, "sawing the oak.mp4"), join(folder, "noise.mp4")];
    await Bun.write(film, await makeClip({ seconds: 6, width: 320, height: 180 }));
    await Bun.write(noise, new Uint8Array(4_000));
    await astrid.goto(`${house.url}/studio`);
    await astrid.getByText("Your first film").waitFor();
    await astrid.getByLabel("Films to upload").setInputFiles([film, noise]);

    // What moves is followed without a reload: one becomes ready, the other says why not.
    const row = astrid.locator("[data-film]").filter({ hasText: "sawing the oak" });
    await row.waitFor({ timeout: MINUTE });
    const failed = astrid.locator("[data-film]").filter({ hasText: "noise" });
    await failed.getByText("Failed").waitFor({ timeout: MINUTE });
    await row.getByRole("progressbar").waitFor({ state: "detached", timeout: MINUTE });
    expect(await row.textContent()).toContain("Only you");
    await astrid.getByRole("checkbox", { name: "Choose noise" }).click();
    await astrid.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
    await astrid.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await failed.waitFor({ state: "detached" });

    // Words. What is not saved outlives a reload.
    await row.getByRole("link", { name: "sawing the oak" }).click();
    // The list behind has a field of titles, too.
    const title = astrid.getByLabel("Title", { exact: true });
    await title.fill("Sawing the old oak");
    await astrid.getByLabel("Chapters").fill("0:00 The tree\n0:03 The saw");
    astrid.on("dialog", (dialog) => void dialog.accept());
    await astrid.reload();
    expect(await title.inputValue()).toBe("Sawing the old oak");
    await astrid.getByText("These are changes from before").waitFor();
    await astrid.getByRole("radio", { name: /^Followers/ }).check();
    await astrid.getByRole("button", { name: "Save", exact: true }).click();
    await astrid.getByRole("heading", { level: 1, name: "Sawing the old oak" }).waitFor();
    await astrid.getByText("Not saved yet").waitFor({ state: "detached" });

    // A line of captions at the player's moment, seen over the film while it is written.
    await astrid.getByRole("link", { name: "Captions" }).click();
    await astrid.getByLabel("Another language").selectOption("sv");
    await astrid.getByRole("button", { name: "Write", exact: true }).click();
    await astrid.getByRole("button", { name: "A line here" }).click();
    await astrid.getByRole("textbox", { name: "Line 1", exact: true }).fill("Här står eken.");
    await astrid.locator("[data-captions]").getByText("Här står eken.").waitFor();
    await astrid.getByRole("button", { name: "Save", exact: true }).click();
    await astrid.getByRole("status").filter({ hasText: "1 line" }).waitFor();

    // Another moment stands for it.
    await astrid.getByRole("link", { name: "Picture" }).click();
    const poster = async (page: Page) => page.locator("main img").first().getAttribute("src");
    await astrid.locator("main img").first().waitFor();
    const before = await poster(astrid);
    await astrid.evaluate(() => void (document.querySelector("video")!.currentTime = 3));
    const taken = astrid.getByRole("button", { name: /^This moment, 0:03/ });
    await taken.click();
    await astrid.getByText("This stands for the film now.").waitFor({ timeout: MINUTE });
    expect(await poster(astrid)).not.toBe(before);

    // The follower has all of it.
    const id = new URL(astrid.url()).pathname.split("/").at(-1)!;
    await bo.goto(`${house.url}/watch/${id}`);
    await bo.getByRole("heading", { name: "Sawing the old oak" }).waitFor();
    await bo.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) >= 2, null, { timeout: MINUTE });
    const told = (await (await bo.request.get(`${house.url}/v1/videos/${id}`)).json()) as {
      captions: { language: string }[];
      chapters: { title: string }[];
      may_edit: boolean;
    };
    expect(told.captions.map((one) => one.language)).toEqual(["sv"]);
    expect(told.chapters.map((one) => one.title)).toEqual(["The tree", "The saw"]);
    expect(told.may_edit).toBe(false);
    expect(await bo.getByRole("link", { name: "Edit" }).count()).toBe(0);
    await astrid.goto(`${house.url}/watch/${id}`);
    await astrid.getByRole("link", { name: "Edit" }).waitFor();
    // For whom it is not made it is not there.
    await bo.goto(`${house.url}/studio/${id}`);
    await bo.getByText("This film is somebody else's").waitFor();
    expect(broken).toEqual([]);
  },
  3 * MINUTE,
);

async function visitor(of: Browser, broken: string[], handle: string): Promise<Page> {
  const context = await of.newContext({ viewport: { width: 1280, height: 900 } });
  await context.request.post(`${house.url}/v1/sessions`, { data: { handle, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => broken.push(String(error)));
  return page;
}
