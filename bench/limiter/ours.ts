/** Ours, asked as `flexible.mjs` asks the peer. */
import { RedisClient } from "bun";

import { createRedis, createRedisLimiter } from "#engines/redis/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createLocalLimiter, type LimitClaim, type LimitRule } from "#ports/limiter/index.ts";

const clock = createSystemClock();
const LEVELS = ["address", "person", "token", "house"];
const RULES = LEVELS.map((name): LimitRule => ({ name, burst_tokens: 1_000_000_000, tokens_per_s: 300 }));

async function measured(decisions: number, at_once: number, decide: (i: number) => Promise<unknown>) {
  let next = 0;
  const one = async () => {
    while (next < decisions) await decide(next++);
  };
  const before = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: at_once }, one));
  const { user, system } = process.cpuUsage(before);
  return { cpu_s: (user + system) / 1e6, wall_s: (performance.now() - began) / 1_000 };
}

const claimsOf = (name: string): LimitClaim[] =>
  RULES.map((rule) => ({ key: `${rule.name}:${name}`, rule, cost_tokens: 1 }));

async function memory([decisions, keys]: [number, number]) {
  await using limiter = createLocalLimiter({ clock, keys_max: 100_000 });
  const names = Array.from({ length: keys }, (_, i) => `192.0.2.${i}`);
  // Claims are made for each request, as the house does.
  const one = (i: number) => limiter.take([{ key: `address:${names[i % keys]!}`, rule: RULES[0]!, cost_tokens: 1 }]);
  const four = (i: number) => limiter.take(claimsOf(names[i % keys]!));
  await measured(decisions, 1, one);
  return { one: await measured(decisions, 1, one), four: await measured(decisions, 1, four) };
}

async function overRedis([url, count, at_once, leases]: string[]) {
  const rules = leases ? "house" : "wide";
  await using redis = createRedis({ url: url!, clock, command_ms_max: 10_000 });
  await using limiter = createRedisLimiter({
    redis,
    clock,
    house: `bench${rules}`,
    keys_max: 10_000,
    liveNodes: async () => 1,
    leases: leases === "leases",
    answer_ms_max: 10_000,
  });
  await limiter.ready;
  const four = (i: number) => limiter.take(claimsOf(`k${i % 1_000}`));
  await measured(20_000, Number(at_once), four);
  console.log("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const before = limiter.stats();
  const took = await measured(Number(count), Number(at_once), four);
  const after = limiter.stats();
  const none: LimitRule = { name: "none", burst_tokens: 1, tokens_per_s: 0.001 };
  await limiter.take([{ key: `n${process.pid}`, rule: none, cost_tokens: 1 }]);
  const still = { ...RULES[0]!, burst_tokens: 1_000_000, tokens_per_s: 0.001 } as LimitRule;
  const others = LEVELS.map((name) => ({ key: `${name}:drained${process.pid}`, rule: still, cost_tokens: 1 }));
  for (let i = 0; i < 10; i++) await limiter.take([...others, { key: `n${process.pid}`, rule: none, cost_tokens: 1 }]);
  const left = await limiter.take([{ ...others[0]!, cost_tokens: 0 }]);
  return {
    ...took,
    drained: 1_000_000 - left.remaining_tokens,
    scripts: after.scripts - before.scripts,
    alone: after.by_itself,
  };
}

/** What the way there and back costs where nothing is asked. */
async function bare([url, count, at_once]: string[]) {
  const redis = new RedisClient(url!);
  const ping = () => redis.send("PING", []);
  await measured(20_000, Number(at_once), ping);
  console.log("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  return { ...(await measured(Number(count), Number(at_once), ping)), drained: 0, scripts: Number(count) };
}

const [what, ...rest] = process.argv.slice(2);
const how = {
  memory: () => memory(rest.map(Number) as [number, number]),
  redis: () => overRedis(rest),
  ping: () => bare(rest),
};
console.log(JSON.stringify(await how[what as keyof typeof how]()));
process.exit(0);
