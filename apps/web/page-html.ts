import { createHash } from "node:crypto";

import type { PageBuild } from "./build.ts";

/** What anyone may know of the house; the answer of `GET /v1/house`, written into the HTML to save a round trip. */
export interface HouseFacts {
  name: string;
  sign_up: "open" | "invitation" | "closed";
  needs_setup: boolean;
  notes: { code: string; detail: string }[];
}

export interface PageHead {
  build: PageBuild;
  /** Without the house's name; that is added. Empty for the front door. */
  title: string;
  description: string;
  /** Absolute or below the house; null shows the card without a picture. */
  image: string | null;
  /** Absolute, canonical: what another program should link to. */
  url: string;
  type: "website" | "article" | "profile" | "video.other";
  /** A video that other sites may show: where they ask how, and the player's own page, both absolute. */
  embed?: { oembed_url: string; player_url: string; width: number; height: number };
  /** Where the same stands as RSS and Atom, absolute and without the ending. */
  feed?: { title: string; url: string };
  house: HouseFacts;
  /** Who asks, as `GET /v1/people/me` answers it, or null for nobody; so that the first screen needs no second round trip. */
  me?: object | null;
  /** For houses whose CSP uses nonces; else `contentSecurityPolicy` allows the one early script by its hash. */
  nonce?: string;
  /** True for pages that are of use to their owner only; search engines are asked to stay out. */
  private?: boolean;
}

/** The colours of the browser's own frame; the same as `--birch` in theme.css. */
export const THEME_COLORS = { light: "#faf6f0", dark: "#161210" } as const;

/**
 * Runs before the first paint, so that nobody who chose the dark sees a flash of light. Everything else waits for the
 * module. It must stay this exact text: the CSP knows it by its hash.
 */
export const EARLY_SCRIPT = `(function(d,m){try{var t=localStorage.getItem("folkhus.theme"),s=localStorage.getItem("folkhus.motion");d.dataset.theme=t==="light"||t==="dark"?t:m.matches?"dark":"light";if(s==="still")d.dataset.motion=s}catch(e){d.dataset.theme=m.matches?"dark":"light"}})(document.documentElement,matchMedia("(prefers-color-scheme: dark)"))`;

