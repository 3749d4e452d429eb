import { afterAll, expect, test } from "bun:test";

import type { JobRun } from "#ports/jobs/index.ts";
import { LOG_START } from "#ports/log/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { PEOPLE_TOPIC } from "#systems/people/index.ts";
import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { FORGET_ROWS_PER_PORTION_MAX, UNDO_MS_MAX } from "./bounds.ts";
import { type Comment, feedRoutes as r, type Post } from "./contract.ts";
import { FORGET_JOB } from "./departures.ts";
import { FEED_TOPIC } from "./events.ts";
import { PURGE_JOB } from "./posts/delete.ts";
import { testFeed } from "./testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { call } = t.house.client;
const { sql } = t.house.db;
const { pool } = sql;
const [ann, ben] = await Promise.all([t.house.person("ann"), t.house.person("ben")]);

const say = async (who: TestPerson, post: Post, text: string, parent_id?: string): Promise<Comment> =>
  (
    await call(r.createComment, {
      params: { id: post.id },
      token: who.token,
      body: { text, ...(parent_id ? { parent_id } : {}) },
      headers: { "idempotency-key": `${who.handle} ${text}`.replace(/\W/g, "-") },
    })
  ).body;
type Reacting = typeof r.likePost | typeof r.repostPost | typeof r.bookmarkPost | typeof r.likeComment;
const on = async (route: Reacting, who: TestPerson, id: string) =>
  expect((await call(route as typeof r.likePost, { params: { id }, token: who.token })).status).toBe(200);
const forget = (who: TestPerson, run?: Partial<JobRun>) => t.runJob(FORGET_JOB, { person_id: who.id }, run);
const deleteAccount = async (who: TestPerson) =>
  expect(
    (await call(peopleRoutes.deleteMe, { token: who.token, body: { password: TEST_PASSWORD } })).status,
  ).toBeLessThan(300);
const queued = async () =>
  (await t.jobs.counts()).filter(({ kind }) => kind === FORGET_JOB).reduce((n, { jobs }) => n + jobs, 0);
/** Sums come in batches of their own, whenever those are due. */
const appended = async () =>
  Number((await pool`SELECT count(*) AS n FROM log_events WHERE topic <> 'feed_counts'`)[0].n);

/** Every row of theirs that can still be read or counted; 0 when nothing is left. */
async function left(who: TestPerson) {
  const [row] = await pool`SELECT
    (SELECT count(*)::int FROM feed_posts WHERE author_id = ${who.id} AND deleted_at IS NULL) AS posts,
    (SELECT count(*)::int FROM feed_entries WHERE actor_id = ${who.id}) AS entries,
    (SELECT count(*)::int FROM feed_comments WHERE author_id = ${who.id} AND (text <> '' OR deleted_at IS NULL)) AS comments,
    (SELECT count(*)::int FROM feed_comment_edits e JOIN feed_comments c ON c.id = e.comment_id WHERE c.author_id = ${who.id}) AS edits,
    (SELECT count(*)::int FROM feed_likes WHERE person_id = ${who.id}) AS likes,
    (SELECT count(*)::int FROM feed_reposts WHERE person_id = ${who.id}) AS reposts,
    (SELECT count(*)::int FROM feed_bookmarks WHERE person_id = ${who.id}) AS bookmarks,
    (SELECT count(*)::int FROM feed_comment_likes WHERE person_id = ${who.id}) AS comment_likes`;
  return row as Record<string, number>;
}
const NOTHING = { posts: 0, entries: 0, comments: 0, edits: 0, likes: 0, reposts: 0, bookmarks: 0, comment_likes: 0 };

