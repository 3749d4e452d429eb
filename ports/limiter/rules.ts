/** What a limit allows. The exact meaning of each kind, with its formulae, is in SPEC.md. */
export type LimitRule = BucketRule | GcraRule | WindowRule | CounterRule | SlotsRule;

interface Named {
  /** Shows in headers and answers: `person`, `address`, `sign-up`. */
  name: string;
  /** What holds while the nodes' common memory is away. `share`, this node's part of the limit, where nothing is said. */
  when_away?: WhenAway;
}

/** `open`: it does not count. `closed`: it refuses. `share`: this node allows the limit ÷ live nodes. */
export type WhenAway = "open" | "closed" | "share";

/** A token bucket: holds `burst_tokens`, refills with `tokens_per_s` (down to one in 1,000 s). Integer arithmetic, in microtokens. */
export interface BucketRule extends Named {
  kind?: "bucket";
  burst_tokens: number;
  tokens_per_s: number;
}

/**
 * `tokens` in `window_ms`, evenly (the generic cell rate algorithm): exact for any whole numbers, 7 in 3 days too. With a burst
 * of 1 and a wait it is the leaky bucket that lets its queue out drop by drop.
 */
export interface GcraRule extends Named {
  kind: "gcra";
  tokens: number;
  window_ms: number;
  burst_tokens: number;
}

/** `fixed`: a window begins with the first request after the last one ended. `log`: every span of `window_ms`, exactly. */
export interface WindowRule extends Named {
  kind: "fixed" | "log";
  tokens: number;
  window_ms: number;
}

/**
 * Close to the log at a fixed size: a count for each slice of the window, the oldest by the part that is still inside. Of few
 * tokens (`LIMIT_COUNTER_EXACT_TOKENS_MAX`), and told no slices, it is the log itself.
 */
export interface CounterRule extends Named {
  kind: "counter";
  tokens: number;
  window_ms: number;
  /** Divides the window; 1 is the classic pair of windows. where nothing is said, the first of `LIMIT_SLICES_DEFAULTS` that does. */
  slices?: number;
}

/** At most `slots` at the same time. Who does not release in `hold_ms`, nor renews, has released. */
export interface SlotsRule extends Named {
  kind: "slots";
  slots: number;
  hold_ms: number;
}

/** For headers: how much in how long. Slots have no window. */
export function quotaOf(rule: LimitRule): { tokens: number; window_ms: number | null } {
  switch (rule.kind) {
    case undefined:
    case "bucket":
      return { tokens: rule.burst_tokens, window_ms: Math.ceil((rule.burst_tokens * 1_000) / rule.tokens_per_s) };
    case "gcra":
      return { tokens: rule.burst_tokens, window_ms: Math.ceil((rule.burst_tokens * rule.window_ms) / rule.tokens) };
    case "slots":
      return { tokens: rule.slots, window_ms: null };
    default:
      return { tokens: rule.tokens, window_ms: rule.window_ms };
  }
}
