import { afterAll, expect, test } from "bun:test";

import type { CommentId } from "#kernel/ids.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import {
  COMMENT_DEPTH_MAX,
  COMMENT_TEXT_CHARS_MAX,
  COMMENTS_PER_POST_MAX,
  CONTENT_WARNING_CHARS_MAX,
} from "../bounds.ts";
import { type Comment, feedRoutes as r, type Post } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { PURGE_COMMENT_JOB } from "./write.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { relating } = t.house.people.rooms;
const [ann, ben, cleo, mod] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("cleo"),
  t.house.person("mod", "moderator"),
]);
const say = (who: TestPerson, post: Post, text: string, parent_id?: CommentId, headers: Record<string, string> = {}) =>
  call(r.createComment, {
    params: { id: post.id },
    token: who.token,
    body: { text, ...(parent_id ? { parent_id } : {}) },
    headers,
  });
const thread = async (post: Post, who: TestPerson | null = null, query: object = {}) =>
  (await call(r.listComments, { params: { id: post.id }, token: who?.token ?? null, query })).body;
const texts = (items: readonly Comment[]) => items.map((comment) => comment.text);
const on = (
  route: typeof r.likeComment | typeof r.unlikeComment | typeof r.deleteComment | typeof r.getComment,
  who: TestPerson,
  comment: Comment,
) => call(route as typeof r.getComment, { params: { id: comment.id }, token: who.token });

test("FD50: a comment needs words within bounds, a post that may be read, and a parent of that post", async () => {
  const [post, other] = [await t.post(ann, "a"), await t.post(ann, "b")];
  const secret = await t.post(ann, "c", { audience: "private" });
  for (const text of ["", " \n", "x".repeat(COMMENT_TEXT_CHARS_MAX + 1)])
    expect((await say(ben, post, text)).status).toBe(400);
  expect(await say(ben, secret, "hi")).toMatchObject({ status: 404, code: "post.not_found" });
  const elsewhere = (await say(ben, other, "hi")).body;
  expect(await say(ben, post, "hi", elsewhere.id)).toMatchObject({ status: 404, code: "comment.not_found" });
  expect(await say(ben, post, "hi", "42")).toMatchObject({ status: 404, code: "comment.not_found" });
  expect(await call(r.createComment, { params: { id: post.id }, body: { text: "x" } })).toMatchObject({ status: 401 });
});

test("FD51: threads are as deep as their bound and no deeper", async () => {
  const post = await t.post(ann, "deep");
  let parent: CommentId | undefined;
  for (let depth = 0; depth <= COMMENT_DEPTH_MAX; depth++) {
    const { body } = await say(ben, post, `d${depth}`, parent);
    expect(body.depth).toBe(depth);
    parent = body.id;
  }
  expect(await say(ben, post, "too deep", parent)).toMatchObject({ status: 409, code: "comment.too_deep" });
});

test("FD51: a post has a bounded number of comments", async () => {
  const post = await t.post(ann, "full");
  await t.house.db.sql
    .pool`INSERT INTO feed_counts (subject_id, comments) VALUES (${post.id}, ${COMMENTS_PER_POST_MAX})`;
  t.feed.forgetAll();
  expect(await say(ben, post, "one more")).toMatchObject({ status: 409, code: "comment.too_many" });
});

test("FD52: only its author edits a comment, and what stood there is kept", async () => {
  const post = await t.post(ann, "x");
  const comment = (await say(ben, post, "frist @cleo")).body;
  const edit = (who: TestPerson, text: string) =>
    call(r.editComment, { params: { id: comment.id }, token: who.token, body: { text } });
  for (const who of [ann, mod, cleo])
    expect(await edit(who, "no")).toMatchObject({ status: 403, code: "comment.not_yours" });
  expect((await edit(ben, "first @cleo")).body).toMatchObject({
    text: "first @cleo",
    mentions: [{ handle: "cleo" }],
    edited_at: expect.any(String),
  });
  const kept = await t.house.db.sql.pool`SELECT text FROM feed_comment_edits WHERE comment_id = ${comment.id}`;
  expect(kept[0].text).toBe("frist @cleo");
});

