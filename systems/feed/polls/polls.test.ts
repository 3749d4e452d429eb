import { afterAll, expect, test } from "bun:test";

import { LOG_START } from "#ports/log/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { UNDO_MS_MAX } from "../bounds.ts";
import { feedRoutes as r, type Poll, type Post } from "../contract.ts";
import { FORGET_JOB } from "../departures.ts";
import { FEED_TOPIC, type FeedEventOf } from "../events.ts";
import { PURGE_JOB } from "../posts/delete.ts";
import { testFeed } from "../testing.ts";
import { END_JOB } from "./begin.ts";
import { POLLS_GROUP } from "./counting.ts";
import { sumBallots } from "./store.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const { pool } = t.house.db.sql;
const [ann, ben, cleo, dan] = await Promise.all(["ann", "ben", "cleo", "dan"].map((name) => t.house.person(name)));
type Asked = { options?: string[]; multiple?: boolean; hides_results?: boolean; open_s?: number };
const asked = (more: Asked = {}) => ({ options: ["Tea", "Coffee", "Water"], open_s: 600, ...more });
const poll = async (by: TestPerson, more: Asked = {}, audience: Post["audience"] = "public") =>
  (await client.call(r.createPost, { token: by.token, body: { text: "What?", audience, poll: asked(more) } })).body;
const vote = (post: Post, by: TestPerson | null, choices: number[], edition?: number) =>
  client.call(r.votePoll, {
    params: { id: post.id },
    token: by?.token ?? null,
    body: { choices, ...(edition === undefined ? {} : { edition }) },
  });
const seen = async (post: Post, by: TestPerson | null) =>
  (await client.call(r.getPost, { params: { id: post.id }, token: by?.token ?? null })).body.poll!;
/** A node hears from the log that a poll was summed; this waits until this one has. */
const until = async (post: Post, by: TestPerson | null, is: (now: Poll) => boolean) => {
  for (;;) {
    const now = await seen(post, by);
    if (is(now)) return now;
    await Bun.sleep(5);
  }
};
const votesOf = (now: Poll) => now.options.map((option) => option.votes).join();
const summed = async () => {
  await t.house.log.caughtUp("feed", POLLS_GROUP);
  await t.house.log.tailsCaughtUp();
};
const ends = async (post: Post) => {
  for (;;) {
    const all = await t.house.log.read(FEED_TOPIC, LOG_START, 1_000);
    const [open] = await pool`SELECT count(*)::int AS n FROM log_events WHERE topic = ${FEED_TOPIC}`;
    // The log shows what is behind no running transaction of the cluster.
    if (all.length === open.n) {
      return (all as unknown as FeedEventOf<"feed.poll_ended">[]).filter(
        (event) => event.type === "feed.poll_ended" && event.data.post_id === post.id,
      );
    }
    await Bun.sleep(5);
  }
};
const end = (post: Post, edition = 1) => t.runJob(END_JOB, { post_id: post.id, edition: String(edition) });

test("FD174: nobody, the author, who may not read, and votes of the wrong shape are refused", async () => {
  const post = await poll(ann!);
  const closed = await poll(ann!, {}, "followers");
  expect(await vote(post, null, [0])).toMatchObject({ status: 401 });
  expect(await vote(post, ann!, [0])).toMatchObject({ status: 403, code: "poll.own" });
  expect(await vote(closed, ben!, [0])).toMatchObject({ status: 404, code: "post.not_found" });
  expect(await vote(await t.post(ann!, "no poll"), ben!, [0])).toMatchObject({ status: 404, code: "poll.not_found" });
  for (const choices of [[3], [0, 1], [7]]) {
    expect(await vote(post, ben!, choices)).toMatchObject({ status: 422, code: "poll.choices" });
  }
  for (const choices of [[], [-1], [8], [0.5]]) {
    expect(await vote(post, ben!, choices)).toMatchObject({ status: 400, code: "request.invalid" });
  }
  expect((await seen(post, ben!)).chosen).toBeNull();
});

