import { type LimitClaim, type LimitDecision, type LimitRule, type Terms, termsOf } from "#ports/limiter/index.ts";

/** What lies in the purses of all nodes is at most this part of a limit: over any span so much more than the limit can be granted. */
export const LEASED_PART = 0.01;
/** A refusal is believed for so long at most: another node may have given something back. */
export const REFUSAL_MS_MAX = 1_000;
/**
 * And for at least as long as a purse takes to come back at this node's part of the rate, up to this: who asks for each token as it
 * comes asks once for each, and who waits a moment gets as many at once.
 */
export const REST_MS_MAX = 100;
/** Tokens that nobody wanted for so long go back. */
export const IDLE_MS_MAX = 5_000;

interface Purse {
  key: string;
  rule: LimitRule;
  terms: Terms;
  tokens: number;
  /** What Redis had left when it was last asked, less what was spent from here since. */
  left: number;
  used_at: number;
  /** Being filled. */
  filling: Promise<void> | null;
  refused: { cost: number; again_at: number; believed_until: number } | null;
}

/** Tokens that this node has taken from Redis ahead of need. */
export interface Purses {
  /** @returns null where Redis has to be asked */
  decide(claims: LimitClaim[], now: number): LimitDecision | null;
  /** A purse of this request that is being filled. */
  filling(claims: LimitClaim[]): Promise<void> | null;
  /** Takes from purses what is there, and says what is left to ask for. */
  split(claims: LimitClaim[], now: number): Split;
  /** No longer full of what Redis said. */
  forget(claims: LimitClaim[]): void;
  /** What lies idle, or with `all` everything, to be given back. */
  empty(now: number, all: boolean): LimitClaim[];
  clear(): void;
}

export interface Split {
  /** To ask Redis for, with how much more. Empty: nothing. */
  asked: LimitClaim[];
  more: number[];
  /** Called with what came, or null: what was taken from purses goes back. */
  done(came: { borrowed: number[]; left: number | null; shown: number } | null): void;
  refused(shown: number, wait_ms: number, now: number): void;
}

