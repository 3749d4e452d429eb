import { afterAll, expect, test } from "bun:test";

import { LOG_START, type StoredEvent } from "#ports/log/index.ts";

import { POST_EDITS_MAX, POST_IMAGES_MAX, POST_TEXT_CHARS_MAX, UNDO_MS_MAX } from "../bounds.ts";
import { feedRoutes as r } from "../contract.ts";
import { FEED_TOPIC } from "../events.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const [ann, ben, cleo, mod] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("cleo"),
  t.house.person("mod", "moderator"),
]);
const create = (token: string, body: object, headers: Record<string, string> = {}) =>
  client.call(r.createPost, { token, body: { audience: "public", ...body }, headers });
const get = (id: string, token: string | null = null) => client.call(r.getPost, { params: { id }, token });
const edit = (id: string, token: string, body: object, headers: Record<string, string> = {}) =>
  client.call(r.editPost, { params: { id }, token, body, headers });
const remove = (id: string, token: string) => client.call(r.deletePost, { params: { id }, token });
const restore = (id: string, token: string) => client.call(r.restorePost, { params: { id }, token });
const posts = async () => Number((await t.house.db.sql.pool`SELECT count(*) AS n FROM feed_posts`)[0].n);
/** The log shows what is behind no running transaction of the cluster, so the newest event may take a moment. */
const events = async (has: (event: StoredEvent) => boolean = () => true) => {
  for (;;) {
    const all = await t.house.log.read(FEED_TOPIC, LOG_START, 1_000);
    if (all.some(has)) return all;
    await Bun.sleep(5);
  }
};
const appended = async () => Number((await t.house.db.sql.pool`SELECT count(*) AS n FROM log_events`)[0].n);

test("FD1: a post without words and media, with both kinds of media, too long, or of the wrong shape is refused", async () => {
  t.media.video("11", ann.id);
  t.media.image("12", ann.id);
  const before = await posts();
  expect(await create(ann.token, { text: " \n " })).toMatchObject({ status: 422, code: "post.empty" });
  expect(await create(ann.token, { video_id: "11", image_ids: ["12"] })).toMatchObject({
    status: 422,
    code: "post.video_and_images",
  });
  for (const body of [
    { text: "x".repeat(POST_TEXT_CHARS_MAX + 1) },
    { image_ids: Array.from({ length: POST_IMAGES_MAX + 1 }, (_, i) => `${i + 1}`) },
    { text: "x", audience: "everyone" },
    { text: "x", likes: 5 },
    { text: "x", author_id: ben.id },
    { text: "bell\u0007" },
    { text: 5 },
    { text: "x", video_id: "1 OR 1=1" },
  ]) {
    expect(await create(ann.token, body), JSON.stringify(body).slice(0, 80)).toMatchObject({
      status: 400,
      code: "request.invalid",
    });
  }
  expect(await posts()).toBe(before);
});

test("FD1: the longest post that is allowed is kept as it is", async () => {
  const text = "å".repeat(POST_TEXT_CHARS_MAX);
  const { status, body } = await create(ann.token, { text });
  expect([status, body.text === text]).toEqual([201, true]);
});

test("FD2: a post into a space needs the space, membership, and its leave to post", async () => {
  const open = await t.house.space("open-room", mod);
  const closed = await t.house.space("closed-room", mod, [], { visibility: "private" });
  const quiet = await t.house.space("quiet-room", mod, [ann], { who_may_post: "moderators" });
  expect(await create(ann.token, { text: "x", audience: "space" })).toMatchObject({
    status: 422,
    code: "post.space_required",
  });
  expect(await create(ann.token, { text: "x", audience: "followers", space_id: open.id })).toMatchObject({
    status: 422,
    code: "post.space_unwanted",
  });
  expect(await create(ann.token, { text: "x", audience: "space", space_id: open.id })).toMatchObject({
    status: 403,
    code: "post.not_a_member",
  });
  expect(await create(ann.token, { text: "x", space_id: open.id })).toMatchObject({
    status: 403,
    code: "post.not_a_member",
  });
  expect(await create(ann.token, { text: "x", audience: "space", space_id: quiet.id })).toMatchObject({
    status: 403,
    code: "post.not_a_member",
  });
  expect(await create(ann.token, { text: "x", audience: "space", space_id: "79" })).toMatchObject({
    status: 404,
    code: "space.not_found",
  });
  expect(await create(ann.token, { text: "x", audience: "space", space_id: closed.id })).toMatchObject({
    status: 404,
    code: "space.not_found",
  });
  await t.house.spaces.rooms.members.join(ann.viewer, open.slug, undefined);
  expect(await create(ann.token, { text: "x", audience: "space", space_id: open.id })).toMatchObject({
    status: 201,
    body: { space: { slug: "open-room" } },
  });
});