test("FD174: a vote counts once, is not changed, and shows to its voter at once", async () => {
  const post = await poll(ann!, { multiple: true });
  const first = await vote(post, ben!, [2, 0, 0]);
  expect(first).toMatchObject({ status: 200, body: { chosen: [0, 2], voters: 1 } });
  expect(first.body.options.map((option) => option.votes)).toEqual([1, 0, 1]);
  expect((await vote(post, ben!, [0, 2])).body.voters).toBe(1);
  expect(await vote(post, ben!, [1])).toMatchObject({ status: 409, code: "poll.voted" });
  expect((await seen(post, ben!)).chosen).toEqual([0, 2]);
  expect((await seen(post, cleo!)).chosen).toBeNull();
  expect(votesOf(await until(post, null, (now) => now.voters === 1))).toBe("1,0,1");
});

test("FD175: many voters at once, and steps taken twice, give exact sums; nobody reads who voted", async () => {
  const post = await poll(ann!);
  const voters = await Promise.all(Array.from({ length: 12 }, (_, i) => t.house.person(`voter${i}`)));
  await Promise.all(voters.map((who, i) => vote(post, who, [i % 3])));
  await Promise.all(voters.map((who) => vote(post, who, [0])));
  await Promise.all([1, 2, 3].map(() => t.house.db.sql.tx((tx) => sumBallots(tx, 5))));
  await summed();
  await t.house.db.sql.tx((tx) => sumBallots(tx, 5));
  const now = await vote(post, dan!, [1]);
  expect([now.body.voters, now.body.options.map((o) => o.votes)]).toEqual([13, [4, 5, 4]]);
  const told = (await t.house.log.read(FEED_TOPIC, LOG_START, 1_000)).filter(({ type }) => type === "feed.voted");
  expect(told.length).toBeGreaterThan(0);
  expect(told.flatMap(({ data }) => Object.values(data))).not.toContain(voters[0]!.id);
});

test("FD176: hidden results show to the author and to who voted, and to everybody at the end", async () => {
  const post = await poll(ann!, { hides_results: true });
  await vote(post, ben!, [1]);
  await summed();
  const hidden = { voters: null, ended: false };
  expect(await seen(post, null)).toMatchObject(hidden);
  expect((await seen(post, cleo!)).options).toEqual(asked().options.map((text) => ({ text, votes: null })));
  for (const who of [ann!, ben!]) await until(post, who, (now) => votesOf(now) === "0,1,0");
  t.later(600_000);
  expect(await seen(post, null)).toMatchObject({ voters: 1, ended: true });
  expect(await vote(post, cleo!, [1])).toMatchObject({ status: 409, code: "poll.ended" });
  expect((await vote(post, ben!, [1])).status).toBe(200);
});

test("FD177: the end is told once, to the author and the voters, and not before its time", async () => {
  const post = await poll(ann!);
  await vote(post, ben!, [0]);
  await vote(post, cleo!, [1]);
  await end(post);
  expect(await ends(post)).toEqual([]);
  t.later(600_000);
  const stop = new Error("killed");
  const cutOff = t.runJob(END_JOB, { post_id: post.id, edition: "1" }, { fenced: () => Promise.reject(stop) });
  expect(await cutOff.catch((error: unknown) => error)).toBe(stop);
  await Promise.all([end(post), end(post)]);
  await end(post);
  const told = await ends(post);
  expect(told.map(({ data }) => data)).toEqual([
    {
      post_id: post.id,
      author_id: ann!.id,
      edition: 1,
      portion: 0,
      voters: 2,
      voter_ids: [ben!.id, cleo!.id].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    },
  ]);
});