export function createPurses({ nodes, keys_max }: { nodes: () => number; keys_max: number }): Purses {
  const purses = new Map<string, Purse>();

  /** 0: not worth it, or a kind for which a token of one moment is not one of another. */
  const leaseOf = (terms: Terms) =>
    terms.kind === "linear" ? Math.floor((terms.capacity * LEASED_PART) / Math.max(1, nodes())) : 0;

  function purseOf({ key, rule }: LimitClaim, now: number): Purse {
    let purse = purses.get(key);
    const terms = termsOf(rule);
    if (purse?.terms.layout !== terms.layout) {
      // The one that was used first goes, and its tokens are lost: at most its part of a limit.
      if (purses.size >= keys_max) purses.delete(purses.keys().next().value!);
      purse = { key, rule, terms, tokens: 0, left: terms.capacity, used_at: now, filling: null, refused: null };
      purses.set(key, purse);
    }
    purse.rule = rule;
    purse.terms = terms;
    purse.used_at = now;
    return purse;
  }
  const restOf = (terms: Terms) =>
    terms.kind === "linear"
      ? Math.min(REST_MS_MAX, Math.floor((leaseOf(terms) * terms.unit * nodes()) / terms.per_ms))
      : 0;
  const costOf = ({ cost_tokens }: LimitClaim, { terms }: Purse) => Math.min(cost_tokens, terms.capacity);

  return {
    decide(claims, now) {
      let shown: Purse | null = null;
      let least = Infinity;
      let enough = true;
      for (const claim of claims) {
        const purse = purseOf(claim, now);
        const { refused } = purse;
        if (refused && claim.cost_tokens >= refused.cost && now < refused.believed_until) {
          const retry_after_ms = Math.max(1, Math.ceil(refused.again_at - now));
          const after = { retry_after_ms, reset_after_ms: retry_after_ms };
          return { allowed: false, rule: claim.rule, remaining_tokens: 0, wait_ms: 0, ...after, hold: null };
        }
        const cost = costOf(claim, purse);
        if (cost === 0 || leaseOf(purse.terms) === 0 || purse.tokens < cost) enough = false;
        const share = (purse.left - cost) / purse.terms.capacity;
        if (share < least) [least, shown] = [share, purse];
      }
      if (!enough || !shown) return null;
      for (const claim of claims) {
        const purse = purses.get(claim.key)!;
        const cost = costOf(claim, purse);
        purse.tokens -= cost;
        purse.left = Math.max(purse.tokens, purse.left - cost);
      }
      const { terms, rule, left } = shown;
      const reset_after_ms =
        terms.kind === "linear" ? Math.ceil(((terms.capacity - left) * terms.unit) / terms.per_ms) : 0;
      return { allowed: true, rule, remaining_tokens: left, wait_ms: 0, retry_after_ms: 0, reset_after_ms, hold: null };
    },
    filling(claims) {
      for (const { key, cost_tokens } of claims) {
        const purse = purses.get(key);
        if (purse?.filling && purse.tokens < cost_tokens) return purse.filling;
      }
      return null;
    },
    split(claims, now) {
      const asked: LimitClaim[] = [];
      const more: number[] = [];
      const wanted: Purse[] = [];
      const taken: { purse: Purse; cost: number }[] = [];
      let filled = () => {};
      const filling = new Promise<void>((resolve) => (filled = resolve));
      for (const claim of claims) {
        const purse = purseOf(claim, now);
        const cost = costOf(claim, purse);
        const lease = leaseOf(purse.terms);
        const has = cost > 0 && lease > 0 && purse.tokens >= cost;
        if (has) {
          purse.tokens -= cost;
          taken.push({ purse, cost });
        }
        // A purse that is half empty is filled on the same way.
        const wants = lease > 0 && purse.filling === null && purse.tokens * 2 <= lease ? lease - purse.tokens : 0;
        if (has && wants === 0) continue;
        asked.push(has ? { ...claim, cost_tokens: 0 } : claim);
        more.push(wants);
        wanted.push(purse);
        if (wants > 0) purse.filling = filling;
      }
      const end = () => {
        for (const purse of wanted) if (purse.filling === filling) purse.filling = null;
        filled();
      };
      return {
        asked,
        more,
        done(came) {
          if (came) {
            wanted.forEach((purse, i) => (purse.tokens += came.borrowed[i]!));
            for (const purse of wanted) purse.refused = null;
            if (came.left !== null && wanted[came.shown]) wanted[came.shown]!.left = came.left;
          } else for (const { purse, cost } of taken) purse.tokens += cost;
          end();
        },
        refused(shown, wait_ms, at) {
          for (const { purse, cost } of taken) purse.tokens += cost;
          const purse = wanted[shown]!;
          const { cost_tokens: cost, rule } = asked[shown]!;
          // A slot may be free again at any moment.
          if (rule.kind !== "slots") {
            const again_ms = Math.max(wait_ms, restOf(purse.terms));
            purse.refused = { cost, again_at: at + again_ms, believed_until: at + Math.min(again_ms, REFUSAL_MS_MAX) };
          }
          end();
        },
      };
    },
    forget(claims) {
      for (const { key } of claims) {
        const purse = purses.get(key);
        if (purse) purse.refused = null;
      }
    },
    empty(now, all) {
      const back: LimitClaim[] = [];
      for (const purse of purses.values()) {
        if (purse.filling !== null || (!all && now - purse.used_at < IDLE_MS_MAX)) continue;
        if (purse.tokens > 0) back.push({ key: purse.key, rule: purse.rule, cost_tokens: purse.tokens });
        purses.delete(purse.key);
      }
      return back;
    },
    clear: () => purses.clear(),
  };
}
