import { afterAll, expect, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, MUTED_WORDS_MAX, type Post } from "../contract.ts";
import { FORGET_JOB } from "../departures.ts";
import { testFeed } from "../testing.ts";
import { NO_WISHES } from "./wishes.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { pool } = t.house.db.sql;
let n = 0;
const fresh = () => t.house.person(`p${++n}`);
const texts = (items: readonly Post[]) => items.map((post) => post.text);

type Body = NonNullable<Parameters<typeof call<typeof r.muteWord>>[1]>["body"];
const mute = async (who: TestPerson, phrase: string, more: Partial<NonNullable<Body>> = {}) =>
  call(r.muteWord, { token: who.token, body: { phrase, ...more } });
const muted = async (who: TestPerson) => (await call(r.listMutedWords, { token: who.token })).body.items;
const home = async (who: TestPerson) => (await t.home(who)).items;
const person = async (who: TestPerson, whom: TestPerson) =>
  (await call(r.personPosts, { token: who.token, params: { handle: whom.handle } })).body.items;
const prefer = (who: TestPerson, body: object) => call(r.patchReadingPreferences, { token: who.token, body });
/** Somebody, whom they follow, and what that one wrote. */
async function reader(...words: string[]): Promise<[TestPerson, TestPerson]> {
  const [who, whom] = [await fresh(), await fresh()];
  await t.follow(who, whom);
  for (const text of words) await t.post(whom, text);
  return [who, whom];
}

test("FD222: muted words are their reader's alone, and what is no word is refused", async () => {
  const [who, other] = [await fresh(), await fresh()];
  expect(await call(r.listMutedWords)).toMatchObject({ status: 401 });
  for (const phrase of ["", " ", "\u200b", "x".repeat(101)])
    expect((await mute(who, phrase)).status, JSON.stringify(phrase)).toBe(400);
  expect(await mute(who, "#")).toMatchObject({ status: 422, code: "muted_word.empty" });
  for (const more of [{ kind: "burn" }, { expires_in_d: 0 }, { expires_in_d: 367 }] as never[])
    expect(await mute(who, "x", more)).toMatchObject({ status: 400 });
  const { id } = (await mute(who, "x")).body;
  expect(await call(r.unmuteWord, { token: other.token, params: { id } })).toMatchObject({
    status: 404,
    code: "muted_word.not_found",
  });
  expect(await muted(other)).toEqual([]);
});

test("FD223: a new mute holds on the next read, and its end too", async () => {
  const [who] = await reader("a spoiler!", "spoilers", "tea");
  expect(texts(await home(who))).toEqual(["tea", "spoilers", "a spoiler!"]);
  const { id } = (await mute(who, "Spoiler")).body;
  expect(texts(await home(who))).toEqual(["tea", "spoilers"]);
  // The same phrase again changes how.
  expect((await mute(who, "spoiler", { matches: "part" })).body.id).toBe(id);
  expect(texts(await home(who))).toEqual(["tea"]);
  await call(r.unmuteWord, { token: who.token, params: { id } });
  expect(texts(await home(who))).toEqual(["tea", "spoilers", "a spoiler!"]);
});

test("FD223: an edit that brings a word in or takes it out holds too, and one's own words always stand", async () => {
  const [who, whom] = await reader("plain");
  await mute(who, "spoiler");
  const [post] = await home(who);
  const edit = (text: string) => call(r.editPost, { token: whom.token, params: { id: post!.id }, body: { text } });
  await edit("a spoiler");
  expect(await home(who)).toEqual([]);
  await edit("none");
  expect(texts(await home(who))).toEqual(["none"]);
  await t.post(who, "my spoiler");
  expect(texts(await home(who))).toEqual(["my spoiler", "none"]);
});

test("FD224: what is to be warned of is shown with the words; hidden wins where both stand", async () => {
  const [who] = await reader("a spoiler about tea", "tea", "cake");
  await mute(who, "Tea", { kind: "warn" });
  expect((await home(who)).map((post) => [post.text, post.filtered])).toEqual([
    ["cake", null],
    ["tea", { words: ["Tea"] }],
    ["a spoiler about tea", { words: ["Tea"] }],
  ]);
  await mute(who, "spoiler");
  expect(texts(await home(who))).toEqual(["cake", "tea"]);
});

