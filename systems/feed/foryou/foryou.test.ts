import { afterAll, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { encodeCursor } from "#kernel/paging.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { COMPUTE_MS_MAX, COMPUTES_MAX, LESS_PER_PERSON_MAX, NEIGHBOURS_PER_POST_MAX, RENEW_MS_MIN } from "./bounds.ts";
import { FEATURES } from "./features.ts";
import { addPairs, spokenBefore } from "./pair-store.ts";
import { createQueues } from "./queue.ts";
import { REFRESH_JOB } from "./refresh.ts";
import * as store from "./store.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating, offices } = t.house.people.rooms;
const { pool } = t.house.db.sql;
const { ground } = t.feed.rooms.forYou;
const admin = await t.house.person("root", "admin");
let n = 0;
const fresh = () => t.house.person(`f${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);
const ask = (who: TestPerson, query: { limit?: number; cursor?: string } = {}) =>
  call(r.forYouFeed, { token: who.token, query });
/** The texts of the first page, of whatever this test's own people wrote. */
const shown = async (who: TestPerson, of?: string) =>
  texts((await ask(who, { limit: 100 })).body.items).filter((text) => of === undefined || text.startsWith(of));
const like = (who: TestPerson, post: Post) => call(r.likePost, { params: { id: post.id }, token: who.token });
const less = (who: TestPerson, post: Post, kind: "post" | "author" = "post") =>
  call(r.lessForYou, { token: who.token, body: { post_id: post.id, kind } });
const rowsOf = async (who: TestPerson) =>
  (
    (await pool`
    SELECT (SELECT count(*) FROM feed_for_you_queues WHERE person_id = ${who.id})::int AS queues,
      (SELECT count(*) FROM feed_for_you_people WHERE person_id = ${who.id} AND asked_at IS NOT NULL)::int AS asked`) as {
      queues: number;
      asked: number;
    }[]
  )[0]!;
const heard = () => t.house.log.caughtUp("feed", "feed.for_you");
const refresh = (who: TestPerson) => t.runJob(REFRESH_JOB, { person_id: who.id });

test("FD140: nobody has no For you, no reasons, no wishes and no switch; the house's switch is the admins'", async () => {
  for (const route of [r.forYouFeed, r.forYouSettings, r.listLessForYou, r.forYouModel])
    expect(await call(route)).toMatchObject({ status: 401, code: "session.required" });
  expect(await call(r.forYouWhy, { params: { id: "1" } })).toMatchObject({ status: 401 });
  expect(await call(r.setForYouSettings, { body: { on: false } })).toMatchObject({ status: 401 });
  expect(await call(r.lessForYou, { body: { post_id: "1", kind: "post" } })).toMatchObject({ status: 401 });
  const who = await fresh();
  expect(await call(r.setForYouHouse, { token: who.token, body: { on: false } })).toMatchObject({ status: 403 });
});

test("FD141: what was in a list is gone on the very next read: blocked, muted, deleted, made private, suspended", async () => {
  const who = await fresh();
  const authors = await Promise.all(
    ["blocked", "blocks", "muted", "deleted", "private", "suspended", "stays"].map(fresh),
  );
  const [blocked, blocks, muted, deleted, closed, suspended, stays] = authors as [
    TestPerson,
    TestPerson,
    TestPerson,
    TestPerson,
    TestPerson,
    TestPerson,
    TestPerson,
  ];
  const posts = await Promise.all(authors.map((author, i) => t.post(author, `rule ${i}`)));
  expect((await shown(who, "rule")).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `rule ${i}`));
  const acts: [() => Promise<unknown>, string][] = [
    [() => relating.block(who.viewer, blocked.handle), "rule 0"],
    [() => relating.block(blocks.viewer, who.handle), "rule 1"],
    [() => relating.mute(who.viewer, muted.handle), "rule 2"],
    [() => call(r.deletePost, { params: { id: posts[3]!.id }, token: deleted.token }), "rule 3"],
    [
      () => call(r.editPost, { params: { id: posts[4]!.id }, token: closed.token, body: { audience: "private" } }),
      "rule 4",
    ],
    [() => offices.suspend(admin.viewer, suspended.handle, "spam"), "rule 5"],
  ];
  const kept = await store.findQueue(pool, who.id, null);
  for (const [act, gone] of acts) {
    await act();
    expect(await shown(who, "rule")).not.toContain(gone);
  }
  // It is the same list all the time: rules took things out of it, nobody made it anew.
  expect((await store.findQueue(pool, who.id, null))!.generation).toBe(kept!.generation);
  expect(await shown(who, "rule")).toEqual(["rule 6"]);
  expect(stays.id).toBe(posts[6]!.author.id);
});

test("FD141: a space's posts leave with the membership, and a private space's are for members all along", async () => {
  const [who, host] = [await fresh(), await fresh()];
  const room = await t.house.space("hall", host, [who], { visibility: "private" });
  await t.post(host, "hall one", { audience: "space", space_id: room.id });
  await t.post(host, "hall two", { audience: "public", space_id: room.id });
  expect(await shown(await fresh(), "hall")).toEqual([]);
  expect((await shown(who, "hall")).toSorted()).toEqual(["hall one", "hall two"]);
  await t.house.spaces.rooms.members.leave(who.viewer, room.slug);
  expect(await shown(who, "hall")).toEqual([]);
});

test("FD142: switched off it refuses, and keeps, learns and trains nothing of that person", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const [one, two] = [await t.post(author, "off one"), await t.post(author, "off two")];
  await shown(who);
  expect(await rowsOf(who)).toEqual({ queues: 1, asked: 1 });
  const off = await call(r.setForYouSettings, { token: who.token, body: { on: false } });
  expect(off.body).toMatchObject({ on: false, house_on: true });
  expect(await ask(who)).toMatchObject({ status: 409, code: "for_you.off" });
  expect(await call(r.forYouWhy, { params: { id: one.id }, token: who.token })).toMatchObject({ code: "for_you.off" });
  await like(who, one);
  await like(who, two);
  await heard();
  await refresh(who);
  expect(await rowsOf(who)).toEqual({ queues: 0, asked: 0 });
  expect(await pool`SELECT FROM feed_for_you_pairs WHERE post_id = ${one.id}`).toHaveLength(0);
  const { actsSince } = await import("./history-store.ts");
  expect((await actsSince(pool, new Date(0))).filter((act) => act.person_id === who.id)).toEqual([]);
  // A list that was being made while it was switched off is not kept.
  const { makeQueue } = await import("./refresh.ts");
  const late = await makeQueue(ground, who.id);
  await t.house.db.sql.tx((tx) => store.insertQueue(tx, late));
  await store.noteAsked(pool, who.id, new Date());
  expect(await rowsOf(who)).toEqual({ queues: 0, asked: 0 });
  await call(r.setForYouSettings, { token: who.token, body: { on: true } });
  expect((await ask(who)).status).toBe(200);
});

test("FD143: off for the house it is off for everybody, whatever they chose, and comes back as it was", async () => {
  const who = await fresh();
  await t.post(await fresh(), "house one");
  const set = (on: boolean) => call(r.setForYouHouse, { token: admin.token, body: { on } });
  await shown(who);
  expect((await set(false)).body).toEqual({ on: false });
  expect(await ask(who)).toMatchObject({ status: 409, code: "for_you.house_off" });
  expect((await call(r.forYouSettings, { token: who.token })).body).toMatchObject({ on: true, house_on: false });
  await refresh(who);
  expect((await rowsOf(who)).queues).toBe(0);
  await set(true);
  expect(await shown(who, "house")).toEqual(["house one"]);
});

test("FD144: what was seen or done is not shown again, from the very next read on", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const posts: Post[] = [];
  for (let i = 0; i < 4; i++) posts.push(await t.post(author, `seen ${i}`));
  expect((await shown(who, "seen")).toSorted()).toEqual(["seen 0", "seen 1", "seen 2", "seen 3"]);
  await call(r.reportViews, { token: who.token, body: { items: [{ post_id: posts[1]!.id, ms: 5_000 }] } });
  expect((await shown(who, "seen")).toSorted()).toEqual(["seen 0", "seen 2", "seen 3"]);
  await like(who, posts[2]!);
  await refresh(who);
  expect((await shown(who, "seen")).toSorted()).toEqual(["seen 0", "seen 3"]);
});

test("FD145: less of a post or of an author holds at once, can be undone, and one's own posts are refused", async () => {
  const [who, author, other] = [await fresh(), await fresh(), await fresh()];
  const [one, two] = [await t.post(author, "less one"), await t.post(author, "less two")];
  await t.post(other, "less three");
  const own = await t.post(who, "less own");
  expect(await less(who, own)).toMatchObject({ status: 422, code: "for_you.own_post" });
  expect(await call(r.lessForYou, { token: who.token, body: { post_id: "999", kind: "post" } })).toMatchObject({
    status: 404,
    code: "post.not_found",
  });
  expect(await shown(who, "less")).toHaveLength(3);
  expect((await less(who, one)).body).toMatchObject({ kind: "post", id: one.id, author: { handle: author.handle } });
  expect((await shown(who, "less")).toSorted()).toEqual(["less three", "less two"]);
  await less(who, two, "author");
  expect(await shown(who, "less")).toEqual(["less three"]);
  const list = (query = {}) => call(r.listLessForYou, { token: who.token, query });
  expect((await list()).body.items.map((item) => item.kind)).toEqual(["author", "post"]);
  const first = (await list({ limit: 1 })).body;
  expect((await list({ limit: 1, cursor: first.next_cursor! })).body).toMatchObject({
    items: [{ kind: "post", id: one.id }],
    next_cursor: null,
  });
  const undo = (kind: "post" | "author", id: string) =>
    call(r.undoLessForYou, { token: who.token, params: { kind, id } });
  await undo("author", author.id);
  expect((await shown(who, "less")).toSorted()).toEqual(["less three", "less two"]);
  for (let i = 0; i < 2; i++) expect((await undo("post", one.id)).status).toBe(204);
  expect(await shown(who, "less")).toHaveLength(3);
});

test("FD145: a thousand wishes are kept, the oldest go", async () => {
  const who = await fresh();
  await pool`INSERT INTO feed_for_you_less (person_id, kind, subject_id, author_id, at)
    SELECT ${who.id}, 'post', 1000 + i, 1, now() - (2000 - i) * interval '1 minute' FROM generate_series(1, ${LESS_PER_PERSON_MAX}) i`;
  await less(who, await t.post(await fresh(), "one more"));
  const kept = await store.lessOf(pool, who.id);
  expect([kept.length, kept.at(-1)!.subject_id]).toEqual([LESS_PER_PERSON_MAX, "1002"]);
});

test("FD146: pages have no gap and no repeat, also while others write and lists are made anew", async () => {
  const [who, authors] = [await fresh(), await Promise.all([fresh(), fresh(), fresh()])];
  for (let i = 0; i < 12; i++) await t.post(authors[i % 3]!, `page ${i}`);
  const all = texts((await ask(who, { limit: 100 })).body.items);
  const paged: string[] = [];
  let cursor: string | null = null;
  do {
    const { body }: { body: { items: Post[]; next_cursor: string | null } } = await ask(who, {
      limit: 5,
      ...(cursor ? { cursor } : {}),
    });
    paged.push(...texts(body.items));
    cursor = body.next_cursor;
    await t.post(authors[0]!, "later page");
    await refresh(who);
  } while (cursor && paged.length < 40);
  expect(paged.slice(0, all.length)).toEqual(all.slice(0, paged.length));
  expect(new Set(paged).size).toBe(paged.length);
});

test("FD146: a cursor of another's list, of one that is gone or of no list at all is refused", async () => {
  const [who, other] = [await fresh(), await fresh()];
  await shown(who);
  const { generation } = (await store.findQueue(pool, who.id, null))!;
  const bad = [`${generation}.0`, "5.0", `${generation}.999`, "0.x", "x"];
  for (const key of bad)
    expect(await ask(other, { cursor: encodeCursor(["for_you", key]) }), key).toMatchObject({
      status: 400,
      code: "cursor.invalid",
    });
  expect((await ask(who, { cursor: encodeCursor(["for_you", `${generation}.0`]) })).status).toBe(200);
  expect(await ask(who, { cursor: encodeCursor(["discover", "5"]) })).toMatchObject({ status: 400 });
});

test("FD151: with nothing to go by there is a list, and the first like moves it", async () => {
  const [who, elin, olof] = [await fresh(), await fresh(), await fresh()];
  const liked = await t.post(elin, "cold #bread first");
  for (let i = 0; i < 3; i++) {
    await t.post(elin, `cold #bread ${i}`);
    await t.post(olof, `cold #stones ${i}`);
  }
  const settings = async () => (await call(r.forYouSettings, { token: who.token })).body;
  expect((await settings()).cold).toBe(true);
  expect(await shown(who, "cold")).toHaveLength(7);
  await like(who, liked);
  expect((await settings()).cold).toBe(false);
  await heard();
  const [job] =
    (await pool`SELECT payload FROM jobs_jobs WHERE kind = ${REFRESH_JOB} AND payload->>'person_id' = ${who.id}`) as unknown[];
  expect(job).toBeDefined();
  // Who comes back before the job ran is not shown the list of before.
  const before = (await store.findQueue(pool, who.id, null))!;
  await shown(who);
  expect((await store.findQueue(pool, who.id, null))!.generation).not.toBe(before.generation);
  const after = (await store.findQueue(pool, who.id, null))!;
  const best = after.places.find((place) => !place.explored)!;
  expect(best.author_id).toBe(elin.id);
  const why = (await call(r.forYouWhy, { params: { id: best.post_id }, token: who.token })).body;
  expect(why.features.map((one) => one.feature)).toContain("tags_liked");
});

