import { RedisClient } from "bun";

import type { Fault } from "../fault.ts";

/** A pause cannot be taken back, so it is a chain of short ones; each link is bounded by Redis itself. */
const LINK_MS = 500;

/**
 * Redis takes commands and answers none, for all its clients. Whoever was paused first goes on first, and that is this
 * connection, whose next pause is there already: so nobody gets between two of them. A chain whose connection is closed, also by a kill -9
 * of this process, ends with its link.
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
    const links = Array.from({ length: Math.ceil((seconds * 1_000) / LINK_MS) }, () =>
      client.send("CLIENT", ["PAUSE", String(LINK_MS), "ALL"]),
    );
    for (const link of links) link.catch(() => {});
    await links[0];
    return {
      async [Symbol.asyncDispose]() {
        client.close();
        // Another is answered when the pause is over.
        const after = new RedisClient(secrets.redis_url!, { autoReconnect: false, connectionTimeout: 2_000 });
        await after.send("PING", []).catch(() => {});
        after.close();
      },
    };
  },
};

function isHere(url: string): boolean {
  if (url.startsWith("redis+unix:")) return true;
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
