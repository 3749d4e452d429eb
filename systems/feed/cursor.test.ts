import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { decodeCursor } from "#kernel/paging.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createApi, createIdempotency, DEFAULT_LIMITS } from "#ports/http/index.ts";
import { createTestClient, type TestClient } from "#ports/http/testing.ts";
import { createLocalSharedLists } from "#ports/lists/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, type Post } from "./contract.ts";
import { type Feed, type FeedNeeds, serveFeed, STRATEGIES } from "./index.ts";
import { testFeed } from "./testing.ts";

const SEED = Number(process.env.FEED_SEED ?? Math.floor(Math.random() * 1e9));
const STEPS = Number(process.env.FEED_STEPS ?? 350);

/** mulberry32: the same seed, the same run. */
function dice(seed: number) {
  let state = seed >>> 0;
  return (sides: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % sides;
  };
}

/** All of it small, so that rings overflow, are dropped and reloaded, and most pages need the database too. */
const TINY: FeedNeeds["bounds"] = {
  rings_bytes_max: 1_500,
  ring_entries_max: 8,
  load_entries_max: 12,
  reposts_cached_max: 2,
  lists_bytes_max: 3_000,
  list_entries_max: 9,
  posts_cached_max: 5,
  viewer_posts_max: 3,
  posts_max: 6,
};

const sharedLists = () =>
  createLocalSharedLists({ clock: createSystemClock(), bounds: { list_keys_max: 9, list_ms_max: 60_000 } });

describe.each([
  ["tiny rings", { bounds: TINY }],
  ["rings as they are", {}],
  ["tiny lists", { bounds: TINY, timeline: "push" as const }],
  ["tiny lists and rings", { bounds: TINY, timeline: "hybrid" as const, push_followers_max: 2 }],
  ["lists as they are", { timeline: "push" as const }],
  ["the database alone", { timeline: "plain" as const }],
  ["tiny lists that nodes share", { bounds: TINY, timeline: "push", shared_homes: sharedLists() }],
  ["a strategy that changes all the time", { bounds: TINY }, true],
] as [string, Partial<FeedNeeds>, boolean?][])("FD22: %s", (_name, needs, switches = false) => {
  let t: Awaited<ReturnType<typeof testFeed>>;
  let people: TestPerson[];
  beforeAll(async () => {
    t = await testFeed(needs);
    people = await Promise.all(["ann", "ben", "cleo", "dora", "emil", "fia"].map((handle) => t.house.person(handle)));
  });
  afterAll(() => t[Symbol.asyncDispose]());

  /** What home must be, from the rows of truth and plain rules, without any of the feed's own code. */
  async function oracle(viewer: TestPerson, limit: number, before: string | null) {
    const rows = (await t.house.db.sql.pool`
      WITH followed AS (SELECT followee_id AS id FROM people_follows WHERE follower_id = ${viewer.id} UNION SELECT ${viewer.id}::bigint),
      all_entries AS (
        SELECT p.id AS key, p.id AS post_id, p.author_id AS actor_id FROM feed_posts p JOIN followed f ON f.id = p.author_id WHERE p.deleted_at IS NULL
        UNION ALL SELECT x.entry_id, x.post_id, x.person_id FROM feed_reposts x JOIN followed f ON f.id = x.person_id
      )
      SELECT e.key, e.post_id, e.actor_id FROM all_entries e JOIN feed_posts p ON p.id = e.post_id
      WHERE p.deleted_at IS NULL
        AND (p.audience = 'public' OR p.author_id = ${viewer.id} OR (p.audience = 'followers' AND p.author_id IN (SELECT id FROM followed) AND e.key = e.post_id))
        AND NOT EXISTS (SELECT FROM people_blocks b WHERE (b.blocker_id = ${viewer.id} AND b.blocked_id IN (p.author_id, e.actor_id))
          OR (b.blocked_id = ${viewer.id} AND b.blocker_id IN (p.author_id, e.actor_id)))
        AND NOT EXISTS (SELECT FROM people_mutes m WHERE m.muter_id = ${viewer.id} AND m.muted_id IN (p.author_id, e.actor_id))
        AND (e.key = e.post_id OR p.audience = 'public')
      ORDER BY e.key DESC`) as { key: string; post_id: PostId; actor_id: string }[];
    const seen = new Set<string>();
    const newest = rows.filter((row) => !seen.has(row.post_id) && seen.add(row.post_id));
    const shown = newest.filter((row) => before === null || BigInt(row.key) < BigInt(before));
    return {
      items: shown
        .slice(0, limit)
        .map((row) => `${row.post_id}${row.key === row.post_id ? "" : ` by ${row.actor_id}`}`),
      next: shown.length > limit ? shown[limit - 1]!.key : null,
    };
  }

  const shape = (post: Post) => `${post.id}${post.reposted_by ? ` by ${post.reposted_by.id}` : ""}`;
  const keyOf = (cursor: string | null) =>
    cursor === null ? null : (decodeCursor(cursor, ["string", "string"])[1] as string);

  test(
    `every page equals plain SQL while others write, without gap or repeat (FEED_SEED=${SEED} FEED_STEPS=${STEPS})`,
    async () => {
      const roll = dice(SEED);
      const any = <T>(list: readonly T[]) => list[roll(list.length)]!;
      const { relating } = t.house.people.rooms;
      const posts: Post[] = [];
      const reading = new Map<string, { cursor: string; last: bigint }>();
      const call = t.house.client.call;
      for (let step = 0; step < STEPS; step++) {
        const who = any(people);
        const other = any(people.filter((p) => p !== who));
        const post = posts.length > 0 ? any(posts) : null;
        const act = roll(100);
        if (act < 30)
          posts.push(
            await t.post(who, `step ${step}`, {
              audience: any(["public", "public", "public", "followers", "private"] as const),
            }),
          );
        else if (act < 42 && post) await call(r.repostPost, { params: { id: post.id }, token: who.token });
        else if (act < 46 && post) await call(r.unrepostPost, { params: { id: post.id }, token: who.token });
        else if (act < 51 && post)
          await call(r.deletePost, {
            params: { id: post.id },
            token: people.find((p) => p.id === post.author.id)!.token,
          });
        else if (act < 54 && post)
          await call(r.restorePost, {
            params: { id: post.id },
            token: people.find((p) => p.id === post.author.id)!.token,
          });
        else if (act < 57 && post) {
          const author = people.find((p) => p.id === post.author.id)!;
          await call(r.editPost, {
            params: { id: post.id },
            token: author.token,
            body: { audience: any(["public", "followers", "private"] as const) },
          });
        } else if (act < 66) await relating.follow(who.viewer, other.handle).catch(() => {});
        else if (act < 68) await relating.unfollow(who.viewer, other.handle);
        else if (act < 69) await relating.block(who.viewer, other.handle);
        else if (act < 71) await relating.unblock(who.viewer, other.handle);
        else if (act < 72) await relating.mute(who.viewer, other.handle);
        else if (act < 74) await relating.unmute(who.viewer, other.handle);
        else if (act < 75) t.feed.forgetAll();
        else if (switches && act < 78)
          await t.feed.rooms.choices.choose({ strategy: any(STRATEGIES), push_followers_max: roll(4) }, null);
        else {
          const at = roll(3) === 0 ? undefined : reading.get(who.id);
          const limit = 1 + roll(6);
          const before = at ? keyOf(at.cursor) : null;
          const page = await t.home(who, { limit, ...(at ? { cursor: at.cursor } : {}) });
          const wanted = await oracle(who, limit, before);
          expect({ step, items: page.items.map(shape), next: keyOf(page.next_cursor) }).toEqual({ step, ...wanted });
          for (const item of page.items)
            if (before !== null && !item.reposted_by) expect(BigInt(item.id)).toBeLessThan(BigInt(before));
          if (page.next_cursor === null) reading.delete(who.id);
          else reading.set(who.id, { cursor: page.next_cursor, last: 0n });
        }
      }
    },
    30_000 + STEPS * 50,
  );
});