test("FD152: posts that the same people liked are neighbours both ways, halve with time, and are at most fifty", async () => {
  const [one, two, three] = ["901", "902", "903"] as [PostId, PostId, PostId];
  const at = new Date(1_800_000_000_000);
  const tx = <T>(work: Parameters<typeof t.house.db.sql.tx<T>>[0]) => t.house.db.sql.tx(work);
  await tx((q) =>
    addPairs(q, [
      { pair: [one, two], at },
      { pair: [one, two], at },
      { pair: [one, three], at },
    ]),
  );
  const weights = async (id: PostId) =>
    (
      (await pool`SELECT other_id, weight::float8 AS weight FROM feed_for_you_pairs WHERE post_id = ${id} ORDER BY other_id`) as {
        other_id: string;
        weight: number;
      }[]
    ).map((row) => [row.other_id, row.weight]);
  expect(await weights(one)).toEqual([
    ["902", 2],
    ["903", 1],
  ]);
  expect(await weights(two)).toEqual([["901", 2]]);
  await tx((q) => addPairs(q, [{ pair: [one, two], at: new Date(at.getTime() + 14 * DAY_MS) }]));
  expect(await weights(one)).toEqual([
    ["902", 2],
    ["903", 1],
  ]);
  // What comes late counts as of its own time.
  await tx((q) => addPairs(q, [{ pair: [one, two], at }]));
  expect(await weights(two)).toEqual([["901", 2.5]]);
  const more = Array.from({ length: 60 }, (_, i) => ({
    pair: [one, `${2_000 + i}`] as [PostId, PostId],
    at: new Date(at.getTime() + 20 * DAY_MS),
  }));
  await tx((q) => addPairs(q, more));
  expect((await weights(one)).length).toBe(NEIGHBOURS_PER_POST_MAX);
});

