import { createSystemClock } from "#ports/clock/index.ts";

import { createRedis, createRedisLimiter } from "./index.ts";

/** One of the processes of the test RE24: asks, some at a time, and says what it got. */
const [url, house, leases] = process.argv.slice(2) as [string, string, string];
const ASKED = 800;
const AT_A_TIME = 16;

const clock = createSystemClock();
await using redis = createRedis({ url, clock, command_ms_max: 30_000, connect_ms_max: 30_000 });
await using limiter = createRedisLimiter({
  redis,
  clock,
  house,
  keys_max: 1_000,
  liveNodes: async () => 3,
  leases: leases === "leases",
  answer_ms_max: 30_000,
});
await limiter.ready;
const claims = [
  { key: "house", rule: { name: "house", burst_tokens: 1_200, tokens_per_s: 0.001 }, cost_tokens: 1 },
  { key: `node ${process.pid}`, rule: { name: "wide", burst_tokens: 100_000, tokens_per_s: 0.001 }, cost_tokens: 1 },
];
let granted = 0;
let asked = 0;
const one = async () => {
  while (asked++ < ASKED) if ((await limiter.take(claims)).allowed) granted++;
};
await Promise.all(Array.from({ length: AT_A_TIME }, one));
console.log(JSON.stringify({ granted, alone: limiter.stats().by_itself }));
