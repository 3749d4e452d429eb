import { afterAll, describe, expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";
import type { LimitRule } from "#ports/limiter/index.ts";

import { createAlone } from "./limiter-alone.ts";
import { createPurses } from "./limiter-purses.ts";
import type { RedisCommands } from "./script.ts";
import { claim, clock, limiterNodes, still, until } from "./testing-limiter.ts";
import { testRedis } from "./testing.ts";

const server = await testRedis();
const opened = new AsyncDisposableStack();
afterAll(async () => {
  await opened.disposeAsync();
  await server[Symbol.asyncDispose]();
});

let houses = 0;
/** Each test has a house of its own, so many run at once: most of their time is a wait for the next beat. */
function newHouse() {
  const name = `edge${houses++}`;
  return { node: limiterNodes(server, opened, () => name), name };
}

const HOUR_MS = 3_600_000;
const KINDS: LimitRule[] = [
  { name: "bucket", burst_tokens: 10, tokens_per_s: 10 },
  { kind: "gcra", name: "gcra", tokens: 10, window_ms: 1_000, burst_tokens: 10 },
  { kind: "fixed", name: "fixed", tokens: 10, window_ms: 1_000 },
  { kind: "log", name: "log", tokens: 10, window_ms: 1_000 },
  { kind: "counter", name: "counter", tokens: 10, window_ms: 1_000, slices: 10 },
  { kind: "slots", name: "slots", slots: 10, hold_ms: 1_000 },
];
const slots = (count: number, hold_ms = 600_000): LimitRule => ({ kind: "slots", name: "s", slots: count, hold_ms });

describe("engines/redis: limits at their edges", () => {
  test.each(KINDS.map((rule) => [rule.name, rule] as const))(
    "RE37: a Redis whose clock goes back by an hour lets %s pass when it said, alone and beside others",
    async (_, rule) => {
      const { node } = newHouse();
      for (const beside of [[], [claim("beside", { kind: "fixed", name: "beside", tokens: 1_000, window_ms: 50 })]]) {
        let now = 1_800_000_000_000;
        const { limiter } = await node({ time_ms: () => now });
        const key = `k${beside.length}`;
        const ask = (cost: number) => limiter.take([claim(key, rule, cost), ...beside]);
        expect((await ask(10)).allowed).toBe(true);
        now -= HOUR_MS;
        for (let tries = 0; tries < 2; tries++) {
          const { allowed, retry_after_ms } = await ask(10);
          expect([tries, allowed]).toEqual([tries, false]);
          expect(retry_after_ms).toBeLessThanOrEqual(1_100);
        }
        now += 1_100;
        expect((await ask(10)).allowed).toBe(true);
      }
    },
  );

  test.concurrent(
    "RE38: over several slots of a cluster who waits is told the longest wait that was booked",
    async () => {
      const { node } = newHouse();
      const { limiter } = await node({ spread: 8, time_ms: () => 1_800_000_000_000 });
      const drop: LimitRule = { kind: "gcra", name: "drop", tokens: 1, window_ms: 1_000, burst_tokens: 1 };
      const others = Array.from({ length: 6 }, (_, i) => claim(`k${i}`, still(100)));
      const taken = await Promise.all([1, 2, 3].map(() => limiter.take([claim("drop", drop), ...others], 5_000)));
      expect(taken.every(({ allowed }) => allowed)).toBe(true);
      const waits = taken.map(({ wait_ms }) => wait_ms).toSorted((a, b) => a - b);
      expect(waits).toEqual([0, 1_000, 2_000]);
    },
  );

  test.concurrent(
    "RE39: a request that one slot of a cluster refuses after all gives back the slots that it took, and nobody else's",
    async () => {
      const { node } = newHouse();
      const other = await node({ spread: 8 });
      const [two, one] = [slots(2), still(1, "one")];
      let theirs: Awaited<ReturnType<typeof other.limiter.take>> | null = null;
      let asked = 0;
      const redis: RedisCommands = {
        script: async (script, args, keys = []) => {
          const is_bucket = keys.some((key) => key.endsWith(":b:b0"));
          // Asked first, taken then: between the two somebody else takes the token, and a slot after this request's own.
          if (is_bucket && ++asked === 2) {
            while (theirs === null || (await other.left("s0", two)) > 0) {
              theirs ??= await other.limiter.take([claim("b0", one)]);
              await other.limiter.take([claim("s0", two)]);
            }
          }
          return other.redis.script(script, args, keys);
        },
      };
      const made = await node({ spread: 8, redis });
      const before = await other.limiter.take([claim("s0", two)]);
      expect((await made.limiter.take([claim("s0", two), claim("b0", one)])).allowed).toBe(false);
      expect(asked).toBe(2);
      // Who came between holds the other slot, or was too late for it.
      expect(await other.limiter.renew(before.hold!)).toBe(true);
      await other.limiter.release(before.hold!);
      expect(await other.left("s0", two)).toBeGreaterThanOrEqual(1);
    },
  );

  test.concurrent("RE40: a rule that is made narrower holds for what lies in a purse too", async () => {
    const { node } = newHouse();
    const { limiter, granted } = await node({ leases: true });
    const [wide, narrow] = [still(1_000_000, "r"), still(1_000, "r")];
    expect((await limiter.take([claim("k", wide)])).allowed).toBe(true);
    const some = await granted(2_000, claim("k", narrow));
    expect(some).toBeGreaterThanOrEqual(990);
    expect(some).toBeLessThanOrEqual(1_010);
  });

  test.concurrent("RE40: a refusal under a rule says nothing of a wider one that takes its place", async () => {
    const { node } = newHouse();
    const { limiter, granted } = await node({ leases: true });
    expect(await granted(10, claim("k", still(5)))).toBe(5);
    const { by_redis } = limiter.stats();
    await limiter.take([claim("k", still(5))]);
    expect(limiter.stats().by_redis).toBe(by_redis);
    await limiter.take([claim("k", { name: "still", burst_tokens: 5, tokens_per_s: 1_000_000 })]);
    expect(limiter.stats().by_redis).toBe(by_redis + 1);
  });

  test.concurrent(
    "RE41: a house-wide purse outlives a flood of keys, and what lay in those that went goes back",
    async () => {
      const purses = createPurses({ nodes: () => 1, keys_max: 32 });
      const [wide, each] = [still(100_000, "house"), still(1_000, "each")];
      const fill = (key: string, rule: LimitRule, now: number, tokens: number) => {
        const split = purses.split([claim(key, rule)], now);
        split.done({ borrowed: [tokens], left: null, shown: 0 });
      };
      fill("house", wide, 0, 1_000);
      let came_back = 0;
      const sum = (back: { cost_tokens: number }[]) => back.reduce((all, { cost_tokens }) => all + cost_tokens, 0);
      for (let i = 0; i < 1_000; i++) {
        if (i % 20 === 0) came_back += sum(purses.empty(10 + i, false));
        fill(`k${i}`, each, 10 + i, 3);
        expect([i, purses.decide([claim("house", wide)], 10 + i)?.allowed]).toEqual([i, true]);
      }
      expect(came_back + sum(purses.empty(2_000, true))).toBe(3_000);
    },
  );

  test.concurrent(
    "RE41: a node that stops gives back what lies in many purses, however slow Redis is at that moment",
    async () => {
      const { node } = newHouse();
      const real = await node();
      // Time that passes only where this says so: each script takes 10 ms, six of them longer than a request may wait.
      let now = 0;
      let slow = false;
      let is_closed = false;
      const redis: RedisCommands = {
        script: async (...call) => {
          if (slow) now += 10;
          await Bun.sleep(slow ? 20 : 0);
          if (is_closed) throw new Error("the connection is closed");
          return real.redis.script(...call);
        },
      };
      const held_clock = { ...clock, monotonic: () => now };
      const { limiter } = await node({ leases: true, redis, clock: held_clock, answer_ms_max: 40 });
      const rule = still(1_000);
      const keys = Array.from({ length: 700 }, (_, i) => `k${i}`);
      await Promise.all(keys.map((key) => limiter.take([claim(key, rule)])));
      slow = true;
      await limiter[Symbol.asyncDispose]();
      is_closed = true;
      const left = await Promise.all(keys.map((key) => real.left(key, rule)));
      expect(left.filter((tokens) => tokens !== 999)).toEqual([]);
    },
  );
});

describe("engines/redis: slots while Redis is away", () => {
  test.concurrent(
    "RE42: what is held of slots is not there a second time when Redis goes, and what is held alone counts when it is back",
    async () => {
      const { node } = newHouse();
      await using own = await testRedis();
      const made = await node({ url: own.url });
      const first = await made.limiter.take([claim("k", slots(2))]);
      await own.kill();
      const second = await made.limiter.take([claim("k", slots(2))]);
      expect([first.allowed, second.allowed]).toEqual([true, true]);
      expect((await made.limiter.take([claim("k", slots(2))])).allowed).toBe(false);
      await own.start();
      await until(() => !made.limiter.stats().is_alone);
      // It lost everything, and was told of both.
      expect((await made.limiter.take([claim("k", slots(2))])).allowed).toBe(false);
      expect(await made.limiter.renew(second.hold!)).toBe(true);
      for (const { hold } of [first, second]) await made.limiter.release(hold!);
      expect(await made.left("k", slots(2))).toBe(2);
    },
  );

  test.concurrent("RE43: a slot that is released while Redis is away is free there when it is back", async () => {
    const { node } = newHouse();
    const real = await node();
    let is_away = false;
    const redis: RedisCommands = {
      script: async (...call) => {
        if (is_away) throw new Error("cut off");
        return real.redis.script(...call);
      },
    };
    const made = await node({ redis });
    const { hold } = await made.limiter.take([claim("k", slots(1))]);
    is_away = true;
    expect((await made.limiter.take([claim("other", still(5))])).allowed).toBe(true);
    expect(made.limiter.stats().is_alone).toBe(true);
    await made.limiter.release(hold!);
    is_away = false;
    await until(() => !made.limiter.stats().is_alone);
    expect(await real.left("k", slots(1))).toBe(1);
  });

  test.concurrent("RE43: a slot that Redis gave too late for who asked is given back", async () => {
    const { node } = newHouse();
    const real = await node();
    let answer_late = false;
    const gone = Promise.withResolvers<void>();
    const redis: RedisCommands = {
      script: async (script, args, keys) => {
        if (!answer_late) return real.redis.script(script, args, keys);
        answer_late = false;
        await real.redis.script(script, args, keys);
        await gone.promise;
        return [1, 0, 1, 0, 600_000];
      },
    };
    const made = await node({ redis, answer_ms_max: 40 });
    answer_late = true;
    const { allowed, hold } = await made.limiter.take([claim("k", slots(1))]);
    expect(allowed).toBe(true);
    gone.resolve();
    await made.limiter.release(hold!);
    await until(async () => (await real.left("k", slots(1))) === 1);
  });
});

describe("engines/redis: what nodes tell Redis", () => {
  test("RE44: nodes that were asked alike, or one of them alone, tell together what is missing", async () => {
    const rule: LimitRule = { name: "r", burst_tokens: 1_000, tokens_per_s: 200 };
    for (const asked of [2, 1]) {
      const virtual = createVirtualClock();
      const nodes = Array.from({ length: 2 }, () => createAlone({ clock: virtual, keys_max: 100, word: () => "w" }));
      for (const one of nodes) one.setNodes(2);
      let granted = 0;
      for (let ms = 0; ms < 4_000; ms += 10) {
        for (const one of nodes.slice(0, asked)) while (one.take([claim("k", rule)], 0).allowed) granted++;
        await virtual.advance(10);
      }
      // While Redis decides, one node may grant all of it.
      if (asked === 1) nodes[0]!.note([claim("k", rule, 1_000)], null);
      const told = nodes.flatMap((one) => one.owed(true)).reduce((sum, { cost_tokens }) => sum + cost_tokens, 0);
      const missing = asked === 1 ? 1_000 : granted - 800;
      expect([asked, Math.abs(told - missing) <= 4]).toEqual([asked, true]);
    }
  });

  test.concurrent("RE44: a node that granted all of a limit tells all of it, not only its part", async () => {
    const { node } = newHouse();
    await using own = await testRedis();
    const nodes = [
      await node({ url: own.url, liveNodes: async () => 2 }),
      await node({ url: own.url, liveNodes: async () => 2 }),
    ];
    const rule = still(100);
    expect(await nodes[0]!.granted(101, claim("k", rule))).toBe(100);
    await own.command("FLUSHALL");
    expect(await nodes[0]!.granted(1, claim("k", rule))).toBe(0);
    await until(() => nodes.every(({ events }) => events.at(-1) === "shared"));
    expect(await nodes[0]!.granted(10, claim("k", rule))).toBe(0);
    expect(await nodes[1]!.granted(10, claim("k", rule))).toBe(0);
  });

  test.concurrent(
    "RE45: what one failing try has told is not told again by the next, and what is unsure is told once",
    async () => {
      const { node } = newHouse();
      const real = await node();
      let is_away = false;
      let telling = 0;
      const redis: RedisCommands = {
        script: async (script, args, keys) => {
          if (is_away) throw new Error("cut off");
          if (args[2] !== "fine") return real.redis.script(script, args, keys);
          // The second portion arrives, and its answer is lost.
          const answer = await real.redis.script(script, args, keys);
          if (++telling === 2) throw new Error("cut off in the middle");
          return answer;
        },
      };
      const made = await node({ redis });
      const rule = still(100);
      is_away = true;
      const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
      for (const key of keys) expect(await made.granted(1, claim(key, rule, 10))).toBe(1);
      is_away = false;
      await until(() => !made.limiter.stats().is_alone);
      expect(telling).toBeGreaterThan(2);
      const left = await Promise.all(keys.map((key) => real.left(key, rule)));
      expect(left.filter((tokens) => tokens !== 90)).toEqual([]);
    },
  );

  test.concurrent(
    "RE46: a number of nodes that cannot be is not believed, and one that never comes holds nothing up",
    async () => {
      const { node, name } = newHouse();
      await using own = await testRedis();
      for (const lie of [NaN, 0, -3, 2.5, Infinity]) {
        const made = await node({
          url: own.url,
          house: `lie${name}x${String(lie).replace(/\W/g, "m")}`,
          liveNodes: async () => lie,
        });
        await own.kill();
        const gcra: LimitRule = { kind: "gcra", name: "g", tokens: 10, window_ms: 100_000, burst_tokens: 10 };
        for (const rule of [still(10), gcra]) {
          const granted = await made.granted(12, claim(rule.name, rule));
          expect([lie, rule.name, granted >= 1, granted <= 10]).toEqual([lie, rule.name, true, true]);
        }
        await own.start();
        await made.limiter[Symbol.asyncDispose]();
      }
      const stuck = await node({ url: own.url, house: `stuck${name}`, liveNodes: () => new Promise(() => {}) });
      expect(stuck.limiter.stats().is_alone).toBe(false);
      await stuck.limiter[Symbol.asyncDispose]();
    },
  );

  test.concurrent("RE47: another number of nodes gives no key a new burst", async () => {
    const { node } = newHouse();
    await using own = await testRedis();
    let live = 2;
    const made = await node({ url: own.url, liveNodes: async () => live });
    await own.kill();
    const gcra: LimitRule = { kind: "gcra", name: "g", tokens: 1, window_ms: 1_000_000, burst_tokens: 60 };
    const rules = [still(60), gcra, { kind: "counter", name: "c", tokens: 60, window_ms: 1_000_000 } as LimitRule];
    for (const rule of rules)
      expect([rule.name, await made.granted(60, claim(rule.name, rule))]).toEqual([rule.name, 30]);
    live = 3;
    await until(() => made.limiter.stats().nodes === 3);
    for (const rule of rules)
      expect([rule.name, await made.granted(60, claim(rule.name, rule))]).toEqual([rule.name, 0]);
  });

  test.concurrent("RE48: a Redis that was put back to an older state is met as one that lost everything", async () => {
    const { node } = newHouse();
    await using own = await testRedis();
    const nodes = [await node({ url: own.url }), await node({ url: own.url })];
    const rule = still(100);
    expect(await nodes[0]!.granted(20, claim("k", rule))).toBe(20);
    await own.command("SAVE");
    expect(await nodes[1]!.granted(80, claim("k", rule))).toBe(80);
    // Once each node has met it since, it can be seen that this is gone.
    const met = async () => {
      const keys = (await own.command("KEYS", "*:met:*")) as string[];
      return Promise.all(keys.map(async (key) => Number(await own.command("GET", key))));
    };
    const before = await met();
    expect(before).toHaveLength(2);
    await until(async () => Math.min(...(await met())) > Math.max(...before) + 1);
    await own.kill();
    await own.start();
    // The next meeting of either is within a second.
    await until(() => nodes.every(({ events }) => events.at(-1) === "shared"));
    expect(await nodes[0]!.granted(10, claim("k", rule))).toBe(0);
  });
});
