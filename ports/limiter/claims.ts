import { LIMIT_CLAIMS_MAX, LIMIT_KEY_LENGTH_MAX, LIMIT_WAIT_MS_MAX } from "./bounds.ts";
import type { LimitClaim } from "./index.ts";

/** @throws RangeError for claims that cannot be meant */
export function checkClaims(claims: readonly LimitClaim[], patience_ms = 0): void {
  if (claims.length === 0 || claims.length > LIMIT_CLAIMS_MAX)
    throw new RangeError(`A request makes 1…${LIMIT_CLAIMS_MAX} claims, not ${claims.length}.`);
  for (let i = 0; i < claims.length; i++) {
    const { key, cost_tokens } = claims[i]!;
    if (key.length === 0 || key.length > LIMIT_KEY_LENGTH_MAX)
      throw new RangeError(`A limiter's key has 1…${LIMIT_KEY_LENGTH_MAX} characters.`);
    if (!Number.isSafeInteger(cost_tokens) || cost_tokens < 0)
      throw new RangeError(`A claim costs whole tokens, not ${cost_tokens}.`);
  }
  if (!Number.isSafeInteger(patience_ms) || patience_ms < 0 || patience_ms > LIMIT_WAIT_MS_MAX)
    throw new RangeError(`A request waits 0…${LIMIT_WAIT_MS_MAX} whole ms, not ${patience_ms}.`);
}

/** @throws RangeError also for slots: they are held or free, and a fine belongs on a limit of tokens */
export function checkFine(claims: readonly LimitClaim[]): void {
  checkClaims(claims);
  const slots = claims.find(({ rule }) => rule.kind === "slots");
  if (slots) throw new RangeError(`Slots are held or free: ${slots.rule.name} has no tokens to take away.`);
}

/** One claim for each key: what is claimed twice pays twice. @throws RangeError where one key comes with two rules */
export function mergeClaims(claims: LimitClaim[]): LimitClaim[] {
  if (!isTwice(claims)) return claims;
  const merged: LimitClaim[] = [];
  for (const claim of claims) {
    const same = merged.findIndex(({ key }) => key === claim.key);
    if (same < 0) merged.push(claim);
    else merged[same] = together(merged[same]!, claim);
  }
  return merged;
}

function isTwice(claims: LimitClaim[]): boolean {
  for (let i = 1; i < claims.length; i++)
    for (let j = 0; j < i; j++) if (claims[i]!.key === claims[j]!.key) return true;
  return false;
}

function together(one: LimitClaim, other: LimitClaim): LimitClaim {
  if (one.rule !== other.rule) throw new RangeError(`The key ${one.key} is claimed under two rules at once.`);
  return { ...one, cost_tokens: Math.min(Number.MAX_SAFE_INTEGER, one.cost_tokens + other.cost_tokens) };
}
