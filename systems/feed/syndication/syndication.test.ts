import { afterAll, expect, test } from "bun:test";

import { parseAtomFeed, parseRssFeed } from "feedsmith";

import { peopleRoutes } from "#systems/people/contract.ts";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { htmlOf, titleOf } from "./words.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const [admin, ann, ben] = await Promise.all([
  t.house.person("root", "admin"),
  t.house.person("ann"),
  t.house.person("ben"),
]);
const ORIGIN = "http://house.example";
const fetch = (path: string, headers: Record<string, string> = {}) =>
  t.house.api.fetch(new Request(`${ORIGIN}${path}`, { headers }), "127.0.0.1");
const feedOf = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(path, headers);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const titles = async (path: string) => (parseRssFeed((await feedOf(path)).text).items ?? []).map((item) => item.title);

test("FD240: there is no feed of nobody, of a private space, and none of what is not for everybody, whoever asks", async () => {
  const space = await t.house.space("cellar", ann, [ben], { visibility: "private" });
  await t.post(ann, "in the cellar", { audience: "space", space_id: space.id });
  await t.post(ann, "for followers", { audience: "followers" });
  await t.post(ann, "for me", { audience: "private" });
  for (const format of ["rss", "atom"]) {
    expect((await feedOf(`/v1/people/nobody_here/posts.${format}`)).status).toBe(404);
    expect((await feedOf(`/v1/spaces/cellar/posts.${format}`)).status).toBe(404);
    expect((await feedOf(`/v1/hashtags/12/posts.${format}`)).status).toBe(404);
    // The session of a member, and of the author, opens nothing.
    const headers = { authorization: `Bearer ${ann.token}` };
    expect((await feedOf(`/v1/spaces/cellar/posts.${format}`, headers)).status).toBe(404);
    const own = await feedOf(`/v1/people/ann/posts.${format}`, headers);
    expect(own.status).toBe(200);
    expect(own.text).not.toContain("for ");
  }
});

test("FD241: RSS and Atom are read by a parser, with names, addresses, words, warnings and files", async () => {
  t.media.video("601", ann.id, { title: "A film & more", poster_url: "/blobs/601/poster.webp" });
  await t.post(ben, "first");
  const hello = await t.post(
    ann,
    'Hello @ben & <b>"all"</b>, see https://example.org/?a=1&b=2 #Tea\nnext line\n\nnew paragraph \u{1f375}',
  );
  const film = await t.post(ann, "", { video_id: "601" });
  const { text, headers } = await feedOf("/v1/people/ANN/posts.rss");
  expect(headers.get("content-type")).toBe("application/rss+xml; charset=utf-8");
  const feed = parseRssFeed(text);
  expect(feed.title).toBe("ann (@ann)");
  expect(feed.link).toBe(`${ORIGIN}/@ann`);
  expect(feed.items!.map((item) => item.link)).toEqual([`${ORIGIN}/posts/${film.id}`, `${ORIGIN}/posts/${hello.id}`]);
  const [second, first] = feed.items!;
  expect(first).toMatchObject({
    guid: { value: `${ORIGIN}/posts/${hello.id}`, isPermaLink: true },
    dc: { creators: ["ann (@ann)"] },
    categories: [{ name: "tea" }],
  });
  expect(new Date(first!.pubDate!).getTime()).toBe(Math.floor(Date.parse(hello.created_at) / 1000) * 1000);
  expect(first!.description).toBe(
    `<p>Hello <a href="${ORIGIN}/@ben">@ben</a> &amp; &lt;b&gt;&quot;all&quot;&lt;/b&gt;, see <a href="https://example.org/?a=1&amp;b=2">https://example.org/?a=1&amp;b=2</a> <a href="${ORIGIN}/tags/tea">#Tea</a><br>next line</p><p>new paragraph \u{1f375}</p>`,
  );
  expect(second).toMatchObject({
    title: "A film & more",
    enclosures: [{ url: `${ORIGIN}/blobs/601/master.m3u8`, type: "application/vnd.apple.mpegurl", length: 0 }],
  });
  const atom = parseAtomFeed((await feedOf("/v1/people/ann/posts.atom")).text);
  expect(atom).toMatchObject({ id: `${ORIGIN}/v1/people/ann/posts.atom`, title: { value: "ann (@ann)" } });
  expect(atom.entries!.map((entry) => entry.id)).toEqual([`${ORIGIN}/posts/${film.id}`, `${ORIGIN}/posts/${hello.id}`]);
  expect(atom.entries![0]!.links).toContainEqual(
    expect.objectContaining({ rel: "enclosure", href: `${ORIGIN}/blobs/601/master.m3u8` }),
  );
  expect(atom.entries![1]!.authors).toEqual([{ name: "ann", uri: `${ORIGIN}/@ann` }]);
});

