import { afterAll, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { sumUp } from "../counts/counts.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { pool } = t.house.db.sql;
const [ann, ben, cleo] = await Promise.all([t.house.person("ann"), t.house.person("ben"), t.house.person("cleo")]);
const act = (
  route: typeof r.likePost | typeof r.unlikePost | typeof r.repostPost | typeof r.unrepostPost | typeof r.bookmarkPost,
  who: TestPerson,
  post: Post,
) => call(route as typeof r.likePost, { params: { id: post.id }, token: who.token });
const get = async (post: Post, who: TestPerson | null = null) =>
  (await call(r.getPost, { params: { id: post.id }, token: who?.token ?? null })).body;

test("FD45: only what is public is passed on, and not out of a private space", async () => {
  await t.follow(ben, ann);
  const closed = await t.post(ann, "closed", { audience: "followers" });
  expect(await act(r.repostPost, ben, closed)).toMatchObject({ status: 403, code: "post.may_not_repost" });
  expect(await act(r.repostPost, ann, closed)).toMatchObject({ status: 403, code: "post.may_not_repost" });
  const space = await t.house.space("inside", ann, [], { visibility: "private" });
  const inside = await t.post(ann, "inside", { space_id: space.id });
  expect(await act(r.repostPost, ann, inside)).toMatchObject({ status: 403 });
});

test("FD40: an act twice is one, its end twice is one, and the answer is exact at once", async () => {
  const post = await t.post(ann, "likeable");
  for (let i = 0; i < 2; i++) {
    const { body } = await act(r.likePost, ben, post);
    expect(body).toEqual({
      id: post.id,
      counts: { likes: 1, reposts: 0, comments: 0, views: 0, quotes: 0 },
      viewer: { liked: true, reposted: false, bookmarked: false, own: false },
    });
  }
  expect((await act(r.repostPost, ben, post)).body.counts.reposts).toBe(1);
  expect((await act(r.likePost, ann, post)).body).toMatchObject({
    counts: { likes: 2 },
    viewer: { liked: true, own: true },
  });
  for (let i = 0; i < 2; i++) expect((await act(r.unlikePost, ben, post)).body.counts.likes).toBe(1);
  for (let i = 0; i < 2; i++) expect((await act(r.unrepostPost, ben, post)).body.counts.reposts).toBe(0);
});

test("FD43: what one viewer did shows to them on their next read and to no other", async () => {
  const post = await t.post(ann, "mine or yours");
  for (const who of [ann, ben, cleo]) await get(post, who);
  await act(r.likePost, ben, post);
  await act(r.bookmarkPost, cleo, post);
  expect((await get(post, ben)).viewer).toEqual({ liked: true, reposted: false, bookmarked: false, own: false });
  expect((await get(post, cleo)).viewer).toEqual({ liked: false, reposted: false, bookmarked: true, own: false });
  expect((await get(post, ann)).viewer).toEqual({ liked: false, reposted: false, bookmarked: false, own: true });
  expect((await get(post)).viewer).toBeNull();
  await act(r.unlikePost, ben, post);
  expect((await get(post, ben)).viewer!.liked).toBe(false);
});

test("FD41: sums are exact when many act at once, and hearing the bell again adds nothing", async () => {
  const post = await t.post(ann, "popular");
  await get(post);
  const crowd = await Promise.all(Array.from({ length: 25 }, (_, i) => t.house.person(`crowd${i}`)));
  await Promise.all(crowd.map((who) => act(r.likePost, who, post)));
  await Promise.all(crowd.slice(0, 10).flatMap((who) => [act(r.unlikePost, who, post), act(r.repostPost, who, post)]));
  await t.settled();
  for (let i = 0; i < 3; i++) await t.house.db.sql.tx((tx) => sumUp(t.house.log, tx));
  const [row] = await pool`SELECT likes::int, reposts::int FROM feed_counts WHERE subject_id = ${post.id}`;
  expect(row).toEqual({ likes: 15, reposts: 10 });
  const [waiting] = await pool`SELECT count(*)::int AS n FROM feed_count_deltas`;
  expect(waiting.n).toBe(0);
  while ((await get(post)).counts.likes !== 15) await Bun.sleep(5);
});

test("FD42: a recount finds what drifted, leaves what is right alone, and counts no waiting step twice", async () => {
  const [post, right] = [await t.post(ann, "drifted"), await t.post(ann, "right")];
  for (const who of [ann, ben, cleo]) await act(r.likePost, who, post);
  await act(r.likePost, ben, right);
  await t.settled();
  await pool`UPDATE feed_counts SET likes = 99, comments = 7 WHERE subject_id = ${post.id}`;
  // A step that nobody has summed yet: written straight beside its row, as by a node that died before its bell was heard.
  const late = t.house.db.ids.next();
  await pool`INSERT INTO feed_likes (person_id, post_id, at) VALUES (${late}, ${post.id}, now())`;
  await pool`INSERT INTO feed_count_deltas (subject_id, likes) VALUES (${post.id}, 1)`;
  expect(await t.feed.recount("post", [post.id, right.id])).toBe(1);
  expect(await t.feed.recount("post", [post.id, right.id])).toBe(0);
  await t.house.db.sql.tx((tx) => sumUp(t.house.log, tx));
  const rows =
    await pool`SELECT likes::int, comments::int FROM feed_counts WHERE subject_id IN (${post.id}, ${right.id}) ORDER BY subject_id`;
  expect([...rows]).toEqual([
    { likes: 4, comments: 0 },
    { likes: 1, comments: 0 },
  ]);
  await t.runJob("feed.recount", {});
});

test("FD44: who liked a post, latest first, page by page, without those whom the reader may not see", async () => {
  const post = await t.post(ann, "liked by many");
  const crowd = await Promise.all(Array.from({ length: 7 }, (_, i) => t.house.person(`fan${i}`)));
  for (const who of crowd) await act(r.likePost, who, post);
  await t.house.people.rooms.relating.block(crowd[3]!.viewer, "ben");
  const read = async (query: object) =>
    (await call(r.listLikes, { params: { id: post.id }, token: ben.token, query })).body;
  const one = await read({ limit: 4 });
  const two = await read({ limit: 4, cursor: one.next_cursor! });
  expect([...one.items, ...two.items].map((item) => item.person.handle)).toEqual([
    "fan6",
    "fan5",
    "fan4",
    "fan2",
    "fan1",
    "fan0",
  ]);
  expect(two.next_cursor).toBeNull();
  await act(r.repostPost, crowd[0]!, post);
  expect((await call(r.listReposts, { params: { id: post.id } })).body.items.map((item) => item.person.handle)).toEqual(
    ["fan0"],
  );
});

test("FD46: an act on a post that was deleted meanwhile finds nothing", async () => {
  const post = await t.post(ann, "short lived");
  await call(r.deletePost, { params: { id: post.id }, token: ann.token });
  expect(await act(r.likePost, ben, post)).toMatchObject({ status: 404, code: "post.not_found" });
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
