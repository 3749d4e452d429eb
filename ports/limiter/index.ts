import type { LimitRule } from "./rules.ts";

/** Who may do how much. One decision over several limits, all or nothing: a refused request takes nothing from any. Rules in SPEC.md. */
export interface Limiter extends AsyncDisposable {
  /**
   * @param patience_ms the request may be granted for later, with `wait_ms` up to this; it has its place then, and others
   *   come after it
   * @throws RangeError for claims that cannot be meant (`LIMIT_CLAIMS_MAX`, `LIMIT_KEY_LENGTH_MAX`, a rule without tokens)
   */
  take(claims: LimitClaim[], patience_ms?: number): Promise<LimitDecision>;
  /** Returns what a granted `take` took, where it turned out not to count: a sign-in whose password was right. Also a reward. */
  giveBack(claims: LimitClaim[]): Promise<void>;
  /** Takes without asking: a deed that costs afterwards. A debt is at most what the limit holds. */
  penalise(claims: LimitClaim[]): Promise<void>;
  /** The slots of a grant are free again. More than once is no harm. */
  release(hold: LimitHold): Promise<void>;
  /** Holds them for another `hold_ms`. @returns false where they ran out meanwhile, and may be another's */
  renew(hold: LimitHold): Promise<boolean>;
}

/** A limiter whose buckets are in this process: it can answer without a turn of the loop. */
export interface LocalLimiter extends Limiter {
  takeNow(claims: LimitClaim[], patience_ms?: number): LimitDecision;
  /** Takes down to nothing, and never refuses: for what was granted elsewhere. */
  drain(claims: LimitClaim[]): void;
  /** Whole tokens that are missing, of every key where any are. Slots are left out. */
  missing(): Iterable<LimitClaim>;
  /** Slots that were given elsewhere are held here too, without asking. */
  occupy(hold: LimitHold): void;
  /** Who holds slots now, and for how long. */
  held(): Iterable<{ id: string; claim: LimitClaim; left_ms: number }>;
  /** Keys held now; at most `keys_max`. */
  readonly keys: number;
}

export interface LimitClaim {
  /** `person:123`, `token:9`, `address:192.0.2.1`, `route:POST /v1/people:192.0.2.1`. One key always comes with one rule. */
  key: string;
  rule: LimitRule;
  /** Whole tokens; 0 only asks. More than the limit holds waits until all is free and takes all. */
  cost_tokens: number;
}

/** Slots that a grant took. Plain data: any node may release it. */
export interface LimitHold {
  id: string;
  claims: LimitClaim[];
}

export interface LimitDecision {
  allowed: boolean;
  /** The claim that must wait longest, or when allowed the one with the smallest share left. */
  rule: LimitRule;
  /** Whole tokens left under it. */
  remaining_tokens: number;
  /** Granted for so many ms from now; 0 without patience. */
  wait_ms: number;
  /** ms until the same request would pass at once; 0 when allowed. */
  retry_after_ms: number;
  /** ms until nothing of what was taken counts any more. */
  reset_after_ms: number;
  /** Where slots were claimed and granted: to release. */
  hold: LimitHold | null;
}

export * from "./bounds.ts";
export * from "./rules.ts";
export { addressKey } from "./address.ts";
export { checkClaims, checkFine, mergeClaims } from "./claims.ts";
export { limitHeaders } from "./headers.ts";
export { createLocalLimiter } from "./local.ts";
export { shareOf } from "./share.ts";
export { type Terms, termsOf } from "./terms.ts";
