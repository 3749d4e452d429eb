import type { Clock } from "#ports/clock/index.ts";

import { LIMIT_CLAIMS_MAX, LIMIT_KEY_LENGTH_MAX } from "./bounds.ts";
import { type Bucket, levelAt, MICRO, msUntil, type Rate, rateOf } from "./bucket.ts";
import type { LimitClaim, LimitDecision, LimitRule, LocalLimiter } from "./index.ts";

/** How many buckets the hand looks at to forget one. */
const EVICTION_SAMPLE = 8;
/** A request's own buckets are never forgotten for it, so there must be others. */
const KEYS_MIN = 2 * LIMIT_CLAIMS_MAX;

interface Held extends Bucket {
  key: string;
  rate: Rate;
  /** The last request that used it. */
  request: number;
}

/**
 * Token buckets in this process. A decision takes about a microsecond.
 * @param keys_max buckets held; about 200 bytes each. At the bound a hand goes round and forgets the fullest of the next
 *   eight: a full bucket says nothing that a new one would not.
 */
export function createLocalLimiter(needs: { clock: Clock; keys_max: number }): LocalLimiter {
  const { clock, keys_max } = needs;
  if (!Number.isInteger(keys_max) || keys_max < KEYS_MIN)
    throw new RangeError(`keys_max must be at least ${KEYS_MIN}.`);
  const buckets = new Map<string, Held>();
  // The same buckets in a ring for the hand. Keeping the Map in order of use instead cost 40 µs a decision.
  const ring: Held[] = [];
  const rates = new WeakMap<LimitRule, Rate>();
  let hand = 0;
  let request = 0;

  const rateFor = (rule: LimitRule): Rate => {
    let rate = rates.get(rule);
    if (!rate) rates.set(rule, (rate = rateOf(rule)));
    return rate;
  };

  /** The slot to use again: of the next eight that this request does not hold, the fullest; of those, the longest unused. */
  function slotToForget(now_ms: number): number {
    let found = -1;
    let fullest = -1;
    for (let seen = 0; seen < EVICTION_SAMPLE; hand = (hand + 1) % ring.length) {
      const held = ring[hand]!;
      if (held.request === request) continue;
      seen++;
      const share = levelAt(held, held.rate, now_ms) / held.rate.burst_micro;
      if (share > fullest || (share === fullest && held.at_ms < ring[found]!.at_ms)) [fullest, found] = [share, hand];
    }
    return found;
  }

  /** The bucket, brought to `now_ms`. */
  function use(key: string, rate: Rate, now_ms: number): Held {
    let held = buckets.get(key);
    if (held) {
      held.level_micro = levelAt(held, rate, now_ms);
      held.at_ms = now_ms;
      held.rate = rate;
      held.request = request;
      return held;
    }
    held = { key, level_micro: rate.burst_micro, at_ms: now_ms, rate, request };
    if (ring.length < keys_max) ring.push(held);
    else {
      const slot = slotToForget(now_ms);
      buckets.delete(ring[slot]!.key);
      ring[slot] = held;
    }
    buckets.set(key, held);
    return held;
  }

  function takeNow(claims: LimitClaim[]): LimitDecision {
    check(claims);
    request++;
    const now_ms = Math.floor(clock.monotonic());
    const held = claims.map((claim) => use(claim.key, rateFor(claim.rule), now_ms));
    // Taken one after another and given back if one refuses, so that a key that is claimed twice pays twice.
    let wait_ms = 0;
    let waiting = 0;
    for (const [i, bucket] of held.entries()) {
      const cost = costOf(claims[i]!, bucket.rate);
      const ms = msUntil(cost - bucket.level_micro, bucket.rate);
      bucket.level_micro -= cost;
      if (ms > wait_ms) [wait_ms, waiting] = [ms, i];
    }
    if (wait_ms > 0) for (const [i, bucket] of held.entries()) bucket.level_micro += costOf(claims[i]!, bucket.rate);
    const shown = wait_ms > 0 ? waiting : lowest(held);
    const bucket = held[shown]!;
    return {
      allowed: wait_ms === 0,
      rule: claims[shown]!.rule,
      remaining_tokens: Math.floor(bucket.level_micro / MICRO),
      retry_after_ms: wait_ms,
      reset_after_ms: msUntil(bucket.rate.burst_micro - bucket.level_micro, bucket.rate),
    };
  }

  return {
    takeNow,
    take: async (claims) => takeNow(claims),
    async giveBack(claims) {
      check(claims);
      const now_ms = Math.floor(clock.monotonic());
      for (const claim of claims) {
        const held = buckets.get(claim.key);
        // A key that was forgotten meanwhile begins full: there is nothing to return to it.
        if (!held) continue;
        const rate = rateFor(claim.rule);
        held.level_micro = Math.min(rate.burst_micro, levelAt(held, rate, now_ms) + costOf(claim, rate));
        held.at_ms = now_ms;
      }
    },
    get keys() {
      return buckets.size;
    },
    async [Symbol.asyncDispose]() {
      buckets.clear();
      ring.length = 0;
    },
  };
}

const costOf = (claim: LimitClaim, rate: Rate): number => Math.min(claim.cost_tokens * MICRO, rate.burst_micro);

function lowest(held: Held[]): number {
  let found = 0;
  let share = Infinity;
  for (const [i, bucket] of held.entries()) {
    const left = bucket.level_micro / bucket.rate.burst_micro;
    if (left < share) [share, found] = [left, i];
  }
  return found;
}

function check(claims: LimitClaim[]): void {
  if (claims.length === 0 || claims.length > LIMIT_CLAIMS_MAX) {
    throw new RangeError(`A request makes 1…${LIMIT_CLAIMS_MAX} claims, not ${claims.length}.`);
  }
  for (const { key, cost_tokens } of claims) {
    if (key.length === 0 || key.length > LIMIT_KEY_LENGTH_MAX)
      throw new RangeError(`A limiter's key has 1…${LIMIT_KEY_LENGTH_MAX} characters.`);
    if (!Number.isSafeInteger(cost_tokens) || cost_tokens < 0)
      throw new RangeError(`A claim costs whole tokens, not ${cost_tokens}.`);
  }
}
