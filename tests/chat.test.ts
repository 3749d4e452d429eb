import { afterAll, expect, test } from "bun:test";

import type { Browser, Page } from "playwright-core";

import { chatRoutes as r } from "#systems/chat/contract.ts";
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
  "WEB180, WEB181, WEB183, WEB203: two people write to each other as it happens; who is cut off goes on writing, and both end with the same words, each once",
  async () => {
    const [astrid, bo] = [await personOf(house, "astrid"), await personOf(house, "bo")];
    const { client } = house;
    const { body: channel } = await client.call(r.openDirect, { token: bo, params: { handle: "astrid" } });
    const send = (body: string) =>
      client.call(r.sendMessage, { token: bo, params: { id: channel.id }, body: { cid: crypto.randomUUID(), body } });
    await send("Are you there?");
    const broken: string[] = [];
    const hers = await visitor(browser, broken, "astrid");
    const his = await visitor(browser, broken, "bo");
    await hers.goto(`${house.url}/chat`);
    // What is unread is said in the list, and read once it was seen.
    await hers.getByRole("link", { name: /^bo 1 not read/ }).click({ timeout: MINUTE });
    await hers.getByText("New messages").waitFor({ timeout: MINUTE });
    await his.goto(`${house.url}/chat/${channel.id}`);
    const to = (page: Page, name: string) => page.getByRole("textbox", { name: `Write to ${name}` });
    await to(hers, "bo").waitFor();
    await to(his, "astrid").waitFor();
    await hers.getByRole("link", { name: /^bo 1 not read/ }).waitFor({ state: "detached", timeout: MINUTE });

    await to(hers, "bo").focus();
    await to(hers, "bo").pressSequentially("Yes, just now");
    await his.getByText("astrid is writing").waitFor({ timeout: MINUTE });
    await to(hers, "bo").press("Enter");
    await his.getByRole("article").getByText("Yes, just now").waitFor({ timeout: MINUTE });

    await hers.context().setOffline(true);
    await to(hers, "bo").fill("Written in the tunnel");
    await to(hers, "bo").press("Enter");
    await to(hers, "bo").fill("And another");
    await to(hers, "bo").press("Enter");
    await hers
      .getByText(/^Waiting/)
      .first()
      .waitFor({ timeout: MINUTE });
    await hers.getByText("2 messages wait here").waitFor({ timeout: MINUTE });
    const { y, height } = (await to(hers, "bo").boundingBox())!;
    expect(y + height).toBeLessThan(860);
    await send("Meanwhile here");
    await hers.context().setOffline(false);
    await his.getByRole("article").getByText("And another").waitFor({ timeout: MINUTE });
    await hers.getByRole("article").getByText("Meanwhile here").waitFor({ timeout: MINUTE });
    await hers
      .getByText(/^(Waiting|Sending)/)
      .first()
      .waitFor({ state: "detached", timeout: MINUTE });
    const words = async (page: Page) =>
      page.getByRole("region", { name: "Messages" }).locator("article .whitespace-pre-wrap").allTextContents();
    expect(await words(hers)).toEqual(await words(his));
    expect((await words(his)).toSorted()).toEqual(
      ["Are you there?", "Yes, just now", "Written in the tunnel", "And another", "Meanwhile here"].toSorted(),
    );
    expect(broken).toEqual([]);
    expect(astrid).not.toBe(bo);
  },
  4 * MINUTE,
);

