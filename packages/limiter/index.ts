import { randomUUID } from "node:crypto";

import { createRedisLimiter, type RedisLimiterStats } from "../../engines/redis/limiter.ts";
import {
  createLocalLimiter,
  type LimitClaim,
  type LimitDecision,
  type LimitHold,
  type LimitRule,
  termsOf,
} from "../../ports/limiter/index.ts";
import { COMMAND_MS_MAX, KEYS_MAX } from "./bounds.ts";
import { quietClock } from "./clock.ts";
import { claimsOf, type Keys, named, type Rule } from "./keys.ts";
import { commandsOver, countedNodes, type RedisConnection } from "./redis.ts";

export interface LimiterOptions<Name extends string> {
  /** What each limit allows, under its name. */
  rules: Record<Name, Rule>;
  /** Shared by all nodes through this Redis; in this process alone where nothing is said. */
  redis?: RedisConnection;
  /** Below which name its keys lie: letters, digits, `_` and `-`. `limits` where nothing is said. */
  name?: string;
  /** Nodes borrow tokens ahead, so that most decisions need no Redis, and a limit may be passed by 1 %. */
  leases?: boolean;
  /** How many nodes there are, for their parts while Redis is away. Counted through Redis where nothing is said. */
  nodes?: () => number | Promise<number>;
  /** Hash slots over which keys are spread on a cluster; 1 where nothing is said. */
  spread?: number;
  /** Keys that this process keeps account of; 100,000 where nothing is said, about 250 bytes each. */
  keys_max?: number;
  /** How long a request waits for Redis; 40 ms where nothing is said. */
  answer_ms_max?: number;
  /** Told when this node decides alone from now on, with the reason. */
  onAlone?: (reason: string) => void;
  /** Told when Redis decides again, with how many keys it was told of. */
  onShared?: (told: { keys: number; away_ms: number }) => void;
}

export interface Limiter<Name extends string = string> {
  /**
   * One decision over all the limits that are named: all or nothing.
   * @throws RangeError for a name without a rule, or where nothing is named
   */
  take(keys: Keys<Name>, asked?: Asked): Promise<Decision>;
  /** Returns what was taken, where it turned out not to count. Also a reward. */
  giveBack(keys: Keys<Name>, cost_tokens?: number): Promise<void>;
  /** Takes without asking: a deed that costs afterwards. A debt is at most what the limit holds. */
  penalise(keys: Keys<Name>, cost_tokens?: number): Promise<void>;
  /** The slots of a grant are free again. More than once is no harm. */
  release(hold: LimitHold): Promise<void>;
  /** Holds them for another `hold_ms`. @returns false where they ran out meanwhile */
  renew(hold: LimitHold): Promise<boolean>;
  /** Resolves when the first try to reach Redis has ended, well or not. No request has to wait for it. */
  readonly ready: Promise<void>;
  /** How decisions came about; null without Redis. */
  stats(): RedisLimiterStats | null;
  /** Gives back what was borrowed. The connection stays yours. */
  close(): Promise<void>;
}

export interface Asked {
  /** 1 where nothing is said; 0 only asks. */
  cost_tokens?: number;
  /** The request may be granted for later, `wait_ms` from now, up to this. */
  patience_ms?: number;
}

export interface Decision extends LimitDecision {
  /** What was asked for, for headers. */
  claims: LimitClaim[];
}

const HOUSE = /^[\w-]{1,64}$/;

/** Limits in this process, or of all nodes through Redis. @throws RangeError for rules that cannot be meant */
export function createLimiter<const Name extends string>(options: LimiterOptions<Name>): Limiter<Name> {
  const rules: Map<string, LimitRule> = named(options.rules);
  for (const rule of rules.values()) termsOf(rule);
  const house = options.name ?? "limits";
  if (!HOUSE.test(house)) throw new RangeError("A limiter's name is 1…64 letters, digits, _ and -.");
  const clock = quietClock();
  const keys_max = options.keys_max ?? KEYS_MAX;

  function overRedis(connection: RedisConnection) {
    const { nodes, onAlone, onShared, answer_ms_max } = options;
    const redis = commandsOver(connection, { clock, command_ms_max: Math.max(COMMAND_MS_MAX, answer_ms_max ?? 0) });
    return createRedisLimiter({
      redis,
      clock,
      house,
      keys_max,
      liveNodes: nodes ? async () => nodes() : countedNodes(redis, house, randomUUID()),
      leases: options.leases ?? false,
      spread: options.spread ?? 1,
      ...(onAlone && { onAlone }),
      ...(onShared && { onShared }),
      ...(answer_ms_max !== undefined && { answer_ms_max }),
    });
  }
  const shared = options.redis ? overRedis(options.redis) : null;
  const limiter = shared ?? createLocalLimiter({ clock, keys_max });

  return {
    async take(keys, { cost_tokens = 1, patience_ms = 0 } = {}) {
      const claims = claimsOf(rules, keys, cost_tokens);
      return { ...(await limiter.take(claims, patience_ms)), claims };
    },
    giveBack: async (keys, cost_tokens = 1) => limiter.giveBack(claimsOf(rules, keys, cost_tokens)),
    penalise: async (keys, cost_tokens = 1) => limiter.penalise(claimsOf(rules, keys, cost_tokens)),
    release: (hold) => limiter.release(hold),
    renew: (hold) => limiter.renew(hold),
    ready: shared?.ready ?? Promise.resolve(),
    stats: () => shared?.stats() ?? null,
    close: async () => limiter[Symbol.asyncDispose](),
  };
}

export { headersOf, problemOf } from "./answer.ts";
export { clientAddress } from "./address.ts";
export { addressKey, type LimitDecision, type LimitHold, type LimitRule, quotaOf } from "../../ports/limiter/index.ts";
export type { Keys, Rule } from "./keys.ts";
export type { RedisConnection, SendCommand } from "./redis.ts";
export type { GateOptions, Seen } from "./gate.ts";