/** What everybody else wrote and did, row by row. */
async function ofOthers({ id }: TestPerson) {
  return [
    await pool`SELECT * FROM feed_posts WHERE author_id <> ${id} ORDER BY id`,
    await pool`SELECT * FROM feed_entries WHERE actor_id <> ${id} ORDER BY actor_id, id`,
    await pool`SELECT * FROM feed_comments WHERE author_id <> ${id} ORDER BY id`,
    await pool`SELECT e.* FROM feed_comment_edits e JOIN feed_comments c ON c.id = e.comment_id
      WHERE c.author_id <> ${id} ORDER BY 1, 3`,
    await pool`SELECT * FROM feed_likes WHERE person_id <> ${id} ORDER BY 1, 2`,
    await pool`SELECT * FROM feed_reposts WHERE person_id <> ${id} ORDER BY 1, 2`,
    await pool`SELECT * FROM feed_bookmarks WHERE person_id <> ${id} ORDER BY 1, 2`,
    await pool`SELECT * FROM feed_comment_likes WHERE person_id <> ${id} ORDER BY 1, 2`,
  ].map((rows) => JSON.stringify(rows));
}

/** Somebody who did one of everything, in talk with ann and ben. */
async function busy(handle: string) {
  const who = await t.house.person(handle);
  t.media.image(`${who.id}7`, who.id);
  const own = [
    await t.post(who, `${handle} says #hello`),
    await t.post(who, `${handle} keeps this`, { audience: "private" }),
    await t.post(who, `${handle} shows`, { image_ids: [`${who.id}7`] }),
  ];
  const post = await t.post(ann, `ann, before ${handle} went`);
  const answered = await say(who, post, `${handle} asks @ben`);
  await call(r.editComment, {
    params: { id: answered.id },
    token: who.token,
    body: { text: `${handle} wonders @ben` },
  });
  const reply = await say(ben, post, `ben to ${handle}`, answered.id);
  const edited = await say(ben, own[0]!, `ben under ${handle}`);
  await call(r.editComment, { params: { id: edited.id }, token: ben.token, body: { text: `ben, under ${handle}` } });
  const taken = await say(who, post, `${handle} takes this back`);
  await call(r.deleteComment, { params: { id: taken.id }, token: ann.token });
  for (const route of [r.likePost, r.repostPost, r.bookmarkPost])
    for (const by of [who, ben]) for (const of of [post, own[0]!]) await on(route, by, of.id);
  for (const by of [who, ann]) for (const of of [reply, answered]) await on(r.likeComment, by, of.id);
  return { who, own, post, answered, reply, taken };
}

test("FD60: while people know the person nothing is deleted, and what else happens to somebody deletes nothing", async () => {
  const { who, post } = await busy("staying");
  const before = [await left(who), await ofOthers(who), await appended()];
  await expect(forget(who)).rejects.toThrow("is still there");
  expect([await left(who), await ofOthers(who), await appended()]).toEqual(before);
  await t.follow(ben, who);
  await t.house.log.caughtUp(PEOPLE_TOPIC, "feed.departures");
  expect(await queued()).toBe(0);
  expect((await call(r.getPost, { params: { id: post.id }, token: null })).status).toBe(200);
});

test("FD60: an account that is deleted is one job, however often it is told", async () => {
  const who = await t.house.person("told_twice");
  await deleteAccount(who);
  await sql.tx((tx) =>
    t.house.log.append(tx, PEOPLE_TOPIC, who.id, { type: "people.deleted", version: 1, data: { person_id: who.id } }),
  );
  await t.house.log.caughtUp(PEOPLE_TOPIC, "feed.departures");
  expect(await queued()).toBe(1);
});

