import { afterAll, expect, test } from "bun:test";

import { encodeCursor } from "#kernel/paging.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { MEDIA_CARDS_PER_CALL_MAX } from "./bounds.ts";
import { feedRoutes as r, type Post } from "./contract.ts";
import { testFeed } from "./testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating, offices } = t.house.people.rooms;
const [admin, ann, ben, cleo] = await Promise.all([
  t.house.person("root", "admin"),
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("cleo"),
]);
let n = 0;
/** Each test has people of its own, so that none sees what another wrote. */
const fresh = () => t.house.person(`p${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);
const home = async (who: TestPerson) => texts((await t.home(who)).items);
const page = async (who: TestPerson | null, handle: string, query = {}) =>
  call(r.personPosts, { params: { handle }, token: who?.token ?? null, query });

test("FD20: nobody has no home, no bookmarks, and writes nothing", async () => {
  for (const route of [r.homeFeed, r.listBookmarks])
    expect(await call(route)).toMatchObject({ status: 401, code: "session.required" });
  expect(await call(r.createPost, { body: { text: "x", audience: "public" } })).toMatchObject({ status: 401 });
  for (const route of [r.likePost, r.unlikePost, r.repostPost, r.bookmarkPost, r.deletePost]) {
    expect(await call(route, { params: { id: "1" } })).toMatchObject({ status: 401 });
  }
});

test("FD29: a cursor that is broken, of another list, or no number is refused", async () => {
  const { token } = ann;
  for (const cursor of [
    "x",
    "%",
    encodeCursor(["home"]),
    encodeCursor(["home", "-1"]),
    encodeCursor(["home", "9".repeat(19)]),
    encodeCursor(["discover", "5"]),
    encodeCursor(["home", "5' OR 1=1"]),
  ]) {
    expect(await call(r.homeFeed, { token, query: { cursor } }), cursor).toMatchObject({
      status: 400,
      code: "cursor.invalid",
    });
  }
  expect(await call(r.shortsFeed, { query: { cursor: encodeCursor(["shorts", "5"]) } })).toMatchObject({ status: 400 });
  for (const limit of [0, 101, 1.5])
    expect(await call(r.homeFeed, { token, query: { limit } })).toMatchObject({ status: 400 });
});

test("FD21: home shows the followed and oneself, newest first", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  await t.post(whom, "theirs");
  expect(await home(who)).toEqual([]);
  await t.follow(who, whom);
  await t.post(who, "mine");
  await t.post(whom, "theirs too");
  expect(await home(who)).toEqual(["theirs too", "mine", "theirs"]);
});

test("FD25: an unfollow, a mute and a block hold on the very next read of home, and their end does too", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  await t.follow(who, whom);
  await t.post(whom, "hello");
  expect(await home(who)).toEqual(["hello"]);
  await relating.mute(who.viewer, whom.handle);
  expect(await home(who)).toEqual([]);
  expect(texts((await page(who, whom.handle)).body.items)).toEqual(["hello"]);
  await relating.unmute(who.viewer, whom.handle);
  expect(await home(who)).toEqual(["hello"]);
  await relating.unfollow(who.viewer, whom.handle);
  expect(await home(who)).toEqual([]);
  await t.follow(who, whom);
  await relating.block(whom.viewer, who.handle);
  expect(await home(who)).toEqual([]);
  expect((await page(who, whom.handle)).code).toBe("person.not_found");
  await relating.unblock(whom.viewer, who.handle);
  await t.follow(who, whom);
  expect(await home(who)).toEqual(["hello"]);
});

test("FD25: a suspension takes all posts of its person away at once, moderators excepted, and lifting it brings them back", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  await t.follow(who, whom);
  const post = await t.post(whom, "hello");
  await offices.suspend(admin.viewer, whom.handle, "spam");
  expect(await home(who)).toEqual([]);
  expect((await call(r.getPost, { params: { id: post.id }, token: who.token })).status).toBe(404);
  expect((await call(r.getPost, { params: { id: post.id }, token: admin.token })).status).toBe(200);
  expect(await call(r.createPost, { token: whom.token, body: { text: "x", audience: "public" } })).toMatchObject({
    status: 403,
    code: "person.suspended",
  });
  await offices.reinstate(admin.viewer, whom.handle);
  expect(await home(who)).toEqual(["hello"]);
});

test("FD25: who leaves a space no longer sees what is for its members", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  const room = await t.house.space("us", ann, [who, whom]);
  await t.follow(who, whom);
  const post = await t.post(whom, "for us", { audience: "space", space_id: room.id });
  await t.post(whom, "from us", { audience: "public", space_id: room.id });
  const space = async (token: string | null) =>
    texts((await call(r.spacePosts, { params: { space: room.slug }, token })).body.items);
  expect([await home(who), await space(who.token), await space(null)]).toEqual([
    ["from us", "for us"],
    ["from us", "for us"],
    ["from us"],
  ]);
  await t.house.spaces.rooms.members.leave(who.viewer, room.slug);
  expect([await home(who), await space(who.token)]).toEqual([["from us"], ["from us"]]);
  expect((await call(r.getPost, { params: { id: post.id }, token: who.token })).status).toBe(404);
});

test("FD31: a private space's page is for its members; others do not learn that it is there", async () => {
  const room = await t.house.space("inner", ann, [], { visibility: "private" });
  await t.post(ann, "inside", { audience: "public", space_id: room.id });
  const read = (token: string | null, space: string = room.slug) => call(r.spacePosts, { params: { space }, token });
  expect(texts((await read(ann.token)).body.items)).toEqual(["inside"]);
  for (const token of [null, ben.token]) {
    const [hidden, missing] = [await read(token), await read(token, "no-such")];
    expect([hidden.status, hidden.code, missing.status, missing.code]).toEqual([
      404,
      "space.not_found",
      404,
      "space.not_found",
    ]);
  }
  expect(texts((await page(ben, "ann")).body.items)).not.toContain("inside");
});

test("FD26: a repost brings a post to the reposter's followers with their name, once on a page, until it is taken back", async () => {
  const [reader, writer, one, two] = [await fresh(), await fresh(), await fresh(), await fresh()];
  await t.follow(reader, one);
  await t.follow(reader, two);
  const post = await t.post(writer, "worth passing on");
  for (const who of [one, two]) await call(r.repostPost, { params: { id: post.id }, token: who.token });
  const shown = async () => (await t.home(reader)).items.map((item) => [item.text, item.reposted_by?.handle]);
  expect(await shown()).toEqual([["worth passing on", two.handle]]);
  await call(r.unrepostPost, { params: { id: post.id }, token: two.token });
  expect(await shown()).toEqual([["worth passing on", one.handle]]);
  await relating.mute(reader.viewer, writer.handle);
  expect(await shown()).toEqual([]);
  await relating.unmute(reader.viewer, writer.handle);
  await relating.mute(reader.viewer, one.handle);
  expect(await shown()).toEqual([]);
  expect((await page(reader, one.handle)).body.items.map((item) => item.reposted_by?.handle)).toEqual([one.handle]);
  await call(r.editPost, { params: { id: post.id }, token: writer.token, body: { audience: "followers" } });
  expect((await page(reader, one.handle)).body.items).toEqual([]);
});

test("FD27: a page is full although the rules drop most of what stands first, and the cursor loses nothing", async () => {
  const [reader, loud, quiet] = [await fresh(), await fresh(), await fresh()];
  await t.follow(reader, loud);
  await t.follow(reader, quiet);
  for (let i = 0; i < 5; i++) await t.post(quiet, `quiet ${i}`);
  for (let i = 0; i < 60; i++) await t.post(loud, `loud ${i}`, { audience: "private" });
  const one = await t.home(reader, { limit: 3 });
  expect(texts(one.items)).toEqual(["quiet 4", "quiet 3", "quiet 2"]);
  const two = await t.home(reader, { limit: 3, cursor: one.next_cursor! });
  expect([texts(two.items), two.next_cursor]).toEqual([["quiet 1", "quiet 0"], null]);
});

test("FD27: a reader for whom nearly nothing is meant gets thin pages of bounded cost, and still everything", async () => {
  const [reader, loud] = [await fresh(), await fresh()];
  await t.follow(reader, loud);
  const rows = Array.from({ length: 1_500 }, (_, i) => ({ id: `${10_000_000 + i}`, open: i % 500 === 0 }));
  const { pool } = t.house.db.sql;
  for (const { id, open } of rows) {
    await pool`INSERT INTO feed_posts (id, author_id, text, audience, created_at) VALUES (${id}, ${loud.id}, ${`n ${id}`}, ${open ? "public" : "private"}, now())`;
    await pool`INSERT INTO feed_entries (actor_id, id, post_id) VALUES (${loud.id}, ${id}, ${id})`;
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const got = await t.home(reader, { limit: 20, ...(cursor ? { cursor } : {}) });
    seen.push(...got.items.map((item) => item.id));
    cursor = got.next_cursor ?? undefined;
    pages += 1;
  } while (cursor);
  expect(seen).toEqual(["10001000", "10000500", "10000000"]);
  expect(pages).toBeGreaterThan(1);
});

test("FD30: a person's page has their posts and what they passed on, and can show their media only", async () => {
  const [who, other] = [await fresh(), await fresh()];
  t.media.video(`5${who.id.slice(1)}`, who.id, { duration_ms: 600_000 });
  t.media.image(`6${who.id.slice(1)}`, who.id);
  await t.post(who, "words");
  await t.post(who, "film", { video_id: `5${who.id.slice(1)}` });
  await t.post(who, "picture", { image_ids: [`6${who.id.slice(1)}`] });
  await t.post(who, "for me", { audience: "private" });
  const passed = await t.post(other, "passed on");
  await call(r.repostPost, { params: { id: passed.id }, token: who.token });
  const shown = async (query: object) => texts((await page(other, who.handle.toUpperCase(), query)).body.items);
  expect(await shown({})).toEqual(["passed on", "picture", "film", "words"]);
  expect(await shown({ only: "posts" })).toEqual(["picture", "film", "words"]);
  expect(await shown({ only: "media" })).toEqual(["picture", "film"]);
  expect(await shown({ only: "videos" })).toEqual(["film"]);
  expect(await page(other, "nobody_here")).toMatchObject({ status: 404, code: "person.not_found" });
});

test("FD32: a hashtag's page knows every spelling, and shows what the reader may see", async () => {
  await t.post(ann, "one #Grönt");
  await t.post(ben, "two #GRÖNT");
  await t.post(cleo, "three #grönt", { audience: "private" });
  const read = (tag: string, token: string | null = null) => call(r.hashtagPosts, { params: { tag }, token });
  expect(texts((await read("grönt")).body.items)).toEqual(["two #GRÖNT", "one #Grönt"]);
  expect(texts((await read("#Gro\u0308nt", cleo.token)).body.items)).toEqual([
    "three #grönt",
    "two #GRÖNT",
    "one #Grönt",
  ]);
  for (const tag of ["12", "a b", "#"])
    expect(await read(tag), tag).toMatchObject({ status: 404, code: "hashtag.invalid" });
});

test("FD33: discover shows the latest public posts of everybody, to anyone", async () => {
  const [who, muted] = [await fresh(), await fresh()];
  await t.post(muted, "d1");
  await t.post(ann, "d2", { audience: "followers" });
  await t.post(ann, "d3");
  const read = async (token: string | null) => (await call(r.discoverFeed, { token, query: { limit: 2 } })).body;
  expect(texts((await read(null)).items)).toEqual(["d3", "d1"]);
  expect((await read(null)).items[0]!.viewer).toBeNull();
  await relating.mute(who.viewer, muted.handle);
  expect(texts((await read(who.token)).items)).not.toContain("d1");
});

test("FD34: bookmarks are their owner's alone, in the order in which they were made, and hide what may no longer be read", async () => {
  const who = await fresh();
  const [one, two] = [await t.post(ann, "b1"), await t.post(ben, "b2")];
  for (const id of [two.id, one.id, two.id]) {
    expect((await call(r.bookmarkPost, { params: { id }, token: who.token })).body.viewer.bookmarked).toBe(true);
  }
  const read = async (token: string) => (await call(r.listBookmarks, { token })).body.items;
  expect(texts(await read(who.token))).toEqual(["b1", "b2"]);
  expect((await read(who.token))[0]!.viewer).toMatchObject({ bookmarked: true, liked: false });
  expect(await read((await fresh()).token)).toEqual([]);
  await call(r.deletePost, { params: { id: one.id }, token: ann.token });
  expect(texts(await read(who.token))).toEqual(["b2"]);
  await call(r.unbookmarkPost, { params: { id: two.id }, token: who.token });
  expect(await read(who.token)).toEqual([]);
});

test("FD35: shorts are ready videos of at most 90 s; long ones, unready ones and private ones are not shown", async () => {
  const [who, quiet] = [await fresh(), await fresh()];
  t.media.video("901", who.id, { duration_ms: 90_001 });
  t.media.video("902", who.id, { status: "processing", duration_ms: null });
  t.media.video("903", who.id);
  t.media.video("904", who.id);
  t.media.video("905", who.id);
  t.media.video("906", quiet.id);
  for (const [text, video_id] of [
    ["long", "901"],
    ["unready", "902"],
    ["s1", "903"],
  ] as const)
    await t.post(who, text, { video_id });
  await t.post(who, "mine", { video_id: "904", audience: "private" });
  await t.settled();
  const shorts = async (token: string | null = null) => (await call(r.shortsFeed, { token })).body.items;
  expect(texts(await shorts())).toEqual(["s1"]);
  expect(texts(await shorts(who.token)).toSorted()).toEqual(["mine", "s1"]);

  // Ready at last: the event of media brings it in, also twice.
  t.media.video("902", who.id, { duration_ms: 1_000 });
  for (let i = 0; i < 2; i++) {
    await t.house.db.sql.tx((tx) =>
      t.house.log.append(tx, "media", "902", {
        type: "media.video_ready",
        version: 1,
        data: { video_id: "902", owner_id: who.id },
      }),
    );
  }
  await t.house.log.caughtUp("media", "feed.shorts");
  expect(texts(await shorts()).toSorted()).toEqual(["s1", "unready"]);
});

test("FD35: authors of shorts take turns: who floods stands behind who does not", async () => {
  const [loud, quiet] = [await fresh(), await fresh()];
  const say = async (who: TestPerson, text: string, video_id: string) => {
    t.media.video(video_id, who.id);
    await t.post(who, text, { video_id });
    await t.settled();
  };
  await say(quiet, "q", "911");
  for (const i of [1, 2, 3]) await say(loud, `l${i}`, `92${i}`);
  const first = (await call(r.shortsFeed, { query: { limit: 2 } })).body;
  expect(texts(first.items)).toEqual(["l1", "q"]);
  const rest = (await call(r.shortsFeed, { query: { limit: 100, cursor: first.next_cursor! } })).body;
  expect(texts(rest.items).filter((text) => text.startsWith("l"))).toEqual(["l2", "l3"]);
});

test("FD36: a post whose only content is a film or picture that has gone is not shown as an empty frame", async () => {
  const who = await fresh();
  t.media.video("931", who.id);
  await t.post(who, "", { video_id: "931" });
  expect((await t.home(who)).items).toHaveLength(1);
  t.media.videos.delete("931");
  const event = { type: "media.video_deleted", version: 1, data: { video_id: "931", owner_id: who.id } };
  await t.house.db.sql.tx((tx) => t.house.log.append(tx, "media", "931", event));
  while ((await t.home(who)).items.length > 0) await Bun.sleep(5);
});

test("FD37: a page of posts with as many pictures as there can be is asked of media in bounded portions", async () => {
  const who = await fresh();
  const most = t.media.asked_max;
  for (let post = 0; post < 30; post++) {
    const image_ids = Array.from({ length: 10 }, (_, i) => `${50_000 + post * 10 + i}`);
    for (const id of image_ids) t.media.image(id, who.id);
    await t.post(who, `pictures ${post}`, { image_ids });
  }
  t.feed.forgetAll();
  const { items } = await t.home(who, { limit: 30 });
  expect(items.map((item) => item.images.length)).toEqual(Array.from({ length: 30 }, () => 10));
  expect(t.media.asked_max).toBeGreaterThan(most);
  expect(t.media.asked_max).toBeLessThanOrEqual(MEDIA_CARDS_PER_CALL_MAX);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