test("FD225: words muted at home count in home and lists only; those muted everywhere in all lists and comments, and fold what one goes to see", async () => {
  const [who, whom] = await reader("#weaving at home", "spoiler everywhere");
  await mute(who, "#weaving", { place: "home" });
  await mute(who, "spoiler", { place: "everywhere" });
  const list = (await call(r.createList, { token: who.token, body: { name: "l", handle: whom.handle } })).body;
  expect(await home(who)).toEqual([]);
  expect((await call(r.listPosts, { token: who.token, params: { id: list.id } })).body.items).toEqual([]);
  const tagged = (await call(r.hashtagPosts, { token: who.token, params: { tag: "weaving" } })).body.items;
  expect(texts(tagged)).toEqual(["#weaving at home"]);
  const discover = (await call(r.discoverFeed, { token: who.token, query: { limit: 100 } })).body.items;
  expect(texts(discover)).not.toContain("spoiler everywhere");
  expect((await person(who, whom)).map((post) => [post.text, post.filtered])).toEqual([
    ["spoiler everywhere", { words: ["spoiler"] }],
    ["#weaving at home", null],
  ]);
  const [, post] = await person(who, whom);
  const one = (await call(r.getPost, { token: who.token, params: { id: (await person(who, whom))[0]!.id } })).body;
  expect(one.filtered).toEqual({ words: ["spoiler"] });
  for (const text of ["a spoiler", "#weaving"])
    await call(r.createComment, { token: whom.token, params: { id: post!.id }, body: { text } });
  const comments = (await call(r.listComments, { token: who.token, params: { id: post!.id } })).body.items;
  expect(comments.map((comment) => comment.text)).toEqual(["#weaving"]);
});

test("FD226: a mute ends by itself when its time is over, on the very next read", async () => {
  const [who] = await reader("a spoiler");
  const { expires_at } = (await mute(who, "spoiler", { expires_in_d: 1 })).body;
  expect(expires_at).not.toBeNull();
  expect(await home(who)).toEqual([]);
  t.later(24 * 3_600_000 + 1);
  expect(texts(await home(who))).toEqual(["a spoiler"]);
  expect(await muted(who)).toEqual([]);
  await mute(who, "tea");
  const [{ n: rows }] = (await pool`SELECT count(*)::int AS n FROM feed_muted_words WHERE person_id = ${who.id}`) as [
    { n: number },
  ];
  expect(rows).toBe(1);
});

test("FD227: one person mutes two hundred words at most; to change one of them is always possible", async () => {
  const who = await fresh();
  await pool`INSERT INTO feed_muted_words (id, person_id, phrase, folded, matches, kind, place, at)
    SELECT 6000000 + i, ${who.id}, 'w' || i, 'w' || i, 'word', 'hide', 'home', now() FROM generate_series(1, ${MUTED_WORDS_MAX}) AS i`;
  expect(await mute(who, "one more")).toMatchObject({ status: 409, code: "muted_word.too_many" });
  expect((await mute(who, "W7", { kind: "warn" })).body).toMatchObject({ kind: "warn" });
  expect(await muted(who)).toHaveLength(MUTED_WORDS_MAX);
});

test("FD228: warnings, answers of polls and quoted posts are looked through as the words are", async () => {
  const [who, whom] = await reader();
  await mute(who, "spoiler");
  const make = (body: object) =>
    call(r.createPost, { token: whom.token, body: { text: "look", audience: "public", ...body } as never });
  expect((await make({ content_warning: "Spoiler" })).status).toBe(201);
  expect((await make({ poll: { options: ["tea", "a spoiler"], open_s: 3_600 } })).status).toBe(201);
  expect(texts(await home(who))).toEqual([]);
  const post = await t.post(whom, "spoiler");
  const quoting = await make({ text: "see", quote_id: post.id });
  expect(quoting.status).toBe(201);
  expect((await home(who)).map((item) => [item.text, item.quote?.state])).toEqual([["see", "gone"]]);
});

test("FD223: one's own words stand also where another quotes them (the oracle's world 34152654)", async () => {
  const [who, whom] = await reader();
  await mute(who, "spoiler");
  const own = await t.post(who, "a spoiler of mine");
  const body = { text: "see", audience: "public", quote_id: own.id } as const;
  expect((await call(r.createPost, { token: whom.token, body })).status).toBe(201);
  expect((await home(who)).map((item) => [item.text, item.quote?.state ?? null])).toEqual([
    ["see", "shown"],
    ["a spoiler of mine", null],
  ]);
});