test("FD60: what others wrote and did stays to the letter; posts, comments and reactions of who has gone do not", async () => {
  const { who, own, post, answered, reply } = await busy("leaving");
  await deleteAccount(who);
  const others = await ofOthers(who);
  await forget(who);
  expect(await ofOthers(who)).toEqual(others);
  expect(await left(who)).toEqual(NOTHING);
  const rows = await pool`SELECT deleted_by FROM feed_posts WHERE author_id = ${who.id}`;
  expect(rows.map((row: { deleted_by: string }) => row.deleted_by)).toEqual(own.map(() => who.id));
  expect(t.media.did).toContain(`hide:${own[2]!.id}`);

  await t.settled();
  t.feed.forgetAll();
  const { body } = await call(r.getPost, { params: { id: post.id } });
  expect(body.counts).toEqual({ likes: 1, reposts: 1, comments: 1, views: 0, quotes: 0 });
  const thread = await call(r.listComments, { params: { id: post.id } });
  expect(thread.body.items).toMatchObject([
    { id: answered.id, deleted: true, author: null, text: "", mentions: [], counts: { replies: 1 } },
  ]);
  const replies = await call(r.listComments, { params: { id: post.id }, query: { parent_id: answered.id } });
  expect(replies.body.items).toMatchObject([{ id: reply.id, text: "ben to leaving", counts: { likes: 1 } }]);
  expect(await t.feed.recount("post", [post.id, ...own.map(({ id }) => id)])).toBe(0);
  expect(await t.feed.recount("comment", [answered.id, reply.id])).toBe(0);
});

test("FD60: each thing is told as if they had taken it back themselves, and posts are purged when their time is over", async () => {
  const { who, own } = await busy("telling");
  await deleteAccount(who);
  await forget(who);
  await t.settled();
  const told = (await t.house.log.read(FEED_TOPIC, LOG_START, 1_000)).filter(
    ({ type, data }) =>
      /_deleted|\.un|_unliked/.test(type) && (data.person_id === who.id || data.deleted_by === who.id),
  );
  expect(Object.entries(Object.groupBy(told, ({ type }) => type)).map(([type, some]) => [type, some!.length])).toEqual([
    ["feed.post_deleted", 3],
    ["feed.comment_deleted", 1],
    ["feed.unreposted", 2],
    ["feed.unliked", 2],
    ["feed.comment_unliked", 2],
    ["feed.unbookmarked", 2],
  ]);
  const words = async () =>
    Number((await pool`SELECT count(*) AS n FROM feed_posts WHERE author_id = ${who.id} AND text <> ''`)[0].n);
  expect(await words()).toBe(own.length);
  t.later(UNDO_MS_MAX + 60_001);
  for (const { id } of own) await t.runJob(PURGE_JOB, { post_id: id });
  expect(await words()).toBe(0);
  expect(t.media.did).toContain(`release:${own[2]!.id}`);
});

test("FD61: words, names and history of their comments go, also of those that were deleted before; the place stays", async () => {
  const { who, post, answered, taken } = await busy("silent");
  const own = await ofOthers(who);
  await deleteAccount(who);
  await forget(who);
  const rows = await pool`SELECT id, text, mention_ids, mention_handles, idempotency_key, deleted_by, purged_at
    FROM feed_comments WHERE author_id = ${who.id} ORDER BY id`;
  const gone = { text: "", mention_ids: [], mention_handles: [], idempotency_key: null, purged_at: expect.any(Date) };
  expect([...rows]).toEqual([
    { ...gone, id: answered.id, deleted_by: who.id },
    { ...gone, id: taken.id, deleted_by: ann.id },
  ]);
  expect(await ofOthers(who)).toEqual(own);
  const living = await say(ben, post, "with words");
  // Only what was purged has no words, and only what was deleted is purged: the table itself refuses the rest.
  await expect(pool`UPDATE feed_comments SET text = '' WHERE id = ${living.id}`.execute()).rejects.toThrow("words");
  await expect(
    pool`UPDATE feed_comments SET text = '', purged_at = now() WHERE id = ${living.id}`.execute(),
  ).rejects.toThrow("purged");
});

