import { afterAll, describe, expect, test } from "bun:test";

import { idAtMs } from "#kernel/ids.ts";
import { encodeCursor } from "#kernel/paging.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { type CaughtPost, feedRoutes as r, type Post, SLOW_POSTS_MAX } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { CATCH_UP_POSTS_MAX } from "./bounds.ts";
import { type Candidate, rank, scoreOf, sentenceOf } from "./score.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating } = t.house.people.rooms;
const { pool } = t.house.db.sql;
let n = 0;
const fresh = () => t.house.person(`p${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);
const H_MS = 3_600_000;

const catchUp = async (
  who: TestPerson,
  query: { range?: "left" | "day" | "week"; limit?: number; cursor?: string } = {},
) => (await call(r.catchUp, { token: who.token, query })).body;
const slow = async (who: TestPerson) => texts((await call(r.slowLane, { token: who.token })).body.items);
const counts = (post: Post, sums: { likes?: number; views?: number }) =>
  pool`INSERT INTO feed_counts (subject_id, likes, views) VALUES (${post.id}, ${sums.likes ?? 0}, ${sums.views ?? 0})`;
const position = (who: TestPerson, entry_id: string) =>
  call(r.putPosition, { token: who.token, params: { timeline: "home" }, body: { entry_id } });
/** A post of that many hours ago. */
let old = 0;
async function postAgo(by: TestPerson, text: string, hours: number): Promise<string> {
  const at = new Date(t.house.db.clock.now() - hours * H_MS);
  const id = (BigInt(idAtMs(at.getTime())) + BigInt(++old)).toString();
  await pool`INSERT INTO feed_posts (id, author_id, text, audience, created_at) VALUES (${id}, ${by.id}, ${text}, 'public', ${at})`;
  await pool`INSERT INTO feed_entries (actor_id, id, post_id) VALUES (${by.id}, ${id}, ${id})`;
  t.feed.forgetAll();
  return id;
}

describe("FD204: the score", () => {
  const candidate = (more: Partial<Candidate>): Candidate => ({
    post_id: "1",
    author_id: "1",
    at_ms: 0,
    likes: 0,
    reposts: 0,
    comments: 0,
    views: 0,
    passed_on_by: 0,
    ...more,
  });

  test("FD204: goes by reactions per reader, and halves in 36 hours", () => {
    const few = candidate({ likes: 10, views: 20 });
    expect(scoreOf(few, 0)).toBeGreaterThan(scoreOf(candidate({ likes: 40, views: 4_000 }), 0));
    expect(scoreOf(few, 36 * H_MS)).toBeCloseTo(scoreOf(few, 0) / 2);
    // One like of one reader is not the best there is.
    expect(scoreOf(candidate({ likes: 1, views: 1 }), 0)).toBeLessThan(scoreOf(few, 0));
    expect(scoreOf(candidate({ passed_on_by: 1 }), 0)).toBeGreaterThan(scoreOf(candidate({ likes: 2 }), 0));
  });

  test("FD204: nobody fills the page: each next post of one author counts less", () => {
    const loud = [1, 2, 3, 4].map((i) => candidate({ post_id: `1${i}`, author_id: "loud", likes: 20 }));
    const quiet = candidate({ post_id: "2", author_id: "quiet", likes: 10 });
    const order = rank([...loud, quiet], 0, 10).map((c) => c.author_id);
    expect(order).toEqual(["loud", "loud", "quiet", "loud", "loud"]);
    expect(rank([...loud, quiet], 0, 2)).toHaveLength(2);
  });

  test("FD204: the order is the same as by looking at all of them for each place", () => {
    let state = 7;
    const next = (below: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
    const all = Array.from({ length: 200 }, (_, i) =>
      candidate({ post_id: `${i}`, author_id: `${next(12)}`, at_ms: i, likes: next(50), views: next(300) }),
    );
    const left = [...all];
    const taken = new Map<string, number>();
    const slowly = Array.from({ length: 60 }, () => {
      const fair = (c: Candidate) => scoreOf(c, 0) * 0.6 ** (taken.get(c.author_id) ?? 0);
      const best = left.reduce((a, b) => (fair(b) > fair(a) || (fair(b) === fair(a) && b.at_ms > a.at_ms) ? b : a));
      taken.set(best.author_id, (taken.get(best.author_id) ?? 0) + 1);
      left.splice(left.indexOf(best), 1);
      return best.post_id;
    });
    expect(rank(all, 0, 60).map((c) => c.post_id)).toEqual(slowly);
  });

  test("FD205: the reason is said in a sentence", () => {
    const said = (more: Partial<Candidate>) => sentenceOf(candidate(more));
    expect([
      said({ likes: 12, views: 80 }),
      said({ likes: 1 }),
      said({ passed_on_by: 2, likes: 9 }),
      said({ passed_on_by: 1 }),
      said({}),
    ]).toEqual([
      "12 reactions from 80 who saw it.",
      "One reaction so far.",
      "2 people you follow passed this on.",
      "Somebody you follow passed this on.",
      "New, and few have seen it yet.",
    ]);
  });
});

test("FD206: catching up begins where one stopped, shows the best first with its reason, and leaves out one's own", async () => {
  const [who, ann, ben] = [await fresh(), await fresh(), await fresh()];
  for (const whom of [ann, ben]) await t.follow(who, whom);
  const read = await t.post(ann, "read");
  await position(who, read.id);
  const [small, best] = [await t.post(ann, "small"), await t.post(ben, "best")];
  await t.post(who, "mine");
  await counts(best, { likes: 30, views: 60 });
  await counts(small, { likes: 1, views: 60 });
  const other = await t.post(await fresh(), "passed on");
  await call(r.repostPost, { token: ann.token, params: { id: other.id } });
  await t.settled();
  const page = await catchUp(who);
  expect(page.items.map((post: CaughtPost) => [post.text, post.reason.sentence])).toEqual([
    ["best", "30 reactions from 60 who saw it."],
    ["passed on", "Somebody you follow passed this on."],
    ["small", "One reaction from 60 who saw it."],
  ]);
  expect([page.candidates, page.next_cursor]).toEqual([3, null]);
  // Whoever puts the newest as their position has caught up.
  await position(who, page.newest_entry_id!);
  expect((await catchUp(who)).items).toEqual([]);
});

test("FD206: pages are of one ranking; a cursor of another range is refused", async () => {
  const [who, ann] = [await fresh(), await fresh()];
  await t.follow(who, ann);
  const posts = [];
  for (let i = 0; i < 5; i++) posts.push(await t.post(ann, `t${i}`));
  const first = await catchUp(who, { range: "day", limit: 2 });
  await counts(posts[0]!, { likes: 500 });
  const rest = await catchUp(who, { range: "day", limit: 10, cursor: first.next_cursor! });
  expect(new Set([...texts(first.items), ...texts(rest.items)]).size).toBe(5);
  expect(rest.next_cursor).toBeNull();
  for (const cursor of [
    encodeCursor(["catch-up.week", "2"]),
    encodeCursor(["catch-up.day", "99999"]),
    first.next_cursor!,
  ]) {
    const answer = await call(r.catchUp, {
      token: who.token,
      query: { range: cursor === first.next_cursor ? "week" : "day", cursor },
    });
    expect(answer).toMatchObject({ status: 400, code: "cursor.invalid" });
  }
});

test("FD207: a mute, an unfollow and a deletion hold on the next page, also of whoever passed it on", async () => {
  const [who, ann, ben, cleo] = [await fresh(), await fresh(), await fresh(), await fresh()];
  for (const whom of [ann, ben]) await t.follow(who, whom);
  for (const text of ["a1", "a2"]) await t.post(ann, text);
  const b1 = await t.post(ben, "b1");
  const c1 = await t.post(cleo, "c1");
  await call(r.repostPost, { token: ann.token, params: { id: c1.id } });
  await counts(b1, { likes: 900 });
  const first = await catchUp(who, { limit: 1 });
  expect(texts(first.items)).toEqual(["b1"]);
  const rest = async () => texts((await catchUp(who, { cursor: first.next_cursor! })).items).toSorted();
  expect(await rest()).toEqual(["a1", "a2", "c1"]);
  await relating.mute(who.viewer, ann.handle);
  expect(await rest()).toEqual([]);
  await relating.unmute(who.viewer, ann.handle);
  await relating.unfollow(who.viewer, ann.handle);
  expect(await rest()).toEqual([]);
  expect(texts((await catchUp(who)).items)).toEqual(["b1"]);
  await call(r.deletePost, { token: ben.token, params: { id: b1.id } });
  expect((await catchUp(who)).items).toEqual([]);
});

test("FD207: it looks back a day where nobody stopped anywhere, and a week at most", async () => {
  const [who, ann] = [await fresh(), await fresh()];
  await t.follow(who, ann);
  await postAgo(ann, "an hour", 1);
  const two = await postAgo(ann, "two days", 48);
  const nine = await postAgo(ann, "nine days", 9 * 24);
  expect(texts((await catchUp(who)).items)).toEqual(["an hour"]);
  expect(texts((await catchUp(who, { range: "week" })).items)).toEqual(["an hour", "two days"]);
  await position(who, nine);
  expect(texts((await catchUp(who)).items)).toEqual(["an hour", "two days"]);
  await position(who, two);
  expect(texts((await catchUp(who)).items)).toEqual(["an hour"]);
});

test("FD208: the slow lane has the latest of the followed who seldom write, and not what they pass on", async () => {
  const [who, loud, quiet, gone] = [await fresh(), await fresh(), await fresh(), await fresh()];
  for (const whom of [loud, quiet, gone]) await t.follow(who, whom);
  await postAgo(gone, "long ago", 60 * 24);
  for (let i = 0; i <= SLOW_POSTS_MAX; i++) await postAgo(loud, `l${i}`, i + 1);
  for (let i = 0; i < SLOW_POSTS_MAX; i++) await postAgo(quiet, `q${i}`, 10 - i);
  await postAgo(quiet, "before the month", 31 * 24);
  await t.post(who, "mine");
  const l = (await t.home(who)).items.find((post) => post.author.handle === loud.handle)!;
  await call(r.repostPost, { token: quiet.token, params: { id: l.id } });
  expect(await slow(who)).toEqual(["q3", "q2", "q1", "q0", "before the month", "long ago"]);
  await relating.unfollow(who.viewer, quiet.handle);
  expect(await slow(who)).toEqual(["long ago"]);
  expect(await slow(await fresh())).toEqual([]);
  expect(await call(r.slowLane)).toMatchObject({ status: 401 });
});

test("FD303: what is not for its reader is not counted, takes no place among the best, and is not named as the newest", async () => {
  const [who, ann, mod] = [await fresh(), await fresh(), await fresh()];
  await t.follow(who, ann);
  const room = await t.house.space("catching", mod, [ann], { visibility: "private" });
  const open = await t.post(ann, "open");
  await counts(open, { likes: 1, views: 5 });
  // As many as are shown at all, and each far better liked.
  for (let i = 0; i < CATCH_UP_POSTS_MAX; i++) {
    const inside = await t.post(ann, `inside ${i}`, { audience: "space", space_id: room.id });
    await counts(inside, { likes: 900, views: 901 });
  }
  await t.post(ann, "for myself", { audience: "private" });
  const page = await catchUp(who, { range: "day" });
  expect(texts(page.items)).toEqual(["open"]);
  expect(page).toMatchObject({ candidates: 1, newest_entry_id: open.id });
});

test("FD304: whoever writes much that is not for others stands in the slow lane all the same", async () => {
  const [who, ann] = [await fresh(), await fresh()];
  await t.follow(who, ann);
  const shown = await t.post(ann, "once in a while");
  for (let i = 0; i <= SLOW_POSTS_MAX; i++) await t.post(ann, `diary ${i}`, { audience: "private" });
  expect(await slow(who)).toEqual([shown.text]);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