test("FD229: how one reads is kept on the house, changed in parts, and holds on the next read", async () => {
  const [who, whom] = await reader("plain");
  const usual = { sensitive_media: "warn", home_opens: "position", home_reposts: "show" };
  expect((await call(r.getReadingPreferences, { token: who.token })).body as object).toEqual(usual);
  for (const body of [{ sensitive_media: "burn" }, { colour: "red" }])
    expect((await prefer(who, body)).status).toBe(400);
  t.media.image("61", whom.id);
  await t.post(whom, "marked", { image_ids: ["61"], sensitive: true } as never);
  const other = await t.post(await fresh(), "passed on");
  await call(r.repostPost, { token: whom.token, params: { id: other.id } });
  expect(texts(await home(who))).toEqual(["passed on", "marked", "plain"]);
  expect((await prefer(who, { sensitive_media: "hide" })).body as object).toEqual({
    ...usual,
    sensitive_media: "hide",
  });
  expect(texts(await home(who))).toEqual(["passed on", "plain"]);
  expect((await prefer(who, { home_reposts: "hide" })).body as object).toMatchObject({ sensitive_media: "hide" });
  expect(texts(await home(who))).toEqual(["plain"]);
  expect(texts(await person(who, whom))).toEqual(["passed on", "marked", "plain"]);
  await prefer(who, usual);
  expect(texts(await home(who))).toEqual(["passed on", "marked", "plain"]);
});

test("FD229: without reposts in home, a post that somebody passed on stands where its author put it, also on a later page", async () => {
  const [who] = await reader("one", "two", "three", "four");
  const passer = await fresh();
  await t.follow(who, passer);
  const { items } = await t.home(who);
  await call(r.repostPost, { token: passer.token, params: { id: items.at(-1)!.id } });
  const pages = async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await t.home(who, { limit: 2, ...(cursor ? { cursor } : {}) });
      seen.push(...texts(page.items));
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return seen;
  };
  expect(await pages()).toEqual(["one", "four", "three", "two"]);
  await prefer(who, { home_reposts: "hide" });
  expect(await pages()).toEqual(["four", "three", "two", "one"]);
});

test("FD221: who wished for nothing shares one object with everybody else who did not, and asks the database once", async () => {
  const [one, two] = [await fresh(), await fresh()];
  const { wishes } = t.feed.rooms;
  expect(await wishes.of(one.id)).toBe(NO_WISHES);
  expect(await wishes.of(two.id)).toBe(NO_WISHES);
  expect(wishes.of(one.id)).toBe(NO_WISHES);
});

test("FD209: with an account go its lists, folders, muted words, preferences and positions, and its places in lists of others", async () => {
  const [who, other] = [await fresh(), await fresh()];
  const post = await t.post(other, "soup");
  const body = (name: string, handle: string) => ({ token: who.token, body: { name, handle } });
  await call(r.createList, body("one", other.handle));
  await call(r.createList, body("two", other.handle));
  const theirs = (await call(r.createList, { token: other.token, body: { name: "l", handle: who.handle } })).body;
  const folder = (await call(r.createFolder, { token: who.token, body: { name: "f" } })).body;
  await call(r.fileBookmark, { token: who.token, params: { id: post.id }, body: { folder_id: folder.id } });
  await mute(who, "spoiler");
  await prefer(who, { home_opens: "top" });
  await call(r.putPosition, { token: who.token, params: { timeline: "home" }, body: { entry_id: "5" } });
  const gone = await call(peopleRoutes.deleteMe, { token: who.token, body: { password: TEST_PASSWORD } });
  expect(gone.status).toBeLessThan(300);
  expect((await call(r.listListPeople, { token: other.token, params: { id: theirs.id } })).body.items).toEqual([]);
  await t.runJob(FORGET_JOB, { person_id: who.id });
  const [left] = await pool`SELECT
    (SELECT count(*)::int FROM feed_lists WHERE person_id = ${who.id}) AS lists,
    (SELECT count(*)::int FROM feed_list_people WHERE person_id = ${who.id}) AS places,
    (SELECT count(*)::int FROM feed_folders WHERE person_id = ${who.id}) AS folders,
    (SELECT count(*)::int FROM feed_muted_words WHERE person_id = ${who.id}) AS words,
    (SELECT count(*)::int FROM feed_preferences WHERE person_id = ${who.id}) AS preferences,
    (SELECT count(*)::int FROM feed_positions WHERE person_id = ${who.id}) AS positions,
    (SELECT count(*)::int FROM feed_lists WHERE id = ${theirs.id}) AS others`;
  expect(left).toEqual({ lists: 0, places: 0, folders: 0, words: 0, preferences: 0, positions: 0, others: 1 });
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