test(
  "WEB182: older messages come in above without moving what is read; one press leads to the newest",
  async () => {
    const [cia, david] = [await personOf(house, "cia"), await personOf(house, "david")];
    const { client } = house;
    const { body: channel } = await client.call(r.createGroup, {
      token: cia,
      body: { handles: ["david"], name: "Looms" },
    });
    const send = async (token: string, body: string) =>
      (
        await client.call(r.sendMessage, {
          token,
          params: { id: channel.id },
          body: { cid: crypto.randomUUID(), body },
        })
      ).body;
    await Promise.all(Array.from({ length: 70 }, (_, i) => send(i % 2 ? cia : david, `Row ${i}`)));
    const { seq } = await send(cia, "The last row");
    const read = { seq, unmark: true };
    await client.call(r.readChannel, { token: david, params: { id: channel.id }, body: read });
    const broken: string[] = [];
    const page = await visitor(browser, broken, "david");
    await page.goto(`${house.url}/chat/${channel.id}`);
    const list = page.getByRole("region", { name: "Messages" });
    await list.getByText("The last row").waitFor({ timeout: MINUTE });
    // To the top of what is there: the row that stands there stays where it is while older ones come in above it.
    const stood = await list.evaluate((node) => {
      const [first] = node.querySelectorAll<HTMLElement>("article");
      node.scrollTop = 0;
      return { seq: first!.dataset.seq!, rows: node.querySelectorAll("article").length };
    });
    await page.waitForFunction(
      ({ rows }) => document.querySelectorAll('[aria-label="Messages"] article').length > rows,
      stood,
      { timeout: MINUTE },
    );
    const top = await list.evaluate(
      (node, of) =>
        node.querySelector(`[data-seq="${of}"]`)!.getBoundingClientRect().top - node.getBoundingClientRect().top,
      stood.seq,
    );
    expect(top).toBeGreaterThan(-40);
    expect(top).toBeLessThan(200);

    await page.getByRole("button", { name: "To the newest" }).click();
    await list.getByRole("article").last().getByText("The last row").waitFor({ timeout: MINUTE });
    expect(broken).toEqual([]);
  },
  4 * MINUTE,
);

test(
  "WEB184: a thread, a reaction, an edit and a deletion are seen by who looks; a few letters and Enter lead to any chat",
  async () => {
    const [erik, frida] = [await personOf(house, "erik"), await personOf(house, "frida")];
    const { client } = house;
    const group = { handles: ["frida"], name: "Wool" };
    const { body: channel } = await client.call(r.createGroup, { token: erik, body: group });
    const send = async (body: string) => {
      const asked = { cid: crypto.randomUUID(), body };
      return (await client.call(r.sendMessage, { token: erik, params: { id: channel.id }, body: asked })).body;
    };
    await send("The last row");
    const broken: string[] = [];
    const page = await visitor(browser, broken, "frida");
    await page.goto(`${house.url}/chat/${channel.id}`);
    const list = page.getByRole("region", { name: "Messages" });
    const last = list.getByRole("article").last();
    await last.getByText("The last row").waitFor({ timeout: MINUTE });
    await last.hover();
    await last.getByRole("button", { name: "Answer in a thread" }).click();
    const thread = page.getByRole("region", { name: "Thread" });
    const answer = thread.getByRole("textbox", { name: "Answer in the thread" });
    await answer.fill("Well woven");
    await answer.press("Enter");
    await list.getByRole("button", { name: "1 answer" }).waitFor({ timeout: MINUTE });
    await thread.getByRole("button", { name: "Close the thread" }).click();

    const theirs = await send("Look at this");
    await list.getByText("Look at this").waitFor({ timeout: MINUTE });
    await client.call(r.addReaction, { token: erik, params: { id: theirs.id, emoji: "🎉" } });
    await list.getByRole("button", { name: /^🎉, 1/ }).click({ timeout: MINUTE });
    await list.getByRole("button", { name: /^🎉, 2/ }).waitFor({ timeout: MINUTE });
    await client.call(r.editMessage, { token: erik, params: { id: theirs.id }, body: { body: "Look at that" } });
    await list.getByText("Look at that").waitFor({ timeout: MINUTE });
    await list.getByRole("button", { name: "edited" }).waitFor();
    await client.call(r.deleteMessage, { token: erik, params: { id: theirs.id } });
    await list.getByText("Look at that").waitFor({ state: "detached", timeout: MINUTE });

    await page.keyboard.press("Control+k");
    const where = page.getByRole("combobox", { name: "Name" });
    await where.fill("woo");
    await page.getByRole("option", { name: /Wool/ }).waitFor();
    await where.press("Enter");
    await page.getByRole("textbox", { name: "Write in Wool" }).waitFor();
    expect(broken).toEqual([]);
    expect(frida).not.toBe(erik);
  },
  4 * MINUTE,
);

