import { afterAll, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import type { Feed } from "../index.ts";
import { testFeed } from "../testing.ts";
import { createBoard } from "./board.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const mod = await t.house.person("root", "admin");
const people = await Promise.all(Array.from({ length: 8 }, (_, i) => t.house.person(`p${i}`)));
const [ann, ben, cleo] = people as [TestPerson, TestPerson, TestPerson];
const crowd = people.slice(3);

/** All nodes here follow one log: each has counted what was committed before. */
const counted = () => t.house.log.tailsCaughtUp();
const like = async (post: Post, who: readonly TestPerson[]) => {
  for (const { token } of who) await call(r.likePost, { token, params: { id: post.id } });
};
async function tag(name: string, node: Feed = t.feed): Promise<{ people: number; score: number } | undefined> {
  await counted();
  return node.rooms.trending
    .top({ kind: "hashtags", window: "day", space_id: null, subjects_max: 50 })
    .find(({ key }) => key === name);
}
const links = async () => {
  await counted();
  return (await call(r.trendingLinks)).body.items;
};
const edit = (by: TestPerson, post: Post, body: object) =>
  call(r.editPost, { token: by.token, params: { id: post.id }, body });

test("FD307: with a deleted post goes what it gave its hashtags, and comes back with it", async () => {
  const [large, small] = [await t.post(ann, "one #harvest"), await t.post(ben, "two #harvest")];
  await like(large, crowd);
  await like(small, [cleo]);
  const whole = (await tag("harvest"))!;
  // Two who wrote, five and one who liked.
  expect(whole.people).toBe(8);
  await call(r.deletePost, { token: ann.token, params: { id: large.id } });
  const left = (await tag("harvest"))!;
  expect(left.people).toBe(2);
  expect(left.score / whole.score).toBeCloseTo(2 / 8, 2);
  // A node that starts from what was written down knows it too.
  await t.feed.rooms.trending.keep();
  const other = await t.node();
  expect((await tag("harvest", other))!.score).toBeCloseTo(left.score, 3);
  await call(r.restorePost, { token: ann.token, params: { id: large.id } });
  const again = (await tag("harvest"))!;
  expect([again.people, again.score / whole.score]).toEqual([8, expect.closeTo(1, 2)]);
  expect((await tag("harvest", other))!.score).toBeCloseTo(again.score, 3);
});

test("FD307: what moderators hide trends by nothing any more; what they give back does", async () => {
  const post = await t.post(ann, "look #cheap");
  await like(post, crowd);
  expect((await tag("cheap"))?.people).toBe(6);
  const set = (how: "hide" | "show") =>
    t.house.db.sql.tx(async (tx) => await t.feed.moderation[how](tx, "post", post.id, mod.id));
  await set("hide");
  expect(await tag("cheap")).toBeUndefined();
  await set("show");
  expect((await tag("cheap"))?.people).toBe(6);
});

test("FD307: a hashtag that is edited out of a post loses what the post gave it, and so does what is not public any more", async () => {
  const post = await t.post(ann, "look #cider #apple");
  await like(post, crowd);
  expect([(await tag("cider"))?.people, (await tag("apple"))?.people]).toEqual([6, 6]);
  await edit(ann, post, { text: "look #apple" });
  expect([await tag("cider"), (await tag("apple"))?.people]).toEqual([undefined, 6]);
  await edit(ann, post, { audience: "followers" });
  expect(await tag("apple")).toBeUndefined();
});

test("FD307: a subject forgets the least of its posts first, and what is taken off it is never more than was put on", () => {
  const board = createBoard("day", { subjects_max: 4, registers: 256 });
  const at_ms = 1_800_000_000_000;
  for (let post = 0; post < 30; post++)
    for (let i = 0; i <= post; i++)
      board.act("tag", { person_hash: post * 1_000 + i, weight: 1, at_ms, witness: `${post}` });
  const before = board.top(at_ms, 1)[0]!.score;
  board.withdraw("tag", "29");
  const after = board.top(at_ms, 1)[0]!.score;
  expect(after).toBeLessThan(before);
  // Once is once, and what was never there takes nothing.
  board.withdraw("tag", "29");
  board.withdraw("tag", "nobody's");
  board.withdraw("no tag", "29");
  expect(board.top(at_ms, 1)[0]!.score).toBe(after);
  for (let post = 0; post < 30; post++) board.withdraw("tag", `${post}`);
  expect(board.top(at_ms, 1)[0]!.score).toBeGreaterThanOrEqual(0);
});

test("FD306: a link is shown while one of the posts that made it still has it, under the title of that very page", async () => {
  const url = "https://news.example.org/b";
  const post = await t.post(ann, `https://news.example.org/a and ${url}`);
  await like(post, crowd);
  await t.house.db.sql.pool`
    INSERT INTO feed_links (id, url, state, title, site, fresh_until, created_at)
    VALUES (77, 'https://news.example.org/a', 'ready', 'What a says', 'news.example.org', now(), now())`;
  await t.house.db.sql.pool`UPDATE feed_posts SET link_id = 77 WHERE id = ${post.id}`;
  t.feed.forgetAll();
  expect((await links()).map(({ url: of, title }) => [of, title])).toEqual([
    ["https://news.example.org/b", null],
    ["https://news.example.org/a", "What a says"],
  ]);
  const second = await t.post(ben, `me too ${url}`);
  await like(second, [cleo]);
  await edit(ann, post, { text: "nothing of it any more" });
  expect((await links()).map(({ url: of, post_id }) => [of, post_id])).toEqual([[url, second.id]]);
  expect(t.house.broken).toEqual([]);
});
