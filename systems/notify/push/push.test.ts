import { afterAll, beforeEach, describe, expect, test } from "bun:test";

import type { PersonId, PostId } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { createComment, deletePost, feedRoutes as f } from "#systems/feed/contract.ts";
import { peopleRoutes as p } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { PUSH_AGAIN_MS, PUSH_KEPT_MS, PUSH_WAIT_MS, SUBSCRIPTION_FAILURES_MAX, SUBSCRIPTIONS_MAX } from "../bounds.ts";
import { notifyRoutes as r } from "../contract.ts";
import { testNotify } from "../testing.ts";
import type { PushShown } from "./contract.ts";
import { type TestBrowser, testPushService } from "./testing.ts";

const service = testPushService();
const { here, answers, browser } = service;
const actives = new Set<PersonId>();
const line = {
  append: async () => {},
  active: async (ids: readonly PersonId[]) =>
    new Map(ids.filter((id) => actives.has(id)).map((id) => [id, { active: true }])),
};
const outside = createOutside({
  clock: createSystemClock(),
  resolve: async () => ["10.0.0.7"],
  test_addresses: [here],
});
const test_notify = await testNotify({ line, outside });
const { feed, told } = test_notify;
const { house } = feed;
const { client } = house;
const { sql } = house.db;
beforeEach(() => service.clear());
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await test_notify[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

let made = 0;
const people = (count: number) => Promise.all(Array.from({ length: count }, () => house.person(`pushed${made++}`)));

const subscribe = async (who: TestPerson, of = browser(), more = {}) => {
  const { status, code } = await client.call(r.subscribeToPush, { token: who.token, body: of.body(more) });
  if (status !== 200) throw new Error(`${status} ${code}`);
  return of;
};
const subscriptions = async (who: TestPerson) =>
  (await client.call(r.notifySettings, { token: who.token })).body.push.subscriptions;
const comment = (who: TestPerson, id: PostId, text: string) =>
  client.call(createComment, { token: who.token, params: { id }, body: { text, parent_id: null } as never });
/** All that happened stands in the inboxes; so much later, what is due is sent. */
const push = async (after_ms = PUSH_WAIT_MS) => {
  await told();
  feed.later(after_ms);
  await feed.runJob("notify.push", {});
};
const titles = (of: TestBrowser) => of.read().map((one) => ("title" in one ? one.title : one));
const readAll = async (who: TestPerson) => {
  await told();
  const { body } = await client.call(r.unreadNotifications, { token: who.token });
  await client.call(r.readNotifications, { token: who.token, body: { up_to: body.up_to } });
};

describe("a subscription", () => {
  test("NO23: needs a session, an address of a push service and real keys", async () => {
    const [a] = await people(1);
    const good = browser().body();
    const bad = (body: object, token: string | null = a!.token) =>
      client.call(r.subscribeToPush, { token, body: { ...good, ...body } });
    expect((await bad({}, null)).status).toBe(401);
    for (const endpoint of ["ftp://a.example/b", "http://u:p@a.example/", "https://a.example:22/", "nonsense"])
      expect([400, 422], endpoint).toContain((await bad({ endpoint })).status);
    for (const keys of [
      { p256dh: "AAAA", auth: good.keys.auth },
      { p256dh: good.keys.p256dh, auth: "AAAA" },
      { p256dh: Buffer.alloc(65, 4).toString("base64url"), auth: good.keys.auth },
    ])
      expect(await bad({ keys })).toMatchObject({ status: 422, code: "push.keys" });
    const token = (
      await client.call(p.createToken, {
        token: a!.token,
        body: { name: "x", scopes: ["read", "write", "account"] } as never,
      })
    ).body as unknown as { secret?: string; token?: string };
    const secret = token.secret ?? token.token;
    expect(await bad({}, secret)).toMatchObject({ status: 403, code: "push.session_needed" });
    expect(await subscriptions(a!)).toEqual([]);
  });

  test("NO23: ten are kept, the same again is the same, and nobody takes another's", async () => {
    const [a, b] = await people(2);
    const first = await subscribe(a!, browser(), { label: "Old phone" });
    await subscribe(a!, first, { label: "Phone" });
    expect(await subscriptions(a!)).toMatchObject([{ label: "Phone", current: true }]);
    const thief = { ...browser().body(), endpoint: first.body().endpoint };
    expect(await client.call(r.subscribeToPush, { token: b!.token, body: thief })).toMatchObject({
      status: 422,
      code: "push.endpoint",
    });
    expect((await subscriptions(a!)).length).toBe(1);
    // The same browser, in which somebody else has signed in.
    await subscribe(b!, first);
    expect([(await subscriptions(a!)).length, (await subscriptions(b!)).length]).toEqual([0, 1]);
    for (let i = 0; i < SUBSCRIPTIONS_MAX + 2; i++) await subscribe(a!, browser(), { label: `${i}` });
    expect((await subscriptions(a!)).map(({ label }) => label)).toEqual(
      Array.from({ length: SUBSCRIPTIONS_MAX }, (_, i) => `${SUBSCRIPTIONS_MAX + 1 - i}`),
    );
    const [one] = await subscriptions(a!);
    const remove = (who: TestPerson) =>
      client.call(r.unsubscribeFromPush, { token: who.token, params: { id: one!.id } });
    expect((await remove(b!)).code).toBe("subscription.not_found");
    expect((await remove(a!)).status).toBe(204);
  });

  test("NO23: ends with its session, wherever that is ended", async () => {
    const [a] = await people(1);
    const other = await house.person(a!.handle);
    await subscribe(a!);
    await subscribe(other);
    expect((await subscriptions(a!)).length).toBe(2);
    await client.call(p.revokeSession, { token: a!.token, params: { id: other.viewer.credential.id } });
    await house.log.caughtUp("people", "notify.sessions");
    expect(await subscriptions(a!)).toMatchObject([{ current: true }]);
  });

  test("NO23: nothing is sent to where no push service is on the open internet", async () => {
    const [a, b] = await people(2);
    const inside = { ...browser().body(), endpoint: "http://inside.test/push" };
    await client.call(r.subscribeToPush, { token: a!.token, body: inside });
    await comment(b!, (await feed.post(a!, "Hello")).id, "Hi");
    await push();
    expect(service.paths()).toEqual([]);
    const rows = (await sql.pool`SELECT failures FROM notify_subscriptions WHERE person_id = ${a!.id}`) as object[];
    expect(rows).toEqual([{ failures: 1 }]);
  });
});

describe("what is pushed", () => {
  test("NO20: what was not read for a moment, with its words, and once", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!);
    const { id } = await feed.post(a!, "My boat");
    await comment(b!, id, "A fine one");
    await told();
    await feed.runJob("notify.push", {});
    expect(phone.read()).toEqual([]);
    await push();
    await push();
    expect(phone.read()).toMatchObject([
      {
        v: 1,
        title: `${b!.handle} commented on your post`,
        body: "A fine one",
        path: `/posts/${id}`,
        unread: 1,
        urgent: true,
      },
    ]);
    const [headers] = phone.headers();
    expect([headers!.get("content-encoding"), headers!.get("urgency"), headers!.get("ttl")]).toEqual([
      "aes128gcm",
      "high",
      "86400",
    ]);
    expect(headers!.get("topic")).toMatch(/^[\w-]{32}$/);
    expect(headers!.get("authorization")).toMatch(/^vapid t=[\w.-]+, k=[\w-]{87}$/);
  });

  test("NO16: by kind: a like is not pushed until its person wants it; what is off in the inbox does not come in", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!);
    const { id } = await feed.post(a!, "Oak");
    await client.call(f.likePost, { token: b!.token, params: { id } });
    await push();
    expect(phone.read()).toEqual([]);
    const change = (switches: object[]) =>
      client.call(r.changeNotifySettings, { token: a!.token, body: { switches } as never });
    await change([
      { kind: "repost", channel: "push", on: true },
      { kind: "comment", channel: "inbox", on: false },
    ]);
    await client.call(f.repostPost, { token: b!.token, params: { id } });
    await comment(b!, id, "Nice");
    await push();
    expect(titles(phone)).toEqual([`${b!.handle} passed on your post`]);
    const { body } = await client.call(r.listNotifications, { token: a!.token });
    expect(body.items.map((one) => one.kind)).toEqual(["repost", "like"]);
  });

  test("NO22: nothing that was read, dismissed or taken back meanwhile", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!);
    const { id } = await feed.post(a!, "Elm");
    await comment(b!, id, "One");
    await readAll(a!);
    await push();
    await comment(b!, id, "Two");
    await told();
    const [one] = (await client.call(r.listNotifications, { token: a!.token })).body.items;
    await client.call(r.dismissNotification, { token: a!.token, params: { id: one!.id } });
    await push();
    await client.call(r.changeNotifySettings, {
      token: a!.token,
      body: { switches: [{ kind: "like", channel: "push", on: true }] } as never,
    });
    await client.call(f.likePost, { token: b!.token, params: { id } });
    await client.call(f.unlikePost, { token: b!.token, params: { id } });
    await push();
    expect(phone.read()).toEqual([]);
    expect((await sql.pool`SELECT 1 FROM notify_pushes WHERE person_id = ${a!.id}`).length).toBe(0);
  });

  test("NO21: it says what its person may see at the moment of sending", async () => {
    const [a, b, c, d] = await people(4);
    const phone = await subscribe(a!);
    const { id } = await feed.post(a!, "Ash");
    await comment(b!, id, "From who is blocked then");
    await told();
    await client.call(p.block, { token: a!.token, params: { handle: b!.handle } });
    const gone = await feed.post(c!, `@${a!.handle} this goes`);
    await told();
    await client.call(deletePost, { token: c!.token, params: { id: gone.id } });
    await feed.follow(a!, d!);
    await feed.post(d!, `@${a!.handle} for followers`, { audience: "followers" });
    await told();
    await client.call(p.unfollow, { token: a!.token, params: { handle: d!.handle } });
    await push();
    expect(phone.read()).toEqual([]);
    await feed.post(c!, `@${a!.handle} ${"long ".repeat(100)}`);
    await push();
    const [long] = phone.read() as PushShown[];
    expect(long!.body.length).toBeLessThanOrEqual(160);
  });

  test("NO15: nothing with a word that was muted everywhere, and no words where one is warned of", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!);
    for (const [phrase, kind] of [
      ["spoiler", "hide"],
      ["spiders", "warn"],
    ])
      await client.call(f.muteWord, { token: a!.token, body: { phrase, kind, place: "everywhere" } as never });
    const mine = await feed.post(a!, "My own spoiler");
    await comment(b!, mine.id, "Look, a SPOILER");
    await feed.post(b!, `@${a!.handle} spiders!`);
    await comment(b!, mine.id, "Fine");
    await push();
    const read = phone.read() as PushShown[];
    expect(read.map((one) => [one.title, one.body]).toSorted()).toEqual([
      [`${b!.handle} commented on your post`, "Fine"],
      [`${b!.handle} named you in a post`, ""],
    ]);
    expect(read[0]!.unread).toBe(2);
    const { body } = await client.call(r.listNotifications, { token: a!.token });
    expect(body.items.map((one) => one.comment?.excerpt ?? one.post?.excerpt)).toEqual(["Fine", ""]);
  });

  test("NO27: more of a group replaces what was told, not too often; very much at once is one sentence", async () => {
    const [a, b, c] = await people(3);
    const phone = await subscribe(a!);
    await client.call(r.changeNotifySettings, {
      token: a!.token,
      body: { switches: [{ kind: "like", channel: "push", on: true }] } as never,
    });
    const { id } = await feed.post(a!, "Pine");
    await client.call(f.likePost, { token: b!.token, params: { id } });
    await push();
    await client.call(f.likePost, { token: c!.token, params: { id } });
    await push();
    expect(titles(phone)).toEqual([`${b!.handle} liked your post`]);
    await push(PUSH_AGAIN_MS);
    expect(titles(phone)[1]).toBe(`${c!.handle} and ${b!.handle} liked your post`);
    const [one, two] = phone.headers().map((headers) => headers.get("topic"));
    expect(one).toBe(two!);
    expect(new Set((phone.read() as PushShown[]).map(({ tag }) => tag)).size).toBe(1);
    for (let i = 0; i < 6; i++) await feed.post(b!, `@${a!.handle} ${i}`);
    await push();
    expect(titles(phone).slice(2)).toEqual(["6 things happened while you were away"]);
  });

  test("NO20: not while a device of theirs is in use, and not after half a day", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!);
    const { id } = await feed.post(a!, "Yew");
    await comment(b!, id, "One");
    actives.add(a!.id);
    await push();
    expect(phone.read()).toEqual([]);
    actives.delete(a!.id);
    await push(60_000);
    expect(titles(phone).length).toBe(1);
    await comment(b!, id, "Two");
    actives.add(a!.id);
    await push();
    actives.delete(a!.id);
    await push(PUSH_KEPT_MS);
    expect(titles(phone).length).toBe(1);
  });

  test("NO19: not in quiet hours, and when they end what is still unread", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!);
    const at = new Date(test_notify.needs.clock.now());
    const hour = (plus: number) => `${String((at.getUTCHours() + plus + 24) % 24).padStart(2, "0")}:00`;
    await client.call(r.changeNotifySettings, {
      token: a!.token,
      body: { time_zone: "UTC", quiet: { from: hour(-1), to: hour(2) } },
    });
    const { id } = await feed.post(a!, "Rowan");
    await comment(b!, id, "In the night");
    await push();
    await comment(b!, id, "Read in the night");
    await readAll(a!);
    await comment(b!, id, "And later");
    await push();
    expect(phone.read()).toEqual([]);
    await push(2 * 3_600_000);
    expect((phone.read() as PushShown[]).map(({ body }) => body)).toEqual(["And later"]);
  });

  test("NO22: what is read elsewhere is taken off the devices that may do so in silence", async () => {
    const [a, b] = await people(2);
    const [android, iphone] = [await subscribe(a!, browser(), { may_clear: true }), await subscribe(a!)];
    const { id } = await feed.post(a!, "Fir");
    await comment(b!, id, "One");
    await push();
    const [shown] = android.read() as PushShown[];
    await readAll(a!);
    await push(1_000);
    expect(android.read()[1]).toEqual({ v: 1, clear: [shown!.tag, "many"], unread: 0 });
    expect(iphone.read().length).toBe(1);
    expect((await sql.pool`SELECT 1 FROM notify_pushes WHERE person_id = ${a!.id}`).length).toBe(0);
  });
});

