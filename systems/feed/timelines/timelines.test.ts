import { afterAll, expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";

import { PASSERS_KNOWN_MAX } from "../bounds.ts";
import { feedRoutes as r, type Post } from "../contract.ts";
import type { Feed } from "../index.ts";
import { testFeed } from "../testing.ts";
import { createEchoes, ECHO_WAIT_MS_MAX, ECHOES_MAX } from "./echoes.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
type Person = Awaited<ReturnType<typeof t.house.person>>;

const repost = async (who: Person, post: Post) => {
  const { status } = await call(r.repostPost, { params: { id: post.id }, token: who.token });
  expect(status).toBe(200);
};
const unrepost = (who: Person, post: Post) => call(r.unrepostPost, { params: { id: post.id }, token: who.token });

/** All of home, two at a time. */
async function wholeHome(who: Person): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof t.home>> = await t.home(who, { limit: 2, ...(cursor ? { cursor } : {}) });
    all.push(
      ...page.items.map((post) => (post.reposted_by ? `${post.text}, by ${post.reposted_by.handle}` : post.text)),
    );
    cursor = page.next_cursor;
  } while (cursor !== null);
  return all;
}

const crowd = async (...handles: string[]) => Promise.all(handles.map((handle) => t.house.person(handle)));

test("FD100: a post stands once in a home, by its newest entry, on whatever page the older ones would be", async () => {
  const [vera, abe, ben, cia] = (await crowd("vera", "abe", "ben", "cia")) as [Person, Person, Person, Person];
  for (const who of [abe, ben, cia]) await t.follow(vera, who);
  const first = await t.post(abe, "first");
  await repost(ben, first);
  for (const text of ["two", "three", "four"]) await t.post(abe, text);
  await repost(cia, first);
  expect(await wholeHome(vera)).toEqual(["first, by cia", "four", "three", "two"]);

  // Whoever is not shown does not count: what they passed on stands where others put it.
  await t.house.people.rooms.relating.mute(vera.viewer, "cia");
  expect(await wholeHome(vera)).toEqual(["four", "three", "two", "first, by ben"]);
  await t.house.people.rooms.relating.unfollow(vera.viewer, "ben");
  expect(await wholeHome(vera)).toEqual(["four", "three", "two", "first"]);
  await t.house.people.rooms.relating.unmute(vera.viewer, "cia");
  expect(await wholeHome(vera)).toEqual(["first, by cia", "four", "three", "two"]);
  await unrepost(cia, first);
  expect(await wholeHome(vera)).toEqual(["four", "three", "two", "first"]);
  await repost(cia, first);
  expect(await wholeHome(vera)).toEqual(["first, by cia", "four", "three", "two"]);
});

test("FD100: so it is with a post that more people passed on than are remembered", async () => {
  const [wim, dan, eve] = (await crowd("wim", "dan", "eve")) as [Person, Person, Person];
  for (const who of [dan, eve]) await t.follow(wim, who);
  const hot = await t.post(dan, "hot");
  for (const text of ["two", "three"]) await t.post(dan, text);
  await repost(eve, hot);
  // Rows alone, as many strangers would leave them, all newer than what the followed did.
  await t.house.db.sql.pool`
    WITH more AS (SELECT ${hot.id}::bigint + 8000000000000 + n AS entry_id, 1000 + n AS person_id FROM generate_series(1, ${PASSERS_KNOWN_MAX + 10}) n),
      entries AS (INSERT INTO feed_entries (actor_id, id, post_id) SELECT person_id, entry_id, ${hot.id} FROM more)
    INSERT INTO feed_reposts (person_id, post_id, entry_id, at) SELECT person_id, ${hot.id}, entry_id, now() FROM more`;
  t.feed.forgetAll();
  expect(await wholeHome(wim)).toEqual(["hot, by eve", "three", "two"]);
  await unrepost(eve, hot);
  expect(await wholeHome(wim)).toEqual(["three", "two", "hot"]);
});

