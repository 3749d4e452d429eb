import { describe, expect, test } from "bun:test";

import { embedHtml, embedPolicy, refusalHtml } from "./embed-html.ts";

const head = {
  build: { embed_js: "embed-a.js", icon: "icon-b.svg" },
  house_name: "Byn",
  title: "A walk",
  author: "Astrid",
  watch_url: "https://house.example/watch/1",
  video_id: "1",
  hls_url: "/blobs/public/videos/1/x/master.m3u8",
  poster_url: "/blobs/public/videos/1/x/poster-c.jpg",
  chapters_url: null,
  start_s: 5,
  autoplay: false,
};

describe("embed-html", () => {
  test("MD125: what people wrote can neither open an element nor leave an attribute of the frame", () => {
    const nasty = `"></script><script>alert(1)</script><img src=x onerror='y'>&`;
    for (const html of [
      embedHtml({
        ...head,
        house_name: nasty,
        title: nasty,
        author: nasty,
        poster_url: nasty,
        chapters_url: nasty,
        hls_url: nasty,
      }),
      refusalHtml(nasty, nasty),
    ]) {
      expect(html).not.toContain("<script>alert");
      expect(html).not.toContain("<img");
      expect(html.match(/="[^"]*"/g)?.some((attribute) => attribute.includes("<"))).toBe(false);
    }
  });

  test("MD125: the frame asks for nothing from elsewhere, and its refusal runs nothing at all", () => {
    const html = embedHtml(head);
    for (const [, address] of html.matchAll(/(?:src|href|poster)="([^"]*)"/g))
      expect(address!.startsWith("/") || address === head.watch_url).toBe(true);
    expect(JSON.parse(/id="facts">(.*?)<\/script>/s.exec(html)?.[1] ?? "")).toEqual({
      video_id: "1",
      hls_url: head.hls_url,
      start_s: 5,
      autoplay: false,
    });
    const plays = embedPolicy({ plays: true });
    expect(plays).toContain("frame-ancestors *");
    expect(plays).not.toMatch(/unsafe|https?:/);
    expect(embedPolicy({ plays: false })).not.toContain("script-src");
    expect(refusalHtml("Byn", "https://house.example")).not.toContain("<script");
  });
});
