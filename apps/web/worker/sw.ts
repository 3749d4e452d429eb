import type { PushMessage } from "#systems/notify/contract.ts";

import { keepPage, keptDocument, keptScript } from "./kept-page.ts";

/** Stands beside the page: shows what is pushed, leads from there to the page, and opens the chats where there is no line. */

declare const PAGE_ICON: string;
declare const PAGE_BADGE: string;

/** As much of the worker's own world as is used here; the page's library of types knows it not. */
interface Happening extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Pushed extends Happening {
  data: { json(): unknown } | null;
}
interface Pressed extends Happening {
  notification: Notification;
  action: string;
}
interface Fetching extends Happening {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Told extends Happening {
  data: unknown;
}
interface Changed extends Happening {
  oldSubscription: PushSubscription | null;
  newSubscription?: PushSubscription | null;
}
interface Open {
  focused: boolean;
  visibilityState: string;
  postMessage(message: unknown, transfer: Transferable[]): void;
  focus(): Promise<Open>;
  navigate(url: string): Promise<Open | null>;
}
interface World {
  location: Location;
  navigator: Navigator & { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> };
  registration: ServiceWorkerRegistration;
  clients: {
    claim(): Promise<void>;
    matchAll(of: { type: "window"; includeUncontrolled: boolean }): Promise<Open[]>;
    openWindow(url: string): Promise<Open | null>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", on: (event: Happening) => void): void;
  addEventListener(type: "push", on: (event: Pushed) => void): void;
  addEventListener(type: "notificationclick", on: (event: Pressed) => void): void;
  addEventListener(type: "pushsubscriptionchange", on: (event: Changed) => void): void;
  addEventListener(type: "fetch", on: (event: Fetching) => void): void;
  addEventListener(type: "message", on: (event: Told) => void): void;
}
const world = self as unknown as World;

world.addEventListener("install", (event) => event.waitUntil(world.skipWaiting()));
world.addEventListener("activate", (event) => event.waitUntil(world.clients.claim()));

world.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));

function read(data: Pushed["data"]): PushMessage | null {
  try {
    const message = data?.json() as PushMessage | undefined;
    return message?.v === 1 ? message : null;
  } catch {
    return null;
  }
}

async function show(message: PushMessage | null): Promise<void> {
  if (message && "clear" in message) {
    const gone = new Set(message.clear);
    for (const one of await world.registration.getNotifications()) if (gone.has(one.tag)) one.close();
    await badge(message.unread);
    return;
  }
  // A push that shows nothing costs a page its leave to push, so what cannot be read is told of too.
  await world.registration.showNotification(message?.title ?? "Something happened", {
    body: message?.body ?? "",
    tag: message?.tag ?? "unreadable",
    icon: PAGE_ICON,
    badge: PAGE_BADGE,
    data: { path: message?.path ?? "/notifications" },
    ...(message ? { timestamp: message.at } : {}),
    // The house tells of a group anew every ten minutes at most; of words to somebody that may be heard again.
    renotify: message?.urgent === true,
    actions: message && CHAT.test(message.path) ? [{ action: READ, title: "Mark as read" }] : [],
  } as NotificationOptions);
  if (message) await badge(message.unread);
}

/** The number on the program's icon, where the system shows one. */
async function badge(count: number): Promise<void> {
  const { navigator } = world;
  await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => {});
}

/** A place in a chat, as the house writes it. */
const CHAT = /^\/chat\/(\d{1,20})\?at=(\d{1,20})$/;
const READ = "read";

world.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path: told } = (event.notification.data ?? {}) as { path?: unknown };
  const path = typeof told === "string" ? told : "/notifications";
  event.waitUntil(event.action === READ ? markRead(path) : open(path));
});

/** Read up to there, on every device. Without a connection it stays unread, as it is. */
async function markRead(path: string): Promise<void> {
  const [, id = "", seq = ""] = CHAT.exec(path) ?? [];
  if (id === "") return;
  await tellHouse("PUT", `/v1/chat/channels/${id}/read`, { seq }).catch(() => {});
}

const tellHouse = (method: string, path: string, body: object): Promise<Response> =>
  fetch(path, {
    method,
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** How long a window has to say that it goes there by itself. */
const ANSWER_MS_MAX = 1_500;

/** In the window that is open, or in a new one; never anywhere but in this house. */
async function open(path: string): Promise<void> {
  const asked = new URL(path, world.location.origin);
  const url = asked.origin === world.location.origin ? asked.href : `${world.location.origin}/notifications`;
  const windows = await world.clients.matchAll({ type: "window", includeUncontrolled: true });
  // Where a window stands is not asked: a browser tells with which address it was loaded, not where its page has turned to since.
  const there =
    windows.find((one) => one.focused) ?? windows.find((one) => one.visibilityState === "visible") ?? windows[0];
  if (!there) {
    await world.clients.openWindow(url);
    return;
  }
  const front = await there.focus().catch(() => there);
  if (await goesByItself(front, url)) return;
  // A window that this worker does not hold yet cannot be led anywhere.
  await front.navigate(url).catch(() => world.clients.openWindow(url));
}

/** A page that runs turns to it without being loaded anew, so that nothing is lost that is being written or played there. */
async function goesByItself(window: Open, url: string): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<boolean>((resolve) => {
    port1.onmessage = () => resolve(true);
    setTimeout(() => resolve(false), ANSWER_MS_MAX);
  });
  const { pathname, search } = new URL(url);
  window.postMessage({ go: pathname + search }, [port2]);
  return answer;
}

/** The browser has made a new subscription of its own accord, or ended one: the house is told of the new. */
world.addEventListener("pushsubscriptionchange", (event) =>
  event.waitUntil(renew(event.oldSubscription, event.newSubscription ?? null)),
);

async function renew(old: PushSubscription | null, fresh: PushSubscription | null): Promise<void> {
  // Where the old one is not told of, the house says which key it signs with.
  const key = old?.options.applicationServerKey ?? (fresh ? null : await houseKey());
  if (!fresh && !key) return;
  const made =
    fresh ?? (await world.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key! }));
  const { endpoint, keys } = made.toJSON();
  await tellHouse("PUT", "/v1/notifications/subscriptions", {
    endpoint,
    keys,
    label: "This browser",
    // Safari, and every browser on its phones, ends a subscription that is pushed to in silence.
    may_clear: !/iPhone|iPad|^(?!.*Chrom(?:e|ium)\/).*Safari\//.test(world.navigator.userAgent),
  });
}

/** null for nobody who is signed in. */
async function houseKey(): Promise<string | null> {
  const answer = await fetch("/v1/notifications/settings", { credentials: "same-origin" });
  if (!answer.ok) return null;
  return ((await answer.json()) as { push: { public_key: string } }).push.public_key;
}

world.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(keptDocument(event));
  else if (new URL(request.url).pathname.startsWith("/assets/")) event.respondWith(keptScript(event));
});

/** A page in which chats were read says what it is made of. */
world.addEventListener("message", (event) => event.waitUntil(keepPage(event.data).catch(() => {})));
