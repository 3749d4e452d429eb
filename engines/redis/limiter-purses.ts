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
/** Purses of which one makes room for another. */
const LOOKED_AT_MAX = 8;

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

  /** What lay in purses that made room, at most so many as there are purses. */
  let put_aside: LimitClaim[] = [];

  /** Of the next few in line the one that was used longest ago goes, and the others to the end of the line. */
  function makeRoom(): void {
    const looked_at: Purse[] = [];
    for (const purse of purses.values()) {
      looked_at.push(purse);
      if (looked_at.length === LOOKED_AT_MAX) break;
    }
    const gone = looked_at.reduce((oldest, purse) => (purse.used_at < oldest.used_at ? purse : oldest));
    for (const purse of looked_at) {
      purses.delete(purse.key);
      if (purse !== gone) purses.set(purse.key, purse);
    }
    if (gone.tokens > 0 && put_aside.length < keys_max) put_aside.push(contentOf(gone));
  }

  function purseOf({ key, rule }: LimitClaim, now: number): Purse {
    let purse = purses.get(key);
    if (purse?.rule === rule) {
      purse.used_at = now;
      return purse;
    }
    const terms = termsOf(rule);
    if (purse?.terms.layout !== terms.layout) {
      if (purse) purses.delete(key);
      else if (purses.size >= keys_max) makeRoom();
      purse = { key, rule, terms, tokens: 0, left: terms.capacity, used_at: now, filling: null, refused: null };
      purses.set(key, purse);
    } else if (!isSame(purse.terms, terms)) {
      // A narrower rule holds at once, and a wider one may grant what was refused.
      purse.tokens = Math.min(purse.tokens, Math.floor(terms.capacity * LEASED_PART));
      purse.left = Math.min(purse.left, terms.capacity);
      purse.refused = null;
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
      const back = put_aside;
      put_aside = [];
      for (const purse of purses.values()) {
        if (purse.filling !== null || (!all && now - purse.used_at < IDLE_MS_MAX)) continue;
        if (purse.tokens > 0) back.push(contentOf(purse));
        purses.delete(purse.key);
      }
      return back;
    },
    clear() {
      purses.clear();
      put_aside = [];
    },
  };
}

const contentOf = ({ key, rule, tokens }: Purse): LimitClaim => ({ key, rule, cost_tokens: tokens });

const isSame = (a: Terms, b: Terms) =>
  a === b ||
  (a.capacity === b.capacity &&
    a.kind === "linear" &&
    b.kind === "linear" &&
    a.per_ms === b.per_ms &&
    a.unit === b.unit);