test(
  "WEB195, WEB196, WEB197, WEB198, WEB200, WEB201, WEB237: a message is scheduled and taken back, a status stands at a name, receipts come, and the keys lead from chat to chat",
  async () => {
    const [greta, hugo] = [await personOf(house, "greta"), await personOf(house, "hugo")];
    const { client } = house;
    const group = { handles: ["hugo"], name: "Apples" };
    const { body: channel } = await client.call(r.createGroup, { token: greta, body: group });
    const params = { id: channel.id };
    const broken: string[] = [];
    const page = await visitor(browser, broken, "hugo");
    await page.goto(`${house.url}/@greta`);
    await page.getByRole("button", { name: "Message greta" }).click({ timeout: MINUTE });
    const field = page.getByRole("textbox", { name: "Write to greta" });
    await field.fill("Cider at ten");
    await page.getByRole("button", { name: "Send later" }).click();
    await page.getByRole("button", { name: /^Tomorrow morning/ }).click({ timeout: MINUTE });
    await page.getByRole("button", { name: "Send it then" }).click();
    await page.getByRole("button", { name: "1 message is scheduled" }).click({ timeout: MINUTE });
    const sheet = page.getByRole("dialog", { name: "Scheduled messages" });
    await sheet.getByText("Cider at ten").waitFor({ timeout: MINUTE });
    await sheet.getByRole("button", { name: "What to do with this scheduled message" }).click();
    await page.getByRole("menuitem", { name: "Do not send" }).click({ timeout: MINUTE });
    await sheet.getByText("Nothing is scheduled").waitFor({ timeout: MINUTE });
    await sheet.getByRole("button", { name: "Close" }).click();
    await sheet.waitFor({ state: "detached" });

    await page.getByRole("button", { name: "Your status", exact: true }).click();
    await page.getByRole("button", { name: "☕ Having a coffee" }).click({ timeout: MINUTE });
    await page.getByRole("button", { name: "Say it" }).click();
    await page.getByRole("img", { name: "Having a coffee" }).first().waitFor({ timeout: MINUTE });

    // The group is the only other chat; the caret stays in a field.
    await field.focus();
    await page.keyboard.press("Alt+ArrowDown");
    const group_field = page.getByRole("textbox", { name: "Write in Apples" });
    await group_field.fill("Ten baskets");
    await group_field.press("Enter");
    const theirs = page.getByRole("article").getByText("Ten baskets");
    await theirs.waitFor({ timeout: MINUTE });
    await page.getByText("Sending", { exact: true }).waitFor({ state: "detached", timeout: MINUTE });
    const mark = (words: string) => page.getByRole("img", { name: words, exact: true });
    await mark("Sent").waitFor({ timeout: MINUTE });
    const { body: history } = await client.call(r.history, { token: greta, params });
    await mark("Delivered").waitFor({ timeout: MINUTE });
    await client.call(r.readChannel, { token: greta, params, body: { seq: history.items.at(-1)!.seq } });
    await mark("Read").waitFor({ timeout: MINUTE });
    await page.getByRole("button", { name: "Read by greta" }).click({ timeout: MINUTE });
    const readers = page.getByRole("dialog", { name: "Who has read it" });
    await readers.getByRole("link", { name: /greta/ }).waitFor({ timeout: MINUTE });
    await readers.getByRole("button", { name: "Close" }).click();
    await readers.waitFor({ state: "detached" });

    const line = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Apples/ });
    await line.hover();
    const deeds = page.getByRole("button", { name: "What to do with Apples" });
    await deeds.click();
    const mute = page.getByRole("menuitem", { name: "Mute", exact: true });
    await mute.hover({ timeout: MINUTE });
    // What the menu hangs on keeps its place when the pointer has left the line, so the menu does not jump away.
    expect(await deeds.boundingBox()).not.toBeNull();
    await mute.click({ timeout: MINUTE });
    await line.getByLabel("Muted").waitFor({ timeout: MINUTE });
    await page.keyboard.press("Control+/");
    await page.getByRole("dialog", { name: "Keys" }).getByText("Mark the chat read").waitFor({ timeout: MINUTE });
    expect(broken).toEqual([]);
    expect(hugo).not.toBe(greta);
  },
  4 * MINUTE,
);

