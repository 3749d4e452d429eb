import { afterAll, describe, expect, test } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";
import { sharedListsSuite, SUITE_BOUNDS } from "#ports/lists/contract.suite.ts";
import { ListsAway } from "#ports/lists/index.ts";

import { COMMANDS_AT_ONCE_MAX } from "./client.ts";
import { createRedis, createRedisLists, type RedisAway } from "./index.ts";
import { LISTS_LAYOUT } from "./lists.ts";
import { REDIS_SERVER, type TestRedis, testRedis } from "./testing.ts";

/** Redis is a program of the system; the house needs none. Where it is not installed, this says so and tests nothing. */
describe.skipIf(REDIS_SERVER === null)("push lists in Redis", () => {
  const opened = new AsyncDisposableStack();
  afterAll(() => opened.disposeAsync());
  const shared: { redis: Promise<TestRedis> | null } = { redis: null };
  const server = () => (shared.redis ??= testRedis().then((redis) => opened.use(redis)));
  const clock = createSystemClock();
  let houses = 0;

  async function open(redis: TestRedis, more: { command_ms_max?: number } = {}) {
    const said: string[] = [];
    const client = createRedis({
      url: redis.url,
      clock,
      command_ms_max: 2_000,
      onAway: (reason) => said.push(reason),
      onBack: () => said.push("back"),
      ...more,
    });
    const house = `h${houses++}`;
    const lists = opened.use(createRedisLists({ redis: client, clock, house, bounds: SUITE_BOUNDS }));
    return { lists, said, house };
  }

  sharedListsSuite("in Redis", async () => {
    const redis = await server();
    const { lists, house } = await open(redis);
    return {
      lists,
      // Redis keeps its own time: what would be over by then is ended by hand.
      async pass(ms) {
        const keys = (await redis.command("KEYS", `folkhus:${house}:*`)) as string[];
        for (const key of keys) {
          const left = Number(await redis.command("PTTL", key));
          if (left >= 0 && left <= ms) await redis.command("DEL", key);
        }
      },
    };
  });

  test("RE1: two houses in one Redis do not see each other's lists", async () => {
    const redis = await server();
    const [one, two] = [await open(redis), await open(redis)];
    await one.lists.begin("p0", null);
    expect(await two.lists.position()).toBe(null);
  });

  test("RE9: all that a house has of lists is under the version of their layout, and another version's is not read", async () => {
    const redis = await server();
    const { lists, house } = await open(redis);
    await lists.begin("p0", null);
    await lists.save("v", { fingerprint: "f".repeat(16), members: ["1"], keys: [3, 2, 1], covers_from: 0 }, "p0");
    const keys = async () => (await redis.command("KEYS", `folkhus:${house}:*`)) as string[];
    const at = `folkhus:${house}:lists@${LISTS_LAYOUT}:`;
    expect((await keys()).filter((key) => !key.startsWith(at))).toEqual([]);
    for (const key of await keys()) await redis.command("RENAME", key, key.replace(at, `folkhus:${house}:lists@0:`));
    expect(await lists.position()).toBe(null);
  });

  test("RE2: a wiped Redis knows nothing, and begins anew", async () => {
    const redis = await server();
    const { lists } = await open(redis);
    await lists.begin("p0", null);
    await lists.save("v", { fingerprint: "a".repeat(16), members: ["1"], keys: [5], covers_from: 0 }, "p0");
    await redis.command("FLUSHALL");
    expect(await lists.position()).toBe(null);
    expect(await lists.read("v", "a".repeat(16), 9, 9)).toEqual({ position: null, list: null });
    expect(await lists.begin("p1", null)).toBe(true);
  });

  test("RE3: a Redis that is gone or hangs is told by one error at once, is not asked for a while, and comes back", async () => {
    const redis = opened.use(await testRedis());
    const { lists, said } = await open(redis, { command_ms_max: 100 });
    await lists.begin("p0", null);
    redis.freeze();
    for (let i = 0; i < 3; i++) expect(lists.position()).rejects.toBeInstanceOf(ListsAway);
    while (!lists.stats().is_away) await Bun.sleep(5);
    redis.thaw();
    await redis.kill();
    const began = performance.now();
    for (let i = 0; i < 100; i++) await lists.position().catch(() => {});
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(lists.stats().refused).toBeGreaterThan(80);
    await redis.start();
    let standing: unknown = "unknown";
    while (standing === "unknown") standing = await lists.position().catch(() => Bun.sleep(20).then(() => "unknown"));
    expect(standing).toBe(null);
    expect(said.at(-1)).toBe("back");
    expect(said[0]).toContain("no answer within 100 ms");
    expect(lists.stats().is_away).toBe(false);
  }, 30_000);

  test("RE8: only so many commands wait for a Redis that hangs, and one more is refused at once", async () => {
    const redis = opened.use(await testRedis());
    await using client = createRedis({ url: redis.url, clock, command_ms_max: 600_000 });
    await client.send("PING", []);
    redis.freeze();
    const waiting = Array.from({ length: COMMANDS_AT_ONCE_MAX }, () => client.send("PING", []));
    const ended = Promise.allSettled(waiting);
    expect(client.send("PING", [])).rejects.toThrow("too many wait");
    redis.thaw();
    expect((await ended).filter(({ status }) => status === "fulfilled")).toHaveLength(COMMANDS_AT_ONCE_MAX);
    expect(await client.send("PING", [])).toBe("PONG");
  });

  test("RE8: killed with many commands under way it goes away once, for one pause and not for one each", async () => {
    const redis = opened.use(await testRedis());
    const said: string[] = [];
    await using client = createRedis({
      url: redis.url,
      clock,
      command_ms_max: 600_000,
      onAway: (reason) => said.push(reason),
    });
    await client.send("PING", []);
    redis.freeze();
    const waiting = Array.from({ length: 200 }, () => client.send("PING", []));
    const ended = Promise.allSettled(waiting);
    await redis.kill();
    expect(new Set((await ended).map(({ status }) => status))).toEqual(new Set(["rejected"]));
    const refused = (await client.send("PING", []).catch((error: unknown) => error)) as RedisAway;
    expect([said.length, client.stats().is_away]).toEqual([1, true]);
    // The first pause is 250 to 500 ms; one doubled by each of 200 failures would be ten seconds and more.
    expect(refused.retry_after_ms).toBeLessThanOrEqual(500);
  });

  test("RE4: a Redis that evicts keys is not trusted", async () => {
    const redis = opened.use(await testRedis("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"));
    const { lists, said } = await open(redis);
    for (let i = 0; i < 4; i++) expect(lists.position()).rejects.toThrow(/evicts keys|not asked/);
    while (said.length === 0) await Bun.sleep(5);
    expect(said[0]).toContain("allkeys-lru");
  });

  test("RE5: a key takes 8 bytes in Redis, and not more than 9.5 with all that is around a full list", async () => {
    const redis = await server();
    const client = createRedis({ url: redis.url, clock });
    const bounds = { list_keys_max: 800, list_ms_max: 60_000 };
    const lists = opened.use(createRedisLists({ redis: client, clock, house: "bytes", bounds }));
    await lists.begin("p0", null);
    const keys = Array.from({ length: 700 }, (_, i) => 700 - i);
    await lists.save("v", { fingerprint: "a".repeat(16), members: ["1"], keys, covers_from: 0 }, "p0");
    const pushed = Array.from({ length: 100 }, (_, i) => ({ member: "1", key: 1_000 + i, gone: false }));
    await lists.apply(pushed, "p0", "p1");
    let bytes = 0;
    for (const key of (await redis.command("KEYS", "folkhus:bytes:*:[vl]:*")) as string[])
      bytes += Number(await redis.command("MEMORY", "USAGE", key));
    expect(bytes / 800).toBeLessThan(9.5);
    expect(bytes / 800).toBeGreaterThan(8);
  });

  test("RE6: a long run of changes is taken in portions, so that nobody waits for Redis for long", async () => {
    const redis = await server();
    const { lists } = await open(redis);
    await lists.begin("p0", null);
    for (let i = 0; i < 60; i++)
      await lists.save(`${i}`, { fingerprint: "a".repeat(16), members: ["1"], keys: [], covers_from: 0 }, "p0");
    const before = lists.stats().answered;
    const changes = Array.from({ length: 200 }, (_, i) => ({ member: "1", key: i + 1, gone: false }));
    expect(await lists.apply(changes, "p0", "p1")).toBe(true);
    expect(lists.stats().answered - before).toBe(3);
    expect((await lists.read("59", "a".repeat(16), Number.POSITIVE_INFINITY, 3)).list?.keys).toEqual([200, 199, 198]);
  });
});
