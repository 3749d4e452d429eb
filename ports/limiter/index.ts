/** Who may do how much. One decision over several buckets, all or nothing: a refused request takes nothing from any. Rules in SPEC.md. */
export interface Limiter extends AsyncDisposable {
  /** @throws RangeError for claims that cannot be meant (`LIMIT_CLAIMS_MAX`, `LIMIT_KEY_LENGTH_MAX`, a rule without tokens) */
  take(claims: LimitClaim[]): Promise<LimitDecision>;
  /** Returns what a granted `take` took, where it turned out not to count: a sign-in whose password was right. At most once. */
  giveBack(claims: LimitClaim[]): Promise<void>;
}

/** A limiter whose buckets are in this process: it can answer without a turn of the loop. */
export interface LocalLimiter extends Limiter {
  takeNow(claims: LimitClaim[]): LimitDecision;
  /** Buckets held now; at most `keys_max`. */
  readonly keys: number;
}

export interface LimitClaim {
  /** `person:123`, `token:9`, `address:192.0.2.1`, `route:POST /v1/people:192.0.2.1`. One key always comes with one rule. */
  key: string;
  rule: LimitRule;
  /** Whole tokens; 0 only asks. More than the bucket holds waits for a full bucket and empties it. */
  cost_tokens: number;
}

/** A token bucket: holds `burst_tokens`, refills with `tokens_per_s` (down to one in 1,000 s). Integer arithmetic, in microtokens. */
export interface LimitRule {
  /** Shows in headers and answers: `person`, `address`, `sign-up`. */
  name: string;
  burst_tokens: number;
  tokens_per_s: number;
}

export interface LimitDecision {
  allowed: boolean;
  /** The claim that must wait longest, or when allowed the one with the smallest share left. */
  rule: LimitRule;
  /** Whole tokens left in that bucket. */
  remaining_tokens: number;
  /** ms until the same request would pass; 0 when allowed. */
  retry_after_ms: number;
  /** ms until the bucket is full again. */
  reset_after_ms: number;
}

export * from "./bounds.ts";
export { createLocalLimiter } from "./local.ts";