test("FD3: another's media are refused and leave no post and no event", async () => {
  t.media.image("13", ben.id);
  const before = [await posts(), await appended()];
  expect(await create(ann.token, { image_ids: ["13"] })).toMatchObject({ status: 422, code: "post.media_not_usable" });
  expect([await posts(), await appended()]).toEqual(before);
});

test("FD4: the same idempotency key finds the first post, also when the memory of answers is lost", async () => {
  const key = { "idempotency-key": "once-and-only" };
  const first = await create(ann.token, { text: "only once" }, key);
  await t.house.db.sql.pool`DELETE FROM http_idempotency`;
  const before = [await posts(), await appended()];
  const again = await create(ann.token, { text: "only once" }, key);
  expect(again).toMatchObject({ status: 201, body: { id: first.body.id } });
  expect([await posts(), await appended()]).toEqual(before);
  const others = await create(ben.token, { text: "only once" }, key);
  expect(others.body.id).not.toBe(first.body.id);
});

test("FD5: what is not for the caller looks like what is not there", async () => {
  await t.follow(ben, ann);
  const followers = await t.post(ann, "for followers", { audience: "followers" });
  const secret = await t.post(ann, "for me", { audience: "private" });
  const missing = await get("4242", cleo.token);
  expect(missing).toMatchObject({ status: 404, code: "post.not_found" });
  for (const [id, token] of [
    [followers.id, cleo.token],
    [followers.id, null],
    [secret.id, ben.token],
    [secret.id, mod.token],
  ] as const) {
    const { body, status } = await get(id, token);
    expect({ ...body, request_id: "" }).toEqual({ ...missing.body, request_id: "" } as never);
    expect(status).toBe(404);
    if (token === null) continue;
    for (const route of [
      r.likePost,
      r.repostPost,
      r.bookmarkPost,
      r.deletePost,
      r.whyPost,
      r.listLikes,
      r.listComments,
      r.listPostEdits,
      r.unlikePost,
    ]) {
      expect((await client.call(route, { params: { id }, token })).code, route.path).toBe("post.not_found");
    }
    expect((await edit(id, token, { text: "mine now" })).code).toBe("post.not_found");
    expect((await restore(id, token)).code).toBe("post.not_found");
  }
  expect((await get(followers.id, ben.token)).status).toBe(200);
  expect((await get(secret.id, ann.token)).body.viewer).toEqual({
    liked: false,
    reposted: false,
    bookmarked: false,
    own: true,
  });
});

test("FD6: only its author edits a post", async () => {
  const post = await t.post(ann, "mine");
  expect(await edit(post.id, ben.token, { text: "yours" })).toMatchObject({ status: 403, code: "post.not_yours" });
  expect(await edit(post.id, mod.token, { text: "yours" })).toMatchObject({ status: 403, code: "post.not_yours" });
  expect(await edit(post.id, ann.token, {})).toMatchObject({ status: 400 });
  expect(await edit(post.id, ann.token, { text: "" })).toMatchObject({ status: 422, code: "post.empty" });
  expect(await edit(post.id, ann.token, { audience: "space" })).toMatchObject({
    status: 422,
    code: "post.space_required",
  });
});

test("FD6: whoever edits a version that is no longer there loses with 412, and nothing changes", async () => {
  const post = await t.post(ann, "one");
  expect((await get(post.id)).headers.get("etag")).toBe('"1"');
  const won = await edit(post.id, ann.token, { text: "two" }, { "if-match": '"1"' });
  expect(won.headers.get("etag")).toBe('"2"');
  expect(await edit(post.id, ann.token, { text: "three" }, { "if-match": '"1"' })).toMatchObject({
    status: 412,
    code: "post.changed",
  });
  expect((await get(post.id)).body).toMatchObject({ text: "two", version: 2 });
});

test("FD6: each edit keeps what stood there; all versions can be read, newest first, page by page", async () => {
  const post = await t.post(ann, "first #old");
  await edit(post.id, ann.token, { text: "second #new" });
  await edit(post.id, ann.token, { text: "second #new" });
  const third = await edit(post.id, ann.token, { text: "third #new" });
  expect(third.body).toMatchObject({ version: 3, hashtags: ["new"] });
  expect(third.body.edited_at).not.toBeNull();
  const read = (query: object) => client.call(r.listPostEdits, { params: { id: post.id }, query });
  const one = await read({ limit: 2 });
  expect(one.body.items.map((edit) => edit.text)).toEqual(["third #new", "second #new"]);
  const two = await read({ limit: 2, cursor: one.body.next_cursor! });
  expect(two.body).toMatchObject({ items: [{ version: 1, text: "first #old" }], next_cursor: null });
  const tagged = async (tag: string) =>
    (await client.call(r.hashtagPosts, { params: { tag } })).body.items.map((p) => p.id);
  expect([await tagged("old"), await tagged("new")]).toEqual([[], [post.id]]);
});

