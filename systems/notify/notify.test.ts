import { afterAll, describe, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { createComment, deleteComment, feedRoutes as f } from "#systems/feed/contract.ts";
import { peopleRoutes as p } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { type Kind, notifyRoutes as r } from "./contract.ts";
import { NOTIFY_TOPIC, readNotifyEvent } from "./index.ts";
import { groupOf, take } from "./intake.ts";
import { testNotify } from "./testing.ts";

const test_notify = await testNotify();
const { feed, notify, told } = test_notify;
const { house } = feed;
const { client, log } = house;
const { sql, clock } = house.db;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await test_notify[Symbol.asyncDispose]();
});

const list = async (who: TestPerson, query: { limit?: number; cursor?: string; kinds?: string } = {}) => {
  await told();
  return (await client.call(r.listNotifications, { token: who.token, query: query as never })).body;
};
const kinds = async (who: TestPerson) => (await list(who)).items.map((item) => item.kind);
const unread = async (who: TestPerson) => {
  await told();
  return (await client.call(r.unreadNotifications, { token: who.token })).body;
};
const like = (who: TestPerson, id: PostId) => client.call(f.likePost, { token: who.token, params: { id } });
const unlike = (who: TestPerson, id: PostId) => client.call(f.unlikePost, { token: who.token, params: { id } });
const comment = async (who: TestPerson, id: PostId, text: string, parent_id: string | null = null) =>
  (await client.call(createComment, { token: who.token, params: { id }, body: { text, parent_id } as never })).body;
let made = 0;
const people = <N extends number>(count: N) =>
  Promise.all(Array.from({ length: count }, () => house.person(`n${made++}`)));