describe("what a push service answers", () => {
  test("NO24: gone is gone", async () => {
    const [a, b] = await people(2);
    const [dead, gone, alive] = [await subscribe(a!), await subscribe(a!), await subscribe(a!)];
    answers.set(dead.path, () => new Response(null, { status: 410 }));
    answers.set(gone.path, () => new Response(null, { status: 404 }));
    const { id } = await feed.post(a!, "Larch");
    await comment(b!, id, "One");
    await push();
    expect((await subscriptions(a!)).length).toBe(1);
    expect(alive.read().length).toBe(1);
  });

  test("NO24: what is put off is tried again on that device alone, by the service's own wish", async () => {
    const [a, b] = await people(2);
    const [busy, well] = [await subscribe(a!), await subscribe(a!)];
    answers.set(busy.path, () => new Response(null, { status: 429, headers: { "retry-after": "3600" } }));
    const { id } = await feed.post(a!, "Lime");
    await comment(b!, id, "One");
    await push();
    answers.delete(busy.path);
    await push(3_000_000);
    expect([busy.read().length, well.read().length]).toEqual([0, 1]);
    await push(700_000);
    expect([busy.read().length, well.read().length]).toEqual([1, 1]);
    const rows = (await sql.pool`SELECT failures FROM notify_subscriptions WHERE person_id = ${a!.id}`) as object[];
    expect(rows).toEqual([{ failures: 0 }, { failures: 0 }]);
  });

  test("NO24: after twenty refusals in a row it is given up", async () => {
    const [a, b] = await people(2);
    const broken = await subscribe(a!);
    answers.set(broken.path, () => new Response(null, { status: 500 }));
    const { id } = await feed.post(a!, "Alder");
    for (let i = 0; i < SUBSCRIPTION_FAILURES_MAX; i++) {
      await comment(b!, id, `${i}`);
      await push(2 * 3_600_000);
    }
    expect(await subscriptions(a!)).toEqual([]);
  });

  test("NO22: who reads while it is being sent has it cleared, and what comes meanwhile is sent too", async () => {
    const [a, b] = await people(2);
    const phone = await subscribe(a!, browser(), { may_clear: true });
    const { id } = await feed.post(a!, "Hazel");
    await comment(b!, id, "One");
    await told();
    let reading: Promise<void> | null = null;
    const held = Promise.withResolvers<void>();
    answers.set(phone.path, () => {
      reading ??= readAll(a!).then(held.resolve);
      return new Response(null, { status: 201 });
    });
    feed.later(PUSH_WAIT_MS);
    await Promise.all([feed.runJob("notify.push", {}), held.promise]);
    await push(1_000);
    expect(phone.read().map((one) => "clear" in one)).toEqual([false, true]);
  });
});
