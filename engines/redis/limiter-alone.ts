import type { Clock } from "#ports/clock/index.ts";
import {
  createLocalLimiter,
  type LimitClaim,
  type LimitDecision,
  type LimitHold,
  type LimitRule,
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
  /** Granted elsewhere. */
  note(claims: LimitClaim[]): void;
  giveBack(claims: LimitClaim[]): Promise<void>;
  penalise(claims: LimitClaim[]): Promise<void>;
  release(hold: LimitHold): Promise<void>;
  renew(hold: LimitHold): Promise<boolean>;
  isHolder(hold: LimitHold): boolean;
  /** How many nodes share each limit from now on. */
  setNodes(nodes: number): void;
  /** Redis is away from now on. */
  begin(): void;
  /** What was granted alone and still counts; with `all`, also what was granted before. */
  owed(all: boolean): LimitClaim[];
}

/** A hold that this node gave alone. */
const HOLD = "alone:";

export function createAlone({ clock, keys_max }: { clock: Clock; keys_max: number }): Alone {
  let nodes = 1;
  let shares = new WeakMap<LimitRule, LimitRule>();
  const originals = new WeakMap<LimitRule, LimitRule>();
  const account = createLocalLimiter({ clock, keys_max });
  let since = createLocalLimiter({ clock, keys_max });

  function share(rule: LimitRule): LimitRule {
    let part = shares.get(rule);
    if (!part) {
      shares.set(rule, (part = shareOf(rule, nodes)));
      originals.set(part, rule);
    }
    return part;
  }
  const counted = (claims: LimitClaim[]) =>
    claims.filter(({ rule }) => rule.when_away !== "open" && rule.when_away !== "closed");
  const mine = (claims: LimitClaim[]) => claims.map((claim) => ({ ...claim, rule: share(claim.rule) }));
  const withoutSlots = (claims: LimitClaim[]) => claims.filter(({ rule }) => rule.kind !== "slots");

  return {
    take(claims, patience_ms) {
      const closed = claims.find(({ rule, cost_tokens }) => rule.when_away === "closed" && cost_tokens > 0);
      if (closed) {
        const after = { retry_after_ms: CLOSED_RETRY_MS, reset_after_ms: CLOSED_RETRY_MS };
        return { allowed: false, rule: closed.rule, remaining_tokens: 0, wait_ms: 0, ...after, hold: null };
      }
      const asked = mine(counted(claims));
      if (asked.length === 0) {
        const [{ rule }] = claims as [LimitClaim];
        const all = { remaining_tokens: termsOf(rule).capacity, wait_ms: 0, retry_after_ms: 0, reset_after_ms: 0 };
        return { allowed: true, rule, ...all, hold: null };
      }
      const decision = account.takeNow(asked, patience_ms);
      const spent = withoutSlots(asked);
      if (decision.allowed && spent.length > 0) since.drain(spent);
      const { hold } = decision;
      return {
        ...decision,
        rule: originals.get(decision.rule) ?? decision.rule,
        hold: hold && { id: HOLD + hold.id, claims: hold.claims },
      };
    },
    // Each grant comes by here, so it makes as little as can be.
    note(claims) {
      const spent: LimitClaim[] = [];
      for (const { key, rule, cost_tokens } of claims)
        if (rule.kind !== "slots" && rule.when_away !== "open" && rule.when_away !== "closed")
          spent.push({ key, rule: share(rule), cost_tokens });
      if (spent.length > 0) account.drain(spent);
    },
    async giveBack(claims) {
      const some = mine(counted(claims));
      if (some.length === 0) return;
      await account.giveBack(some);
      await since.giveBack(some);
    },
    async penalise(claims) {
      const some = mine(counted(claims));
      if (some.length === 0) return;
      await account.penalise(some);
      await since.penalise(some);
    },
    release: (hold) => account.release({ ...hold, id: hold.id.slice(HOLD.length) }),
    renew: (hold) => account.renew({ ...hold, id: hold.id.slice(HOLD.length) }),
    isHolder: (hold) => hold.id.startsWith(HOLD),
    setNodes(live) {
      if (live === nodes) return;
      nodes = live;
      shares = new WeakMap();
    },
    begin() {
      since = createLocalLimiter({ clock, keys_max });
    },
    owed(all) {
      const owed: LimitClaim[] = [];
      for (const claim of (all ? account : since).missing()) {
        const rule = originals.get(claim.rule);
        if (rule) owed.push({ ...claim, rule });
      }
      return owed;
    },
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await since[Symbol.asyncDispose]();
    },
  };
}
