import { afterAll } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";
import { limiterContract } from "#ports/limiter/contract.suite.ts";

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

for (const spread of [1, 4]) {
  limiterContract(
    spread === 1 ? "Redis" : `Redis in ${spread} slots`,
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
        limiter,
        async advance(ms) {
          now += ms;
        },
        [Symbol.asyncDispose]: () => limiter[Symbol.asyncDispose](),
      };
    },
    25,
  );
}
