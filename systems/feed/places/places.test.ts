import { afterAll, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating } = t.house.people.rooms;
let n = 0;
const fresh = () => t.house.person(`p${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);

const put = (who: TestPerson, entry_id: string, more: { device?: string; ago_ms?: number } = {}, timeline = "home") =>
  call(r.putPosition, { token: who.token, params: { timeline }, body: { entry_id, ...more } });
const get = async (who: TestPerson, timeline = "home") =>
  (await call(r.getPosition, { token: who.token, params: { timeline } })).body.position;
const news = async (who: TestPerson, since: string) =>
  (await call(r.feedNews, { token: who.token, params: { timeline: "home" }, query: { since } })).body;

test("FD200: a position is its reader's alone; nobody has none, and a list of somebody else's is not found", async () => {
  const [who, other] = [await fresh(), await fresh()];
  const list = (await call(r.createList, { token: other.token, body: { name: "Theirs" } })).body;
  expect(await call(r.getPosition, { params: { timeline: "home" } })).toMatchObject({ status: 401 });
  for (const timeline of [list.id, "123"]) {
    expect(await put(who, "5", {}, timeline)).toMatchObject({ status: 404, code: "list.not_found" });
    expect(await call(r.feedNews, { token: who.token, params: { timeline }, query: { since: "5" } })).toMatchObject({
      status: 404,
    });
  }
  for (const entry_id of ["0", "-1", "x", "9".repeat(19)])
    expect(await put(who, entry_id)).toMatchObject({ status: 400 });
  expect(await put(who, "5", { device: "x".repeat(61) })).toMatchObject({ status: 400 });
  await put(other, "7");
  expect(await get(who)).toBeNull();
});

test("FD200: what was read last wins, also when a device that was away tells it later", async () => {
  const who = await fresh();
  expect((await put(who, "50", { device: "Firefox on Linux" })).body.position).toMatchObject({
    entry_id: "50",
    device: "Firefox on Linux",
  });
  expect((await put(who, "90", { device: "Phone", ago_ms: 60_000 })).body.position).toMatchObject({ entry_id: "50" });
  expect(await get(who)).toMatchObject({ entry_id: "50", device: "Firefox on Linux" });
  // Reading further up or down: where one stopped is where one stopped.
  await put(who, "40");
  expect(await get(who)).toMatchObject({ entry_id: "40", device: "" });
});

test("FD200: each list has a position of its own", async () => {
  const who = await fresh();
  const list = (await call(r.createList, { token: who.token, body: { name: "Weavers" } })).body;
  await put(who, "50");
  await put(who, "60", {}, list.id);
  expect([await get(who), await get(who, list.id)]).toMatchObject([{ entry_id: "50" }, { entry_id: "60" }]);
});

test("FD201: home begins where one stopped, also when that post has gone, and goes on below it without a gap", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  await t.follow(who, whom);
  const posts = [];
  for (const text of ["a", "b", "c", "d", "e"]) posts.push(await t.post(whom, text));
  const from = async (entry_id: string, cursor?: string) =>
    (
      await call(r.homeFeed, {
        token: who.token,
        query: { limit: 2, ...(cursor ? { cursor } : { from: entry_id }) },
      })
    ).body;
  const at = (await t.home(who)).items[2]!;
  expect(at.entry_id).toBe(at.id);
  const first = await from(at.entry_id!);
  expect(texts(first.items)).toEqual(["c", "b"]);
  expect(texts((await from("", first.next_cursor!)).items)).toEqual(["a"]);
  await call(r.deletePost, { token: whom.token, params: { id: at.id } });
  expect(texts((await from(at.entry_id!)).items)).toEqual(["b", "a"]);
  expect(texts((await from("9223372036854775807")).items)).toEqual(["e", "d"]);
});

test("FD202: news are counted with the rules of the moment, without one's own, and name the newest three", async () => {
  const [who, ...others] = await Promise.all([fresh(), fresh(), fresh(), fresh(), fresh()]);
  for (const other of others) await t.follow(who, other);
  const last = await t.post(others[0]!, "read");
  expect(await news(who, last.entry_id ?? last.id)).toEqual({ count: 0, people: [], newest_entry_id: null });
  const made = [];
  for (const other of others) made.push(await t.post(other, "new"));
  await t.post(who, "mine");
  const all = await news(who, last.id);
  expect([all.count, all.newest_entry_id]).toEqual([4, made[3]!.id]);
  expect(all.people.map((person) => person.handle)).toEqual(
    others
      .slice(1)
      .map((o) => o.handle)
      .toReversed(),
  );
  await relating.mute(who.viewer, others[3]!.handle);
  await call(r.deletePost, { token: others[2]!.token, params: { id: made[2]!.id } });
  expect((await news(who, last.id)).count).toBe(2);
  expect((await news(who, made[1]!.id)).count).toBe(0);
});

test("FD203: a count ends at a hundred, which means more than 99", async () => {
  const [who, loud] = [await fresh(), await fresh()];
  await t.follow(who, loud);
  const { pool } = t.house.db.sql;
  await pool`INSERT INTO feed_posts (id, author_id, text, audience, created_at)
    SELECT 7000000 + i, ${loud.id}, 'n', 'public', now() FROM generate_series(1, 130) AS i`;
  await pool`INSERT INTO feed_entries (actor_id, id, post_id) SELECT ${loud.id}, 7000000 + i, 7000000 + i FROM generate_series(1, 130) AS i`;
  t.feed.forgetAll();
  expect((await news(who, "7000000")).count).toBe(100);
  expect((await news(who, "7000031")).count).toBe(99);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
