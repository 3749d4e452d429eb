import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";

import type { PageBuild } from "./build.ts";
import { contentSecurityPolicy, EARLY_SCRIPT, type PageHead, pageHtml } from "./page-html.ts";

const build: PageBuild = {
  dir: "/nowhere",
  entry_js: "main-a.js",
  entry_css: "main-b.css",
  preload_js: ["chunk-c.js"],
  preload_fonts: ["figtree-d.woff2"],
  icon: "icon-e.svg",
  embed_js: "embed-f.js",
  worker_js: "sw-g.js",
  icons: { "icon-touch-180": "icon-touch-180-h.png" },
  files: [],
  first_load_gzip_bytes: 0,
};
const head: PageHead = {
  build,
  title: "A walk",
  description: "In the woods.",
  image: "/blobs/x.webp",
  url: "https://house.example/posts/1",
  type: "article",
  house: { name: "Byn", sign_up: "invitation", needs_setup: false, notes: [] },
};

describe("page-html", () => {
  test("WEB1: what people wrote can neither open an element nor leave an attribute", () => {
    const nasty = `"><script>alert(1)</script><img src=x onerror='y'>&`;
    const html = pageHtml({
      ...head,
      title: nasty,
      description: nasty,
      url: `https://house.example/?q=${nasty}`,
      image: nasty,
    });
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("<img");
    expect(html.match(/content="[^"]*"/g)?.some((attribute) => attribute.includes("<"))).toBe(false);
  });

  test("WEB1: a house's name cannot end the script element that carries it", () => {
    const name = "</script><!--\u2028";
    const html = pageHtml({ ...head, house: { ...head.house, name } });
    const data = /id="house">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
    expect(data).not.toContain("<");
    expect((JSON.parse(data) as { name: string }).name).toBe(name);
  });

  test("WEB88: names its feeds to who looks for them, and none where there are none", () => {
    const html = pageHtml({ ...head, feed: { title: 'Ann "A"', url: "https://house.example/v1/people/ann/posts" } });
    expect(html).toContain(
      '<link rel="alternate" type="application/rss+xml" href="https://house.example/v1/people/ann/posts.rss" title="Ann &quot;A&quot;">',
    );
    expect(html).toContain('type="application/atom+xml" href="https://house.example/v1/people/ann/posts.atom"');
    expect(pageHtml(head)).not.toContain("application/rss+xml");
  });

  test("WEB2: carries Open Graph tags with absolute addresses, and asks for nothing from elsewhere", () => {
    const html = pageHtml(head);
    expect(html).toContain('<meta property="og:title" content="A walk">');
    expect(html).toContain('<meta property="og:image" content="https://house.example/blobs/x.webp">');
    expect(html).toContain("<title>A walk · Byn</title>");
    for (const [, address] of html.matchAll(/(?:src|href)="([^"]*)"/g)) {
      expect(address!.startsWith("/assets/") || address === "/manifest.webmanifest" || address === head.url).toBe(true);
    }
  });

  test("WEB2: a long description is cut at a word, never inside a character", () => {
    const html = pageHtml({ ...head, description: `${"😀 wood ".repeat(80)}` });
    const description = /name="description" content="([^"]*)"/.exec(html)?.[1] ?? "";
    expect([...description].length).toBeLessThanOrEqual(200);
    expect(description.endsWith("…")).toBe(true);
    expect(description.isWellFormed()).toBe(true);
  });

  test("WEB3: the policy allows exactly the early script that the page carries", () => {
    const hash = createHash("sha256").update(EARLY_SCRIPT).digest("base64");
    expect(contentSecurityPolicy()).toContain(`'sha256-${hash}'`);
    expect(pageHtml(head)).toContain(`<script>${EARLY_SCRIPT}</script>`);
    expect(contentSecurityPolicy()).not.toContain("unsafe-eval");
    expect(contentSecurityPolicy({ media_origins: ["https://s3.example"] })).toContain(
      "connect-src 'self' https://s3.example",
    );
  });
});
