import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import type { LimitClaim, LimitRule } from "#ports/limiter/index.ts";

import { createRedis, createRedisLimiter, type RedisLimiterNeeds } from "./index.ts";
import type { RedisCommands } from "./script.ts";
import type { TestRedis } from "./testing.ts";

/** The machine of a test may stand still for a while, and that is not what is tried here. */
export const PATIENT_MS = 10_000;
export const clock: Clock = createSystemClock();

/** Tokens that do not come back while a test runs. */
export const still = (burst_tokens: number, name = "still", more: Partial<LimitRule> = {}): LimitRule =>
  ({ name, burst_tokens, tokens_per_s: 0.001, ...more }) as LimitRule;
export const claim = (key: string, rule: LimitRule, cost_tokens = 1): LimitClaim => ({ key, rule, cost_tokens });

export const until = async (is: () => boolean | Promise<boolean>) => {
  while (!(await is())) await Bun.sleep(5);
};

export type LimiterNode = Awaited<ReturnType<ReturnType<typeof limiterNodes>>>;

/** Nodes of one house on a Redis, closed with `opened`. @param house asked each time: each test has one of its own */
export function limiterNodes(server: TestRedis, opened: AsyncDisposableStack, house: () => string) {
  return async (more: Partial<RedisLimiterNeeds> & { url?: string; command_ms_max?: number } = {}) => {
    const { url = server.url, command_ms_max = PATIENT_MS, ...rest } = more;
    const redis: RedisCommands =
      rest.redis ??
      opened.use(createRedis({ url, clock, command_ms_max, connect_ms_max: PATIENT_MS, away_ms_max: 250 }));
    const events: string[] = [];
    const limiter = createRedisLimiter({
      redis,
      clock,
      house: house(),
      keys_max: 1_000,
      liveNodes: async () => 1,
      answer_ms_max: PATIENT_MS,
      onAlone: () => events.push("alone"),
      onShared: () => events.push("shared"),
      ...rest,
    });
    opened.use(limiter);
    await limiter.ready;
    const granted = async (times: number, ...claims: LimitClaim[]) => {
      let count = 0;
      for (let i = 0; i < times; i++) if ((await limiter.take(claims)).allowed) count++;
      return count;
    };
    const left = async (key: string, rule: LimitRule) => (await limiter.take([claim(key, rule, 0)])).remaining_tokens;
    return { limiter, granted, left, redis, events };
  };
}
