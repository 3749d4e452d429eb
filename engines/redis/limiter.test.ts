import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";
import { freePort } from "#ports/http/testing.ts";
import type { LimitRule } from "#ports/limiter/index.ts";

import { createRedis } from "./index.ts";
import { createPurses } from "./limiter-purses.ts";
import type { RedisCommands } from "./script.ts";
import { claim, clock, limiterNodes, PATIENT_MS, still, until } from "./testing-limiter.ts";
import { testRedis } from "./testing.ts";

const server = await testRedis();
const opened = new AsyncDisposableStack();
afterAll(async () => {
  await opened.disposeAsync();
  await server[Symbol.asyncDispose]();
});

let house = 0;
beforeEach(() => {
  house++;
});

const node = limiterNodes(server, opened, () => `house${house}`);

describe("engines/redis: a limit of all nodes", () => {
  test("RE20: a request over many limits is one script, and one refusal takes nothing from any", async () => {
    const { limiter, left } = await node();
    const wide = still(10, "wide");
    const kinds: LimitRule[] = [
      { kind: "fixed", name: "f", tokens: 10, window_ms: 600_000 },
      { kind: "log", name: "l", tokens: 10, window_ms: 600_000 },
      { kind: "counter", name: "c", tokens: 10, window_ms: 600_000 },
      { kind: "slots", name: "s", slots: 10, hold_ms: 600_000 },
    ];
    const all = [claim("w", wide), ...kinds.map((rule) => claim(rule.name, rule))];
    expect((await limiter.take(all)).allowed).toBe(true);
    const none = still(1, "none");
    await limiter.take([claim("n", none)]);
    const before = limiter.stats().scripts;
    expect(await limiter.take([...all, claim("n", none)])).toMatchObject({ allowed: false, rule: { name: "none" } });
    expect(limiter.stats().scripts - before).toBe(1);
    for (const { key, rule } of all) expect([key, await left(key, rule)]).toEqual([key, 9]);
  });

  test("RE20: many requests at once are decided one after the other in few scripts, and each is whole", async () => {
    const { limiter, left } = await node();
    const [few, many] = [still(10, "few"), still(1_000, "many")];
    const before = limiter.stats().scripts;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => limiter.take([claim("many", many), claim(`few${i % 5}`, few)])),
    );
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(50);
    expect(limiter.stats().scripts - before).toBeLessThan(20);
    expect(await left("many", many)).toBe(950);
  });

  test("RE21: clocks of nodes that are hours apart change nothing", async () => {
    const shifted = (by_ms: number): Clock => ({
      ...clock,
      now: () => clock.now() + by_ms,
      monotonic: () => clock.monotonic() + Math.abs(by_ms),
    });
    const early = await node({ clock: shifted(-7_200_000) });
    const late = await node({ clock: shifted(7_200_000) });
    const rule: LimitRule = { kind: "fixed", name: "f", tokens: 5, window_ms: 600_000 };
    expect(await early.granted(3, claim("k", rule))).toBe(3);
    expect(await late.granted(5, claim("k", rule))).toBe(2);
    expect(await early.granted(5, claim("k", rule))).toBe(0);
  });

  test("RE22: a node of a cluster takes every script: keys of a house are in one slot, or spread over some", async () => {
    const [port, bus] = [String(freePort()), String(freePort())];
    await using cluster = await testRedis("--cluster-enabled", "yes", "--port", port, "--cluster-port", bus);
    await cluster.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    while (!String(await cluster.command("CLUSTER", "INFO")).includes("cluster_state:ok")) await Bun.sleep(5);
    await using redis = createRedis({
      url: cluster.url,
      clock,
      command_ms_max: PATIENT_MS,
      connect_ms_max: PATIENT_MS,
    });
    for (const spread of [1, 8]) {
      const { limiter, events } = await node({ redis, spread, house: `spread${spread}` });
      const claims = Array.from({ length: 6 }, (_, i) => claim(`k${i}`, still(3)));
      const taken = [];
      for (let i = 0; i < 4; i++) taken.push((await limiter.take(claims)).allowed);
      expect(taken).toEqual([true, true, true, false]);
      expect(events).toEqual([]);
      await limiter[Symbol.asyncDispose]();
    }
  });

  test("RE23: over several slots many requests at once grant no more than there is, and what they refuse is all there", async () => {
    const { limiter, left } = await node({ spread: 8 });
    const keys = Array.from({ length: 5 }, (_, i) => `k${i}`);
    const rule = still(40);
    const asked = Array.from({ length: 300 }, (_, i) => [
      claim(keys[i % 5]!, rule),
      claim(keys[(i * 3 + 1) % 5]!, rule),
    ]);
    const answers = await Promise.all(asked.map((claims) => limiter.take(claims)));
    const used = new Map<string, number>();
    for (const [i, { allowed }] of answers.entries())
      if (allowed) for (const { key } of asked[i]!) used.set(key, (used.get(key) ?? 0) + 1);
    for (const key of keys) expect([key, await left(key, rule)]).toEqual([key, 40 - (used.get(key) ?? 0)]);
  });

  test("RE24: several processes together grant a limit once, with leases and without", async () => {
    const child = join(import.meta.dirname, "limiter-child.ts");
    for (const leases of ["", "leases"]) {
      const children = [1, 2, 3].map(() =>
        Bun.spawn([process.execPath, child, server.url, `many${house}${leases}`, leases], { stdout: "pipe" }),
      );
      const told = await Promise.all(
        children.map(async ({ stdout }) => JSON.parse(await new Response(stdout).text()) as Told),
      );
      const sum = (of: keyof Told) => told.reduce((all, one) => all + one[of], 0);
      // Each asks 800 times for what holds 1,200 and gets nothing back meanwhile.
      expect([leases, sum("alone")]).toEqual([leases, 0]);
      expect(sum("granted")).toBeLessThanOrEqual(1_200);
      // What lies in purses, at most 1 % in all, may be what nobody came for.
      expect(sum("granted")).toBeGreaterThanOrEqual(leases ? 1_188 : 1_200);
    }
  });

  test("RE25: with leases a script serves ten decisions and more, and what was borrowed goes back", async () => {
    const { limiter } = await node({ leases: true });
    const rules = [still(3_000, "address"), still(2_000, "person"), still(2_000, "token"), still(50_000, "house")];
    const claims = rules.map((rule) => claim(rule.name, rule));
    for (let i = 0; i < 1_000; i++) expect((await limiter.take(claims)).allowed).toBe(true);
    const { scripts, decisions, by_purse, by_redis } = limiter.stats();
    expect(by_purse + by_redis).toBe(1_000);
    expect(decisions / scripts).toBeGreaterThanOrEqual(10);
    await limiter[Symbol.asyncDispose]();
    const { left } = await node();
    for (const { key, rule } of claims) expect([key, await left(key, rule)]).toEqual([key, capacity(rule) - 1_000]);
  });

  test("RE26: with leases a refusal takes nothing out of a purse, and a storm of refused ones asks Redis once", async () => {
    const { limiter, granted } = await node({ leases: true });
    const [wide, none] = [still(2_000, "wide"), still(5, "none")];
    expect(await granted(5, claim("w", wide), claim("n", none))).toBe(5);
    const before = limiter.stats().scripts;
    expect(await granted(50, claim("w", wide), claim("n", none))).toBe(0);
    // A refusal is believed for a second.
    expect(limiter.stats().scripts - before).toBeLessThan(25);
    await limiter[Symbol.asyncDispose]();
    expect(await (await node()).left("w", wide)).toBe(1_995);
  });

  test("RE26: at the edge of a limit a node waits until its purse has come back, and then asks once for all of it", () => {
    const purses = createPurses({ nodes: () => 2, keys_max: 10 });
    const asked = (rule: LimitRule) => [claim(rule.name, rule)];
    // Of 1,000 a purse holds 5, which at half of 200 a second take 50 ms; of 100 none, so each request asks.
    const edge: LimitRule = { name: "edge", burst_tokens: 1_000, tokens_per_s: 200 };
    const slow: LimitRule = { name: "slow", burst_tokens: 1_000, tokens_per_s: 10 };
    const small: LimitRule = { name: "small", burst_tokens: 100, tokens_per_s: 200 };
    for (const [rule, wait_ms, until_ms] of [
      [edge, 5, 50],
      [slow, 20, 100],
      [small, 5, 5],
      [slow, 5_000, 1_000],
    ] as const) {
      purses.clear();
      const split = purses.split(asked(rule), 0);
      split.refused(0, wait_ms, 0);
      const before = purses.decide(asked(rule), until_ms - 1);
      expect([rule.name, before?.allowed, purses.decide(asked(rule), until_ms)]).toEqual([rule.name, false, null]);
    }
  });

  test("RE36: a bucket's key is there until it is full again, however it was written, and goes then", async () => {
    const { limiter, left } = await node();
    const rule = still(100);
    const keyOf = async (name: string) =>
      String(((await server.command("KEYS", `folkhus:{house${house}.0}:limit:*:b:${name}`)) as string[])[0]);
    const lives = async () => Number(await server.command("PTTL", await keyOf("k")));
    // The first write sets a time to live, those after it are written in place until that is too short.
    for (const [i, cost] of [1, 1, 4, 30, 1, 60].entries()) {
      const began = clock.monotonic();
      const { allowed, reset_after_ms } = await limiter.take([claim("k", rule, cost)]);
      const ms = await lives();
      const is_long_enough = ms + clock.monotonic() - began >= reset_after_ms - 1;
      expect([i, allowed, is_long_enough, ms <= reset_after_ms + 60_000]).toEqual([i, true, true, true]);
    }
    // A token comes back in 1,000 s.
    await limiter.giveBack([claim("k", rule, 50)]);
    expect(await lives()).toBeLessThanOrEqual(47_000_000);
    expect((await limiter.take([claim("k", rule, 40)])).allowed).toBe(true);
    expect(await left("k", rule)).toBe(13);
    expect(await lives()).toBeGreaterThan(80_000_000);
    const quick: LimitRule = { name: "quick", burst_tokens: 5, tokens_per_s: 100 };
    await limiter.take([claim("quick", quick, 5)]);
    await limiter.take([claim("quick", quick)]);
    await until(async () => (await keyOf("quick")) === "undefined");
    expect(await left("quick", quick)).toBe(5);
  });

  test("RE27: slots that one node took, another releases and renews", async () => {
    const [one, other] = [await node(), await node()];
    const rule: LimitRule = { kind: "slots", name: "s", slots: 1, hold_ms: 600_000 };
    const { hold } = await one.limiter.take([claim("k", rule)]);
    expect((await other.limiter.take([claim("k", rule)])).allowed).toBe(false);
    expect(await other.limiter.renew(hold!)).toBe(true);
    await other.limiter.release(hold!);
    expect(await one.limiter.renew(hold!)).toBe(false);
    expect((await one.limiter.take([claim("k", rule)])).allowed).toBe(true);
  });
});

