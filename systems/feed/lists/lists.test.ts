import { afterAll, expect, test } from "bun:test";

import { encodeCursor } from "#kernel/paging.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { UNDO_MS_MAX } from "../bounds.ts";
import { feedRoutes as r, LIST_PEOPLE_MAX, LISTS_MAX, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating } = t.house.people.rooms;
const { pool } = t.house.db.sql;
let n = 0;
const fresh = () => t.house.person(`p${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);

const begin = async (who: TestPerson, name: string, more: { out_of_home?: boolean; handle?: string } = {}) =>
  (await call(r.createList, { token: who.token, body: { name, ...more } })).body;
const add = (who: TestPerson, id: string, whom: TestPerson) =>
  call(r.addToList, { token: who.token, params: { id, handle: whom.handle } });
const take = (who: TestPerson, id: string, whom: TestPerson) =>
  call(r.removeFromList, { token: who.token, params: { id, handle: whom.handle } });
const read = async (who: TestPerson, id: string, query: { cursor?: string; from?: string; limit?: number } = {}) =>
  texts((await call(r.listPosts, { token: who.token, params: { id }, query })).body.items);
const home = async (who: TestPerson) => texts((await t.home(who)).items);

test("FD210: a list is its owner's alone; to others it looks like none", async () => {
  const [who, other] = [await fresh(), await fresh()];
  const { id } = await begin(who, "Weavers");
  for (const route of [r.getList, r.listListPeople, r.listPosts, r.deleteList, r.restoreList] as const) {
    expect(await call(route, { token: other.token, params: { id } })).toMatchObject({
      status: 404,
      code: "list.not_found",
    });
    expect(await call(route, { params: { id } })).toMatchObject({ status: 401 });
  }
  expect(await call(r.patchList, { token: other.token, params: { id }, body: { name: "x" } })).toMatchObject({
    status: 404,
  });
  expect(await add(other, id, who)).toMatchObject({ status: 404, code: "list.not_found" });
  expect((await call(r.listLists, { token: other.token })).body.items).toEqual([]);
});

test("FD211: a list has a name that its owner has once, and people who are there; else it is refused", async () => {
  const who = await fresh();
  const { id } = await begin(who, "Weavers");
  for (const name of ["", " \n ", "x".repeat(61)])
    expect(await call(r.createList, { token: who.token, body: { name } })).toMatchObject({ status: 400 });
  expect(await call(r.createList, { token: who.token, body: { name: "weavers" } })).toMatchObject({
    status: 409,
    code: "list.name_taken",
  });
  const other = await begin(who, "Spinners");
  expect(
    await call(r.patchList, { token: who.token, params: { id: other.id }, body: { name: "WEAVERS" } }),
  ).toMatchObject({
    code: "list.name_taken",
  });
  expect(await call(r.addToList, { token: who.token, params: { id, handle: "nobody_here" } })).toMatchObject({
    status: 404,
    code: "person.not_found",
  });
  const blocker = await fresh();
  await relating.block(blocker.viewer, who.handle);
  expect(await add(who, id, blocker)).toMatchObject({ status: 404, code: "person.not_found" });
});

test("FD212: a list shows what its people put before their followers and this reader may see, followed or not", async () => {
  const [who, ann, ben, cleo] = [await fresh(), await fresh(), await fresh(), await fresh()];
  const { id } = await begin(who, "Weavers", { handle: ann.handle.toUpperCase() });
  expect((await add(who, id, ben)).body).toMatchObject({ people_count: 2 });
  await t.follow(who, cleo);
  await t.post(ann, "a1");
  await t.post(ann, "a2", { audience: "followers" });
  const b1 = await t.post(ben, "b1");
  const c1 = await t.post(cleo, "c1");
  await call(r.repostPost, { token: ben.token, params: { id: c1.id } });
  expect(await read(who, id)).toEqual(["c1", "b1", "a1"]);
  await t.follow(who, ann);
  expect(await read(who, id)).toEqual(["c1", "b1", "a2", "a1"]);
  expect(await read(who, id, { from: b1.id, limit: 2 })).toEqual(["b1", "a2"]);
  expect(
    await call(r.listPosts, { token: who.token, params: { id }, query: { cursor: encodeCursor(["home", "5"]) } }),
  ).toMatchObject({ status: 400, code: "cursor.invalid" });
  // Rules hold on the very next read: a mute, a block, somebody taken out, and their ends.
  await relating.mute(who.viewer, ben.handle);
  expect(await read(who, id)).toEqual(["a2", "a1"]);
  await relating.unmute(who.viewer, ben.handle);
  await relating.block(ben.viewer, who.handle);
  expect(await read(who, id)).toEqual(["a2", "a1"]);
  await relating.unblock(ben.viewer, who.handle);
  await take(who, id, ben);
  await take(who, id, ben);
  expect(await read(who, id)).toEqual(["a2", "a1"]);
  expect((await call(r.listListPeople, { token: who.token, params: { id } })).body.items.map((p) => p.handle)).toEqual([
    ann.handle,
  ]);
});

test("FD213: who is kept out of home is read in the list alone, at once, and back when that ends", async () => {
  const [who, loud, quiet] = [await fresh(), await fresh(), await fresh()];
  for (const whom of [loud, quiet]) await t.follow(who, whom);
  await t.post(loud, "l1");
  const q1 = await t.post(quiet, "q1");
  const { id } = await begin(who, "Loud", { out_of_home: true, handle: loud.handle });
  expect([await home(who), await read(who, id)]).toEqual([["q1"], ["l1"]]);
  // What somebody else passes on of theirs still comes by that one.
  await call(r.repostPost, { token: loud.token, params: { id: q1.id } });
  expect(await home(who)).toEqual(["q1"]);
  await call(r.patchList, { token: who.token, params: { id }, body: { out_of_home: false } });
  expect(await home(who)).toEqual(["q1", "l1"]);
  await call(r.patchList, { token: who.token, params: { id }, body: { out_of_home: true } });
  expect(await home(who)).toEqual(["q1"]);
  await take(who, id, loud);
  expect(await home(who)).toEqual(["q1", "l1"]);
  // Oneself in such a list stays in one's own home.
  await add(who, id, who);
  await t.post(who, "mine");
  expect((await home(who))[0]).toBe("mine");
});

test("FD214: a deleted list is gone at once, and comes back whole within ten minutes, not later", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  await t.follow(who, whom);
  await t.post(whom, "hello");
  const { id } = await begin(who, "Loud", { out_of_home: true, handle: whom.handle });
  await call(r.deleteList, { token: who.token, params: { id } });
  expect(await home(who)).toEqual(["hello"]);
  expect(await call(r.getList, { token: who.token, params: { id } })).toMatchObject({ status: 404 });
  expect((await call(r.restoreList, { token: who.token, params: { id } })).body).toMatchObject({
    people_count: 1,
    out_of_home: true,
  });
  expect([await home(who), await read(who, id)]).toEqual([[], ["hello"]]);
  await call(r.deleteList, { token: who.token, params: { id } });
  await begin(who, "Loud");
  expect(await call(r.restoreList, { token: who.token, params: { id } })).toMatchObject({ code: "list.name_taken" });
  const later = await begin(who, "Later");
  await call(r.deleteList, { token: who.token, params: { id: later.id } });
  t.later(UNDO_MS_MAX + 1);
  expect(await call(r.restoreList, { token: who.token, params: { id: later.id } })).toMatchObject({ status: 404 });
  await begin(who, "Again");
  const [{ n: left }] = (await pool`SELECT count(*)::int AS n FROM feed_lists WHERE id = ${later.id}`) as [
    { n: number },
  ];
  expect(left).toBe(0);
});

test("FD215: one person has fifty lists of five hundred people at most", async () => {
  const [who, one, two] = [await fresh(), await fresh(), await fresh()];
  const first = await begin(who, "First");
  await pool`INSERT INTO feed_lists (id, person_id, name, created_at)
    SELECT 9000000 + i, ${who.id}, 'List ' || i, now() FROM generate_series(2, ${LISTS_MAX}) AS i`;
  expect(await call(r.createList, { token: who.token, body: { name: "One more" } })).toMatchObject({
    status: 409,
    code: "list.too_many",
  });
  await pool`INSERT INTO feed_list_people (list_id, person_id, place_id, at)
    SELECT ${first.id}, 8000000 + i, i, now() FROM generate_series(2, ${LIST_PEOPLE_MAX}) AS i`;
  expect((await add(who, first.id, one)).status).toBe(200);
  expect((await add(who, first.id, one)).status).toBe(200);
  expect(await add(who, first.id, two)).toMatchObject({ status: 409, code: "list.full" });
});

test("FD216: a sheet of all lists knows in which of them somebody is", async () => {
  const [who, whom] = [await fresh(), await fresh()];
  await begin(who, "b", { handle: whom.handle });
  await begin(who, "A");
  const { items } = (await call(r.listLists, { token: who.token, query: { handle: whom.handle } })).body;
  expect(items.map(({ name, has_person, people_count }) => [name, has_person, people_count])).toEqual([
    ["A", false, 0],
    ["b", true, 1],
  ]);
});

test.each(["pull", "push", "hybrid", "plain"] as const)(
  "FD213: what is arranged on one node holds on another, by %s too",
  async (timeline) => {
    const [who, loud] = [await fresh(), await fresh()];
    await t.follow(who, loud);
    await t.post(loud, "l1");
    const node = await t.node({ timeline });
    const seen = async () =>
      (
        await node.rooms.reader.read(
          who.viewer,
          (rules) => ({ ...homeOf(rules) }),
          { limit: 20 },
          "timeline",
          new AbortController().signal,
        )
      ).shown.length;
    const { homeSkeleton } = await import("../reading/skeleton.ts");
    const homeOf = (rules: Parameters<typeof homeSkeleton>[2]) => homeSkeleton(node.rooms.timeline, who.id, rules);
    expect(await seen()).toBe(1);
    await begin(who, "Loud", { out_of_home: true, handle: loud.handle });
    while ((await seen()) !== 0) await Bun.sleep(5);
  },
);

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