test("FD53: its author, the author of the post and moderators delete a comment; its place stays while it has replies", async () => {
  const post = await t.post(ann, "x");
  const [one, two, three] = [
    (await say(ben, post, "one")).body,
    (await say(ben, post, "two")).body,
    (await say(ben, post, "three")).body,
  ];
  const reply = (await say(cleo, post, "reply", one.id)).body;
  expect(await on(r.deleteComment, cleo, one)).toMatchObject({ status: 403, code: "comment.not_yours" });
  await t.settled();
  for (const [who, comment] of [
    [ben, one],
    [ann, two],
    [mod, three],
  ] as const)
    expect((await on(r.deleteComment, who, comment)).status).toBe(204);
  expect((await on(r.deleteComment, ben, one)).status).toBe(404);
  await t.settled();
  expect((await thread(post)).items).toMatchObject([
    { id: one.id, deleted: true, author: null, text: "", counts: { replies: 1 } },
  ]);
  expect(texts((await thread(post, null, { parent_id: one.id })).items)).toEqual(["reply"]);
  expect(await say(ben, post, "late", one.id)).toMatchObject({ status: 404, code: "comment.not_found" });
  await on(r.deleteComment, cleo, reply);
  await t.settled();
  expect((await thread(post)).items).toEqual([]);
  t.feed.forgetAll();
  expect((await call(r.getPost, { params: { id: post.id } })).body.counts.comments).toBe(0);
});

test("FD54: comments come page by page in either order, without gap or repeat while others write", async () => {
  const post = await t.post(ann, "talk");
  for (let i = 0; i < 7; i++) await say(ben, post, `${i}`);
  const pages: string[] = [];
  let cursor: string | undefined;
  do {
    const got = await thread(post, null, { limit: 3, order: "newest", ...(cursor ? { cursor } : {}) });
    pages.push(texts(got.items).join(""));
    cursor = got.next_cursor ?? undefined;
    await say(cleo, post, "meanwhile");
  } while (cursor);
  expect(pages).toEqual(["654", "321", "0"]);
  const first = await thread(post, null, { limit: 7 });
  expect(texts(first.items).join("")).toBe("0123456");
  expect(texts((await thread(post, null, { cursor: first.next_cursor! })).items)).toEqual([
    "meanwhile",
    "meanwhile",
    "meanwhile",
  ]);
  expect(
    (await call(r.listComments, { params: { id: post.id }, query: { order: "newest", cursor: first.next_cursor! } }))
      .code,
  ).toBe("cursor.invalid");
});

test("FD55: blocked and muted people's comments are not shown, and a block holds on the very next read", async () => {
  const post = await t.post(ann, "x");
  const comment = (await say(cleo, post, "hello")).body;
  expect(texts((await thread(post, ben)).items)).toEqual(["hello"]);
  await relating.mute(ben.viewer, "cleo");
  expect((await thread(post, ben)).items).toEqual([]);
  await relating.unmute(ben.viewer, "cleo");
  await relating.block(cleo.viewer, "ben");
  expect((await thread(post, ben)).items).toEqual([]);
  expect(await on(r.getComment, ben, comment)).toMatchObject({ status: 404 });
  expect(await on(r.likeComment, ben, comment)).toMatchObject({ status: 404 });
  expect(await say(ben, post, "reply", comment.id)).toMatchObject({ status: 404, code: "comment.not_found" });
  await relating.unblock(cleo.viewer, "ben");
});

test("FD56: a like of a comment counts once and shows to its viewer", async () => {
  const post = await t.post(ann, "x");
  const comment = (await say(cleo, post, "hello")).body;
  for (let i = 0; i < 2; i++)
    expect((await on(r.likeComment, ben, comment)).body).toMatchObject({
      counts: { likes: 1 },
      viewer: { liked: true, own: false },
    });
  await t.settled();
  expect((await thread(post, cleo)).items[0]).toMatchObject({
    counts: { likes: 1 },
    viewer: { liked: false, own: true, may_delete: true },
  });
  expect((await on(r.unlikeComment, ben, comment)).body).toMatchObject({
    counts: { likes: 0 },
    viewer: { liked: false },
  });
});

test("FD4: the same idempotency key finds the first comment", async () => {
  const post = await t.post(ann, "x");
  const key = { "idempotency-key": "comment-once" };
  const first = await say(ben, post, "once", undefined, key);
  await t.house.db.sql.pool`DELETE FROM http_idempotency`;
  expect((await say(ben, post, "once", undefined, key)).body.id).toBe(first.body.id);
  expect((await thread(post)).items).toHaveLength(1);
});

test("FD57: with the post its comments are gone", async () => {
  const post = await t.post(ann, "x");
  const comment = (await say(ben, post, "hello")).body;
  await call(r.deletePost, { params: { id: post.id }, token: ann.token });
  expect(await on(r.getComment, ben, comment)).toMatchObject({ status: 404, code: "comment.not_found" });
  expect((await call(r.listComments, { params: { id: post.id } })).code).toBe("post.not_found");
});

