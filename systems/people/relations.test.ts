import { afterAll, describe, expect, test } from "bun:test";

import { createLocalCaches } from "#ports/cache/index.ts";

import { peopleRoutes as r } from "./contract.ts";
import { PEOPLE_TOPIC } from "./events.ts";
import { createPeople } from "./index.ts";
import { CHEAP_PASSWORDS, testHouse } from "./testing.ts";

const house = await testHouse();
const { client, people, log } = house;
const working = people.work();
afterAll(async () => {
  working[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

type Act = "follow" | "unfollow" | "block" | "unblock" | "mute" | "unmute";
const act = (token: string | null, name: Act, handle: string) => client.call(r[name], { token, params: { handle } });
const relation = async (token: string, handle: string) =>
  (await client.call(r.person, { token, params: { handle } })).body.relation;
const counted = () => log.caughtUp(PEOPLE_TOPIC, "people.counts");

describe("people: follow, block, mute", () => {
  test("PE26: nobody relates to themselves, to nobody, or signed out", async () => {
    const a = await house.person("alone");
    for (const name of ["follow", "unfollow", "block", "unblock", "mute", "unmute"] as const) {
      expect([name, (await act(a.token, name, "alone")).code]).toEqual([name, "people.yourself"]);
      expect([name, (await act(a.token, name, "no_such_one")).code]).toEqual([name, "person.not_found"]);
      expect([name, (await act(null, name, "alone")).status]).toEqual([name, 401]);
    }
  });

  test("PE27: doing what is done is not an error, and is told once", async () => {
    const [a, b] = [await house.person("twice_a"), await house.person("twice_b")];
    // Nothing is read past a running transaction, and other test files have theirs in this cluster.
    await log.caughtUp(PEOPLE_TOPIC, "people.counts");
    const before = await log.head(PEOPLE_TOPIC);
    for (const name of [
      "follow",
      "follow",
      "unfollow",
      "unfollow",
      "mute",
      "mute",
      "unmute",
      "unmute",
      "block",
      "block",
      "unblock",
      "unblock",
    ] as const) {
      expect((await act(a.token, name, b.handle)).status).toBe(204);
    }
    await log.caughtUp(PEOPLE_TOPIC, "people.counts");
    const events = (await log.read(PEOPLE_TOPIC, before, 100)).map((e) => e.type);
    expect(events).toEqual([
      "people.followed",
      "people.unfollowed",
      "people.muted",
      "people.unmuted",
      "people.blocked",
      "people.unblocked",
    ]);
  });

  test("PE28: a follow holds on the very next read, in both directions of the question", async () => {
    const [a, b] = [await house.person("read_a"), await house.person("read_b")];
    expect(await relation(a.token, "read_b")).toEqual({
      you_follow: false,
      follows_you: false,
      you_block: false,
      you_mute: false,
      you_requested: false,
      requests_you: false,
    });
    await act(a.token, "follow", "READ_B");
    expect(await relation(a.token, "read_b")).toMatchObject({ you_follow: true, follows_you: false });
    expect(await relation(b.token, "read_a")).toMatchObject({ you_follow: false, follows_you: true });
    expect((await people.followees(a.id)).has(b.id)).toBe(true);
    await act(a.token, "unfollow", "read_b");
    expect(await relation(a.token, "read_b")).toMatchObject({ you_follow: false });
  });

  test("PE29: a block ends the follows of both, forbids new ones, and hides the blocker", async () => {
    const [a, b] = [await house.person("block_a"), await house.person("block_b")];
    await act(a.token, "follow", "block_b");
    await act(b.token, "follow", "block_a");
    await act(a.token, "block", "block_b");
    expect([(await people.relations(a.id)).follows.size, (await people.relations(b.id)).follows.size]).toEqual([0, 0]);
    expect((await people.relations(b.id)).blocked_by.has(a.id)).toBe(true);
    expect((await act(b.token, "follow", "block_a")).code).toBe("person.not_found");
    expect((await act(a.token, "follow", "block_b")).code).toBe("people.blocked");
    expect((await client.call(r.person, { token: b.token, params: { handle: "block_a" } })).code).toBe(
      "person.not_found",
    );
    expect(await relation(a.token, "block_b")).toMatchObject({ you_block: true });
    expect((await client.call(r.listBlocks, { token: a.token })).body.items.map((p) => p.handle)).toEqual(["block_b"]);
    expect((await act(b.token, "block", "block_a")).status).toBe(204);
    await act(a.token, "unblock", "block_b");
    await act(b.token, "unblock", "block_a");
    expect(await relation(b.token, "block_a")).toEqual({
      you_follow: false,
      follows_you: false,
      you_block: false,
      you_mute: false,
      you_requested: false,
      requests_you: false,
    });
  });

  test("PE29: of a follow and a block that run at once, the block stands and no follow is left", async () => {
    const [a, b] = [await house.person("race_a"), await house.person("race_b")];
    for (let i = 0; i < 10; i++) {
      await Promise.all([
        act(b.token, "follow", "race_a"),
        act(a.token, "block", "race_b"),
        act(a.token, "follow", "race_b"),
      ]);
      const rows = await house.db.sql.pool`SELECT 1 FROM people_follows WHERE follower_id IN (${a.id}, ${b.id})`;
      expect(rows.length).toBe(0);
      await act(a.token, "unblock", "race_b");
    }
  });

  test("PE30: a mute is the muter's alone: nothing changes for the muted", async () => {
    const [a, b] = [await house.person("mute_a"), await house.person("mute_b")];
    await act(b.token, "follow", "mute_a");
    await act(a.token, "mute", "mute_b");
    expect(await relation(a.token, "mute_b")).toMatchObject({ you_mute: true, follows_you: true });
    expect(await relation(b.token, "mute_a")).toMatchObject({
      you_follow: true,
      you_mute: false,
      you_requested: false,
      requests_you: false,
    });
    expect((await client.call(r.listMutes, { token: a.token })).body.items.map((p) => p.handle)).toEqual(["mute_b"]);
  });

  test("PE31: counts arrive behind the log, count each change once, and a recount finds nothing to mend", async () => {
    const star = await house.person("star");
    const fans = await Promise.all(Array.from({ length: 12 }, (_, i) => house.person(`fan_${i}`)));
    await Promise.all(fans.map((f) => act(f.token, "follow", "star")));
    await Promise.all(fans.slice(0, 5).map((f) => act(f.token, "unfollow", "star")));
    await act(star.token, "block", "fan_11");
    await counted();
    expect((await client.call(r.person, { params: { handle: "star" } })).body).toMatchObject({
      followers: 6,
      following: 0,
    });
    expect((await client.call(r.person, { params: { handle: "fan_7" } })).body).toMatchObject({
      followers: 0,
      following: 1,
    });
    expect(await people.recount()).toBe(0);
    await house.db.sql.pool`UPDATE people_counts SET followers = 77 WHERE person_id = ${star.id}`;
    expect(await people.recount()).toBe(1);
    expect((await client.call(r.me, { token: star.token })).body.followers).toBe(6);
  });

  test("PE32: a cursor with a moment that no clock of ours has is refused", async () => {
    const { token } = await house.person("cursed");
    const cursor = btoa(JSON.stringify(["9223372036854775807", "1"])).replaceAll("=", "");
    for (const route of [r.listBlocks, r.listMutes])
      expect((await client.call(route, { token, query: { cursor } })).code).toBe("cursor.invalid");
    expect((await client.call(r.listFollowers, { params: { handle: "cursed" }, query: { cursor } })).code).toBe(
      "cursor.invalid",
    );
  });

  test("PE32: the lists page without gap or repeat while others follow", async () => {
    const idol = await house.person("idol");
    const early = await Promise.all(Array.from({ length: 7 }, (_, i) => house.person(`early_${i}`)));
    for (const f of early) await act(f.token, "follow", "idol");
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await client.call(r.listFollowers, {
        params: { handle: "idol" },
        query: { limit: 3, ...(cursor ? { cursor } : {}) },
      });
      seen.push(...body.items.map((p) => p.handle));
      cursor = body.next_cursor ?? undefined;
      await act((await house.person(`late_${seen.length}`)).token, "follow", "idol");
    } while (cursor);
    expect(seen).toEqual(early.map((f) => f.handle).reverse());
    const following = await client.call(r.listFollowing, { token: idol.token, params: { handle: "early_3" } });
    expect(following.body.items).toMatchObject([{ handle: "idol", you_follow: false }]);
    expect((await client.call(r.listFollowers, { params: { handle: "idol" }, query: { cursor: "junk" } })).code).toBe(
      "cursor.invalid",
    );
  });

  test("PE33: whom a block hides is in no list and in no suggestion", async () => {
    const [a, b, c] = [await house.person("hide_a"), await house.person("hide_b"), await house.person("hide_c")];
    await act(a.token, "follow", "hide_c");
    await act(b.token, "follow", "hide_c");
    await act(a.token, "block", "hide_b");
    const followers = async (token: string) =>
      (await client.call(r.listFollowers, { token, params: { handle: "hide_c" } })).body.items.map((p) => p.handle);
    expect(await followers(c.token)).toEqual(["hide_b", "hide_a"]);
    expect(await followers(a.token)).toEqual(["hide_a"]);
    expect(await followers(b.token)).toEqual(["hide_b"]);
    const suggested = async (token: string) =>
      (await client.call(r.suggestPeople, { token, query: { q: "hide_" } })).body.items.map((p) => p.handle);
    expect(await suggested(b.token)).toEqual(["hide_c"]);
    expect(await suggested(c.token)).toEqual(["hide_a", "hide_b"]);
  });

  test("PE34: what one node changes another forgets when the event arrives", async () => {
    const other = await createPeople({
      sql: house.db.sql,
      log,
      clock: house.db.clock,
      ids: house.db.ids,
      caches: createLocalCaches({ clock: house.db.clock }),
      limiter: house.limiter,
      pictures: { avatarOf: async () => null },
      house: { name: "Other", signup: "open" },
      secret: "a secret of more than thirty-two characters",
      password_cost: CHEAP_PASSWORDS,
    });
    await using _ = other;
    const admin = await house.person("node_admin", "admin");
    const [a, b] = [await house.person("node_a"), await house.person("node_b")];
    const until = async (what: string, holds: () => Promise<boolean>) => {
      for (const end = house.db.clock.now() + 5_000; !(await holds()); await house.db.clock.sleep(5)) {
        if (house.db.clock.now() > end) throw new Error(`still not so: ${what}`);
      }
    };
    expect((await other.relations(a.id)).follows.size).toBe(0);
    expect((await other.cards([a.id])).get(a.id)?.display_name).toBe("node_a");
    expect((await other.authenticate(a.token))?.suspended).toBe(false);
    await act(a.token, "follow", "node_b");
    await until("follow", async () => (await other.relations(a.id)).follows.has(b.id));
    await act(b.token, "block", "node_a");
    await until("block", async () => (await other.relations(a.id)).blocked_by.has(b.id));
    await client.call(r.editMe, { token: a.token, body: { display_name: "Renamed" } });
    await until("card", async () => (await other.cards([a.id])).get(a.id)?.display_name === "Renamed");
    await client.call(r.suspend, { token: admin.token, params: { handle: "node_a" }, body: { reason: "spam" } });
    await until("suspension", async () => (await other.authenticate(a.token))?.suspended === true);
    await client.call(r.signOut, { token: a.token });
    await until("revocation", async () => (await other.authenticate(a.token)) === null);
  });
});
