import { afterAll, expect, test } from "bun:test";

import { chatRoutes as r } from "#systems/chat/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

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
  "WEB224: a webhook is made on the space's page, its address is taken along once, and what is posted to it stands in the chat; commands are offered",
  async () => {
    const token = await personOf(house, "astrid");
    const { client } = house;
    await client.call(spacesRoutes.createSpace, {
      token,
      body: { name: "Glade", slug: "glade", visibility: "private", join_policy: "invitation" },
    });
    const { body: channel } = await client.call(r.createChannel, {
      token,
      params: { slug: "glade" },
      body: { kind: "public", name: "builds" },
    });
    const page = await (await browser.newContext({ baseURL: house.url })).newPage();
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    await page.request.post("/v1/sessions", { data: { handle: "astrid", password: PASSWORD } });

    await page.goto("/s/glade");
    await page.getByRole("main").getByRole("button", { name: "More", exact: true }).click({ timeout: MINUTE });
    await page.getByRole("menuitem", { name: "Programs" }).click();
    const sheet = page.getByRole("dialog", { name: "Programs of Glade" });
    await sheet.getByText("None yet.").waitFor({ timeout: MINUTE });
    await sheet.getByRole("textbox", { name: "Name" }).fill("Builds");
    await sheet.getByRole("combobox", { name: "Channel" }).selectOption({ label: "builds" });
    await sheet.getByRole("button", { name: "Make it" }).click();
    await sheet.getByText("its address is shown this once").waitFor({ timeout: MINUTE });
    const address = (await sheet.locator("code").first().textContent()) ?? "";
    expect(address).toStartWith(`${house.url}/hooks/in/fhw_`);
    await sheet.getByRole("button", { name: "Switch off Builds" }).waitFor({ timeout: MINUTE });
    const posted = await fetch(address, {
      method: "POST",
      body: JSON.stringify({ text: "All green", username: "CI" }),
      headers: { "content-type": "application/json" },
    });
    expect([posted.status, await posted.text()]).toEqual([200, "ok"]);
    expect(house.output()).not.toContain("fhw_");

    await page.goto(`/chat/${channel.id}`);
    const said = page.getByRole("article").filter({ hasText: "All green" });
    await said.getByText("bot", { exact: true }).waitFor({ timeout: MINUTE });
    await said.getByText("CI", { exact: true }).waitFor();
    const field = page.getByRole("textbox", { name: "Write in builds", exact: true });
    await field.focus();
    await field.pressSequentially("/shr");
    await page.getByRole("list", { name: "Commands" }).getByText("/shrug").waitFor({ timeout: MINUTE });
    expect(broken).toEqual([]);
  },
  4 * MINUTE,
);
