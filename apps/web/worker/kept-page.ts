/**
 * What lets the chats open without a line: the page's document and the files that it is made of, as they were when chats were last
 * read in this browser. The house is always asked first, so nothing of an older day is shown while it answers. What people wrote is
 * not here: the page keeps it (`live/kept.ts`). The document names its person, so it goes when another document says that nobody is
 * signed in, and it is asked for anew whenever a page says that chats are read.
 */

/** The page's first script. Its name changes with anything in it. */
declare const PAGE_ENTRY: string;

/** As much as is used here. */
interface Asked {
  request: Request;
  waitUntil(work: Promise<unknown>): void;
}

const PREFIX = "folkhus.page.";
const MINE = PREFIX + PAGE_ENTRY;
const DOCUMENT = "/chat";
/** A house that takes longer is as good as away to who wants to read; the page goes on asking. */
const ANSWER_MS_MAX = 4_000;
const FILES_MAX = 300;
const KEPT_HEADERS = [
  "content-type",
  "content-security-policy",
  "cross-origin-opener-policy",
  "permissions-policy",
  "referrer-policy",
  "x-content-type-options",
];

/** Of this build or, right after a new one, of the one before; undefined where chats were never read here. */
const kept = (path: string): Promise<Response | undefined> => caches.match(path, { ignoreVary: true });

/** @param said what a page posts: `{ keep: ["/assets/…"] }` */
export async function keepPage(said: unknown): Promise<void> {
  const files = (said as { keep?: unknown } | null)?.keep;
  if (!Array.isArray(files) || files.length > FILES_MAX) return;
  const names = files.filter((name): name is string => typeof name === "string" && /^\/assets\/[\w.-]+$/.test(name));
  // A page of another build: what it is made of is not what the house has now.
  if (!names.includes(`/assets/${PAGE_ENTRY}`)) return;
  const cache = await caches.open(MINE);
  const there = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  await cache.addAll(names.filter((name) => !there.has(name)));
  await renew(await fetch(DOCUMENT, { credentials: "same-origin" }), true);
  await forget((name) => name !== MINE);
}

async function forget(which: (name: string) => boolean): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && which(name)) await caches.delete(name);
}

/** The newest document takes the place of the one before, and all goes where it says that nobody is signed in. */
async function renew(answer: Response, is_chat: boolean): Promise<void> {
  if (!answer.ok || !answer.headers.get("content-type")?.startsWith("text/html")) return;
  const html = await answer.text();
  if (/ id="me"[^>]*>null</.test(html)) return forget(() => true);
  if (!is_chat || !html.includes(' id="me"') || !html.includes(`/assets/${PAGE_ENTRY}"`) || !(await caches.has(MINE)))
    return;
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
  await (await caches.open(MINE)).put(DOCUMENT, new Response(html, { headers }));
}

/** The house's answer; where none comes soon, the chats as they were kept, and for all else words that say so. */
export async function keptDocument(event: Asked): Promise<Response> {
  const { pathname, searchParams } = new URL(event.request.url);
  const is_chat = /^\/chat(?:\/|$)/.test(pathname);
  const coming = fetch(event.request);
  event.waitUntil(coming.then((answer) => renew(answer.clone(), is_chat)).catch(() => {}));
  const document = await kept(DOCUMENT);
  if (!document || !is_chat) {
    return coming.catch(() =>
      // From the home screen: what can be read is shown.
      document && searchParams.get("from") === "home"
        ? Response.redirect(DOCUMENT)
        : withoutLine(document !== undefined),
    );
  }
  const answer = await Promise.race([
    coming.catch(() => null),
    new Promise<null>((resolve) => setTimeout(() => resolve(null), ANSWER_MS_MAX)),
  ]);
  return answer && answer.status < 500 ? answer : document;
}

/** Names carry a hash, so what is kept under one is what the house would send. What is loaded later is kept too. */
export async function keptScript(event: Asked): Promise<Response> {
  const { request } = event;
  const there = await kept(request.url);
  if (there) return there;
  const answer = await fetch(request);
  if (answer.ok && (await caches.has(MINE))) {
    const copy = answer.clone();
    event.waitUntil(
      caches
        .open(MINE)
        .then((cache) => cache.put(request.url, copy))
        .catch(() => {}),
    );
  }
  return answer;
}

/** It is in this script, so it is of the same day. */
export function withoutLine(has_chats: boolean): Response {
  const chats = has_chats ? '<a href="/chat">Your chats</a> ' : "";
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>No connection</title><style>:root{color-scheme:light dark}body{font-family:system-ui,sans-serif;margin:0;min-height:100dvh;display:grid;place-items:center;background:#faf6f0;color:#2a201c;text-align:center}main{padding:2rem}h1{font-size:1.25rem}a{display:inline-block;margin-top:1rem;padding:.75rem 1.5rem;border-radius:999px;background:#801818;color:#fff6ef;text-decoration:none;font-weight:600}@media(prefers-color-scheme:dark){body{background:#161210;color:#f3ebe4}}</style></head><body><main><h1>The house cannot be reached</h1><p>You are without a connection, or the house is. Nothing is lost.</p>${chats}<a href="">Try again</a></main></body></html>`;
  return new Response(html, { status: 503, headers: { "content-type": "text/html; charset=utf-8" } });
}