test("FD152: likes and reposts are learned from once, with what the same person spoke for before", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const posts: Post[] = [];
  for (let i = 0; i < 3; i++) posts.push(await t.post(author, `pair ${i}`));
  await like(who, posts[0]!);
  await like(who, posts[1]!);
  await like(who, posts[1]!);
  await call(r.repostPost, { params: { id: posts[2]!.id }, token: who.token });
  await like(author, posts[0]!);
  await heard();
  const near = (await pool`SELECT other_id, weight::float8 AS weight FROM feed_for_you_pairs
    WHERE post_id = ${posts[0]!.id} ORDER BY other_id`) as { other_id: string; weight: number }[];
  expect(near.map((row) => [row.other_id, row.weight])).toEqual([
    [posts[1]!.id, expect.closeTo(0.1, 2)],
    [posts[2]!.id, expect.closeTo(0.1, 2)],
  ]);
  const before = await spokenBefore(pool, [
    { kind: "watch", person_id: who.id, post_id: posts[2]!.id, at: new Date(t.house.db.clock.now() + HOUR_MS) },
  ]);
  expect(before.map((one) => one.pair[1]).toSorted()).toEqual([posts[0]!.id, posts[1]!.id].toSorted());
  // Somebody else who likes one of them meets the others as alike.
  const reader = await fresh();
  await like(reader, posts[0]!);
  await refresh(reader);
  const { places } = (await store.findQueue(pool, reader.id, null))!;
  expect(places.find((place) => place.post_id === posts[1]!.id)!.sources).toContain("alike");
});

