import { afterAll, expect, test } from "bun:test";

import type { SpaceId } from "#kernel/ids.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r } from "../contract.ts";
import type { Feed } from "../index.ts";
import { testFeed } from "../testing.ts";
import { findState } from "./store.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating } = t.house.people.rooms;
const admin = await t.house.person("root", "admin");
const people = await Promise.all(Array.from({ length: 8 }, (_, i) => t.house.person(`p${i}`)));
const [ann, ben, cleo, dora, eli, finn, gus, hedy] = people as [
  TestPerson,
  TestPerson,
  TestPerson,
  TestPerson,
  TestPerson,
  TestPerson,
  TestPerson,
  TestPerson,
];

const like = (who: TestPerson, id: string) => call(r.likePost, { token: who.token, params: { id } });
const unlike = (who: TestPerson, id: string) => call(r.unlikePost, { token: who.token, params: { id } });

/** All nodes here follow one log: each has counted what was committed before. */
const counted = () => t.house.log.tailsCaughtUp();
async function posts(who: TestPerson | null = null, query: { space_id?: SpaceId; window?: "hour" | "day" } = {}) {
  await counted();
  const { body } = await call(r.trendingPosts, { token: who?.token ?? null, query });
  return body.items.map(({ post, people: n }) => `${post.text}: ${n}`);
}
async function tags(who: TestPerson | null = null, query: { space_id?: SpaceId } = {}) {
  await counted();
  const { body } = await call(r.trendingHashtags, { token: who?.token ?? null, query });
  return body.items.map(({ tag, people: n }) => `${tag}: ${n}`);
}
async function links(who: TestPerson | null = null) {
  await counted();
  const { body } = await call(r.trendingLinks, { token: who?.token ?? null });
  return body.items.map(({ url, people: n }) => `${url}: ${n}`);
}

test("FD234: nothing trends where nothing happened, and what one person does alone is no trend", async () => {
  expect(await posts()).toEqual([]);
  expect(await tags()).toEqual([]);
  const post = await t.post(ann, "mine alone #solo https://example.org/alone");
  await like(ann, post.id);
  await call(r.createComment, { token: ann.token, params: { id: post.id }, body: { text: "indeed" } });
  await call(r.repostPost, { token: ann.token, params: { id: post.id } });
  await like(ben, post.id);
  expect(await posts()).toEqual([]);
  expect(await tags()).toEqual(["solo: 2"]);
  await call(r.deletePost, { token: ann.token, params: { id: post.id } });
  expect(await tags()).toEqual([]);
});

test("FD235: who likes and takes back a hundred times, and posts a hashtag over and over, counts as one", async () => {
  const loud = await t.post(hedy, "loud #noise");
  for (let i = 0; i < 12; i++) {
    await like(gus, loud.id);
    await unlike(gus, loud.id);
    await t.post(gus, `#noise ${i}`);
  }
  const good = await t.post(ann, "a good one #weaving https://example.org/loom?utm_source=x#top");
  for (const who of [ben, cleo, dora]) await like(who, good.id);
  await t.post(eli, "me too #Weaving https://example.org/loom");
  expect(await posts()).toEqual(["a good one #weaving https://example.org/loom?utm_source=x#top: 3"]);
  expect(await tags()).toEqual(["weaving: 5", "noise: 2"]);
  expect(await links()).toEqual(["https://example.org/loom: 5"]);
});

test("FD236: a block, a mute, a deletion and a smaller audience hold on the very next read", async () => {
  const [mine, yours] = [await t.post(finn, "finn's #fishing"), await t.post(eli, "eli's #fishing")];
  for (const who of [ben, cleo, dora, gus]) await like(who, mine.id);
  for (const who of [ben, cleo, dora]) await like(who, yours.id);
  expect((await posts(ann))[0]).toBe("finn's #fishing: 4");
  expect(await posts(ann)).toContain("eli's #fishing: 3");
  await relating.block(ann.viewer, finn.handle);
  expect(await posts(ann)).not.toContain("finn's #fishing: 4");
  expect((await tags(ann))[0]).toBe("fishing: 6");
  await relating.mute(ann.viewer, eli.handle);
  expect(await posts(ann)).not.toContain("eli's #fishing: 3");
  expect(await tags(ann)).not.toContain("fishing: 6");
  expect((await tags(ben))[0]).toBe("fishing: 6");
  await call(r.editPost, { token: eli.token, params: { id: yours.id }, body: { audience: "followers" } });
  expect(await posts(ben)).not.toContain("eli's #fishing: 3");
  await call(r.deletePost, { token: finn.token, params: { id: mine.id } });
  expect(await tags(ben)).not.toContain("fishing: 6");
});

test("FD237: what is for a space trends there, for its members only, and never in the house", async () => {
  const space = await t.house.space("boats", ann, [ben, cleo, dora], { visibility: "private" });
  const post = await t.post(ann, "our boat #hull", { audience: "space", space_id: space.id });
  for (const who of [ben, cleo, dora]) await like(who, post.id);
  const asked = { space_id: space.id };
  expect(await posts(ben, asked)).toEqual(["our boat #hull: 3"]);
  expect(await tags(ben, asked)).toEqual(["hull: 4"]);
  expect(await posts(ben)).not.toContain("our boat #hull: 3");
  expect(await tags(ben)).not.toContain("hull: 4");
  for (const who of [hedy, null]) {
    const refused = await call(r.trendingPosts, { token: who?.token ?? null, query: asked });
    expect(refused).toMatchObject({ status: 404, code: "space.not_found" });
  }
  const open = await t.house.space("harbour", ann, [ben, cleo]);
  const here = await t.post(ann, "for all #harbour", { audience: "public", space_id: open.id });
  for (const who of [ben, cleo]) await like(who, here.id);
  expect(await posts(null, { space_id: open.id })).toEqual(["for all #harbour: 2"]);
  expect(await tags()).toContain("harbour: 3");
});