/** The whole document for any path of the page. Pure; whatever comes from people is escaped. */
export function pageHtml(head: PageHead): string {
  const { build, house } = head;
  const title = head.title === "" ? house.name : `${head.title} · ${house.name}`;
  const description = shorten(head.description, 200);
  const asset = (name: string) => escapeHtml(`/assets/${name}`);
  const nonce = head.nonce === undefined ? "" : ` nonce="${escapeHtml(head.nonce)}"`;
  const meta = (key: "name" | "property", name: string, content: string) =>
    `<meta ${key}="${name}" content="${escapeHtml(content)}">`;
  return [
    "<!doctype html>",
    '<html lang="en" data-theme="light">',
    "<head>",
    '<meta charset="utf-8">',
    `<title>${escapeHtml(title)}</title>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">',
    meta("name", "description", description),
    '<meta name="color-scheme" content="light dark">',
    `<meta name="theme-color" media="(prefers-color-scheme: light)" content="${THEME_COLORS.light}">`,
    `<meta name="theme-color" media="(prefers-color-scheme: dark)" content="${THEME_COLORS.dark}">`,
    `<script${nonce}>${EARLY_SCRIPT}</script>`,
    `<link rel="stylesheet" href="${asset(build.entry_css)}">`,
    ...build.preload_fonts.map(
      (name) => `<link rel="preload" as="font" type="font/woff2" crossorigin href="${asset(name)}">`,
    ),
    ...build.preload_js.map((name) => `<link rel="modulepreload" href="${asset(name)}">`),
    `<script type="module"${nonce} src="${asset(build.entry_js)}"></script>`,
    `<link rel="icon" type="image/svg+xml" href="${asset(build.icon)}">`,
    '<link rel="manifest" href="/manifest.webmanifest">',
    ...(build.icons["icon-touch-180"] === undefined
      ? []
      : [`<link rel="apple-touch-icon" href="${asset(build.icons["icon-touch-180"])}">`]),
    `<link rel="canonical" href="${escapeHtml(head.url)}">`,
    ...(head.feed ? feedLinks(head.feed) : []),
    ...(head.private ? ['<meta name="robots" content="noindex">'] : []),
    meta("property", "og:site_name", house.name),
    meta("property", "og:type", head.type),
    meta("property", "og:title", head.title === "" ? house.name : head.title),
    meta("property", "og:description", description),
    meta("property", "og:url", head.url),
    ...(head.image === null ? [] : [meta("property", "og:image", new URL(head.image, head.url).href)]),
    ...(head.embed
      ? embedTags(head.embed, head.title)
      : [meta("name", "twitter:card", head.image === null ? "summary" : "summary_large_image")]),
    '<meta name="apple-mobile-web-app-capable" content="yes">',
    "</head>",
    "<body>",
    '<div id="root"></div>',
    "<noscript><p>This page is a small program: please allow JavaScript for it. Nothing is loaded from anywhere else.</p></noscript>",
    `<script type="application/json" id="house"${nonce}>${jsonInHtml(house)}</script>`,
    ...(head.me === undefined
      ? []
      : [`<script type="application/json" id="me"${nonce}>${jsonInHtml(head.me)}</script>`]),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** For readers of feeds, which look here for them. */
const feedLinks = ({ title, url }: NonNullable<PageHead["feed"]>): string[] =>
  (["rss", "atom"] as const).map(
    (format) =>
      `<link rel="alternate" type="application/${format}+xml" href="${escapeHtml(`${url}.${format}`)}" title="${escapeHtml(title)}">`,
  );

/** How other programs put the player among their own words. */
function embedTags({ oembed_url, player_url, width, height }: NonNullable<PageHead["embed"]>, title: string): string[] {
  const tag = (name: string, content: string | number) =>
    `<meta ${name.startsWith("og:") ? "property" : "name"}="${name}" content="${escapeHtml(String(content))}">`;
  return [
    `<link rel="alternate" type="application/json+oembed" href="${escapeHtml(oembed_url)}" title="${escapeHtml(title)}">`,
    tag("og:video", player_url),
    ...(player_url.startsWith("https:") ? [tag("og:video:secure_url", player_url)] : []),
    tag("og:video:type", "text/html"),
    tag("og:video:width", width),
    tag("og:video:height", height),
    tag("twitter:card", "player"),
    tag("twitter:player", player_url),
    tag("twitter:player:width", width),
    tag("twitter:player:height", height),
  ];
}

/**
 * The policy that fits the page: its own scripts, the one early script, and media from where the house keeps bytes.
 * @param media_origins of an object store, when bytes are not kept in the house itself
 */
export function contentSecurityPolicy({
  media_origins = [],
  nonce,
}: { media_origins?: string[]; nonce?: string } = {}): string {
  const hash = createHash("sha256").update(EARLY_SCRIPT).digest("base64");
  const media = ["'self'", ...media_origins].join(" ");
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'${nonce === undefined ? "" : ` 'nonce-${nonce}'`}`,
    // Custom elements of the player write their own style elements.
    "style-src 'self' 'unsafe-inline'",
    `img-src ${media} data: blob:`,
    // hls.js makes a track for captions of an empty file in a `data:` address.
    `media-src ${media} blob: data:`,
    `connect-src ${media}`,
    "font-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

/** JSON that cannot end its own script element, nor begin a comment in it. */
export const jsonInHtml = (value: unknown): string =>
  JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/** At most `chars_max` code points, cut at a word where there is one near. */
function shorten(text: string, chars_max: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  const chars = [...flat];
  if (chars.length <= chars_max) return flat;
  const cut = chars.slice(0, chars_max - 1).join("");
  const space = cut.lastIndexOf(" ");
  return `${space > cut.length - 30 ? cut.slice(0, space) : cut}…`;
}