test("FD62: a second run changes nothing and tells nobody", async () => {
  const { who } = await busy("twice");
  await deleteAccount(who);
  await forget(who);
  const rows = () => pool`SELECT * FROM feed_comments WHERE author_id = ${who.id} ORDER BY id`;
  const jobs = async () => (await t.jobs.counts()).find(({ kind }) => kind === PURGE_JOB)?.jobs;
  const steps = async () => {
    const [row] = await pool`SELECT
      (SELECT coalesce(sum(likes + reposts + comments), 0)::int FROM feed_counts) +
      (SELECT coalesce(sum(likes + reposts + comments), 0)::int FROM feed_count_deltas) AS n`;
    return row.n as number;
  };
  await t.settled();
  const told = async () => (await t.house.log.read(FEED_TOPIC, LOG_START, 1_000)).length;
  const before = [[...(await rows())], await jobs(), await steps(), await told()];
  await forget(who);
  await t.settled();
  expect([[...(await rows())], await jobs(), await steps(), await told()]).toEqual(before);
});

test("FD62: a crash before a commit leaves all of that portion; one after any commit is gone on from", async () => {
  const { who, post, own, answered, reply } = await busy("crashing");
  await deleteAccount(who);
  const before = [await left(who), await ofOthers(who), await appended()];
  const rolledBack: JobRun["fenced"] = (work) =>
    sql.tx(async (tx) => {
      await work(tx);
      throw new Error("pulled plug");
    });
  await expect(forget(who, { fenced: rolledBack })).rejects.toThrow("pulled plug");
  expect([await left(who), await ofOthers(who), await appended()]).toEqual(before);

  let crashes = 0;
  for (let done = false; !done;) {
    let changed = false;
    const fenced: JobRun["fenced"] = async (work) => {
      const [was, result] = [JSON.stringify(await left(who)), await sql.tx(work)];
      changed = JSON.stringify(await left(who)) !== was;
      if (changed) throw new Error("pulled plug");
      return result;
    };
    done = await forget(who, { fenced }).then(
      () => true,
      () => false,
    );
    if (!done) crashes++;
    expect(changed).toBe(!done);
  }
  // Three posts, the comments, and four kinds of reactions.
  expect(crashes).toBe(8);
  expect(await left(who)).toEqual(NOTHING);
  expect(await ofOthers(who)).toEqual(before[1] as string[]);
  await t.settled();
  expect(await t.feed.recount("post", [post.id, ...own.map(({ id }) => id)])).toBe(0);
  expect(await t.feed.recount("comment", [answered.id, reply.id])).toBe(0);
});

test("FD63: each portion is bounded, and a run that is asked to stop stops between two", async () => {
  const who = await t.house.person("many");
  const likes = 2 * FORGET_ROWS_PER_PORTION_MAX + 1;
  const ids = Array.from({ length: likes }, () => t.house.db.ids.next<"post">());
  await pool`INSERT INTO feed_posts (id, author_id, text, audience, created_at)
    SELECT id, ${ann.id}, 'one of many', 'public', now() FROM unnest(${pool.array(ids, "BIGINT")}) AS id`;
  await pool`INSERT INTO feed_likes (person_id, post_id, at)
    SELECT ${who.id}, id, now() FROM unnest(${pool.array(ids, "BIGINT")}) AS id`;
  await pool`INSERT INTO feed_counts (subject_id, likes) SELECT id, 1 FROM unnest(${pool.array(ids, "BIGINT")}) AS id`;
  await deleteAccount(who);
  const stop = new AbortController();
  const portions: number[] = [];
  const fenced: JobRun["fenced"] = async (work) => {
    const was = (await left(who)).likes!;
    const result = await sql.tx(work);
    const gone = was - (await left(who)).likes!;
    if (gone > 0) portions.push(gone);
    if (portions.length === 1) stop.abort(new Error("the node goes down"));
    return result;
  };
  await expect(forget(who, { fenced, signal: stop.signal })).rejects.toThrow("the node goes down");
  expect((await left(who)).likes).toBe(likes - FORGET_ROWS_PER_PORTION_MAX);
  await forget(who, { fenced });
  expect(portions).toEqual([FORGET_ROWS_PER_PORTION_MAX, FORGET_ROWS_PER_PORTION_MAX, 1]);
  expect(await left(who)).toEqual(NOTHING);
  await t.settled();
  expect(await t.feed.recount("post", ids)).toBe(0);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