test("FD152: a film watched to its half counts like a like, once, however often lists are made; one begun does not", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const film = async (id: string) => {
    t.media.video(id, author.id);
    return t.post(author, `film ${id}`, { video_id: id });
  };
  const [liked, watched, begun] = [await film("7001"), await film("7002"), await film("7003")];
  await shown(who);
  await like(who, liked);
  await heard();
  const at = new Date(t.house.db.clock.now() + 1_000);
  t.media.watchedBy = async (person_id) =>
    person_id === who.id
      ? [
          { video_id: "7002", share: 0.9, at },
          { video_id: "7003", share: 0.1, at },
        ]
      : [];
  for (let i = 0; i < 2; i++) await refresh(who);
  delete t.media.watchedBy;
  const near = async (post: Post) =>
    (await pool`SELECT other_id, weight::float8 AS weight FROM feed_for_you_pairs WHERE post_id = ${post.id}`) as unknown[];
  expect(await near(watched)).toEqual([{ other_id: liked.id, weight: expect.closeTo(0.1, 2) }]);
  expect(await near(begun)).toEqual([]);
  const { places } = (await store.findQueue(pool, who.id, null))!;
  expect(places.map((place) => place.post_id)).not.toContain(watched.id);
  expect(places.find((place) => place.post_id === begun.id)!.features[FEATURES.indexOf("watches_films")]).toBe(500);
});

