import { afterAll, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { UNDO_MS_MAX } from "../bounds.ts";
import { feedRoutes as r, FOLDERS_MAX, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { pool } = t.house.db.sql;
let n = 0;
const fresh = () => t.house.person(`p${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);
const author = await t.house.person("author");

const make = async (who: TestPerson, name: string) =>
  (await call(r.createFolder, { token: who.token, body: { name } })).body;
const keep = (who: TestPerson, post: Post) => call(r.bookmarkPost, { token: who.token, params: { id: post.id } });
const file = (who: TestPerson, post: Post, folder_id: string | null) =>
  call(r.fileBookmark, { token: who.token, params: { id: post.id }, body: { folder_id } });
const kept = async (who: TestPerson, folder?: string) =>
  texts((await call(r.listBookmarks, { token: who.token, query: folder === undefined ? {} : { folder } })).body.items);
const folders = async (who: TestPerson, post_id?: string) =>
  (await call(r.listFolders, { token: who.token, query: post_id === undefined ? {} : { post_id } })).body.items;

test("FD217: folders are their owner's alone, and nothing is filed in somebody else's", async () => {
  const [who, other] = [await fresh(), await fresh()];
  const mine = await make(who, "Recipes");
  const post = await t.post(author, "soup");
  expect(await call(r.listFolders)).toMatchObject({ status: 401 });
  expect(await file(other, post, mine.id)).toMatchObject({ status: 404, code: "folder.not_found" });
  expect(await kept(other)).toEqual([]);
  expect(await kept(other, mine.id)).toEqual([]);
  for (const route of [r.deleteFolder, r.restoreFolder] as const)
    expect(await call(route, { token: other.token, params: { id: mine.id } })).toMatchObject({ status: 404 });
  expect(await call(r.patchFolder, { token: other.token, params: { id: mine.id }, body: { name: "x" } })).toMatchObject(
    {
      status: 404,
    },
  );
  expect(await call(r.createFolder, { token: who.token, body: { name: "recipes" } })).toMatchObject({
    status: 409,
    code: "folder.name_taken",
  });
  const secret = await t.post(author, "mine", { audience: "private" });
  expect(await file(who, secret, mine.id)).toMatchObject({ status: 404, code: "post.not_found" });
});

test("FD218: a bookmark stands in one folder or in none, moves, and is made where it was not; those of before stay", async () => {
  const who = await fresh();
  const [soup, loom, tea] = [await t.post(author, "soup"), await t.post(author, "loom"), await t.post(author, "tea")];
  await keep(who, soup);
  const [recipes, craft] = [await make(who, "Recipes"), await make(who, "Craft")];
  expect((await file(who, soup, recipes.id)).body).toEqual({ folder_id: recipes.id, was_in_folder_id: null });
  await file(who, loom, craft.id);
  await keep(who, tea);
  expect([await kept(who), await kept(who, "unfiled"), await kept(who, recipes.id), await kept(who, craft.id)]).toEqual(
    [["tea", "loom", "soup"], ["tea"], ["soup"], ["loom"]],
  );
  expect((await file(who, soup, craft.id)).body).toEqual({ folder_id: craft.id, was_in_folder_id: recipes.id });
  expect((await folders(who, soup.id)).map((f) => [f.name, f.bookmark_count, f.has_post])).toEqual([
    ["Craft", 2, true],
    ["Recipes", 0, false],
  ]);
  // To keep what is kept changes nothing.
  await keep(who, soup);
  expect(await kept(who, craft.id)).toEqual(["loom", "soup"]);
  expect((await file(who, soup, null)).body).toEqual({ folder_id: null, was_in_folder_id: craft.id });
  expect(await kept(who, "unfiled")).toEqual(["tea", "soup"]);
});

test("FD219: a deleted folder's bookmarks are unfiled, and go back into it when it comes back within ten minutes", async () => {
  const who = await fresh();
  const soup = await t.post(author, "soup");
  const { id } = await make(who, "Recipes");
  await file(who, soup, id);
  const remove = () => call(r.deleteFolder, { token: who.token, params: { id } });
  const restore = () => call(r.restoreFolder, { token: who.token, params: { id } });
  await remove();
  expect([await kept(who), await kept(who, "unfiled"), await kept(who, id), await folders(who)]).toEqual([
    ["soup"],
    ["soup"],
    [],
    [],
  ]);
  expect(await file(who, soup, id)).toMatchObject({ status: 404, code: "folder.not_found" });
  expect((await restore()).body).toMatchObject({ name: "Recipes", bookmark_count: 1 });
  expect([await kept(who, "unfiled"), await kept(who, id)]).toEqual([[], ["soup"]]);
  await remove();
  t.later(UNDO_MS_MAX + 1);
  expect(await restore()).toMatchObject({ status: 404 });
  await make(who, "Recipes");
  expect(await kept(who, "unfiled")).toEqual(["soup"]);
});

test("FD219: one person has a hundred folders at most", async () => {
  const who = await fresh();
  await pool`INSERT INTO feed_folders (id, person_id, name, created_at)
    SELECT 9000000 + i, ${who.id}, 'Folder ' || i, now() FROM generate_series(1, ${FOLDERS_MAX}) AS i`;
  expect(await call(r.createFolder, { token: who.token, body: { name: "One more" } })).toMatchObject({
    status: 409,
    code: "folder.too_many",
  });
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
