import { HOUR_MS } from "#kernel/time.ts";
import type { LimitRule } from "#ports/limiter/index.ts";

import type { ShieldKind } from "./contract.ts";

/**
 * So many within any hour. While the nodes' common memory is away each node allows its part of it: a shield that opened then would be
 * opened by whoever floods, and one that closed would close the house.
 */
export function perHour(kind: ShieldKind, tokens: number): LimitRule {
  const key = `${kind} ${tokens}`;
  let rule = known.get(key);
  if (rule) return rule;
  rule = { name: `shield.${kind}`, kind: "counter", tokens, window_ms: HOUR_MS, when_away: "share" };
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, rule);
  return rule;
}

/** The limiter knows a rule by its object. There are three for each shield, and one for what is usual, which changes by the hour. */
const known = new Map<string, LimitRule>();
const KNOWN_MAX = 100;
