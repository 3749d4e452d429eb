import { LIMIT_PRODUCT_MAX, LIMIT_WINDOW_MS_MAX } from "./bounds.ts";
import type { LimitRule } from "./rules.ts";
import { termsOf } from "./terms.ts";

const TOKENS_PER_S_MIN = 0.001;

/** A node's part of a limit: all parts together are the limit. No part is below one token, so a small limit on many nodes is more. */
export function shareOf(rule: LimitRule, nodes: number): LimitRule {
  const part = (count: number) => Math.max(1, Math.floor(count / nodes));
  if (nodes <= 1) return rule;
  switch (rule.kind) {
    case undefined:
    case "bucket":
      return {
        ...rule,
        burst_tokens: part(rule.burst_tokens),
        tokens_per_s: Math.max(TOKENS_PER_S_MIN, Math.floor((rule.tokens_per_s * 1_000) / nodes) / 1_000),
      };
    case "gcra":
      // A longer window is exact where a part of the tokens would not be.
      return rule.burst_tokens * rule.window_ms * nodes <= LIMIT_PRODUCT_MAX &&
        2 * rule.tokens * rule.window_ms * nodes <= LIMIT_PRODUCT_MAX &&
        rule.window_ms * nodes <= LIMIT_WINDOW_MS_MAX
        ? { ...rule, window_ms: rule.window_ms * nodes, burst_tokens: part(rule.burst_tokens) }
        : { ...rule, tokens: part(rule.tokens), burst_tokens: part(rule.burst_tokens) };
    case "counter": {
      // A part in slices where the whole is: what is kept of a key stays readable when the number of nodes changes.
      const terms = termsOf(rule);
      return { ...rule, tokens: part(rule.tokens), ...(terms.kind === "counter" && { slices: terms.slices }) };
    }
    case "slots":
      return { ...rule, slots: part(rule.slots) };
    default:
      return { ...rule, tokens: part(rule.tokens) };
  }
}
