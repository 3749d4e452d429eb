export { createRedis, type Redis, RedisAway, type RedisNeeds } from "./client.ts";
export { createRedisBus, type RedisBus, type RedisBusNeeds } from "./bus.ts";
export { createRedisLists, type RedisListsNeeds } from "./lists.ts";
export { createRedisLimiter, type RedisLimiter, type RedisLimiterNeeds, type RedisLimiterStats } from "./limiter.ts";
