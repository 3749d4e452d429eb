import { afterAll, describe, expect, test } from "bun:test";

import { createRedis, createRedisLists } from "#engines/redis/index.ts";
import { REDIS_SERVER, testRedis } from "#engines/redis/testing.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { feedRoutes as r, type Post } from "#systems/feed/contract.ts";
import { testFeed } from "#systems/feed/testing.ts";

import { personOf, startHouse } from "./house.ts";

const SEED = Number(process.env.REDIS_SEED ?? Math.floor(Math.random() * 1e9));
const STEPS = Number(process.env.REDIS_STEPS ?? 120);

/** Two nodes of one house with their homes in a real Redis, which loses all, dies and hangs while people write and read. */
describe.skipIf(REDIS_SERVER === null)("homes in Redis", async () => {
  const opened = new AsyncDisposableStack();
  afterAll(() => opened.disposeAsync());

  test(`FD110: whatever happens to Redis, every page is that of the database (REDIS_SEED=${SEED} REDIS_STEPS=${STEPS})`, async () => {
    const redis = opened.use(await testRedis());
    const clock = createSystemClock();
    const listsOfNode = () => {
      const client = createRedis({ url: redis.url, clock, command_ms_max: 60 });
      const bounds = { list_keys_max: 12, list_ms_max: 60_000 };
      return opened.use(createRedisLists({ redis: client, clock, house: "h", bounds }));
    };
    const t = opened.use(
      await testFeed({ timeline: "push", shared_homes: listsOfNode(), bounds: { list_entries_max: 12 } }),
    );
    const other = await t.node({ shared_homes: listsOfNode() });
    const plain = await t.node({ timeline: "plain" });
    const people = await Promise.all(["ann", "ben", "cleo", "dora"].map((handle) => t.house.person(handle)));

    let state = SEED;
    const roll = (sides: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % sides;
    };
    const any = <T>(list: readonly T[]) => list[roll(list.length)]!;
    const { relating } = t.house.people.rooms;
    const posts: { post: Post; by: (typeof people)[number] }[] = [];
    /** What stands where; through whom it was found is not a list's to say. */
    const homeOf = async (node: typeof t.feed, ...asked: Parameters<typeof t.feed.rooms.timeline.readHome>) =>
      (await node.rooms.timeline.readHome(...asked)).map(({ key, post_id, reposter_id }) => ({
        key,
        post_id,
        reposter_id,
      }));
    const actorsOf = async (id: string) => [...(await t.house.people.relations(id)).follows, id];
    let is_dead = false;
    for (let step = 0; step < STEPS; step++) {
      const who = any(people);
      const act = roll(100);
      const chosen = posts.length > 0 ? any(posts) : null;
      if (act < 30) posts.push({ post: await t.post(who, `step ${step}`), by: who });
      else if (act < 38 && chosen)
        await t.house.client.call(r.repostPost, { params: { id: chosen.post.id }, token: who.token });
      else if (act < 44 && chosen)
        await t.house.client.call(r.deletePost, { params: { id: chosen.post.id }, token: chosen.by.token });
      else if (act < 54) await relating.follow(who.viewer, any(people.filter((p) => p !== who)).handle);
      else if (act < 58) await relating.unfollow(who.viewer, any(people.filter((p) => p !== who)).handle);
      else if (act < 61 && !is_dead) await redis.command("FLUSHALL");
      else if (act < 63 && !is_dead) {
        await redis.kill();
        is_dead = true;
      } else if (act < 68 && is_dead) {
        await redis.start();
        is_dead = false;
      } else {
        const actors = await actorsOf(who.id);
        const before = chosen && roll(2) === 0 ? chosen.post.id : null;
        const most = 1 + roll(8);
        const wanted = await homeOf(plain, who.id, actors, before, most);
        const page = await homeOf(t.feed, who.id, actors, before, most);
        expect({ step, page }).toEqual({ step, page: wanted });
      }
    }
    if (is_dead) await redis.start();
    // In the middle of a read, for longer than a command may take.
    redis.freeze();
    for (const who of people) {
      const actors = await actorsOf(who.id);
      const wanted = await homeOf(plain, who.id, actors, null, 10);
      expect(await homeOf(t.feed, who.id, actors, null, 10)).toEqual(wanted);
    }
    redis.thaw();

    // Healed: both nodes read lists again, and the same.
    const served = (node: typeof t.feed) => node.stats().shared!.reads - node.stats().shared!.pulled;
    for (const node of [t.feed, other]) {
      const before = served(node);
      for (const who of people) {
        const actors = await actorsOf(who.id);
        const wanted = await homeOf(plain, who.id, actors, null, 10);
        let page: unknown = null;
        while (!Bun.deepEquals(page, wanted) || served(node) === before) {
          page = await homeOf(node, who.id, actors, null, 10);
          await Bun.sleep(5);
        }
      }
    }
    expect(t.feed.stats().shared!.is_away).toBe(false);
    expect(t.feed.stats().shared!.pulled).toBeGreaterThan(0);
  }, 60_000);

  test("SV12: a house with REDIS_URL goes on without it, says so, and says when all is well again", async () => {
    const redis = opened.use(await testRedis());
    const house = opened.use(await startHouse({ REDIS_URL: redis.url, FOLKHUS_TIMELINE: "push" }));
    const token = await personOf(house, "ann");
    const { call } = house.client;
    await call(r.createPost, { token, body: { text: "one", audience: "public" } });
    const home = async () => (await call(r.homeFeed, { token })).body.items.map((post) => post.text);
    /** Of what stands on Redis: the same word for both, or two. */
    const health = async () => {
      const ready = (await (await fetch(`${house.url}/readyz`)).json()) as {
        checks: { name: string; state: string }[];
      };
      const states = ready.checks.filter(({ name }) => name === "redis" || name === "limits").map(({ state }) => state);
      expect(states).toHaveLength(2);
      return [...new Set(states)].join(" and ");
    };
    expect(await home()).toEqual(["one"]);
    expect(await redis.command("DBSIZE")).toBeGreaterThan(0);
    // A machine that stood still for a moment has made it count alone, and it goes back. A bucket that is full again goes
    // too, so it is looked for right behind a call.
    const held = async () => JSON.stringify(await redis.command("KEYS", "*:limit:*"));
    while ((await health()) !== "ok" || !(await held()).includes("address:")) await home();
    await redis.kill();
    await call(r.createPost, { token, body: { text: "two", audience: "public" } });
    while ((await health()) !== "degraded") {
      expect(await home()).toEqual(["two", "one"]);
      await Bun.sleep(20);
    }
    await redis.start();
    while ((await health()) !== "ok") {
      expect(await home()).toEqual(["two", "one"]);
      await Bun.sleep(20);
    }
    expect(await home()).toEqual(["two", "one"]);
  }, 60_000);
});