test("FD237: of who is private nothing trends in the house, not even for who follows them", async () => {
  await relating.follow(ben.viewer, hedy.handle);
  const post = await t.post(hedy, "dear all #circle");
  for (const who of [ben, cleo, dora]) await like(who, post.id);
  expect(await posts(ben)).toContain("dear all #circle: 3");
  await call(peopleRoutes.editMe, { token: hedy.token, body: { private: true } });
  expect(await posts(ben)).not.toContain("dear all #circle: 3");
  expect((await tags(ben)).join()).not.toContain("circle");
  await call(peopleRoutes.editMe, { token: hedy.token, body: { private: false } });
  expect(await posts(ben)).toContain("dear all #circle: 3");
});

test("FD238: a moderator keeps a hashtag, a link, a host or a post out, with a reason, and takes that back", async () => {
  const post = await t.post(ann, "look #Bread https://www.example.net/loaf");
  for (const who of [ben, cleo, dora, eli, gus, hedy]) await like(who, post.id);
  expect(await tags()).toContain("bread: 7");
  const body = { kind: "hashtag", subject: "#BREAD", why: "an advertisement" } as const;
  expect(await call(r.barTrending, { token: ann.token, body })).toMatchObject({ status: 403 });
  expect(await call(r.barTrending, { body })).toMatchObject({ status: 401 });
  for (const wrong of [
    { ...body, subject: "no tag" },
    { ...body, kind: "link", subject: "javascript:alert(1)" },
    { ...body, kind: "host", subject: "example.net/loaf" },
    { ...body, kind: "post", subject: "x" },
  ] as const)
    expect(await call(r.barTrending, { token: admin.token, body: wrong })).toMatchObject({
      status: 422,
      code: "trending.bad_subject",
    });
  const asked = [
    body,
    { kind: "host", subject: "www.Example.net", why: "sells" },
    { kind: "post", subject: post.id, why: "sells" },
  ] as const;
  const made = [];
  for (const one of asked) made.push((await call(r.barTrending, { token: admin.token, body: one })).body);
  expect(made[0]).toMatchObject({ subject: "bread", why: "an advertisement", barred_by: { handle: "root" } });
  expect((await call(r.barTrending, { token: admin.token, body: { ...body, why: "again" } })).body).toEqual(made[0]!);
  expect(await tags()).not.toContain("bread: 7");
  expect(await links()).not.toContain("https://www.example.net/loaf: 7");
  expect((await posts()).join()).not.toContain("#Bread");
  for (const { id } of made)
    expect(await call(r.liftTrendingBar, { token: admin.token, params: { id } })).toMatchObject({ status: 204 });
  expect(await call(r.liftTrendingBar, { token: admin.token, params: { id: made[0]!.id } })).toMatchObject({
    status: 404,
  });
  expect(await tags()).toContain("bread: 7");
  expect(await links()).toContain("https://www.example.net/loaf: 7");
  const { body: list } = await call(r.listTrendingBars, { token: admin.token });
  expect(list.items.map(({ subject, lifted_by }) => [subject, lifted_by?.handle])).toEqual([
    [post.id, "root"],
    ["example.net", "root"],
    ["bread", "root"],
  ]);
});

test("FD239: a node that starts knows what the others know: from the kept state, or from the log alone", async () => {
  await counted();
  const asked = { kind: "posts", window: "day", space_id: null, subjects_max: 50 } as const;
  const keys = (node: Feed) => node.rooms.trending.top(asked).map(({ key, people: n }) => [key, n]);
  const fromLog = await t.node();
  await counted();
  // What was deleted since has no facts any more, so who reads it from the log alone does not count it at all.
  const living = new Set(keys(fromLog).map(([key]) => key));
  expect(living.size).toBeGreaterThanOrEqual(3);
  expect(keys(fromLog)).toEqual(keys(t.feed).filter(([key]) => living.has(key)));
  // Two nodes keep theirs; the one that is no further on changes nothing.
  await t.feed.rooms.trending.keep();
  await t.runJob("feed.trending_keep", {});
  const kept = await findState(t.house.db.sql.pool);
  expect(kept!.position).toBe(t.feed.rooms.trending.stats().position);
  const post = await t.post(hedy, "after the state was kept");
  for (const who of [ben, cleo]) await like(who, post.id);
  const fromState = await t.node();
  await counted();
  await counted();
  expect(keys(fromState)).toEqual(keys(t.feed));
  expect(keys(fromState).map(([key]) => key)).toContain(post.id);
  const { rooms } = t.feed;
  expect(rooms.trending.posts({ posts_max: 1 })).toHaveLength(1);
  // A state that a newer or broken house wrote is not read.
  await t.house.db.sql.pool`UPDATE feed_trending_states SET version = 99, state = 'x'`;
  const anew = await t.node();
  await counted();
  expect(keys(anew)).toEqual(keys(t.feed).filter(([key]) => keys(anew).some(([known]) => known === key)));
  expect(keys(anew).length).toBeGreaterThan(living.size);
  expect(t.house.broken).toEqual([]);
});