describe("an inbox", () => {
  test("NO1: is nobody's who is not signed in, and never somebody else's", async () => {
    const [a, b] = await people(2);
    const { id } = await feed.post(a!, "Mine");
    await like(b!, id);
    for (const route of [r.listNotifications, r.unreadNotifications, r.clearNotifications])
      expect((await client.call(route)).status).toBe(401);
    const [one] = (await list(a!)).items;
    expect((await client.call(r.dismissNotification, { token: b!.token, params: { id: one!.id } })).code).toBe(
      "notification.not_found",
    );
    expect(await list(b!)).toEqual({ items: [], next_cursor: null });
    expect((await list(a!)).items.length).toBe(1);
  });

  test("NO1: a cursor that is none, and a kind that there is not, are refused", async () => {
    const [a] = await people(1);
    for (const query of [{ cursor: "nonsense" }, { kinds: "like,love" }])
      expect((await client.call(r.listNotifications, { token: a!.token, query: query as never })).status).toBe(400);
  });

  test("NO2: an act is told once, whatever is replayed, and nobody is told of their own", async () => {
    const [a, b] = await people(2);
    const { id } = await feed.post(a!, `Hello @${b!.handle} and @${a!.handle}`);
    await like(a!, id);
    await like(b!, id);
    await like(b!, id);
    // Of two systems' acts the order is kept only once the first was heard of.
    await list(a!);
    await client.call(p.follow, { token: b!.token, params: { handle: a!.handle } });
    expect(await kinds(a!)).toEqual(["follow", "like"]);
    expect(await kinds(b!)).toEqual(["mention"]);
    const again = {
      person_id: a!.id,
      kind: "like" as const,
      actor_id: b!.id,
      post_id: id,
      comment_id: null,
      act_key: `like:${id}:${b!.id}`,
      group_key: `like:${id}`,
      taken_back: false,
    };
    await sql.tx((tx) => take({ log, clock, people: house.people, jobs: feed.jobs }, tx, [again, again]));
    expect((await list(a!)).items.map((item) => item.actor_count)).toEqual([1, 1]);
  });

  test("NO3: what is taken back is gone, and coming back it stands where it stood", async () => {
    const [a, b, c] = await people(3);
    const { id } = await feed.post(a!, "Oak");
    await like(b!, id);
    // Of two systems' acts the order is kept only once the first was heard of.
    await list(a!);
    await client.call(p.follow, { token: c!.token, params: { handle: a!.handle } });
    const before = await unread(a!);
    expect(before.count).toBe(2);
    await unlike(b!, id);
    expect(await kinds(a!)).toEqual(["follow"]);
    expect((await unread(a!)).count).toBe(1);
    await client.call(r.readNotifications, { token: a!.token, body: { up_to: before.up_to } });
    await like(b!, id);
    expect(await kinds(a!)).toEqual(["follow", "like"]);
    expect(await unread(a!)).toEqual({ count: 0, up_to: before.up_to });
  });

  test("NO4: likes of one post stand together until they are read, and those that come then begin anew", async () => {
    const [a, ...fans] = await people(6);
    const { id } = await feed.post(a!, "Birch");
    for (const fan of fans.slice(0, 4)) await like(fan!, id);
    const [one] = (await list(a!)).items;
    expect(one).toMatchObject({ kind: "like", actor_count: 4, read: false, post: { id, excerpt: "Birch" } });
    expect(one!.actors.map((actor) => actor.handle)).toEqual([fans[3]!.handle, fans[2]!.handle, fans[1]!.handle]);
    const { up_to } = await unread(a!);
    await client.call(r.readNotifications, { token: a!.token, body: { up_to } });
    await like(fans[4]!, id);
    const { items } = await list(a!);
    expect(items.map((item) => [item.actor_count, item.read])).toEqual([
      [1, false],
      [4, true],
    ]);
    expect(items[1]!.id).toBe(one!.id);
  });

  test("NO5: of a comment each is told once, by what concerns them most", async () => {
    const [a, b, c] = await people(3);
    const { id } = await feed.post(a!, "Pine");
    const first = await comment(b!, id, `@${a!.handle} look, @${c!.handle}`);
    expect(await kinds(a!)).toEqual(["comment"]);
    expect(await kinds(c!)).toEqual(["comment_mention"]);
    await comment(c!, id, `@${b!.handle} I see`, first.id);
    expect(await kinds(b!)).toEqual(["reply"]);
    expect((await list(b!)).items[0]).toMatchObject({ comment: { excerpt: `@${b!.handle} I see` }, post: { id } });
    await client.call(deleteComment, { token: b!.token, params: { id: first.id } });
    expect(await kinds(c!)).toEqual([]);
  });

  test("NO2: a quote is told to whom it quotes, until they take it out; the end of a poll to its author and its voters", async () => {
    const [a, b, c] = await people(3);
    const { id } = await feed.post(a!, "Maple");
    const quote = (
      await client.call(f.createPost, { token: b!.token, body: { text: "Look", audience: "public", quote_id: id } })
    ).body;
    expect((await list(a!)).items).toMatchObject([{ kind: "quote", post: { id: quote.id, excerpt: "Look" } }]);
    await client.call(f.detachQuote, { token: a!.token, params: { id, quote_id: quote.id } });
    expect(await kinds(a!)).toEqual([]);
    const poll = { options: ["Yes", "No"], open_s: 300 };
    const asked = (
      await client.call(f.createPost, { token: a!.token, body: { text: "Well?", audience: "public", poll } })
    ).body;
    for (const who of [b!, c!])
      await client.call(f.votePoll, { token: who.token, params: { id: asked.id }, body: { choices: [0] } });
    feed.later(300_000);
    await feed.runJob("feed.end_poll", { post_id: asked.id, edition: "1" });
    expect((await list(a!)).items).toMatchObject([{ kind: "poll_ended", actors: [] }]);
    for (const who of [b!, c!])
      expect((await list(who)).items[0]).toMatchObject({ kind: "poll_ended", actors: [{ id: a!.id }] });
  });

  test("NO6: a block, a mute, a suspension and a deletion hold on the next read, and are not counted", async () => {
    const [a, b, c, d] = await people(4);
    const admin = await house.person("no6_admin", "admin");
    const [oak, elm] = [await feed.post(a!, "Oak"), await feed.post(a!, "Elm")];
    for (const fan of [b!, c!, d!]) await like(fan, oak.id);
    await like(b!, elm.id);
    expect((await unread(a!)).count).toBe(2);
    await client.call(p.block, { token: a!.token, params: { handle: b!.handle } });
    await client.call(p.mute, { token: a!.token, params: { handle: c!.handle } });
    expect((await list(a!)).items).toMatchObject([{ actor_count: 1, actors: [{ handle: d!.handle }] }]);
    expect((await unread(a!)).count).toBe(1);
    await client.call(p.suspend, { token: admin.token, params: { handle: d!.handle }, body: { reason: "spam" } });
    expect((await list(a!)).items).toEqual([]);
    expect((await unread(a!)).count).toBe(0);
    // From a muted person nothing comes in at all.
    await like(c!, elm.id);
    await told();
    await client.call(p.unmute, { token: a!.token, params: { handle: c!.handle } });
    expect((await list(a!)).items.map((item) => [item.post?.id, item.actors.map((actor) => actor.handle)])).toEqual([
      [oak.id, [c!.handle]],
    ]);
    await client.call(f.deletePost, { token: a!.token, params: { id: oak.id } });
    expect((await list(a!)).items).toEqual([]);
  });

  test("NO6: what was for followers is not shown to who is not one any more", async () => {
    const [a, b] = await people(2);
    await feed.follow(b!, a!);
    await feed.post(a!, `Only for you, @${b!.handle}`, { audience: "followers" });
    expect(await kinds(b!)).toEqual(["mention"]);
    await client.call(p.unfollow, { token: b!.token, params: { handle: a!.handle } });
    expect(await kinds(b!)).toEqual([]);
  });

  test("NO7: reading never goes back, stops at what there is, and is told", async () => {
    const [a, b] = await people(2);
    const { id } = await feed.post(a!, "Ash");
    await like(b!, id);
    const { up_to } = await unread(a!);
    const read = (to: string) => client.call(r.readNotifications, { token: a!.token, body: { up_to: to } });
    expect((await read("999999")).status).toBe(204);
    expect((await unread(a!)).count).toBe(0);
    await read("1");
    await client.call(f.repostPost, { token: b!.token, params: { id } });
    expect((await unread(a!)).count).toBe(1);
    await log.caughtUp("feed", groupOf("feed"));
    const rows =
      (await sql.pool`SELECT data FROM log_events WHERE topic = ${NOTIFY_TOPIC} AND type = 'notify.read' AND key = ${a!.id}`) as {
        data: { read_seq: string };
      }[];
    expect(rows.map((row) => row.data.read_seq)).toEqual([up_to]);
  });

  test("NO8: pages have no gap and no repeat while more comes in, by kind too", async () => {
    const [a, b, c] = await people(3);
    const posts = [];
    for (let i = 0; i < 7; i++) posts.push(await feed.post(a!, `Tree ${i}`));
    for (const { id } of posts) await like(b!, id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(a!, { limit: 3, kinds: "like,follow", ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map((item) => item.post!.id));
      cursor = page.next_cursor ?? undefined;
      const more = await feed.post(a!, "More");
      await like(c!, more.id);
      await comment(c!, more.id, "Yes");
    } while (cursor);
    expect(seen).toEqual(posts.map(({ id }) => id).toReversed());
  });

  test("NO9: numbers have no gaps however many write at once, and each arrival is told", async () => {
    const [a, ...fans] = await people(9);
    const { id } = await feed.post(a!, "Rowan");
    await Promise.all(
      fans.flatMap((fan) => [
        like(fan!, id),
        client.call(p.follow, { token: fan!.token, params: { handle: a!.handle } }),
        comment(fan!, id, "Fine"),
      ]),
    );
    await told();
    const rows = (await sql.pool`SELECT seq FROM notify_items WHERE person_id = ${a!.id} ORDER BY seq`) as {
      seq: string;
    }[];
    expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    const events =
      (await sql.pool`SELECT type, version, data FROM log_events WHERE topic = ${NOTIFY_TOPIC}`) as never[];
    const arrived = events.flatMap((event) => {
      const known = readNotifyEvent(event);
      return known?.type === "notify.arrived" ? known.data.items.filter(([whose]) => whose === a!.id) : [];
    });
    expect(arrived.map(([, seq]) => Number(seq)).toSorted((x, y) => x - y)).toEqual(rows.map((row) => Number(row.seq)));
    expect(new Set(arrived.map(([, , kind]) => kind as Kind))).toEqual(new Set(["like", "follow", "comment"]));
  });

  test("NO10: one that was dismissed and all that were cleared stay away", async () => {
    const [a, b, c] = await people(3);
    const { id } = await feed.post(a!, "Yew");
    await like(b!, id);
    // Of two systems' acts the order is kept only once the first was heard of.
    await list(a!);
    await client.call(p.follow, { token: c!.token, params: { handle: a!.handle } });
    const { items } = await list(a!);
    await client.call(r.dismissNotification, { token: a!.token, params: { id: items[0]!.id } });
    expect(await kinds(a!)).toEqual(["like"]);
    await client.call(r.clearNotifications, { token: a!.token });
    expect(await kinds(a!)).toEqual([]);
    expect((await unread(a!)).count).toBe(0);
    await comment(b!, id, "New");
    expect(await kinds(a!)).toEqual(["comment"]);
  });

  test("NO8: one by one they are read in both directions", async () => {
    const [a, b] = await people(2);
    for (let i = 0; i < 5; i++) await like(b!, (await feed.post(a!, `Leaf ${i}`)).id);
    await told();
    const seqs = async (asked: object) =>
      (await notify.inbox.items(a!.viewer, { limit: 2, ...asked })).map((item) => Number(item.seq));
    expect(await seqs({})).toEqual([5, 4]);
    expect(await seqs({ below: "4" })).toEqual([3, 2]);
    expect(await seqs({ above: "1", upward: true })).toEqual([3, 2]);
    expect(await seqs({ above: "3" })).toEqual([5, 4]);
  });

  test("NO11: what is too old, and what is too much, goes", async () => {
    const [a, b] = await people(2);
    for (let i = 0; i < 3; i++) await like(b!, (await feed.post(a!, `Old ${i}`)).id);
    await told();
    await sql.pool`UPDATE notify_items SET at = at - interval '181 days' WHERE person_id = ${a!.id} AND seq = 2`;
    await sql.pool`UPDATE notify_inboxes SET last_seq = 5001 WHERE person_id = ${a!.id}`;
    await feed.runJob("notify.trim", {});
    const rows = (await sql.pool`SELECT seq FROM notify_items WHERE person_id = ${a!.id}`) as { seq: string }[];
    expect(rows.map((row) => row.seq)).toEqual(["3"]);
    expect((await list(a!)).items.map((item) => item.post!.excerpt)).toEqual(["Old 2"]);
  });

  test("NO12: a purged post and a person who left are in no inbox, whenever the job was cut off", async () => {
    const [a, b, c] = await people(3);
    const [oak, elm] = [await feed.post(a!, "Oak"), await feed.post(a!, "Elm")];
    for (const fan of [b!, c!]) for (const { id } of [oak, elm]) await like(fan, id);
    await like(a!, (await feed.post(b!, "Mine")).id);
    await told();
    const cut = AbortSignal.abort(new Error("stopped"));
    await expect(feed.runJob("notify.erase", { post_id: oak.id }, { signal: cut })).rejects.toThrow("stopped");
    for (let i = 0; i < 2; i++) await feed.runJob("notify.erase", { post_id: oak.id });
    expect((await list(a!)).items.map((item) => [item.post!.id, item.actor_count])).toEqual([[elm.id, 2]]);
    await feed.runJob("notify.erase", { person_id: b!.id });
    expect((await list(a!)).items.map((item) => item.actor_count)).toEqual([1]);
    const left =
      (await sql.pool`SELECT count(*)::int AS n FROM notify_items WHERE person_id = ${b!.id} OR actor_id = ${b!.id}`) as {
        n: number;
      }[];
    expect(left[0]!.n).toBe(0);
  });
});
