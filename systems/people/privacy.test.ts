import { afterAll, describe, expect, test } from "bun:test";

import { FOLLOW_REQUESTS_MAX } from "./bounds.ts";
import { peopleRoutes as r } from "./contract.ts";
import { testHouse, type TestPerson } from "./testing.ts";

const house = await testHouse();
const { client, people } = house;
const { sql } = house.db;
const working = people.work();
afterAll(async () => {
  working[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

type Act = "follow" | "unfollow" | "block" | "acceptFollower" | "removeFollower";
const act = (who: TestPerson, name: Act, whom: TestPerson) =>
  client.call(r[name], { token: who.token, params: { handle: whom.handle } });
const privately = (who: TestPerson, isPrivate = true) =>
  client.call(r.editMe, { token: who.token, body: { private: isPrivate } });
const relation = async (who: TestPerson, whom: TestPerson) =>
  (await client.call(r.person, { token: who.token, params: { handle: whom.handle } })).body.relation!;
const asking = async (who: TestPerson) =>
  (await client.call(r.listFollowRequests, { token: who.token })).body.items.map((person) => person.handle);
let made = 0;
const some = async (count: number) => Promise.all(Array.from({ length: count }, () => house.person(`p${made++}`)));

describe("private accounts", () => {
  test("PE61: what was not asked for cannot be accepted, and nobody answers for another", async () => {
    const [a, b, c] = (await some(3)) as [TestPerson, TestPerson, TestPerson];
    expect((await act(a, "acceptFollower", b)).code).toBe("people.not_asked");
    expect((await act(a, "acceptFollower", a)).code).toBe("people.yourself");
    await privately(a);
    await act(b, "follow", a);
    expect((await act(c, "acceptFollower", b)).code).toBe("people.not_asked");
    expect((await act(b, "acceptFollower", a)).code).toBe("people.not_asked");
    expect((await client.call(r.listFollowRequests)).status).toBe(401);
    expect((await relation(b, a)).you_follow).toBe(false);
  });

  test("PE62: a block ends requests of both, and the one after the most is refused", async () => {
    const [a, b] = (await some(2)) as [TestPerson, TestPerson];
    for (const who of [a, b]) await privately(who);
    await act(a, "follow", b);
    await act(b, "follow", a);
    await act(a, "block", b);
    expect([await asking(a), await asking(b)]).toEqual([[], []]);
    const [c, d] = (await some(2)) as [TestPerson, TestPerson];
    await privately(c);
    await sql.pool`INSERT INTO people_persons (id, handle, display_name, created_at)
      SELECT i, 'crowd' || i, 'Crowd', now() FROM generate_series(1, ${FOLLOW_REQUESTS_MAX}::int) AS i`;
    await sql.pool`INSERT INTO people_follow_requests (requester_id, followee_id, at)
      SELECT i, ${c.id}, now() FROM generate_series(1, ${FOLLOW_REQUESTS_MAX}::int) AS i`;
    expect((await act(d, "follow", c)).code).toBe("people.too_many_ask");
    await sql.pool`DELETE FROM people_follow_requests WHERE requester_id = 1`;
    expect((await act(d, "follow", c)).status).toBe(204);
  });

  test("PE60: a follow is asked for, once, and taken back by unfollowing", async () => {
    const [a, b] = (await some(2)) as [TestPerson, TestPerson];
    await privately(a);
    expect((await client.call(r.person, { token: b.token, params: { handle: a.handle } })).body.private).toBe(true);
    await act(b, "follow", a);
    await act(b, "follow", a);
    expect(await relation(b, a)).toMatchObject({ you_follow: false, you_requested: true });
    expect(await relation(a, b)).toMatchObject({ follows_you: false, requests_you: true });
    expect(await asking(a)).toEqual([b.handle]);
    await act(b, "unfollow", a);
    expect(await asking(a)).toEqual([]);
    expect(await relation(b, a)).toMatchObject({ you_requested: false });
  });

  test("PE61: who is asked accepts or refuses, and ends a follow later", async () => {
    const [a, b, c] = (await some(3)) as [TestPerson, TestPerson, TestPerson];
    await privately(a);
    for (const who of [b, c]) await act(who, "follow", a);
    expect((await act(a, "acceptFollower", b)).status).toBe(204);
    expect((await act(a, "acceptFollower", b)).status).toBe(204);
    expect((await act(a, "removeFollower", c)).status).toBe(204);
    expect(await relation(b, a)).toMatchObject({ you_follow: true, you_requested: false });
    expect((await people.followees(b.id)).has(a.id)).toBe(true);
    expect(await relation(c, a)).toMatchObject({ you_follow: false, you_requested: false });
    await act(a, "removeFollower", b);
    expect((await people.followees(b.id)).has(a.id)).toBe(false);
    await house.log.caughtUp("people", "people.counts");
    expect((await client.call(r.me, { token: a.token })).body.followers).toBe(0);
  });

  test("PE63: who follows stays when a person becomes private; who waits is let in when they no longer are", async () => {
    const [a, b, c] = (await some(3)) as [TestPerson, TestPerson, TestPerson];
    await act(b, "follow", a);
    await privately(a);
    await privately(a);
    await act(c, "follow", a);
    expect([(await relation(b, a)).you_follow, (await relation(c, a)).you_follow]).toEqual([true, false]);
    await privately(a, false);
    expect(await relation(c, a)).toMatchObject({ you_follow: true, you_requested: false });
    expect(await asking(a)).toEqual([]);
    const told =
      (await sql.pool`SELECT type FROM log_events WHERE topic = 'people' AND type IN ('people.privacy_changed', 'people.follow_request_ended')
      AND (data->>'person_id' = ${a.id} OR data->>'followee_id' = ${a.id})`) as { type: string }[];
    expect(told.map(({ type }) => type).toSorted()).toEqual([
      "people.follow_request_ended",
      "people.privacy_changed",
      "people.privacy_changed",
    ]);
  });

  test("PE64: of follows and changes of privacy that run at once nobody follows unasked and nobody waits in vain", async () => {
    const [a, ...fans] = (await some(9)) as [TestPerson, ...TestPerson[]];
    for (let round = 0; round < 6; round++) {
      const isPrivate = round % 2 === 0;
      await Promise.all([privately(a, isPrivate), ...fans.map((fan) => act(fan, "follow", a))]);
      const states = await Promise.all(fans.map((fan) => relation(fan, a)));
      // Each is one of the two, never both and never neither; and in the open nobody waits.
      expect(states.filter((one) => one.you_follow === one.you_requested)).toEqual([]);
      if (!isPrivate) expect(await asking(a)).toEqual([]);
      await Promise.all(fans.map((fan) => act(fan, "unfollow", a)));
    }
    expect(await people.recount()).toBe(0);
  });

  test("PE80: who blocks, or takes a request back, while they are let in does not follow in the end", async () => {
    const [a, b, c] = (await some(3)) as [TestPerson, TestPerson, TestPerson];
    await privately(a);
    for (const who of [b, c]) await act(who, "follow", a);
    const waiting = async () =>
      (await sql.pool`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
        .length;
    const untilWaiting = async (count: number) => {
      while ((await waiting()) < count) await Bun.sleep(2);
    };
    // Whoever lets in comes to the requests first, and the others right behind it.
    const begun: Promise<unknown>[] = [];
    await sql.tx(async (tx) => {
      await tx`SELECT 1 FROM people_follow_requests WHERE followee_id = ${a.id} FOR UPDATE`;
      begun.push(privately(a, false));
      await untilWaiting(1);
      begun.push(act(b, "block", a), act(c, "unfollow", a));
      await untilWaiting(3);
    });
    await Promise.all(begun);
    expect(await sql.pool`SELECT follower_id FROM people_follows WHERE followee_id = ${a.id}`).toEqual([]);
    expect(await relation(c, a)).toMatchObject({ you_follow: false, you_requested: false });
    expect(await people.recount()).toBe(0);
  });
});