test("FD6: a version is read only by whom it was for: what was written in private stays so when the post is opened", async () => {
  const post = await t.post(ann, "for my eyes", { audience: "private" });
  await edit(post.id, ann.token, { text: "for those who follow", audience: "followers" });
  await edit(post.id, ann.token, { text: "for all", audience: "public" });
  await t.follow(cleo, ann);
  const read = async (token: string | null, query: object = {}) =>
    (await client.call(r.listPostEdits, { params: { id: post.id }, query, token })).body;
  const versions = async (token: string | null) => (await read(token)).items.map((edit) => edit.version);
  expect(await versions(null)).toEqual([3]);
  expect(await versions(mod.token)).toEqual([3]);
  expect(await versions(cleo.token)).toEqual([3, 2]);
  expect(await versions(ann.token)).toEqual([3, 2, 1]);
  const first = await read(null, { limit: 1 });
  expect(await read(null, { limit: 1, cursor: first.next_cursor! })).toMatchObject({ items: [] });
  await client.call(r.editPost, { params: { id: post.id }, token: ann.token, body: { audience: "followers" } });
  expect(await versions(cleo.token)).toEqual([4, 3, 2]);
});

test("FD6: who was put out of a space edits nothing there any more, and still takes away what is theirs", async () => {
  const space = await t.house.space("left-room", cleo, [ann], { visibility: "private" });
  const post = await t.post(ann, "kind words", { audience: "space", space_id: space.id });
  await t.house.spaces.rooms.members.ban(cleo.viewer, space.slug, "ann", "rude");
  expect(await edit(post.id, ann.token, { text: "rude words" })).toMatchObject({ status: 403, code: "post.not_yours" });
  expect((await get(post.id, cleo.token)).body.text).toBe("kind words");
  expect((await remove(post.id, ann.token)).status).toBe(204);
});