test("FD177: at the end sums are counted anew from the ballots: wrong ones are right then, steps that wait included", async () => {
  const post = await poll(ann!, { multiple: true });
  await vote(post, ben!, [0, 1]);
  await summed();
  await pool`UPDATE feed_polls SET voters = 9, votes = '{7, 0, 2}' WHERE post_id = ${post.id}`;
  await t.house.db.sql.tx(async (tx) => {
    // Somebody's vote whose step is not summed yet.
    await tx`INSERT INTO feed_ballots (post_id, edition, person_id, choices, at) VALUES (${post.id}, 1, ${cleo!.id}, '{1}', now())`;
    await tx`INSERT INTO feed_ballot_steps (post_id, edition, choices, step) VALUES (${post.id}, 1, '{1}', 1)`;
  });
  t.later(600_000);
  await end(post);
  expect((await ends(post))[0]?.data.voters).toBe(2);
  await t.house.db.sql.tx((tx) => sumBallots(tx, 100));
  const [row] = await pool`SELECT voters, votes FROM feed_polls WHERE post_id = ${post.id}`;
  expect([row.voters, [...row.votes]]).toEqual(["2", ["1", "2", "0"]]);
});

test("FD178: a poll that is changed begins anew", async () => {
  const post = await poll(ann!);
  await vote(post, ben!, [0]);
  const { body: next } = await client.call(r.editPost, {
    params: { id: post.id },
    token: ann!.token,
    body: { poll: asked({ options: ["Red", "Blue"] }) },
  });
  expect(next.poll).toMatchObject({ edition: 2, voters: 0, options: [{ text: "Red" }, { text: "Blue" }] });
  expect((await seen(post, ben!)).chosen).toBeNull();
  expect(await vote(post, ben!, [0], 1)).toMatchObject({ status: 409, code: "poll.changed" });
  expect((await vote(post, ben!, [1], 2)).body.voters).toBe(1);
  await until(post, null, (now) => votesOf(now) === "0,1");
  const { body: edits } = await client.call(r.listPostEdits, { params: { id: post.id } });
  expect(edits.items.map((edit) => edit.poll_options)).toEqual([["Red", "Blue"], asked().options]);
  t.later(600_000);
  await end(post, 1);
  expect(await ends(post)).toEqual([]);
  const ballots = await pool`SELECT edition FROM feed_ballots WHERE post_id = ${post.id}`;
  expect(ballots.map((row: { edition: number }) => row.edition)).toEqual([2]);
  const gone = await client.call(r.editPost, { params: { id: post.id }, token: ann!.token, body: { poll: null } });
  expect(gone.body.poll).toBeNull();
  expect(await vote(post, cleo!, [0])).toMatchObject({ code: "poll.not_found" });
});

test("FD179: a purged post takes its poll along; who leaves takes their vote out of open polls", async () => {
  const [open, over, purged] = [await poll(ann!), await poll(ann!, { open_s: 300 }), await poll(ann!)];
  const leaver = await t.house.person("leaver");
  for (const post of [open, over, purged]) {
    await vote(post, leaver, [0]);
    await until(post, ann!, (now) => votesOf(now) === "1,0,0");
  }
  t.later(300_000);
  await client.call(peopleRoutes.deleteMe, { token: leaver.token, body: { password: TEST_PASSWORD } });
  await t.runJob(FORGET_JOB, { person_id: leaver.id });
  await until(open, ann!, (now) => votesOf(now) === "0,0,0" && now.voters === 0);
  await summed();
  expect(votesOf(await seen(over, ann!))).toBe("1,0,0");
  expect(await pool`SELECT 1 FROM feed_ballots WHERE person_id = ${leaver.id}`).toHaveLength(0);
  await client.call(r.deletePost, { params: { id: purged.id }, token: ann!.token });
  t.later(UNDO_MS_MAX + 1);
  await t.runJob(PURGE_JOB, { post_id: purged.id });
  expect(await pool`SELECT 1 FROM feed_polls WHERE post_id = ${purged.id}`).toHaveLength(0);
  expect(await pool`SELECT 1 FROM feed_ballots WHERE post_id = ${purged.id}`).toHaveLength(0);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
