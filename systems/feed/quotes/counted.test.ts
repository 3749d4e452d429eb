import { afterAll, expect, test } from "bun:test";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const { relating } = t.house.people.rooms;
const [ann, ben, cleo, mod] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("cleo"),
  t.house.person("mod", "moderator"),
]);
const create = async (token: string, body: object) =>
  (await client.call(r.createPost, { token, body: { text: "about it", audience: "public", ...body } })).body;
const get = async (id: string, token: string | null = null) =>
  (await client.call(r.getPost, { params: { id }, token })).body;
const edit = (id: string, token: string, body: object) => client.call(r.editPost, { params: { id }, token, body });
const quotes = async (id: string) => {
  await t.settled();
  return (await get(id)).counts.quotes;
};
const GONE = { state: "gone", post: null } as const;

test("FD301: `counts.quotes` are the living, attached posts about it that are for more than their author", async () => {
  const post = await t.post(ann, "said");
  expect(await quotes(post.id)).toBe(0);
  const one = await create(ben.token, { quote_id: post.id });
  const own = await create(ann.token, { quote_id: post.id });
  // For nobody else: the number does not tell of it either.
  const secret = await create(cleo.token, { quote_id: post.id, audience: "private" });
  expect(await quotes(post.id)).toBe(2);
  await edit(secret.id, cleo.token, { audience: "public" });
  expect(await quotes(post.id)).toBe(3);
  await edit(secret.id, cleo.token, { text: "other words" });
  await edit(secret.id, cleo.token, { audience: "private" });
  expect(await quotes(post.id)).toBe(2);
  await client.call(r.deletePost, { params: { id: one.id }, token: ben.token });
  expect(await quotes(post.id)).toBe(1);
  await client.call(r.restorePost, { params: { id: one.id }, token: ben.token });
  expect(await quotes(post.id)).toBe(2);
  await client.call(r.detachQuote, { params: { id: post.id, quote_id: one.id }, token: ann.token });
  await edit(own.id, ann.token, { quote_id: null });
  expect(await quotes(post.id)).toBe(0);
  // What was detached does not count once more when it goes.
  await client.call(r.deletePost, { params: { id: one.id }, token: ben.token });
  expect(await quotes(post.id)).toBe(0);
});

test("FD301: a quote that is put elsewhere counts there; a recount finds the same, and mends what is wrong", async () => {
  const [post, other] = [await t.post(ann, "one"), await t.post(ann, "two")];
  const about = await create(ben.token, { quote_id: post.id });
  await edit(about.id, ben.token, { quote_id: other.id });
  expect([await quotes(post.id), await quotes(other.id)]).toEqual([0, 1]);
  expect(await t.feed.recount("post", [post.id, other.id])).toBe(0);
  await t.house.db.sql.pool`UPDATE feed_counts SET quotes = 7 WHERE subject_id = ${other.id}`;
  expect(await t.feed.recount("post", [post.id, other.id])).toBe(1);
  expect(await quotes(other.id)).toBe(1);
});

test("FD301: a quote that moderators put out of its space counts for nobody any more", async () => {
  const room = await t.house.space("quoting", mod, [ann, ben]);
  const inside = await create(ann.token, { audience: "space", space_id: room.id });
  const about = await create(ben.token, { quote_id: inside.id, audience: "space", space_id: room.id });
  await t.settled();
  expect((await get(inside.id, ben.token)).counts.quotes).toBe(1);
  await t.house.db.sql.tx(async (tx) => (await t.feed.moderation.move(tx, about.id, null, mod.id))?.());
  await t.settled();
  expect((await get(inside.id, ben.token)).counts.quotes).toBe(0);
});

test("FD302: what its author took out of a post does not come back into it by an edit, and nobody is told again", async () => {
  const post = await t.post(ann, "mine");
  const about = await create(ben.token, { quote_id: post.id });
  await client.call(r.detachQuote, { params: { id: post.id, quote_id: about.id }, token: ann.token });
  expect((await edit(about.id, ben.token, { quote_id: null })).body.quote).toBeNull();
  expect(await edit(about.id, ben.token, { quote_id: post.id })).toMatchObject({
    status: 403,
    code: "post.may_not_quote",
  });
  const told = await t.house.db.sql
    .pool`SELECT FROM log_events WHERE type = 'feed.quoted' AND data ->> 'post_id' = ${about.id}`;
  expect(told).toHaveLength(1);
  // Another post of theirs may stand there.
  const other = await t.post(ann, "quote this one");
  expect((await edit(about.id, ben.token, { quote_id: other.id })).body.quote?.state).toBe("shown");
});

test("FD305: in home and lists a quoted post with words that are muted there is gone from its quote", async () => {
  const reader = await t.house.person("reader");
  await t.follow(reader, ben);
  const post = await t.post(ann, "The finale was great");
  const about = await create(ben.token, { text: "look", quote_id: post.id });
  const inHome = async () => (await t.home(reader)).items.find((item) => item.id === about.id)?.quote;
  expect((await inHome())?.state).toBe("shown");
  await client.call(r.muteWord, { token: reader.token, body: { phrase: "finale", place: "home" } });
  expect(await inHome()).toEqual(GONE);
  // By its address it is what its reader went to.
  expect((await get(about.id, reader.token)).quote?.state).toBe("shown");
});

test("FD305: where words are warned of, they are told of the post that quotes them; one's own words always stand", async () => {
  const reader = await t.house.person("warned");
  await t.follow(reader, ben);
  const post = await t.post(ann, "A tale of spiders");
  const about = await create(ben.token, { text: "look", quote_id: post.id });
  const own = await t.post(reader, "I wrote of spiders");
  const of_own = await create(ben.token, { text: "they wrote", quote_id: own.id });
  await client.call(r.muteWord, { token: reader.token, body: { phrase: "spiders", kind: "warn" } });
  const found = async (id: string) => (await t.home(reader)).items.find((item) => item.id === id);
  expect(await found(about.id)).toMatchObject({ filtered: { words: ["spiders"] }, quote: { state: "shown" } });
  expect((await get(about.id, reader.token)).filtered).toEqual({ words: ["spiders"] });
  expect(await found(of_own.id)).toMatchObject({ filtered: null, quote: { state: "shown" } });
  await client.call(r.muteWord, { token: reader.token, body: { phrase: "spiders", kind: "hide" } });
  expect((await found(about.id))?.quote).toEqual(GONE);
  expect(await found(of_own.id)).toMatchObject({ quote: { state: "shown" } });
});

test("FD305: who keeps sensitive media out of lists meets none in a quote either", async () => {
  const reader = await t.house.person("careful");
  await t.follow(reader, ben);
  t.media.image("501", ann.id);
  const post = await create(ann.token, { image_ids: ["501"], sensitive: true });
  const about = await create(ben.token, { text: "look", quote_id: post.id });
  const inHome = async () => (await t.home(reader)).items.find((item) => item.id === about.id)?.quote;
  expect((await inHome())?.state).toBe("shown");
  await client.call(r.patchReadingPreferences, { token: reader.token, body: { sensitive_media: "hide" } });
  expect(await inHome()).toEqual(GONE);
  await relating.block(ann.viewer, "careful");
  expect((await get(about.id, reader.token)).quote).toEqual(GONE);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