test("FD300: a comment carries a warning and the sensitive mark: refused in another shape, kept, edited, and gone with it", async () => {
  const post = await t.post(ann, "about spiders");
  const write = (body: object) => call(r.createComment, { params: { id: post.id }, token: ben.token, body } as never);
  for (const body of [
    { text: "x", content_warning: "" },
    { text: "x", content_warning: "w".repeat(CONTENT_WARNING_CHARS_MAX + 1) },
    { text: "x", sensitive: "yes" },
    { content_warning: "no words" },
  ])
    expect(await write(body)).toMatchObject({ status: 400, code: "request.invalid" });
  const made = (await write({ text: "eight legs", content_warning: "spiders", sensitive: true })).body as Comment;
  expect(made).toMatchObject({ text: "eight legs", content_warning: "spiders", sensitive: true });
  expect((await say(ben, post, "plain")).body).toMatchObject({ content_warning: null, sensitive: false });
  const [shown] = (await thread(post)).items;
  expect(shown).toMatchObject({ content_warning: "spiders", sensitive: true });

  const edit = (body: object) =>
    call(r.editComment, { params: { id: made.id }, token: ben.token, body } as never) as Promise<{
      status: number;
      body: Comment;
    }>;
  expect(await edit({})).toMatchObject({ status: 400 });
  // What an edit does not name stays.
  expect((await edit({ content_warning: "many legs" })).body).toMatchObject({
    text: "eight legs",
    content_warning: "many legs",
    sensitive: true,
  });
  expect((await edit({ sensitive: false, content_warning: null })).body).toMatchObject({
    content_warning: null,
    sensitive: false,
  });
  const kept = await t.house.db.sql
    .pool`SELECT content_warning FROM feed_comment_edits WHERE comment_id = ${made.id} ORDER BY replaced_at, content_warning`;
  expect(kept.map((row: { content_warning: string }) => row.content_warning).toSorted()).toEqual([
    "many legs",
    "spiders",
  ]);

  await edit({ content_warning: "last words" });
  await say(cleo, post, "under it", made.id);
  await t.settled();
  await on(r.deleteComment, ben, made);
  const place = (await thread(post)).items.find((comment) => comment.id === made.id);
  expect(place).toMatchObject({ deleted: true, text: "", content_warning: null, sensitive: false });
});

test("FD300: words that somebody muted are looked for in a comment's warning too", async () => {
  const reader = await t.house.person("reader");
  const post = await t.post(ann, "x");
  await call(r.createComment, {
    params: { id: post.id },
    token: ben.token,
    body: { text: "who won", content_warning: "Finale spoiler" },
  });
  await say(cleo, post, "hello");
  expect(texts((await thread(post, reader)).items)).toEqual(["who won", "hello"]);
  await call(r.muteWord, { token: reader.token, body: { phrase: "spoiler" } });
  expect(texts((await thread(post, reader)).items)).toEqual(["hello"]);
});

test("FD314: the words of a deleted comment go for good when its time is over; those of a living one never", async () => {
  const post = await t.post(ann, "x");
  const [gone, stays] = [(await say(ben, post, "secret words @cleo")).body, (await say(ben, post, "stays")).body];
  await call(r.editComment, { params: { id: gone.id }, token: ben.token, body: { text: "other @cleo" } });
  await on(r.deleteComment, ben, gone);
  const { pool } = t.house.db.sql;
  const [waiting] =
    await pool`SELECT payload FROM jobs_jobs WHERE kind = ${PURGE_COMMENT_JOB} AND payload ->> 'comment_id' = ${gone.id}`;
  expect(waiting).toBeDefined();
  for (const { id } of [gone, stays]) await t.runJob(PURGE_COMMENT_JOB, { comment_id: id });
  await t.runJob(PURGE_COMMENT_JOB, { comment_id: gone.id });
  const [row] = await pool`
    SELECT text, mention_handles::text AS named, purged_at IS NOT NULL AS purged, deleted_by FROM feed_comments WHERE id = ${gone.id}`;
  expect(row).toEqual({ text: "", named: "{}", purged: true, deleted_by: ben.id });
  expect(await pool`SELECT FROM feed_comment_edits WHERE comment_id = ${gone.id}`).toHaveLength(0);
  expect((await on(r.getComment, ben, stays)).body.text).toBe("stays");
  expect(texts((await thread(post)).items)).toEqual(["stays"]);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
