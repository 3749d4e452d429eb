import type { Clock } from "#ports/clock/index.ts";

import { LIMIT_CLAIMS_MAX } from "./bounds.ts";
import { checkClaims, checkFine, mergeClaims } from "./claims.ts";
import type { LimitClaim, LimitDecision, LocalLimiter } from "./index.ts";
import type { LimitRule } from "./rules.ts";
import { SlotsStanding } from "./slots.ts";
import { standAnew, type Standing } from "./standing.ts";
import { type Terms, termsOf } from "./terms.ts";

/** How many keys the hand looks at to forget one. */
const EVICTION_SAMPLE = 8;
/** A request's own keys are never forgotten for it, so there must be others. */
const KEYS_MIN = 2 * LIMIT_CLAIMS_MAX;

interface Held {
  key: string;
  rule: LimitRule;
  terms: Terms;
  standing: Standing;
  /** The last request that used it. */
  request: number;
}

/**
 * Limits in this process. A decision takes about a microsecond.
 * @param keys_max keys held; about 250 bytes each, a counter its slices and a log its grants beside. At the bound a hand
 *   goes round and forgets the fullest of the next eight: a full bucket says nothing that a new one would not.
 */
export function createLocalLimiter(needs: { clock: Clock; keys_max: number }): LocalLimiter {
  const { clock, keys_max } = needs;
  if (!Number.isInteger(keys_max) || keys_max < KEYS_MIN)
    throw new RangeError(`keys_max must be at least ${KEYS_MIN}.`);
  const all = new Map<string, Held>();
  // The same in a ring for the hand. Keeping the Map in order of use instead cost 40 µs a decision.
  const ring: Held[] = [];
  let hand = 0;
  let request = 0;
  let holds = 0;
  // Of the decision under way: no decision waits for anything, so they are the same lists each time.
  const used: Held[] = [];
  const costs: number[] = [];

  const nowMs = () => Math.floor(clock.monotonic());

  /** The place to use again: of the next eight that this request does not hold, the one with most left; of those, the longest unused. */
  function placeToForget(now: number): number {
    let found = -1;
    let fullest = -Infinity;
    for (let seen = 0; seen < EVICTION_SAMPLE; hand = (hand + 1) % ring.length) {
      const held = ring[hand]!;
      if (held.request === request) continue;
      seen++;
      const share = held.standing.left(now) / held.terms.capacity;
      if (share > fullest || (share === fullest && held.request < ring[found]!.request))
        [fullest, found] = [share, hand];
    }
    return found;
  }

  function heldOf(key: string, rule: LimitRule, now: number): Held {
    let held = all.get(key);
    if (held) {
      if (held.rule !== rule) {
        held.terms = termsOf(rule);
        held.rule = rule;
        if (!held.standing.adopt(held.terms)) held.standing = standAnew(held.terms, now);
      }
      return held;
    }
    const terms = termsOf(rule);
    held = { key, rule, terms, standing: standAnew(terms, now), request };
    if (ring.length < keys_max) ring.push(held);
    else {
      const place = placeToForget(now);
      all.delete(ring[place]!.key);
      ring[place] = held;
    }
    all.set(key, held);
    return held;
  }

  /** Fills `used` and `costs`; a rule that cannot be meant is thrown back before anything is taken. */
  function gather(claims: LimitClaim[], now: number): void {
    request++;
    used.length = costs.length = 0;
    for (let i = 0; i < claims.length; i++) {
      const { key, rule, cost_tokens } = claims[i]!;
      const held = heldOf(key, rule, now);
      held.request = request;
      used.push(held);
      costs.push(Math.min(cost_tokens, held.terms.capacity));
    }
  }

  function takeNow(asked: LimitClaim[], patience_ms = 0): LimitDecision {
    checkClaims(asked, patience_ms);
    const claims = asked.length > 1 ? mergeClaims(asked) : asked;
    const now = nowMs();
    gather(claims, now);
    let allowed = true;
    let wait_ms = 0;
    let shown = 0;
    let holding = false;
    for (let i = 0; i < used.length; i++) {
      const { standing, terms } = used[i]!;
      const wait = standing.wait(costs[i]!, now);
      if (terms.kind === "slots" && costs[i]! > 0) holding = true;
      if (wait > wait_ms) [wait_ms, shown] = [wait, i];
      if (wait > (terms.kind === "slots" ? 0 : patience_ms)) allowed = false;
    }
    let hold: LimitDecision["hold"] = null;
    if (allowed) {
      if (holding) hold = { id: String(++holds), claims: claims.filter(({ rule }) => rule.kind === "slots") };
      for (let i = 0; i < used.length; i++) used[i]!.standing.spend(costs[i]!, now + wait_ms, hold?.id ?? "");
      shown = scarcest(now);
    }
    const { rule, standing } = used[shown]!;
    return {
      allowed,
      rule,
      remaining_tokens: Math.max(0, Math.floor(standing.left(now))),
      wait_ms: allowed ? wait_ms : 0,
      retry_after_ms: allowed ? 0 : wait_ms,
      reset_after_ms: standing.reset(now),
      hold,
    };
  }

  function scarcest(now: number): number {
    if (used.length === 1) return 0;
    let found = 0;
    let least = Infinity;
    for (let i = 0; i < used.length; i++) {
      const share = used[i]!.standing.left(now) / used[i]!.terms.capacity;
      if (share < least) [least, found] = [share, i];
    }
    return found;
  }

  function fine(claims: LimitClaim[], no_debt: boolean): void {
    const now = nowMs();
    gather(claims, now);
    for (let i = 0; i < used.length; i++) {
      const { standing, terms } = used[i]!;
      if (terms.kind === "slots" && no_debt) continue;
      const most = no_debt ? Math.max(0, Math.floor(standing.left(now))) : costs[i]!;
      standing.fine(Math.min(costs[i]!, most), now);
    }
  }

  const slotsOf = ({ claims }: { claims: LimitClaim[] }) =>
    claims.map(({ key }) => all.get(key)?.standing).filter((standing) => standing instanceof SlotsStanding);

  return {
    takeNow,
    take: async (claims, patience_ms) => takeNow(claims, patience_ms),
    async giveBack(claims) {
      checkClaims(claims);
      const now = nowMs();
      for (const { key, rule, cost_tokens } of mergeClaims(claims)) {
        // A key that was forgotten meanwhile begins full: there is nothing to return to it.
        if (!all.has(key)) continue;
        const { standing, terms } = heldOf(key, rule, now);
        standing.giveBack(Math.min(cost_tokens, terms.capacity), now);
      }
    },
    async penalise(claims) {
      checkFine(claims);
      fine(mergeClaims(claims), false);
    },
    drain: (claims) => fine(claims, true),
    async release(hold) {
      for (const standing of slotsOf(hold)) standing.release(hold.id);
    },
    async renew(hold) {
      const held = slotsOf(hold);
      return held.map((standing) => standing.renew(hold.id, nowMs())).every(Boolean) && held.length > 0;
    },
    *missing() {
      const now = nowMs();
      for (const { key, rule, terms, standing } of all.values()) {
        if (terms.kind === "slots") continue;
        const cost_tokens = Math.min(terms.capacity, Math.ceil(terms.capacity - standing.left(now)));
        if (cost_tokens > 0) yield { key, rule, cost_tokens };
      }
    },
    occupy({ id, claims }) {
      const now = nowMs();
      gather(claims, now);
      for (let i = 0; i < used.length; i++) {
        const { standing } = used[i]!;
        if (!(standing instanceof SlotsStanding)) continue;
        standing.release(id);
        standing.spend(costs[i]!, now, id);
      }
    },
    *held() {
      const now = nowMs();
      for (const { key, rule, standing } of all.values()) {
        if (!(standing instanceof SlotsStanding)) continue;
        for (const { hold, cost, until } of standing.holders(now))
          yield { id: hold, claim: { key, rule, cost_tokens: cost }, left_ms: until - now };
      }
    },
    get keys() {
      return all.size;
    },
    async [Symbol.asyncDispose]() {
      all.clear();
      ring.length = 0;
    },
  };
}