test("FD308: who likes and takes back, over and over, is learned from once, and who came today counts a tenth", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const [known, pushed] = [await t.post(author, "pair known"), await t.post(author, "pair pushed")];
  await like(who, known);
  const unlike = () => call(r.unlikePost, { params: { id: pushed.id }, token: who.token });
  for (let i = 0; i < 5; i++) {
    await like(who, pushed);
    await unlike();
    await heard();
  }
  await like(who, pushed);
  await heard();
  const weights = (await pool`
    SELECT weight::float8 AS weight FROM feed_for_you_pairs WHERE post_id = ${known.id} AND other_id = ${pushed.id}`) as {
    weight: number;
  }[];
  expect(weights).toEqual([{ weight: expect.closeTo(0.1, 2) }]);
});

test("FD153: who looked lately has a list ready; who never did has none made, and gets one on arrival", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const post = await t.post(author, "ready one");
  await like(who, post);
  await heard();
  const queued = async () =>
    (await pool`SELECT FROM jobs_jobs WHERE kind = ${REFRESH_JOB} AND payload->>'person_id' = ${who.id}`).length;
  expect(await queued()).toBe(0);
  expect((await rowsOf(who)).queues).toBe(0);
  await shown(who);
  expect((await rowsOf(who)).queues).toBe(1);
  await t.follow(who, author);
  await t.house.log.caughtUp("people", "feed.for_you");
  expect(await queued()).toBe(1);
});

test("FD153: where no list can be made the latest are shown, paged to their end, and a job makes the list", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const [older, newer] = [await t.post(author, "bare one"), await t.post(author, "bare two")];
  const broken = createQueues({
    ...ground,
    timeline: { ...ground.timeline, read: () => Promise.reject(new Error("the timeline is away")) },
  });
  await broken.enter(who.id);
  const skeleton = broken.skeleton(who.id);
  const first = await skeleton.read(null, 1);
  expect(first.map((item) => item.post_id)).toEqual([newer.id]);
  expect(skeleton.isKey(first[0]!.key)).toBe(true);
  expect((await skeleton.read(first[0]!.key, 1)).map((item) => item.post_id)).toEqual([older.id]);
  expect(
    await pool`SELECT FROM jobs_jobs WHERE kind = ${REFRESH_JOB} AND payload->>'person_id' = ${who.id}`,
  ).toHaveLength(1);
  // A list of before is better than none, for a day.
  await shown(who);
  t.later(2 * HOUR_MS);
  expect((await broken.skeleton(who.id).read(null, 1))[0]!.key.startsWith("0.")).toBe(false);
  t.later(DAY_MS);
  expect((await broken.skeleton(who.id).read(null, 1))[0]!.key.startsWith("0.")).toBe(true);
});

