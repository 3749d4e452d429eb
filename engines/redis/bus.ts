import { RedisClient } from "bun";

import type { Json } from "#kernel/json.ts";
import { backoffMs } from "#kernel/retry.ts";
import { type Bus, createLocalBus, WAITING_MESSAGES_MAX } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Redis } from "./client.ts";

export interface RedisBus extends Bus {
  /** Resolves once what other nodes say is heard here. */
  connected(): Promise<void>;
  stats(): { sent: number; heard: number; dropped: number };
}

export interface RedisBusNeeds {
  /** For what is said; it has a breaker. */
  redis: Redis;
  /** For what is heard, which takes a connection of its own. */
  url: string;
  clock: Clock;
  /** Keeps houses apart that share one Redis. */
  house: string;
}

const AGAIN = { base_ms: 200, delay_ms_max: 5_000 };
const CONNECT_MS_MAX = 2_000;
/** A half-open connection is silent for ever; what is asked and not answered is closed. */
const ALIVE_EVERY_MS = 5_000;
/** JSON has neither of these as it is. */
const BETWEEN = "\u001e";
const AFTER_SUBJECT = "\u001f";

/**
 * All nodes on one Redis. Every node hears all and picks what somebody on it waits for, by the subject alone: so a
 * subscription holds from the moment it is made, without a way to Redis and back. What a node says it hears at once itself,
 * so a house of one node needs Redis for nothing; while it is away, each node goes on alone.
 */
export function createRedisBus({ redis, url, clock, house }: RedisBusNeeds): RedisBus {
  const local = createLocalBus();
  const channel = `folkhus:${house}:bus`;
  const me = crypto.randomUUID();
  /** Who waits for what here: subjects and patterns, by how many. */
  const wanted = new Map<string, number>();
  let waiting: string[] = [];
  let sending = false;
  let closed = false;
  let sent = 0;
  let heard = 0;
  let dropped = 0;
  let up = Promise.withResolvers<void>();
  let hearing: RedisClient | null = null;

  const isWanted = (subject: string) =>
    wanted.has(subject) || wanted.has(`${subject.slice(0, subject.lastIndexOf("."))}.*`);

  function hear(text: string): void {
    const [from, ...messages] = text.split(BETWEEN);
    if (from === me || closed) return;
    for (const message of messages) {
      const at = message.indexOf(AFTER_SUBJECT);
      const subject = message.slice(0, at);
      if (at < 0 || !isWanted(subject)) continue;
      try {
        local.publish(subject, JSON.parse(message.slice(at + 1)) as Json);
        heard += 1;
      } catch {
        // Somebody else writes to this channel; whatever it was, it is none of ours.
        dropped += 1;
      }
    }
  }

  /** What was said in this turn goes in one message; what is said while that is on its way, in the next. */
  async function send(): Promise<void> {
    while (waiting.length > 0 && !closed) {
      const now = waiting;
      waiting = [];
      try {
        await redis.send("PUBLISH", [channel, [me, ...now].join(BETWEEN)]);
        sent += now.length;
      } catch {
        // Redis is away: a bus may lose what it was given, and whoever must not miss it looks for itself.
        dropped += now.length;
      }
    }
    sending = false;
  }

  async function listen(): Promise<void> {
    for (let tries = 0; !closed; tries++) {
      const ended = Promise.withResolvers<void>();
      const client = new RedisClient(url, {
        autoReconnect: false,
        enableOfflineQueue: false,
        connectionTimeout: CONNECT_MS_MAX,
      });
      client.onclose = () => ended.resolve();
      hearing = client;
      let watch: Disposable | null = null;
      try {
        await client.connect();
        await client.subscribe(channel, hear);
        tries = 0;
        up.resolve();
        let asked = false;
        watch = clock.every(ALIVE_EVERY_MS, async () => {
          if (asked) return ended.resolve();
          asked = true;
          await client.ping().catch(() => ended.resolve());
          asked = false;
        });
        await ended.promise;
      } catch {
        // Tried again below; `redis` says that it is away.
      } finally {
        watch?.[Symbol.dispose]();
        client.close();
      }
      if (closed) return;
      up = Promise.withResolvers<void>();
      await clock.sleep(backoffMs(tries, AGAIN, () => clock.random()));
    }
  }
  const listening = listen();

  return {
    publish(subject, message) {
      local.publish(subject, message);
      if (closed) return;
      waiting.push(`${subject}${AFTER_SUBJECT}${JSON.stringify(message)}`);
      if (waiting.length > WAITING_MESSAGES_MAX) {
        waiting.shift();
        dropped += 1;
      }
      if (sending) return;
      sending = true;
      setImmediate(() => void send());
    },
    subscribe(subject, onMessage) {
      const subscription = local.subscribe(subject, onMessage);
      wanted.set(subject, (wanted.get(subject) ?? 0) + 1);
      let over = false;
      return {
        [Symbol.dispose]() {
          if (over) return;
          over = true;
          subscription[Symbol.dispose]();
          const still = wanted.get(subject)! - 1;
          if (still === 0) wanted.delete(subject);
          else wanted.set(subject, still);
        },
      };
    },
    connected: () => up.promise,
    stats: () => ({ sent, heard, dropped }),
    async [Symbol.asyncDispose]() {
      closed = true;
      waiting = [];
      hearing?.close();
      await local[Symbol.asyncDispose]();
      await listening;
    },
  };
}
