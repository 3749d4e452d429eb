import { afterAll, expect, test } from "bun:test";

import type { Problem } from "#kernel/errors.ts";
import { idTimeMs } from "#kernel/ids.ts";
import { NOBODY } from "#kernel/viewer.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";
import type { WindowOf } from "./lists.ts";
import type { WindowAsked } from "./windows.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const [ann, ben, cleo, dora] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("cleo"),
  t.house.person("dora"),
]);
const { signal } = new AbortController();
const TOP: WindowAsked = { limit: 5, below: null, since: null, above: null };
const read = (of: WindowOf, asked: Partial<WindowAsked>, viewer = ben.viewer) =>
  t.feed.windows.page(viewer, of, { ...TOP, ...asked }, signal);
const keys = (items: { key: string }[]) => items.map(({ key }) => key);

const posts: Post[] = [];
for (let i = 0; i < 23; i++) posts.push(await t.post(i % 3 === 0 ? ben : ann, `number ${i} #count`));
await t.follow(ben, ann);
await t.follow(ben, cleo);
// In home a post stands once, by its newest entry.
for (const i of [2, 9]) await call(r.repostPost, { params: { id: posts[i]!.id }, token: cleo.token });
for (const text of ["from afar", "from afar too"]) {
  const { id } = await t.post(dora, text);
  await call(r.repostPost, { params: { id }, token: cleo.token });
}
for (const i of [4, 20, 7, 1]) {
  await call(r.likePost, { params: { id: posts[i]!.id }, token: ben.token });
  await call(r.bookmarkPost, { params: { id: posts[i]!.id }, token: ben.token });
}

const list = (await call(r.createList, { token: ben.token, body: { name: "Both", handle: "ann" } })).body;
await call(r.addToList, { token: ben.token, params: { id: list.id, handle: "cleo" } });

test("FD64: another's list is not found", async () => {
  const refused = await read({ list: "list", id: list.id }, {}, ann.viewer).catch((error: Problem) => error.code);
  expect(refused).toBe("list.not_found");
});

test("FD64: a place that is none of the list is refused", async () => {
  for (const asked of [{ below: "x" }, { since: "-1" }, { above: "99999999999999999999999" }])
    expect(await read({ list: "home" }, asked).catch((error: Problem) => error.code)).toBe("cursor.invalid");
});

const LISTS = (
  [
    { list: "home" },
    { list: "public" },
    { list: "hashtag", tag: "count" },
    { list: "person", person_id: ann.id },
    { list: "person", person_id: ann.id, only: "posts" },
    { list: "list", id: list.id },
    { list: "bookmarks" },
    { list: "liked" },
  ] satisfies WindowOf[]
).map((of): [string, WindowOf] => ["only" in of ? "only" : of.list, of]);
test.each(LISTS)(
  "FD64: %s pages by places downwards and upwards without gap or repeat, in one order",
  async (_name, of) => {
    const all = keys(await read(of, { limit: 100 }));
    expect(all.length).toBeGreaterThan(3);
    const down: string[] = [];
    for (let below: string | null = null; ;) {
      const page = keys(await read(of, { below, limit: 3 }));
      down.push(...page);
      if (page.length < 3) break;
      below = page.at(-1)!;
    }
    expect(down).toEqual(all);
    const up: string[] = [all.at(-1)!];
    for (;;) {
      const page = keys(await read(of, { above: up[0]!, limit: 3 }));
      up.unshift(...page);
      if (page.length < 3) break;
    }
    expect(up).toEqual(all);
    // `since` is the newest page, cut at the place; `above` is the page right above it.
    const [since] = all.slice(-2);
    expect(keys(await read(of, { since: since!, limit: 2 }))).toEqual(all.slice(0, 2));
    expect(keys(await read(of, { since: since!, limit: 100 }))).toEqual(all.slice(0, -2));
    expect(keys(await read(of, { above: since!, limit: 1 }))).toEqual(all.slice(-3, -2));
  },
);

test("FD64: home by places is home by cursor: the same posts in the same order, reposts with their own place", async () => {
  const { items } = await t.home(ben, { limit: 100 });
  const window = await read({ list: "home" }, { limit: 100 });
  expect(window.map(({ post }) => post)).toEqual(items);
  expect(keys(window)).toEqual(items.map((post) => post.entry_id!));
  const [place] = window.filter(({ post }) => post.reposted_by !== null);
  expect(await t.feed.windows.repost(place!.key)).toEqual({ post_id: place!.post.id, person_id: cleo.id });
  expect((await t.feed.windows.repostsOf(cleo.id, [place!.post.id])).get(place!.post.id)).toBe(place!.key);
});

test("FD65: posts by id are those that the reader may read, now", async () => {
  const closed = await t.post(cleo, "for followers", { audience: "followers" });
  const ids = [closed.id, posts[0]!.id, "1"];
  expect([...(await t.feed.windows.posts(NOBODY, ids)).keys()]).toEqual([posts[0]!.id]);
  expect((await t.feed.windows.posts(ben.viewer, ids)).size).toBe(2);
  await t.house.people.rooms.relating.block(cleo.viewer, "ben");
  expect([...(await t.feed.windows.posts(ben.viewer, ids)).keys()]).toEqual([posts[0]!.id]);
  await t.house.people.rooms.relating.unblock(cleo.viewer, "ben");
});