test("FD153: who waits is not kept waiting by a list that takes too long, nor are more than eight made at once", async () => {
  const post = await t.post(await fresh(), "slow one");
  const people = await Promise.all(Array.from({ length: COMPUTES_MAX + 1 }, fresh));
  let asked = 0;
  const never = createQueues({
    ...ground,
    for_you_wait_ms: COMPUTE_MS_MAX,
    timeline: {
      ...ground.timeline,
      read() {
        asked += 1;
        return new Promise(() => {});
      },
    },
  });
  const first = await Promise.all(people.map((who) => never.skeleton(who.id).read(null, 1)));
  expect(first.map((listed) => listed[0]!.post_id)).toEqual(people.map(() => post.id));
  expect(asked).toBe(COMPUTES_MAX);
});

test("FD153: a list that runs low is made anew in the background, not at every page", async () => {
  const who = await fresh();
  await t.post(await fresh(), "low one");
  const queued = async () =>
    (await pool`SELECT FROM jobs_jobs WHERE kind = ${REFRESH_JOB} AND payload->>'person_id' = ${who.id}`).length;
  await shown(who);
  const kept = (await store.findQueue(pool, who.id, null))!;
  const nearItsEnd = { cursor: encodeCursor(["for_you", `${kept.generation}.${kept.places.length - 2}`]) };
  await ask(who, nearItsEnd);
  expect(await queued()).toBe(0);
  t.later(RENEW_MS_MIN + 1_000);
  for (let i = 0; i < 2; i++) await ask(who, nearItsEnd);
  expect(await queued()).toBe(1);
  expect((await store.findQueue(pool, who.id, null))!.generation).toBe(kept.generation);
});

test("FD154: why tells the terms as they were, and nothing of what is not in the list or not for them", async () => {
  const [who, author] = [await fresh(), await fresh()];
  await t.follow(who, author);
  for (let i = 0; i < 25; i++) await t.post(author, `why ${i}`);
  const secret = await t.post(author, "why secret", { audience: "private" });
  const why = (id: string) => call(r.forYouWhy, { params: { id }, token: who.token });
  await shown(who);
  const { places, seed } = (await store.findQueue(pool, who.id, null))!;
  const at = places.findIndex((place) => place.author_id === author.id && place.turn === 1);
  const { body } = await why(places[at]!.post_id);
  expect(body).toMatchObject({
    post_id: places[at]!.post_id,
    place: at + 1,
    list: { seed },
    model: { version: 0, made_at: null },
    author_turn: { posts_before: 1, factor: 0.6 },
  });
  expect(body.sources[0]).toEqual({ source: "network", sentence: "Somebody you follow wrote it or passed it on." });
  const sum = body.features.reduce((all, one) => all + one.contribution, body.base);
  expect(Math.abs(sum - body.value)).toBeLessThan(1e-9);
  expect(body.score).toBeCloseTo(body.value * 0.6, 12);
  expect(body.features.every((one) => one.sentence.length > 5)).toBe(true);
  expect(await why(secret.id)).toMatchObject({ status: 404, code: "post.not_found" });
  const own = await t.post(who, "why own");
  expect(await why(own.id)).toMatchObject({ status: 404, code: "for_you.not_listed" });
});

test("FD157: whoever deletes their account leaves nothing here, and purged posts leave the pairs", async () => {
  const [who, author] = [await fresh(), await fresh()];
  const [one, two] = [await t.post(author, "gone one"), await t.post(author, "gone two")];
  await like(who, one);
  await like(who, two);
  await less(who, await t.post(author, "gone three"), "author");
  await shown(who);
  await heard();
  await t.house.db.sql.tx((tx) =>
    t.house.log.append(tx, "people", `person:${who.id}`, {
      type: "people.deleted",
      version: 1,
      data: { person_id: who.id },
    }),
  );
  await t.house.log.caughtUp("people", "feed.for_you");
  expect(await rowsOf(who)).toEqual({ queues: 0, asked: 0 });
  expect(await store.lessOf(pool, who.id)).toEqual([]);
  expect(await pool`SELECT FROM feed_for_you_pairs WHERE post_id = ${one.id}`).toHaveLength(1);
  await t.house.db.sql.tx((tx) => store.forgetPosts(tx, [two.id]));
  expect(await pool`SELECT FROM feed_for_you_pairs WHERE post_id = ${one.id}`).toHaveLength(0);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