test("FD29: a cursor with numbers that no list of ours has is refused, in every list under a post", async () => {
  const { id } = await t.post(ann, "looked at");
  const cursor = (...parts: (string | number)[]) =>
    btoa(JSON.stringify(parts)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  for (const bad of [1e300, 1.5, -1, 0, 4_294_967_296])
    expect(await client.call(r.listPostEdits, { params: { id }, query: { cursor: cursor(bad) } })).toMatchObject({
      status: 400,
      code: "cursor.invalid",
    });
  for (const key of ["999999999999999.9999999999999999999", "999999999999999.0", "253402300800000.1"])
    for (const [route, what] of [
      [r.listLikes, "likes"],
      [r.listReposts, "reposts"],
    ] as const)
      expect(
        await client.call(route, { params: { id }, query: { cursor: cursor(`${what}.${id}`, key) } }),
      ).toMatchObject({
        status: 400,
        code: "cursor.invalid",
      });
  expect(t.house.broken).toEqual([]);
});

test("FD6: a post has a bounded number of versions", async () => {
  const post = await t.post(ann, "v1");
  for (let i = 0; i < POST_EDITS_MAX; i++)
    expect((await edit(post.id, ann.token, { text: `edit ${i}` })).status).toBe(200);
  expect(await edit(post.id, ann.token, { text: "one more" })).toMatchObject({
    status: 409,
    code: "post.too_many_edits",
  });
});

test("FD7: another person does not delete a post; its author, its space's and the house's moderators do", async () => {
  const space = await t.house.space("moderated", cleo, [ann, ben]);
  const post = await t.post(ann, "here", { space_id: space.id });
  expect(await remove(post.id, ben.token)).toMatchObject({ status: 403, code: "post.not_yours" });
  await t.house.spaces.rooms.members.give(cleo.viewer, space.slug, "ben", "moderator");
  expect((await remove(post.id, ben.token)).status).toBe(204);
  expect((await get(post.id, ann.token)).status).toBe(404);
  expect(await restore(post.id, ann.token)).toMatchObject({ status: 403, code: "post.not_yours" });
  const other = await t.post(ann, "here too");
  expect((await remove(other.id, mod.token)).status).toBe(204);
  expect((await remove(other.id, mod.token)).status).toBe(404);
});

test("FD7: a deleted post can be brought back by its author within the time to undo, media and all", async () => {
  t.media.image("21", ann.id);
  const post = await t.post(ann, "oops #undo", { image_ids: ["21"], audience: "followers" });
  await remove(post.id, ann.token);
  expect((await get(post.id, ann.token)).status).toBe(404);
  expect(await restore(post.id, ben.token)).toMatchObject({ status: 404 });
  expect((await restore(post.id, ann.token)).body).toMatchObject({ text: "oops #undo", images: [{ id: "21" }] });
  expect((await restore(post.id, ann.token)).status).toBe(200);
  expect(t.media.did.slice(-3)).toEqual([`claim:${post.id}`, `hide:${post.id}`, `show:${post.id}:followers`]);
});

test("FD7: after the time to undo the words, the history and the hold on media go, and nothing brings the post back", async () => {
  t.media.image("22", ann.id);
  const post = await t.post(ann, "gone #soon", { image_ids: ["22"] });
  await edit(post.id, ann.token, { text: "gone #sooner" });
  await client.call(r.repostPost, { params: { id: post.id }, token: ben.token });
  await remove(post.id, ann.token);
  expect((await t.jobs.counts()).find((count) => count.kind === "feed.purge")).toMatchObject({ state: "queued" });
  await t.runJob("feed.purge", { post_id: post.id });
  expect((await restore(post.id, ann.token)).status).toBe(200);
  await t.runJob("feed.purge", { post_id: post.id });
  expect((await get(post.id)).body.text).toBe("gone #sooner");

  await remove(post.id, ann.token);
  t.later(UNDO_MS_MAX + 1);
  expect(await restore(post.id, ann.token)).toMatchObject({ status: 410, code: "post.gone" });
  await t.runJob("feed.purge", { post_id: post.id });
  await t.runJob("feed.purge", { post_id: post.id });
  const [row] = await t.house.db.sql.pool`SELECT text, image_ids, deleted_by, purged_at IS NOT NULL AS purged,
    (SELECT count(*)::int FROM feed_post_edits WHERE post_id = p.id) AS edits,
    (SELECT count(*)::int FROM feed_entries WHERE post_id = p.id) AS entries FROM feed_posts p WHERE id = ${post.id}`;
  expect(row).toEqual({ text: "", image_ids: [], deleted_by: ann.id, purged: true, edits: 0, entries: 0 });
  expect(t.media.did.filter((what) => what === `release:${post.id}`)).toHaveLength(1);
  expect(await restore(post.id, ann.token)).toMatchObject({ status: 410 });
});

test("FD9: a mention names only whom the writer may reach", async () => {
  await t.house.people.rooms.relating.block(cleo.viewer, "ann");
  const post = await t.post(ann, "hi @Ben, @cleo, @nobody, @ann and @ben");
  expect(post.mentions).toEqual([{ id: ben.id, handle: "ben" }]);
  await t.house.people.rooms.relating.unblock(cleo.viewer, "ann");
  const edited = await edit(post.id, ann.token, { text: "hi @cleo and @ben" });
  expect(edited.body.mentions.map((m) => m.handle)).toEqual(["cleo", "ben"]);
  const told = await events((event) => event.type === "feed.post_edited" && event.data.post_id === post.id);
  expect(told.findLast((event) => event.type === "feed.post_edited")?.data.mention_ids).toEqual([cleo.id]);
});

test("FD10: why one sees a post is told", async () => {
  const open = await t.post(ann, "open");
  const followers = await t.post(ann, "closed", { audience: "followers" });
  const why = async (id: string, token: string) =>
    (await client.call(r.whyPost, { params: { id }, token })).body.because;
  expect(await why(open.id, cleo.token)).toBe("It is public.");
  expect(await why(followers.id, ben.token)).toBe("It is for followers, and you follow its author.");
  expect(await why(followers.id, ann.token)).toBe("It is yours.");
});

test("FD11: a new name, a new text and a new audience show on the very next read, whatever was remembered", async () => {
  const post = await t.post(ben, "before");
  expect((await get(post.id, ann.token)).body.text).toBe("before");
  await edit(post.id, ben.token, { text: "after" });
  expect((await get(post.id, ann.token)).body.text).toBe("after");
  await t.house.people.rooms.profiles.editMe(ben.viewer, { display_name: "Benjamin" });
  expect((await get(post.id, ann.token)).body.author.display_name).toBe("Benjamin");
  await edit(post.id, ben.token, { audience: "private" });
  expect((await get(post.id, ann.token)).status).toBe(404);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
