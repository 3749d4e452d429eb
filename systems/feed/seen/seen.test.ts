import { afterAll, expect, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { seenOf } from "../counts/store.ts";
import { FORGET_JOB } from "../departures.ts";
import { testFeed } from "../testing.ts";
import { SEEN_POSTS_MAX, SEEN_POSTS_UNTRIMMED_MAX } from "./bounds.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { pool } = t.house.db.sql;
const [ann, ben, cleo] = await Promise.all([t.house.person("ann"), t.house.person("ben"), t.house.person("cleo")]);

const see = (who: TestPerson | null, items: { post_id: string; ms: number }[]) =>
  call(r.reportViews, { token: who?.token ?? null, body: { items } });
const saw = (who: TestPerson, post: Post, ms = 3_000) => see(who, [{ post_id: post.id, ms }]);
const views = async (post: Post) => {
  await t.settled();
  const [row] = await pool`SELECT coalesce(sum(views), 0)::int AS views FROM feed_counts WHERE subject_id = ${post.id}`;
  return (row as { views: number }).views;
};
const memory = async (who: TestPerson) => (await call(r.getSeenMemory, { token: who.token })).body;

test("FD120: nobody reports without a session, more than a hundred posts, or a time that cannot be", async () => {
  expect(await see(null, [{ post_id: "1", ms: 2_000 }])).toMatchObject({ status: 401 });
  for (const items of [
    [],
    Array.from({ length: 101 }, (_, i) => ({ post_id: `${i + 1}`, ms: 2_000 })),
    [{ post_id: "1", ms: -1 }],
    [{ post_id: "1", ms: 1.5 }],
    [{ post_id: "x", ms: 2_000 }],
  ])
    expect(await see(ann, items)).toMatchObject({ status: 400 });
});

test("FD121: what is gone, not for the viewer, their own, or was there for less than a second is passed over in silence", async () => {
  const post = await t.post(ann, "for me", { audience: "private" });
  const own = await t.post(ben, "mine");
  const quick = await t.post(ann, "quick");
  const answer = await see(ben, [
    { post_id: "12345", ms: 5_000 },
    { post_id: post.id, ms: 5_000 },
    { post_id: own.id, ms: 5_000 },
    { post_id: quick.id, ms: 999 },
  ]);
  expect(answer).toMatchObject({ status: 200, body: { keeps: true } });
  expect((await seenOf(pool, ben.id, ["12345", post.id, own.id, quick.id])).size).toBe(0);
  expect([await views(post), await views(own), await views(quick)]).toEqual([0, 0, 0]);
});

test("FD122: a post has one view of each person who saw it, however often and from however many windows at once", async () => {
  const post = await t.post(ann, "seen");
  await Promise.all(Array.from({ length: 6 }, () => saw(ben, post)));
  await saw(cleo, post, 1_000);
  await saw(ann, post);
  expect(await views(post)).toBe(2);
  const shown = async () => (await call(r.getPost, { params: { id: post.id }, token: cleo.token })).body.counts.views;
  while ((await shown()) !== 2) await Bun.sleep(5);
  expect((await seenOf(pool, ben.id, [post.id])).get(post.id)).toMatchObject({ times: 6, ms: 18_000 });
  expect(await t.feed.recount("post", [post.id])).toBe(0);
});

test("FD123: what a program says by a token is remembered and is no view, until the person sees it themselves", async () => {
  const post = await t.post(ann, "by a program");
  const { body } = await call(r.likePost, { params: { id: post.id }, token: ben.token });
  expect(body.counts.views).toBe(0);
  const token = await t.house.people.rooms.tokens.create(ben.viewer, {
    name: "reader",
    scopes: ["read", "write"],
    expires_in_d: null,
  });
  await call(r.reportViews, { token: token.secret, body: { items: [{ post_id: post.id, ms: 4_000 }] } });
  expect([await views(post), (await seenOf(pool, ben.id, [post.id])).size]).toEqual([0, 1]);
  await saw(ben, post);
  await saw(ben, post);
  expect(await views(post)).toBe(1);
});

test("FD124: whoever switches the memory off has nothing kept and counts nowhere; what was counted stays", async () => {
  const who = await t.house.person("private_one");
  const [one, two] = [await t.post(ann, "before"), await t.post(ann, "after")];
  await saw(who, one);
  expect(await memory(who)).toMatchObject({ keeps: true, posts: 1 });
  const off = await call(r.setSeenMemory, { token: who.token, body: { keeps: false } });
  expect(off.body).toMatchObject({ keeps: false, posts: 0 });
  expect((await saw(who, two)).body).toEqual({ keeps: false });
  const [rows] = await pool`SELECT count(*)::int AS n FROM feed_seen WHERE person_id = ${who.id}`;
  expect([rows.n, await views(one), await views(two)]).toEqual([0, 1, 0]);
  expect(await t.feed.recount("post", [one.id, two.id])).toBe(0);
  await call(r.setSeenMemory, { token: who.token, body: { keeps: true } });
  const later = await t.post(ann, "later");
  expect((await saw(who, later)).body).toEqual({ keeps: true });
  expect((await call(r.forgetSeen, { token: who.token })).status).toBe(204);
  expect(await memory(who)).toMatchObject({ keeps: true, posts: 0 });
  expect([await views(later), await t.feed.recount("post", [later.id])]).toEqual([1, 0]);
});

test("FD309: who forgets what they saw, or switches the memory off and on, is not counted a second time", async () => {
  const dora = await t.house.person("dora");
  const post = await t.post(ann, "seen and forgotten");
  for (let i = 0; i < 3; i++) {
    await saw(dora, post);
    await call(r.forgetSeen, { token: dora.token });
    await saw(dora, post);
    await call(r.setSeenMemory, { token: dora.token, body: { keeps: false } });
    await call(r.setSeenMemory, { token: dora.token, body: { keeps: true } });
  }
  await saw(dora, post);
  expect(await views(post)).toBe(1);
  expect((await seenOf(pool, dora.id, [post.id])).size).toBe(1);
  const fresh = await t.post(ann, "written since");
  await saw(dora, fresh);
  expect(await views(fresh)).toBe(1);
  expect(await t.feed.recount("post", [post.id, fresh.id])).toBe(0);
});

test("FD125: of one person the newest 5,000 of 60 days are kept; older ones go, and their views stay", async () => {
  const who = await t.house.person("much_seen");
  await call(r.getSeenMemory, { token: who.token });
  await saw(who, await t.post(ann, "first"));
  const n = SEEN_POSTS_UNTRIMMED_MAX - 1;
  await pool`
    INSERT INTO feed_seen (person_id, post_id, first_at, last_at, times, ms, counted)
    SELECT ${who.id}, i, now() - interval '1 day', now() - interval '1 day', 1, 1000, true FROM generate_series(1, ${n}::int) i`;
  await pool`INSERT INTO feed_counts (subject_id, views) SELECT i, 1 FROM generate_series(1, ${n}::int) i`;
  await pool`UPDATE feed_seen_people SET posts = posts + ${n} WHERE person_id = ${who.id}`;
  const newest = await t.post(ann, "newest");
  await saw(who, newest);
  expect((await memory(who)).posts).toBe(SEEN_POSTS_MAX);
  expect((await seenOf(pool, who.id, [newest.id])).size).toBe(1);
  const [kept] = await pool`SELECT sum(views)::int AS views FROM feed_views_kept WHERE post_id < 10000`;
  expect(kept.views).toBe(SEEN_POSTS_UNTRIMMED_MAX + 1 - SEEN_POSTS_MAX);

  t.later(61 * 86_400_000);
  await saw(who, newest);
  await t.runJob("feed.trim_seen", {});
  expect((await memory(who)).posts).toBe(1);
  expect([await views(newest), await t.feed.recount("post", [newest.id])]).toEqual([1, 0]);
  const [rows] = await pool`SELECT count(*)::int AS n FROM feed_seen WHERE person_id = ${who.id}`;
  expect(rows.n).toBe(1);
});

test("FD126: with an account goes what it saw", async () => {
  const who = await t.house.person("leaving");
  const post = await t.post(ann, "seen by who left");
  await saw(who, post);
  await t.settled();
  await call(peopleRoutes.deleteMe, { token: who.token, body: { password: TEST_PASSWORD } });
  await t.runJob(FORGET_JOB, { person_id: who.id });
  const [left] = await pool`
    SELECT (SELECT count(*) FROM feed_seen WHERE person_id = ${who.id})::int + (SELECT count(*) FROM feed_seen_people WHERE person_id = ${who.id})::int AS n`;
  expect([left.n, await views(post), await t.feed.recount("post", [post.id])]).toEqual([0, 1, 0]);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
