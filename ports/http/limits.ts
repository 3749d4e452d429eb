import { Problem } from "#kernel/errors.ts";
import type { Viewer } from "#kernel/viewer.ts";
import {
  addressKey,
  type LimitClaim,
  type LimitDecision,
  type Limiter,
  limitHeaders,
  type LimitHold,
  type LimitRule,
} from "#ports/limiter/index.ts";

export { addressKey } from "#ports/limiter/index.ts";

/** What each request draws from. The book may change from one request to the next; it knows whose tokens are counted, and this port does not. */
export interface LimitBook {
  /** What this request claims, all or nothing; at most `LIMIT_CLAIMS_MAX`, none for what is not counted. A promise only where something must be looked up. */
  draw(asked: LimitAsked): LimitClaim[] | Promise<LimitClaim[]>;
  /** Where a request with these claims may wait at the door for its place; null where it may not. */
  patience?(claims: LimitClaim[]): LimitPatience | null;
  /**
   * Told of every decision over what `draw` gave; null where it gave none, and nothing was asked. Must not throw.
   * @returns what to call when the answer begins, where there is something
   */
  decided?(asked: LimitAsked, claims: LimitClaim[], decision: LimitDecision | null): (() => void) | void;
}

export interface LimitPatience {
  /** At most so long. */
  ms: number;
  /** Called once, when it was decided: resolves after so many ms, which may be 0. */
  end(wait_ms: number): Promise<void>;
}

export interface LimitAsked {
  /** `METHOD /path` with the path's braces; `* /path` for a door, which takes all methods. */
  route: string;
  cost_tokens: number;
  viewer: Viewer;
  /** Of the caller, whole. */
  address: string;
  /** As they came, not looked at yet. */
  params?: Record<string, string>;
  /** The call of a route by a door, which was asked for one token itself. */
  is_inner?: boolean;
}

/** The buckets of `plainBook`. A page load is about 10 requests, so these stop floods and not people. */
export interface HttpLimits {
  address: LimitRule;
  person: LimitRule;
  token: LimitRule;
}

export const DEFAULT_LIMITS: HttpLimits = {
  address: { name: "address", burst_tokens: 3_000, tokens_per_s: 300 },
  person: { name: "person", burst_tokens: 1_500, tokens_per_s: 150 },
  token: { name: "token", burst_tokens: 1_500, tokens_per_s: 150 },
};

/**
 * The same three buckets for every route. Whoever has a good credential draws from their own and not from the address's: a
 * neighbour who floods it takes nothing from them (decisions/0034).
 */
export function plainBook(limits: HttpLimits): LimitBook {
  return {
    draw({ viewer, address, cost_tokens, is_inner }) {
      const cost = is_inner ? cost_tokens - 1 : cost_tokens;
      if (is_inner && cost === 0) return [];
      if (viewer.kind === "nobody")
        return [{ key: `address:${addressKey(address)}`, rule: limits.address, cost_tokens: cost }];
      const claims = [{ key: `person:${viewer.person_id}`, rule: limits.person, cost_tokens: cost }];
      if (viewer.credential.kind === "token")
        claims.push({ key: `token:${viewer.credential.id}`, rule: limits.token, cost_tokens: cost });
      return claims;
    },
  };
}

/** What a request got. */
export interface LimitsTaken {
  /** They tell the caller where it stands. */
  headers: Record<string, string>;
  /** Gives slots back, where it held any: when the answer begins. Fails never. */
  release: (() => Promise<void>) | null;
}

/**
 * One decision over all that the book names: all or nothing. Whoever has a place a little later waits for it here.
 * @param present for protocols that have headers of their own for it
 * @throws Problem 429 `limit.exceeded`
 */
export async function takeLimits(
  limiter: Limiter,
  book: LimitBook,
  asked: LimitAsked,
  present: (decision: LimitDecision, claims: LimitClaim[]) => Record<string, string> = limitHeaders,
): Promise<LimitsTaken> {
  const drawn = book.draw(asked);
  const claims = Array.isArray(drawn) ? drawn : await drawn;
  if (claims.length === 0) {
    const ended = book.decided?.(asked, claims, null);
    return { headers: {}, release: ended ? async () => ended() : null };
  }
  const decision = await decide(limiter, claims, book.patience?.(claims) ?? null);
  const ended = book.decided?.(asked, claims, decision);
  const headers = present(decision, claims);
  const { allowed, hold, rule, retry_after_ms } = decision;
  if (allowed) {
    return { headers, release: hold || ended ? () => giveBack(limiter, hold, ended) : null };
  }
  throw new Problem(
    429,
    "limit.exceeded",
    `Too many requests: the limit "${rule.name}" is used up. Try again ${inWords(retry_after_ms)}.`,
    { retry_after_s: Math.ceil(retry_after_ms / 1000), headers, violated_policies: [rule.name] },
  );
}

async function decide(limiter: Limiter, claims: LimitClaim[], patience: LimitPatience | null): Promise<LimitDecision> {
  if (patience === null) return limiter.take(claims);
  let wait_ms = 0;
  try {
    const decision = await limiter.take(claims, patience.ms);
    ({ wait_ms } = decision);
    return decision;
  } finally {
    await patience.end(wait_ms);
  }
}

async function giveBack(limiter: Limiter, hold: LimitHold | null, ended: (() => void) | void): Promise<void> {
  ended?.();
  // A hold that is not given back ends by itself.
  if (hold) await limiter.release(hold).catch(() => {});
}

const SOON_MS = 5_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const inWords = (ms: number): string =>
  ms <= SOON_MS
    ? "a little later"
    : ms < 2 * MINUTE_MS
      ? `in ${Math.ceil(ms / 1_000)} seconds`
      : ms < 2 * HOUR_MS
        ? `in ${Math.ceil(ms / MINUTE_MS)} minutes`
        : `in ${Math.ceil(ms / HOUR_MS)} hours`;
