/** Who may do how much. One decision over several buckets, all or nothing: a refused request takes nothing from any. */
export interface Limiter extends AsyncDisposable {
  take(claims: LimitClaim[]): Promise<LimitDecision>;
}

export interface LimitClaim {
  /** `person:123`, `token:9`, `address:192.0.2.1`, `route:POST /v1/people:192.0.2.1` */
  key: string;
  rule: LimitRule;
  cost_tokens: number;
}

/** A token bucket: holds `burst_tokens`, refills with `tokens_per_s`. Integer arithmetic in millitokens. */
export interface LimitRule {
  /** Shows in headers and answers: `person`, `address`, `sign-up`. */
  name: string;
  burst_tokens: number;
  tokens_per_s: number;
}

export interface LimitDecision {
  allowed: boolean;
  /** The claim that refused, or the one nearest to its end. */
  rule: LimitRule;
  remaining_tokens: number;
  /** ms until the same request would pass; 0 when allowed. */
  retry_after_ms: number;
  /** ms until the bucket is full again. */
  reset_after_ms: number;
}