test(
  "WEB238: where chats were read they open without a line, what is written waits over a reload and goes out once, and who signs out leaves nothing behind",
  async () => {
    const [ivar, jenny] = [await personOf(house, "ivar"), await personOf(house, "jenny")];
    const { client } = house;
    const { body: channel } = await client.call(r.openDirect, { token: jenny, params: { handle: "ivar" } });
    const params = { id: channel.id };
    const send = (body: string) =>
      client.call(r.sendMessage, { token: jenny, params, body: { cid: crypto.randomUUID(), body } });
    await send("Before the tunnel");
    const broken: string[] = [];
    const page = await visitor(browser, broken, "ivar");
    await page.goto(`${house.url}/chat/${channel.id}`);
    const message = (words: string) => page.getByRole("article").getByText(words);
    const field = page.getByRole("textbox", { name: "Write to jenny" });
    const chat_line = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /jenny/ });
    await message("Before the tunnel").waitFor({ timeout: MINUTE });
    // It keeps a moment after all is there.
    while (!(await page.evaluate(isKept, `c${channel.id}`))) await Bun.sleep(100);

    await page.context().setOffline(true);
    // What the worker answers is shown, although the network said no.
    await page.reload().catch(() => null);
    await message("Before the tunnel").waitFor({ timeout: MINUTE });
    await chat_line.waitFor({ timeout: MINUTE });
    await field.fill("In the tunnel");
    await field.press("Enter");
    await page.getByText(/^Waiting/).waitFor({ timeout: MINUTE });
    await page.reload().catch(() => null);
    await message("Before the tunnel").waitFor({ timeout: MINUTE });
    await page.getByText("In the tunnel").waitFor({ timeout: MINUTE });
    await page.goto(`${house.url}/discover`).catch(() => null);
    await page.getByText("The house cannot be reached").waitFor({ timeout: MINUTE });
    await page.getByRole("link", { name: "Your chats" }).click();
    await chat_line.click({ timeout: MINUTE });
    await message("Before the tunnel").waitFor({ timeout: MINUTE });

    await send("Meanwhile outside");
    await page.context().setOffline(false);
    await message("Meanwhile outside").waitFor({ timeout: MINUTE });
    await message("In the tunnel").waitFor({ timeout: MINUTE });
    const { body: history } = await client.call(r.history, { token: jenny, params });
    expect(history.items.map(({ body }) => body).toSorted()).toEqual(
      ["Before the tunnel", "In the tunnel", "Meanwhile outside"].toSorted(),
    );

    await page.context().request.delete(`${house.url}/v1/sessions/current`, { headers: { origin: house.url } });
    await page.goto(`${house.url}/`);
    const has_kept = () =>
      page.evaluate(async () => (await caches.keys()).some((name) => name.startsWith("folkhus.page.")));
    while (await has_kept()) await Bun.sleep(100);
    // Whoever comes next at this machine finds nothing of him, although this page never was his.
    const { body: of_ivar } = await client.call(peopleRoutes.me, { token: ivar });
    const lines = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ""));
    expect(await lines()).toContain(`folkhus.line.${of_ivar.id}`);
    await page.goto(`${house.url}/sign-in`);
    await page.getByLabel("Handle").fill("jenny");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.locator("form button[type=submit]").click();
    await page.getByRole("link", { name: "Chats" }).first().waitFor({ timeout: MINUTE });
    expect(await lines()).not.toContain(`folkhus.line.${of_ivar.id}`);
    expect(broken).toEqual([]);
  },
  4 * MINUTE,
);

/** In the browser: the page, the list and this conversation lie there. */
async function isKept(key: string): Promise<boolean> {
  if (!(await caches.match("/chat", { ignoreVary: true })) || !navigator.serviceWorker.controller) return false;
  const found = (await indexedDB.databases()).find(({ name }) => name?.startsWith("folkhus.line."));
  if (!found?.name) return false;
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(found.name!);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error!);
  });
  try {
    const notes = database.transaction("notes").objectStore("notes");
    const keys = await new Promise<IDBValidKey[]>((resolve, reject) => {
      const asked = notes.getAllKeys();
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error!);
    });
    return keys.includes(key) && keys.includes("list");
  } finally {
    database.close();
  }
}

/** Signed in, and watched: what the page complains of is a failure, but for the network that was taken from it. */
async function visitor(of: Browser, broken: string[], handle: string): Promise<Page> {
  const context = await of.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce" });
  await context.request.post(`${house.url}/v1/sessions`, { data: { handle, password: PASSWORD } });
  const page = await context.newPage();
  page.on("pageerror", (error) => broken.push(String(error)));
  return page;
}
