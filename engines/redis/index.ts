export { createRedis, type Redis, RedisAway, type RedisNeeds } from "./client.ts";
export { createRedisLists, type RedisListsNeeds } from "./lists.ts";
