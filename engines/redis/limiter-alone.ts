import type { Clock } from "#ports/clock/index.ts";
import {
  createLocalLimiter,
  type LimitClaim,
  type LimitDecision,
  type LimitHold,
  type LimitRule,
  type LocalLimiter,
  shareOf,
  termsOf,
} from "#ports/limiter/index.ts";

/** How long a request that a `closed` limit refuses is told to wait. */
export const CLOSED_RETRY_MS = 1_000;

/**
 * What this node decides without Redis, each rule by its policy. It also keeps account of what the node grants while Redis
 * decides, so that a switch gives nobody a second burst: here a key goes on with what is left of this node's part.
 */
export interface Alone extends AsyncDisposable {
  take(claims: LimitClaim[], patience_ms: number): LimitDecision;
  /** Granted elsewhere, with the slots of `hold`. */
  note(claims: LimitClaim[], hold: LimitHold | null): void;
  giveBack(claims: LimitClaim[]): Promise<void>;
  penalise(claims: LimitClaim[]): Promise<void>;
  release(hold: LimitHold): Promise<void>;
  /** @returns false where this node knows nothing of it */
  renew(hold: LimitHold): Promise<boolean>;
  /** How many nodes share each limit from now on. */
  setNodes(nodes: number): void;
  /** What is granted alone is counted from now on. */
  begin(): void;
  /** What was granted alone and still counts; with `all`, also what was granted before, whatever the policy. */
  owed(all: boolean): LimitClaim[];
  /** Slots that this node gave and that are held still, each key for itself; without `all`, those that Redis was not told of. */
  holds(all: boolean): { hold: LimitHold; left_ms: number }[];
  /** Redis knows of it now. */
  told(hold: LimitHold): void;
}

