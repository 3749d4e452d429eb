import { afterAll } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";
import { limiterContract } from "#ports/limiter/contract.suite.ts";
import type { Limiter, LimitRule } from "#ports/limiter/index.ts";

import { createRedis, createRedisLimiter } from "./index.ts";
import { testRedis } from "./testing.ts";

/** The machine of a test may stand still for a while, and that is not what is tried here. */
const PATIENT_MS = 10_000;

const server = await testRedis();
const clock = createSystemClock();
const redis = createRedis({ url: server.url, clock, command_ms_max: PATIENT_MS, connect_ms_max: PATIENT_MS });
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
let houses = 0;

/** With others before and after it, so that a request is decided in a batch. */
function crowded(limiter: Limiter): Limiter {
  const others: LimitRule = { name: "others", burst_tokens: 1_000_000, tokens_per_s: 1 };
  const other = () => limiter.take([{ key: "others", rule: others, cost_tokens: 1 }]);
  return {
    ...limiter,
    async take(claims, patience_ms) {
      const [, decision] = await Promise.all([other(), limiter.take(claims, patience_ms), other()]);
      return decision;
    },
  };
}

for (const [engine, spread, is_crowded] of [
  ["Redis", 1, false],
  ["Redis, in batches", 1, true],
  ["Redis in 4 slots", 4, false],
] as const) {
  limiterContract(
    engine,
    async () => {
      let now = 1_800_000_000_000;
      const limiter = createRedisLimiter({
        redis,
        clock,
        house: `house${houses++}`,
        keys_max: 1_000,
        liveNodes: async () => 1,
        spread,
        answer_ms_max: PATIENT_MS,
        time_ms: () => now,
      });
      await limiter.ready;
      return {
        limiter: is_crowded ? crowded(limiter) : limiter,
        async advance(ms) {
          now += ms;
        },
        [Symbol.asyncDispose]: () => limiter[Symbol.asyncDispose](),
      };
    },
    25,
  );
}