test("FD242: a content warning stands in the place of the title and before the words, and what it covers is not shown", async () => {
  const body = { text: "the long truth", audience: "public", content_warning: "spiders" } as const;
  await call(r.createPost, { token: ben.token, body });
  const [item] = parseRssFeed((await feedOf("/v1/people/ben/posts.rss")).text).items!;
  expect(item!.title).toBe("spiders");
  expect(item!.description).toBe("<p><strong>Content warning:</strong> spiders</p><hr><p>the long truth</p>");
  const atom = parseAtomFeed((await feedOf("/v1/people/ben/posts.atom")).text);
  expect(atom.entries![0]!.summary).toMatchObject({ value: "spiders" });
});

test("FD243: what did not change is answered with 304, by tag and by date; what was deleted is gone with the next read", async () => {
  const post = await t.post(ann, "soon gone #tea");
  const before = await feedOf("/v1/hashtags/TEA/posts.rss");
  const etag = before.headers.get("etag")!;
  const date = before.headers.get("last-modified")!;
  expect(await titles("/v1/hashtags/tea/posts.rss")).toHaveLength(2);
  for (const headers of [
    { "if-none-match": etag },
    { "if-none-match": `"x", W/${etag}` },
    { "if-modified-since": date },
  ] as Record<string, string>[]) {
    const again = await feedOf("/v1/hashtags/tea/posts.rss", headers);
    expect([again.status, again.text]).toEqual([304, ""]);
    expect(again.headers.get("etag")).toBe(etag);
  }
  expect(
    (await feedOf("/v1/hashtags/tea/posts.rss", { "if-none-match": '"x"', "if-modified-since": date })).status,
  ).toBe(200);
  await call(r.deletePost, { token: ann.token, params: { id: post.id } });
  const after = await feedOf("/v1/hashtags/tea/posts.rss", { "if-none-match": etag });
  expect(after.status).toBe(200);
  expect(after.text).not.toContain("soon gone");
});

test("FD244: a public space's feed has what is for everybody there; a suspended person's is not there", async () => {
  const space = await t.house.space("garden", ann, [ben]);
  await t.post(ben, "for all of you", { audience: "public", space_id: space.id });
  await t.post(ben, "for the gardeners", { audience: "space", space_id: space.id });
  expect(await titles("/v1/spaces/garden/posts.rss")).toEqual(["for all of you"]);
  expect(await titles(`/v1/spaces/${space.id}/posts.rss`)).toEqual(["for all of you"]);
  await t.house.people.rooms.offices.suspend(admin.viewer, "ben", "spam");
  expect((await feedOf("/v1/people/ben/posts.rss")).status).toBe(404);
  expect(await titles("/v1/spaces/garden/posts.rss")).toEqual([]);
  const empty = await feedOf("/v1/spaces/garden/posts.atom");
  expect(parseAtomFeed(empty.text).updated).toBe("1970-01-01T00:00:00.000Z");
  expect(empty.headers.get("last-modified")).toBeNull();
  expect(t.house.broken).toEqual([]);
});

test("FD240: who became private has no feed any more, and stands in nobody else's", async () => {
  await t.post(ann, "soon for few #quiet");
  expect(await titles("/v1/hashtags/quiet/posts.rss")).toHaveLength(1);
  await call(peopleRoutes.editMe, { token: ann.token, body: { private: true } });
  expect((await feedOf("/v1/people/ann/posts.rss")).status).toBe(404);
  expect((await feedOf("/v1/people/ann/posts.atom", { authorization: `Bearer ${ann.token}` })).status).toBe(404);
  expect(await titles("/v1/hashtags/quiet/posts.rss")).toEqual([]);
});

test("FD241: words of any kind make well-formed XML", () => {
  const hostile = "]]><script>alert(1)</script>\u0000\u0008\ufffe\ud800 <!-- & &amp; 'x' \"y\"";
  const html = htmlOf(hostile, new Set(), ORIGIN);
  expect(html).not.toContain("<script");
  expect(html).not.toMatch(/[\u0000-\u0008\ufffe]/);
  expect(html.isWellFormed()).toBe(true);
  const author = { display_name: "Ann" } as never;
  expect(titleOf({ text: `${"word ".repeat(40)}`, video: null, images: [], content_warning: null, author })).toMatch(
    /^(?:word ){14}word…$/,
  );
});