test("FD280: what somebody private passed on is for their followers, on their page, in a list of people and as it comes", async () => {
  const { relating } = t.house.people.rooms;
  const private_ = (value: boolean) => t.house.people.rooms.profiles.editMe(cleo.viewer, { private: value });
  const { id } = await t.post(ann, "passed on by who is private");
  await call(r.repostPost, { params: { id }, token: cleo.token });
  const key = (await t.feed.windows.repostsOf(cleo.id, [id])).get(id)!;
  const page: WindowOf = { list: "person", person_id: cleo.id };
  const seen = async (viewer: typeof ben.viewer, of: WindowOf) =>
    keys(await read(of, { limit: 50 }, viewer)).includes(key);
  const hers = (await call(r.createList, { token: dora.token, body: { name: "Near", handle: "cleo" } })).body;
  const place = { key, post_id: id, reposter_id: cleo.id };
  expect(await seen(dora.viewer, page)).toBe(true);
  await relating.follow(ben.viewer, "cleo");
  await private_(true);
  expect(await seen(dora.viewer, page)).toBe(false);
  expect(await seen(dora.viewer, { list: "list", id: hers.id })).toBe(false);
  expect(await t.feed.windows.arrived(dora.viewer, page, place)).toBeNull();
  for (const viewer of [ben.viewer, cleo.viewer]) expect(await seen(viewer, page)).toBe(true);
  await relating.unfollow(ben.viewer, "cleo");
  expect(await seen(ben.viewer, page)).toBe(false);
  await private_(false);
  await call(r.unrepostPost, { params: { id }, token: cleo.token });
});

test("FD281: comments by id are those that the reader may read, in one round, as each of them is by itself", async () => {
  const [open, closed] = [await t.post(ann, "open"), await t.post(ann, "closed", { audience: "followers" })];
  const say = async (who: typeof ann, post_id: string, text: string) =>
    (await call(r.createComment, { token: who.token, params: { id: post_id }, body: { text } })).body.id;
  const said = [await say(cleo, open.id, "one"), await say(ann, open.id, "two"), await say(ben, closed.id, "three")];
  const gone = await say(cleo, open.id, "gone");
  await call(r.deleteComment, { token: cleo.token, params: { id: gone } });
  await call(r.likeComment, { token: ben.token, params: { id: said[0]! } });
  const ids = [...said, gone, "1"];
  const found = await t.feed.windows.comments(ben.viewer, ids);
  expect([...found.keys()].toSorted()).toEqual(said.toSorted());
  for (const id of said) {
    const { counts: _, ...alone } = (await call(r.getComment, { token: ben.token, params: { id } })).body;
    const { counts, ...together } = found.get(id)!.comment;
    expect(together).toEqual(alone);
    expect(counts.replies).toBe(0);
  }
  expect([...(await t.feed.windows.comments(NOBODY, ids)).keys()].toSorted()).toEqual(said.slice(0, 2).toSorted());
  await t.house.people.rooms.relating.block(cleo.viewer, "ben");
  expect((await t.feed.windows.comments(ben.viewer, ids)).has(said[0]!)).toBe(false);
  await t.house.people.rooms.relating.unblock(cleo.viewer, "ben");
});

test("FD66: a thread in one read: those of the blocked are missing with what is under them, those under a deleted one hang above it", async () => {
  const post = await t.post(ann, "talk");
  const say = async (who: typeof ann, text: string, parent_id?: string) =>
    (
      await call(r.createComment, {
        params: { id: post.id },
        token: who.token,
        body: { text, ...(parent_id === undefined ? {} : { parent_id }) },
      })
    ).body.id;
  const first = await say(ann, "first");
  const second = await say(ben, "second", first);
  const third = await say(ann, "third", second);
  const by_cleo = await say(cleo, "cleo", first);
  await say(ben, "under cleo", by_cleo);
  await call(r.deleteComment, { params: { id: second }, token: ben.token });
  await t.settled();
  const seen = await t.feed.windows.thread(ann.viewer, post.id, 100);
  expect(seen.map(({ text }) => text)).toEqual(["first", "third", "cleo", "under cleo"]);
  expect(seen.find(({ id }) => id === third)!.parent_id).toBe(first);
  await t.house.people.rooms.relating.block(ann.viewer, "cleo");
  const after = await t.feed.windows.thread(ann.viewer, post.id, 100);
  expect(after.map(({ text }) => text)).toEqual(["first", "third"]);
});

test("FD65: how much somebody put before their followers, and when last", async () => {
  const authored = await t.feed.windows.authored([cleo.id, "1"]);
  expect(authored.get(cleo.id)!.posts).toBe(5);
  expect(authored.get("1")).toEqual({ posts: 0, last_ms: null });
});

test("FD313: how much somebody writes, and when last, says nothing of what they write for few", async () => {
  const shy = await t.house.person("shy");
  const open = await t.post(shy, "for all");
  for (let i = 0; i < 3; i++) await t.post(shy, `diary ${i}`, { audience: "private" });
  expect((await t.feed.windows.authored([shy.id])).get(shy.id)).toEqual({ posts: 1, last_ms: idTimeMs(open.id) });
  const silent = await t.house.person("silent");
  await t.post(silent, "diary", { audience: "private" });
  expect((await t.feed.windows.authored([silent.id])).get(silent.id)).toEqual({ posts: 0, last_ms: null });
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