describe("engines/redis: limits while Redis is away", () => {
  const policies = (nodes: number) => ({ liveNodes: async () => nodes });

  test("RE28: killed, each rule holds as it says: open, closed, or this node's part", async () => {
    await using own = await testRedis();
    const made = await node({ url: own.url, ...policies(4) });
    const [open, closed, share] = [
      still(1, "open", { when_away: "open" }),
      still(100, "closed", { when_away: "closed" }),
      still(100, "share"),
    ];
    expect(await made.granted(2, claim("o", open))).toBe(1);
    await own.kill();
    expect(await made.granted(5, claim("o", open))).toBe(5);
    expect(await made.granted(5, claim("c", closed))).toBe(0);
    expect(await made.granted(50, claim("s", share))).toBe(25);
    expect(await made.granted(5, claim("o", open), claim("s2", share))).toBe(5);
    expect(await made.limiter.take([claim("c", closed), claim("s3", share)])).toMatchObject({
      allowed: false,
      rule: { name: "closed" },
      retry_after_ms: 1_000,
    });
    expect(made.events).toEqual(["alone"]);
    expect(made.limiter.stats().is_alone).toBe(true);
  });

  test("RE29: a Redis that stands still holds nobody up: each is answered here, and soon it is not asked any more", async () => {
    await using own = await testRedis();
    const made = await node({ url: own.url, answer_ms_max: 40, ...policies(2) });
    await made.limiter.take([claim("k", still(100))]);
    await until(() => !made.limiter.stats().is_alone);
    own.freeze();
    // Nothing of this ends before Redis goes on, unless it is answered without it.
    for (let i = 0; i < 30; i++) await made.limiter.take([claim("k", still(100, "share"))]);
    expect(made.limiter.stats().is_alone).toBe(true);
    expect(made.events.at(-1)).toBe("alone");
    const { late } = made.limiter.stats();
    await made.granted(100, claim("k", still(100)));
    expect(made.limiter.stats().late).toBe(late);
    own.thaw();
    await until(() => !made.limiter.stats().is_alone);
    expect(made.events.at(-1)).toBe("shared");
  });

  test("RE30: a Redis that says what cannot be is not believed", async () => {
    const real = await node();
    const lies: unknown[] = ["yes", [1], [1, 0, 9, 0, 0, 0], [7, 0, 1, 0, 0, 0], [1, -5, 1, 0, 0, 0], null];
    for (const [i, lie] of lies.entries()) {
      let lying = false;
      const redis: RedisCommands = {
        ...real.redis,
        script: async (script, args, keys) => (lying ? lie : real.redis.script(script, args, keys)),
      };
      const made = await node({ redis, house: `lie${house}x${i}` });
      lying = true;
      const rule = still(2, "share", { when_away: "closed" });
      expect([lie, (await made.limiter.take([claim("k", rule)])).allowed]).toEqual([lie, false]);
      expect(made.events).toEqual(["alone"]);
      await made.limiter[Symbol.asyncDispose]();
    }
  });

  test("RE31: a Redis that lost everything is told by each node what it granted: nobody gets a second burst", async () => {
    await using own = await testRedis();
    const nodes = [await node({ url: own.url, ...policies(2) }), await node({ url: own.url, ...policies(2) })];
    const rule = still(100);
    for (const one of nodes) expect(await one.granted(40, claim("k", rule))).toBe(40);
    await own.kill();
    // Away, each goes on with what is left of its part.
    for (const one of nodes) expect(await one.granted(20, claim("k", rule))).toBe(10);
    await own.start();
    await until(() => nodes.every(({ limiter }) => !limiter.stats().is_alone));
    for (const one of nodes) expect(await one.granted(20, claim("k", rule))).toBe(0);
    expect(await nodes[0]!.granted(20, claim("new", rule))).toBe(20);
  });

  test("RE32: emptied between two requests, it is noticed by the very next one", async () => {
    await using own = await testRedis();
    const made = await node({ url: own.url });
    const rule = still(10);
    expect(await made.granted(10, claim("k", rule))).toBe(10);
    await own.command("FLUSHALL");
    expect(await made.granted(5, claim("k", rule))).toBe(0);
    await until(() => !made.limiter.stats().is_alone);
    expect(await made.granted(5, claim("k", rule))).toBe(0);
  });

  test("RE33: a Redis that comes back as it was is told only what was granted meanwhile", async () => {
    const real = await node();
    let is_away = false;
    const redis: RedisCommands = {
      ...real.redis,
      script: async (script, args, keys) => {
        if (is_away) throw new Error("cut off");
        return real.redis.script(script, args, keys);
      },
    };
    const made = await node({ redis });
    const rule = still(100);
    expect(await made.granted(30, claim("k", rule))).toBe(30);
    is_away = true;
    expect(await made.granted(20, claim("k", rule))).toBe(20);
    expect(await real.left("k", rule)).toBe(70);
    is_away = false;
    await until(() => !made.limiter.stats().is_alone);
    expect(await real.left("k", rule)).toBe(50);
  });

  test("RE34: who never reached Redis begins alone, and is told of", async () => {
    await using own = await testRedis();
    await own.kill();
    const made = await node({ url: own.url, ...policies(5) });
    expect(made.events).toEqual(["alone"]);
    expect(await made.granted(50, claim("k", still(100)))).toBe(20);
    await own.start();
    await until(() => !made.limiter.stats().is_alone);
    expect(await made.left("k", still(100))).toBe(80);
  });

  test("RE35: holds and fines of the time alone hold there, and fines are told afterwards", async () => {
    await using own = await testRedis();
    const made = await node({ url: own.url });
    const slots: LimitRule = { kind: "slots", name: "s", slots: 1, hold_ms: 600_000 };
    await own.kill();
    expect((await made.limiter.take([claim("k", still(50))])).allowed).toBe(true);
    const { hold } = await made.limiter.take([claim("s", slots)]);
    expect((await made.limiter.take([claim("s", slots)])).allowed).toBe(false);
    expect(await made.limiter.renew(hold!)).toBe(true);
    await made.limiter.release(hold!);
    expect((await made.limiter.take([claim("s", slots)])).allowed).toBe(true);
    await made.limiter.penalise([claim("k", still(50), 30)]);
    await made.limiter.giveBack([claim("k", still(50), 5)]);
    await own.start();
    await until(() => !made.limiter.stats().is_alone);
    expect(await made.left("k", still(50))).toBe(24);
  });
});

interface Told {
  granted: number;
  alone: number;
}

const capacity = (rule: LimitRule) => ("burst_tokens" in rule ? rule.burst_tokens : 0);