test("FD101, FD107: a switch in the middle of paging changes no page and no cursor, and every node follows", async () => {
  const [xia, gus] = (await crowd("xia", "gus")) as [Person, Person];
  await t.follow(xia, gus);
  for (let i = 0; i < 12; i++) await t.post(gus, `${i}`);
  const other: Feed = await t.node();
  const { choices } = t.feed.rooms;
  const seen: string[] = [];
  let cursor: string | null = null;
  for (const strategy of ["pull", "push", "plain", "hybrid"] as const) {
    await choices.choose({ strategy, push_followers_max: 1 }, xia.id);
    expect(t.feed.rooms.timeline.name).toBe(strategy);
    const page: Awaited<ReturnType<typeof t.home>> = await t.home(xia, { limit: 3, ...(cursor ? { cursor } : {}) });
    seen.push(...page.items.map((post) => post.text));
    cursor = page.next_cursor;
    while (other.rooms.timeline.name !== strategy) await Bun.sleep(5);
  }
  expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => `${11 - i}`));
  expect(await choices.chosen()).toMatchObject({ strategy: "hybrid", push_followers_max: 1, changed_by: xia.id });
  expect((await choices.choose(null, null)).strategy).toBe("pull");
  expect(t.feed.rooms.timeline.name).toBe("pull");
});

test("FD106: by hybrid, whoever has more followers than the threshold is pulled, the rest is pushed", async () => {
  const [yan, star, pal] = (await crowd("yan", "star", "pal")) as [Person, Person, Person];
  for (const who of [star, pal]) await t.follow(yan, who);
  await t.house.db.sql.pool`UPDATE people_counts SET followers = CASE person_id WHEN ${star.id} THEN 11 ELSE 10 END
    WHERE person_id IN (${star.id}, ${pal.id})`;
  const node = await t.node({ timeline: "hybrid", push_followers_max: 10 });
  const { timeline } = node.rooms;
  const actors = [star.id, pal.id, yan.id];
  expect(await timeline.readHome(yan.id, actors, null, 10)).toEqual([]);
  const before = node.stats();
  const posts = [await t.post(star, "of the star"), await t.post(pal, "of a pal")];
  while ((await timeline.readHome(yan.id, actors, null, 10)).length < 2) await Bun.sleep(5);
  const after = node.stats();
  expect(after.lists.pushes - before.lists.pushes).toBe(1);
  expect(after.lists.entries).toBe(1);
  expect(await timeline.readHome(yan.id, actors, null, 10)).toEqual(
    posts.toReversed().map((post) => ({ key: post.id, post_id: post.id, reposter_id: null })),
  );
});

test("FD111: a ring that was loaded short among many is loaded deeper when it ends a page early, once", async () => {
  const [zoe, busy, calm] = (await crowd("zoe", "busy", "calm")) as [Person, Person, Person];
  const posts: Post[] = [await t.post(calm, "calm")];
  for (let i = 0; i < 11; i++) posts.unshift(await t.post(busy, `${i}`));
  // Three people with 12 entries for all of them: four of each.
  const node = await t.node({ bounds: { load_entries_max: 12 } });
  const actors = [busy.id, calm.id, zoe.id];
  const home = async () => (await node.rooms.timeline.readHome(zoe.id, actors, null, 13)).map((entry) => entry.post_id);
  expect(await home()).toEqual(posts.map((post) => post.id));
  const { loads } = node.stats().rings;
  expect(loads).toBe(2);
  expect(await home()).toEqual(posts.map((post) => post.id));
  expect(node.stats().rings.loads).toBe(loads);
});

test("FD24: what was done here is not undone by the log, which tells of it later", async () => {
  const clock = createVirtualClock();
  const echoes = createEchoes({ clock });
  // Deleted and brought back before the log has told of either.
  echoes.own("1");
  echoes.own("1");
  expect(echoes.logged("1")).toBe(false);
  expect(echoes.logged("1")).toBe(true);
  expect([echoes.logged("1"), echoes.logged("2")]).toEqual([true, true]);
  for (let i = 0; i <= ECHOES_MAX; i++) echoes.own(`${i}`);
  expect(echoes.logged(`${ECHOES_MAX}`)).toBe(true);
  // Twice the log was quicker than its writer: what another node does later is not hidden by it.
  for (let i = 0; i < 2; i++) {
    expect(echoes.logged("3")).toBe(true);
    echoes.own("3");
  }
  await clock.advance(ECHO_WAIT_MS_MAX + 1);
  expect(echoes.logged("3")).toBe(true);
});
