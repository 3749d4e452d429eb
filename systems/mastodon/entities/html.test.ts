import { expect, test } from "bun:test";

import { bioHtml, contentHtml } from "./html.ts";

const around = { origin: "https://house.test", handles: new Set(["ben"]) };
const html = (text: string) => contentHtml(text, around);

test("MA14: nothing that a person wrote is markup", () => {
  expect(html("<script>alert('x')</script> & \"quotes\"")).toBe(
    "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quotes&quot;</p>",
  );
  for (const text of [
    'https://a.test/"onmouseover="alert(1)',
    "https://a.test/'><img src=x onerror=alert(1)>",
    "javascript:alert(1) data:text/html,x",
    '#tag"><script>',
    "@ben<script>",
    "&lt;b&gt; &#60;",
  ]) {
    const made = html(text);
    expect(made.replaceAll(/<\/?(?:p|br|a|span)(?: [a-z]+="[^"<>]*")*>/g, "")).not.toMatch(/[<>]/);
    for (const [, url] of made.matchAll(/href="([^"]*)"/g)) expect(url).toMatch(/^https?:\/\//);
  }
});

test("MA14: random text of dangerous pieces has no tag but ours, and its words stay what they were", () => {
  const seed = Number(process.env.SEED ?? 20261121);
  let state = seed;
  const next = (n: number) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % n;
  const PIECES = [
    "<",
    ">",
    '"',
    "'",
    "&",
    "@ben",
    "#tag",
    "https://a.test/",
    "\n",
    "\n\n",
    " ",
    "x",
    "javascript:",
    "&lt;",
    "</p>",
    "é",
    "＃x",
  ];
  for (let i = 0; i < 500; i++) {
    const text = Array.from({ length: next(14) }, () => PIECES[next(PIECES.length)]!).join("");
    const bare = html(text).replaceAll(/<\/?(?:p|br|a|span)(?: [a-z]+="[^"<>]*")*>/g, "");
    if (/[<>]/.test(bare)) throw new Error(`seed ${seed}: ${JSON.stringify(text)} became ${html(text)}`);
    const words = bare
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&");
    // Both signs of a hashtag are drawn as one.
    expect(words.replaceAll("＃", "#")).toBe(text.replaceAll("\n", "").replaceAll("＃", "#"));
  }
});

test("MA14: links, hashtags, mentions and lines as Mastodon draws them", () => {
  expect(html("one\ntwo\n\nthree")).toBe("<p>one<br>two</p><p>three</p>");
  expect(html("hi @ben and @nobody")).toBe(
    '<p>hi <span class="h-card" translate="no"><a href="https://house.test/@ben" class="u-url mention">@<span>ben</span></a></span> and @nobody</p>',
  );
  expect(html("#Grön")).toBe(
    '<p><a href="https://house.test/tags/gr%C3%B6n" class="mention hashtag" rel="tag">#<span>Grön</span></a></p>',
  );
  expect(html("https://www.example.org/a/very/long/way/to/go?x=1")).toContain(
    '<span class="invisible">https://www.</span><span class="ellipsis">example.org/a/very/long/way/to</span><span class="invisible">/go?x=1</span>',
  );
  expect(html("")).toBe("");
  expect(bioHtml("ask @anybody", "https://house.test")).toContain('href="https://house.test/@anybody"');
});