export function createAlone(needs: { clock: Clock; keys_max: number; word: () => string }): Alone {
  const { clock, keys_max, word } = needs;
  const make = () => createLocalLimiter({ clock, keys_max });
  let nodes = 1;
  let shares = new WeakMap<LimitRule, LimitRule>();
  const originals = new WeakMap<LimitRule, LimitRule>();
  /** Of this node's part of each limit. */
  const account = make();
  /** Of the whole limits: all that this node granted, while Redis decided and since. */
  const granted = make();
  /** Of this node's part, what Redis was not told of. */
  let since = make();
  /** Holds that Redis was not told of. */
  const untold = new Set<string>();

  function share(rule: LimitRule): LimitRule {
    let part = shares.get(rule);
    if (!part) {
      shares.set(rule, (part = shareOf(rule, nodes)));
      originals.set(part, rule);
    }
    return part;
  }
  const mine = (claims: LimitClaim[]) => claims.map((claim) => ({ ...claim, rule: share(claim.rule) }));
  const originalOf = ({ claim }: { claim: LimitClaim }): LimitClaim[] => {
    const rule = originals.get(claim.rule);
    return rule ? [{ ...claim, rule }] : [];
  };

  /** A part of a gcra is told by its window, which another number of nodes changes: what is missing goes along. */
  function carryOver(one: LocalLimiter, spent: LimitClaim[]): void {
    const moved = spent
      .flatMap((claim) => originalOf({ claim }))
      .map((claim) => ({ ...claim, rule: share(claim.rule) }));
    if (moved.length > 0) one.drain(moved);
  }
  const gcras = (one: LocalLimiter) => [...one.missing()].filter(({ rule }) => rule.kind === "gcra");

  return {
    take(claims, patience_ms) {
      const closed = claims.find(({ rule, cost_tokens }) => rule.when_away === "closed" && cost_tokens > 0);
      if (closed) {
        const after = { retry_after_ms: CLOSED_RETRY_MS, reset_after_ms: CLOSED_RETRY_MS };
        return { allowed: false, rule: closed.rule, remaining_tokens: 0, wait_ms: 0, ...after, hold: null };
      }
      const some = claims.filter(counts);
      const asked = mine(some);
      if (asked.length === 0) {
        const [{ rule }] = claims as [LimitClaim];
        const all = { remaining_tokens: termsOf(rule).capacity, wait_ms: 0, retry_after_ms: 0, reset_after_ms: 0 };
        return { allowed: true, rule, ...all, hold: null };
      }
      const decision = account.takeNow(asked, patience_ms);
      let hold: LimitHold | null = null;
      if (decision.allowed) {
        since.drain(asked);
        granted.drain(some);
        if (decision.hold) {
          // Under a name that no other node gives: Redis is told of it later.
          hold = { id: `alone:${word()}`, claims: some.filter(takesSlots) };
          void account.release(decision.hold);
          occupy(hold);
          untold.add(hold.id);
        }
      }
      return { ...decision, rule: originals.get(decision.rule) ?? decision.rule, hold };
    },
    // Each grant comes by here, so it makes as little as can be.
    note(claims, hold) {
      const spent: LimitClaim[] = [];
      for (const { key, rule, cost_tokens } of claims)
        if (rule.when_away !== "open" && rule.when_away !== "closed")
          spent.push({ key, rule: share(rule), cost_tokens });
      if (spent.length > 0) account.drain(spent);
      granted.drain(claims);
      if (hold) occupy(hold);
    },
    async giveBack(claims) {
      await granted.giveBack(claims);
      const some = mine(claims.filter(counts));
      if (some.length === 0) return;
      await account.giveBack(some);
      await since.giveBack(some);
    },
    async penalise(claims) {
      await granted.penalise(claims);
      const some = mine(claims.filter(counts));
      if (some.length === 0) return;
      await account.penalise(some);
      await since.penalise(some);
    },
    async release(hold) {
      untold.delete(hold.id);
      await account.release(hold);
      await granted.release(hold);
    },
    async renew(hold) {
      const held = await granted.renew(hold);
      await account.renew(hold);
      if (held) untold.add(hold.id);
      return held;
    },
    setNodes(live) {
      if (live === nodes) return;
      const [of_account, of_since] = [gcras(account), gcras(since)];
      nodes = live;
      shares = new WeakMap();
      carryOver(account, of_account);
      carryOver(since, of_since);
    },
    begin() {
      since = make();
    },
    owed(all) {
      if (!all) return [...since.missing()].flatMap((claim) => originalOf({ claim }));
      // What comes back is counted whole in one and by this node's part in the other: a key that only this node was asked about is
      // exact in the first, one that all nodes were asked about alike in the second, and neither says more than was granted.
      const owed = new Map<string, LimitClaim>();
      for (const claim of granted.missing()) owed.set(claim.key, claim);
      for (const claim of [...account.missing()].flatMap((one) => originalOf({ claim: one })))
        if (claim.cost_tokens > (owed.get(claim.key)?.cost_tokens ?? 0)) owed.set(claim.key, claim);
      return [...owed.values()];
    },
    holds(all) {
      const holds = [];
      const held = new Set<string>();
      for (const { id, claim, left_ms } of granted.held()) {
        held.add(id);
        if (all || untold.has(id)) holds.push({ hold: { id, claims: [claim] }, left_ms });
      }
      for (const id of untold) if (!held.has(id)) untold.delete(id);
      return holds;
    },
    told: ({ id }) => void untold.delete(id),
    async [Symbol.asyncDispose]() {
      for (const one of [account, granted, since]) await one[Symbol.asyncDispose]();
      untold.clear();
    },
  };

  function occupy(hold: LimitHold): void {
    granted.occupy(hold);
    const some = hold.claims.filter(counts);
    if (some.length > 0) account.occupy({ id: hold.id, claims: mine(some) });
  }
}

/** What is open does not count without Redis, and what is closed passes nowhere. */
const counts = ({ rule }: LimitClaim) => rule.when_away !== "open" && rule.when_away !== "closed";
const takesSlots = ({ rule, cost_tokens }: LimitClaim) => rule.kind === "slots" && cost_tokens > 0;
