import { RedisClient } from "bun";

import type { Fault } from "../fault.ts";

/**
 * Redis takes commands and answers none, for all its clients, for as many ms as it was told: it counts them itself, so nothing
 * has to be taken back.
 */
export const redisGone: Fault = {
  async obstacle({ hello, secrets }) {
    if (!hello.redis) return "this house has no Redis (REDIS_URL), so it cannot miss it";
    if (secrets.redis_url === null)
      return "the house has a Redis, but REDIS_URL is not set here; set what the house has";
    return isHere(secrets.redis_url) ? null : "its Redis is on another machine, where others may stand on it";
  },
  async begin({ secrets, seconds }) {
    const client = new RedisClient(secrets.redis_url!, { autoReconnect: false, connectionTimeout: 2_000 });
    await client.connect();
    await client.send("CLIENT", ["PAUSE", String(seconds * 1_000), "ALL"]);
    return {
      async [Symbol.asyncDispose]() {
        // It answers when the pause is over.
        await client.send("PING", []).catch(() => {});
        client.close();
      },
    };
  },
};

function isHere(url: string): boolean {
  if (url.startsWith("redis+unix:")) return true;
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
