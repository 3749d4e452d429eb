import { afterAll, expect, test } from "bun:test";

import type { Browser, BrowserContext, Page } from "playwright-core";

import { createComment, createPost, likePost } from "#systems/feed/contract.ts";
import { notifyRoutes } from "#systems/notify/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { openBrowser } from "./browser.ts";
import { PASSWORD, personOf, startHouse } from "./house.ts";

const house = await startHouse({ FOLKHUS_URL: "http://house.example" });
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await house[Symbol.asyncDispose]();
});
const { client } = house;
const MINUTE = 60_000;
const astrid = await personOf(house, "astrid");
const bo = await personOf(house, "bo");

test(
  "WEB160: what reaches somebody is chosen by kind and way, and quiet hours on their own clock",
  async () => {
    const page = await visitor(browser, "astrid", { width: 390, height: 844 });
    await page.goto(`${house.url}/settings/notifications`);
    const box = (name: string) => page.getByRole("checkbox", { name, exact: true });
    await box("Somebody likes your post: Push").click();
    await until(() => box("Somebody likes your post: Push").isChecked());
    await box("Somebody follows you: Inbox").click();
    await until(() => box("Somebody follows you: Mail").isDisabled());
    expect(await box("Somebody follows you: Mail").isChecked()).toBe(false);
    await page.getByLabel("Your time zone").selectOption("Europe/Stockholm");
    await page.getByRole("checkbox", { name: "Have quiet hours" }).click();
    await page.getByLabel("From", { exact: true }).fill("21:30");
    const told = async () => (await client.call(notifyRoutes.notifySettings, { token: astrid })).body;
    await until(async () => (await told()).quiet?.from === "21:30");
    const settings = await told();
    expect(settings).toMatchObject({ time_zone: "Europe/Stockholm", quiet: { from: "21:30", to: "07:00" } });
    const of = (kind: string) => settings.kinds.find((one) => one.kind === kind);
    expect([of("like")?.push, of("follow")?.inbox, of("follow")?.email]).toEqual([true, false, true]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.reload();
    await box("Somebody likes your post: Push").waitFor();
    expect(await box("Somebody likes your post: Push").isChecked()).toBe(true);
    await page.context().close();
  },
  2 * MINUTE,
);

test(
  "WEB161: a browser that may not be pushed to, and one that has no push service, are told why",
  async () => {
    const page = await visitor(browser, "astrid");
    await page.addInitScript(() =>
      Object.defineProperty(Notification, "permission", { get: () => "denied", configurable: true }),
    );
    await page.goto(`${house.url}/settings/notifications`);
    await page.getByText("This browser was told to show nothing of this house.").waitFor();
    expect(await page.getByRole("button", { name: "Turn on here" }).count()).toBe(0);
    await page.context().close();

    const other = await visitor(browser, "astrid");
    await other.context().grantPermissions(["notifications"], { origin: house.url });
    await other.addInitScript(() => {
      PushManager.prototype.subscribe = () => Promise.reject(new DOMException("no service", "AbortError"));
    });
    await other.goto(`${house.url}/settings/notifications`);
    await other.getByText("This browser is not told.").waitFor();
    await other.getByRole("button", { name: "Turn on here" }).click();
    await other.getByText("The browser's push service did not answer.").waitFor();
    await other.context().close();
  },
  2 * MINUTE,
);

test(
  "WEB161, WEB162, WEB163, WEB231: turned on, the worker shows what is pushed, replaces it, takes it away, leads there, and keeps nothing where no chat was read",
  async () => {
    const page = await visitor(browser, "astrid");
    await page.context().grantPermissions(["notifications"], { origin: house.url });
    // A push service of nobody: the browser in a test has none, all else is its own.
    await page.addInitScript(() => {
      const bytes = (count: number) => new Uint8Array(count).fill(7);
      let made: object | null = null;
      PushManager.prototype.subscribe = async (asked) => {
        const key = atob(String(asked?.applicationServerKey).replaceAll("-", "+").replaceAll("_", "/"));
        const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
        const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
        const text = (from: Uint8Array) =>
          btoa(String.fromCharCode(...from))
            .replaceAll("+", "-")
            .replaceAll("/", "_")
            .replaceAll("=", "");
        const keys = { p256dh: text(raw), auth: text(bytes(16)) };
        made = {
          options: { applicationServerKey: Uint8Array.from(key, (letter) => letter.charCodeAt(0)).buffer },
          toJSON: () => ({ endpoint: `https://push.example/${keys.p256dh}`, keys }),
          unsubscribe: async () => ((made = null), true),
        };
        return made as PushSubscription;
      };
      PushManager.prototype.getSubscription = async () => made as PushSubscription | null;
    });
    await page.goto(`${house.url}/settings/notifications`);
    await page.getByRole("button", { name: "Turn on here" }).click();
    await page.getByText("This browser is told.", { exact: true }).waitFor();
    const { body } = await client.call(notifyRoutes.notifySettings, { token: astrid });
    expect(body.push.subscriptions).toMatchObject([
      { label: expect.stringMatching(/Chrome/) as never, taken_at: null },
    ]);

    const push = await pusher(page);
    const shown = () =>
      page.evaluate(async () =>
        (await (await navigator.serviceWorker.ready).getNotifications()).map(({ tag, title, body: words }) => [
          tag,
          title,
          words,
        ]),
      );
    const message = { v: 1, tag: "g1", title: "bo answered you", body: "Yes", path: "/posts/1", at: 1, unread: 1 };
    /** As a push service does it: again, while nothing came of it. What comes twice takes its own place. */
    const pushed = async (data: string, holds: () => Promise<boolean>) => {
      for (const end = Date.now() + MINUTE; Date.now() < end;) {
        await push(data);
        for (let look = 0; look < 30; look++) {
          if (await holds()) return;
          await Bun.sleep(100);
        }
      }
      throw new Error("it never came to that");
    };
    await pushed(JSON.stringify(message), async () => (await shown()).length === 1);
    await pushed(
      JSON.stringify({ ...message, title: "cia and bo answered you" }),
      async () => (await shown())[0]?.[1] === "cia and bo answered you",
    );
    await pushed("what is this", async () => (await shown()).length === 2);
    expect((await shown()).map(([tag]) => tag).toSorted()).toEqual(["g1", "unreadable"]);
    await pushed(JSON.stringify({ v: 1, clear: ["g1"], unread: 0 }), async () => (await shown()).length === 1);

    // A press leads the window that is open there, without loading it anew; a chat may be read from where it is shown.
    await page.evaluate(() => Object.assign(window, { stays: true }));
    /** It listens when it has nothing better to do, some seconds after it was loaded. */
    const listens = () =>
      page
        .context()
        .serviceWorkers()[0]!
        .evaluate(async () => {
          const { clients } = self as unknown as {
            clients: { matchAll(of: object): Promise<{ postMessage(said: object, ports: MessagePort[]): void }[]> };
          };
          const [window] = await clients.matchAll({ type: "window", includeUncontrolled: true });
          const { port1, port2 } = new MessageChannel();
          return new Promise<boolean>((resolve) => {
            port1.onmessage = () => resolve(true);
            setTimeout(() => resolve(false), 500);
            window?.postMessage({ go: "/settings/notifications" }, [port2]);
          });
        });
    await until(listens);
    const press = (path: string) =>
      page
        .context()
        .serviceWorkers()[0]!
        .evaluate(async (to) => {
          const world = self as unknown as { registration: ServiceWorkerRegistration };
          await world.registration.showNotification("Pressed", { tag: "pressed", data: { path: to } });
          const [notification] = await world.registration.getNotifications({ tag: "pressed" });
          const Press = (globalThis as unknown as { NotificationEvent: new (type: string, of: object) => Event })
            .NotificationEvent;
          self.dispatchEvent(new Press("notificationclick", { notification }));
        }, path);
    await press("/discover");
    await page.getByRole("heading", { name: "Discover" }).waitFor();
    await press("//evil.example/");
    await page.waitForURL(`${house.url}/notifications`);
    await press("/settings/notifications");
    await page.getByText("This browser is told.", { exact: true }).waitFor();
    expect(await page.evaluate(() => (window as { stays?: boolean }).stays)).toBe(true);
    await pushed(
      JSON.stringify({ ...message, tag: "g2", path: "/chat/7?at=9" }),
      async () => (await shown()).length === 2,
    );
    const actions = await page.evaluate(async () =>
      (await (await navigator.serviceWorker.ready).getNotifications({ tag: "g2" })).map((one) =>
        (one as unknown as { actions: { action: string }[] }).actions.map(({ action }) => action),
      ),
    );
    expect(actions).toEqual([["read"]]);

    expect(await page.evaluate(() => caches.keys())).toEqual([]);
    await page.reload();
    await page.evaluate(() => navigator.serviceWorker.controller !== null || location.reload());
    await page.context().setOffline(true);
    await page.goto(`${house.url}/discover`).catch(() => null);
    await page.getByText("The house cannot be reached").waitFor();
    await page.context().setOffline(false);
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Discover" }).waitFor();

    await page.goto(`${house.url}/settings/notifications`);
    await page.getByRole("button", { name: "Turn off here" }).click();
    await page.getByText("This browser is not told.").waitFor();
    const after = await client.call(notifyRoutes.notifySettings, { token: astrid });
    expect(after.body.push.subscriptions).toEqual([]);
    await page.context().close();
  },
  3 * MINUTE,
);

test(
  "WEB164: an address is confirmed and letters are ended by a press, never by opening a link",
  async () => {
    const page = await visitor(browser, "bo");
    await page.goto(`${house.url}/settings/notifications`);
    await page.getByText("This house has no mail server").waitFor();
    await page.getByLabel("Your address").fill("bo@example.org");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("Not confirmed yet").waitFor();
    const link = async () => {
      for (const name of (await house.files("outbox")).filter((file) => file.endsWith(".json"))) {
        const { to, text } = (await Bun.file(`${house.data_folder}/outbox/${name}`).json()) as Record<string, string>;
        if (to === "bo@example.org") return /\/notifications\/confirm\?token=[\w-]+/.exec(text!)?.[0];
      }
      return undefined;
    };
    await until(async () => (await link()) !== undefined);
    const nobody = await (await browser.newContext()).newPage();
    nobody.setDefaultTimeout(20_000);
    await nobody.goto(`${house.url}${await link()}`);
    await nobody.getByRole("button", { name: "Yes, it is mine" }).waitFor();
    const told = async () => (await client.call(notifyRoutes.notifySettings, { token: bo })).body;
    expect((await told()).email.confirmed).toBe(false);
    await nobody.getByRole("button", { name: "Yes, it is mine" }).click();
    await nobody.getByText("Your address is confirmed.").waitFor();
    expect((await told()).email.confirmed).toBe(true);
    await nobody.goto(`${house.url}/notifications/unsubscribe?token=1.aaaaaaaaaaaaaaaaaaaaaaaa`);
    await nobody.getByRole("button", { name: "No more letters" }).click();
    await nobody.getByText("This link is no good any more.").waitFor();
    await nobody.context().close();
    await page.context().close();
  },
  2 * MINUTE,
);

test(
  "WEB166, WEB230: the list is filtered by what it is about, only the whole of it is read by being seen, and another device hears of that",
  async () => {
    const cia = await personOf(house, "cia");
    const { id } = (await client.call(createPost, { token: cia, body: { text: "A boat", audience: "public" } })).body;
    await client.call(likePost, { token: bo, params: { id } });
    await client.call(createComment, {
      token: bo,
      params: { id },
      body: { text: "With sails", parent_id: null } as never,
    });
    await client.call(peopleRoutes.follow, { token: bo, params: { handle: "cia" } });
    await until(async () => (await client.call(notifyRoutes.unreadNotifications, { token: cia })).body.count === 3);
    const beside = await visitor(browser, "cia");
    await beside.goto(house.url);
    const bell = beside.getByRole("link", { name: "Notifications" });
    await bell.getByText("3").waitFor();
    const page = await visitor(browser, "cia");
    await page.goto(`${house.url}/notifications?show=words`);
    await page.getByText("With sails").waitFor();
    expect(await page.getByText("bo liked your post").count()).toBe(0);
    await page.getByRole("link", { name: "People", exact: true }).click();
    await page.getByText("bo follows you").waitFor();
    await page.getByRole("link", { name: "The house", exact: true }).click();
    await page.getByText("Nothing from the house").waitFor();
    expect((await client.call(notifyRoutes.unreadNotifications, { token: cia })).body.count).toBe(3);
    await page.getByRole("link", { name: "All", exact: true }).click();
    await page.getByText("bo liked your post").waitFor();
    await until(async () => (await client.call(notifyRoutes.unreadNotifications, { token: cia })).body.count === 0);
    // Sooner than the other device would look by itself.
    await bell.getByText("3").waitFor({ state: "detached", timeout: 30_000 });
    await client.call(likePost, { token: astrid, params: { id } });
    await bell.getByText("1").waitFor({ timeout: 30_000 });
    await beside.context().close();
    await page.context().close();
  },
  2 * MINUTE,
);

test("WEB165: the house goes on a home screen under its own name; its worker is asked for anew", async () => {
  const manifest = await fetch(`${house.url}/manifest.webmanifest`);
  expect(manifest.headers.get("content-type")).toBe("application/manifest+json");
  const told = (await manifest.json()) as { name: string; icons: { src: string; sizes: string; purpose: string }[] };
  expect(told).toMatchObject({ name: "Folkhus", display: "standalone", start_url: "/?from=home", scope: "/" });
  expect(told.icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual([
    "192x192 any",
    "512x512 any",
    "512x512 maskable",
  ]);
  for (const { src, sizes } of told.icons) {
    const png = new DataView(await (await fetch(`${house.url}${src}`)).arrayBuffer());
    expect(`${png.getUint32(16)}x${png.getUint32(20)}`).toBe(sizes);
  }
  const worker = await fetch(`${house.url}/sw.js`);
  expect(worker.headers.get("content-type")).toStartWith("text/javascript");
  expect(worker.headers.get("cache-control")).toBe("no-cache");
  expect(worker.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await worker.text()).not.toMatch(/importScripts|https?:\/\/(?!www\.w3\.org)/);
});

/** Hands the worker a push as the browser's own service would. */
async function pusher(page: Page): Promise<(data: string) => Promise<void>> {
  const cdp = await page.context().newCDPSession(page);
  const registered = Promise.withResolvers<string>();
  cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    const mine = registrations.find(({ scopeURL }) => scopeURL.startsWith(house.url));
    if (mine) registered.resolve(mine.registrationId);
  });
  await cdp.send("ServiceWorker.enable");
  const registrationId = await registered.promise;
  return async (data) => {
    await cdp.send("ServiceWorker.deliverPushMessage", { origin: house.url, registrationId, data });
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + MINUTE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("it never came to that");
    await Bun.sleep(100);
  }
}

async function visitor(
  of: Browser,
  handle: string,
  viewport = { width: 1280, height: 900 },
): Promise<Page & { context(): BrowserContext }> {
  const context = await of.newContext({ viewport, timezoneId: "Europe/Stockholm" });
  await context.request.post(`${house.url}/v1/sessions`, { data: { handle, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => {
    throw error;
  });
  return page;
}
