import { LIMIT_BURST_TOKENS_MAX } from "./bounds.ts";
import type { LimitRule } from "./index.ts";

/**
 * A rate in millitokens per second, over milliseconds, gives microtokens: so a refill is one integer product without a
 * remainder. 10⁹ tokens are 10¹⁵ microtokens, below 2⁵³.
 */
export const MICRO = 1_000_000;

export interface Rate {
  burst_micro: number;
  /** Millitokens per second = microtokens per millisecond. */
  micro_per_ms: number;
  full_ms: number;
}

export interface Bucket {
  level_micro: number;
  at_ms: number;
}

/** @throws RangeError for a rule that could never let anything pass, or that overflows */
export function rateOf(rule: LimitRule): Rate {
  const burst_micro = rule.burst_tokens * MICRO;
  const micro_per_ms = Math.round(rule.tokens_per_s * 1_000);
  if (!Number.isInteger(rule.burst_tokens) || rule.burst_tokens < 1 || rule.burst_tokens > LIMIT_BURST_TOKENS_MAX) {
    throw new RangeError(
      `The rule ${rule.name} must hold 1…${LIMIT_BURST_TOKENS_MAX} whole tokens, not ${rule.burst_tokens}.`,
    );
  }
  if (!(micro_per_ms >= 1 && micro_per_ms <= LIMIT_BURST_TOKENS_MAX * 1_000)) {
    throw new RangeError(
      `The rule ${rule.name} must refill with 0.001…${LIMIT_BURST_TOKENS_MAX} tokens a second, not ${rule.tokens_per_s}.`,
    );
  }
  return { burst_micro, micro_per_ms, full_ms: Math.ceil(burst_micro / micro_per_ms) };
}

/** What the bucket holds at `now_ms`. A clock that seems to step back refills nothing. */
export function levelAt(bucket: Bucket, rate: Rate, now_ms: number): number {
  const elapsed_ms = now_ms - bucket.at_ms;
  if (elapsed_ms <= 0) return Math.min(bucket.level_micro, rate.burst_micro);
  // Beyond `full_ms` the product could leave the integers, and the answer is known.
  if (elapsed_ms >= rate.full_ms) return rate.burst_micro;
  return Math.min(rate.burst_micro, bucket.level_micro + elapsed_ms * rate.micro_per_ms);
}

export const msUntil = (missing_micro: number, rate: Rate): number =>
  missing_micro <= 0 ? 0 : Math.ceil(missing_micro / rate.micro_per_ms);