describe("FD24: another node", () => {
  let t: Awaited<ReturnType<typeof testFeed>>;
  let other: Feed;
  let client: TestClient;
  beforeAll(async () => {
    t = await testFeed();
    other = await t.node();
    const api = createApi({
      authenticate: t.house.people.authenticate,
      limiter: t.house.limiter,
      limits: DEFAULT_LIMITS,
      idempotency: createIdempotency(t.house.db.sql, "a secret of tests"),
      clock: t.house.db.clock,
      trusted_proxies: 0,
      requestId: () => crypto.randomUUID(),
      onServed: () => {},
    });
    serveFeed(api, other);
    client = createTestClient((request) => api.fetch(request, "192.0.2.2"));
  });
  afterAll(() => t[Symbol.asyncDispose]());

  test("sees what this one writes, edits, passes on, likes and deletes", async () => {
    const [ann, ben] = await Promise.all([t.house.person("ann"), t.house.person("ben")]);
    await t.follow(ann, ben);
    const there = async () => (await client.call(r.homeFeed, { token: ann.token })).body.items;
    const eventually = async (look: (items: Post[]) => boolean) => {
      for (;;) {
        if (look(await there())) return;
        await Bun.sleep(5);
      }
    };
    const first = await t.post(ben, "one");
    await eventually((items) => items[0]?.text === "one");
    await t.house.client.call(r.editPost, { params: { id: first.id }, token: ben.token, body: { text: "two" } });
    await eventually((items) => items[0]?.text === "two");
    await t.house.client.call(r.likePost, { params: { id: first.id }, token: ann.token });
    await eventually((items) => items[0]!.viewer!.liked && items[0]!.counts.likes === 1);
    await t.house.client.call(r.unlikePost, { params: { id: first.id }, token: ann.token });
    await eventually((items) => !items[0]!.viewer!.liked && items[0]!.counts.likes === 0);
    await t.house.client.call(r.repostPost, { params: { id: first.id }, token: ann.token });
    await eventually((items) => items[0]?.reposted_by?.id === ann.id && items[0].viewer!.reposted);
    await t.house.client.call(r.deletePost, { params: { id: first.id }, token: ben.token });
    await eventually((items) => items.length === 0);
    await t.house.client.call(r.restorePost, { params: { id: first.id }, token: ben.token });
    await eventually((items) => items.length === 1);
  });
});
