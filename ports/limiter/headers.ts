import type { LimitClaim, LimitDecision } from "./index.ts";
import { type LimitRule, quotaOf } from "./rules.ts";

/**
 * IETF draft-ietf-httpapi-ratelimit-headers-10 as structured fields: every policy that holds, what is left of the one that is
 * nearest to its end, and when all of it is there again.
 */
export function limitHeaders(decision: LimitDecision, claims: LimitClaim[]): Record<string, string> {
  const { rule, remaining_tokens, reset_after_ms } = decision;
  let policies = policyOf(claims[0]!.rule).policy;
  for (let i = 1; i < claims.length; i++) policies += `, ${policyOf(claims[i]!.rule).policy}`;
  const { name, tokens } = policyOf(rule);
  const reset_s = Math.ceil(reset_after_ms / 1_000);
  return {
    "ratelimit-policy": policies,
    ratelimit: `${name};r=${remaining_tokens};t=${reset_s}`,
    "x-ratelimit-limit": tokens,
    "x-ratelimit-remaining": String(remaining_tokens),
    "x-ratelimit-reset": String(reset_s),
  };
}

interface Policy {
  name: string;
  tokens: string;
  policy: string;
}
/** They say the same in every answer. */
const policies = new WeakMap<LimitRule, Policy>();

function policyOf(rule: LimitRule): Policy {
  const known = policies.get(rule);
  if (known) return known;
  const { tokens, window_ms } = quotaOf(rule);
  const name = quoted(rule.name);
  const window = window_ms === null ? ';qu="concurrent-requests"' : `;w=${Math.ceil(window_ms / 1_000)}`;
  const policy = { name, tokens: String(tokens), policy: `${name};q=${tokens}${window}` };
  policies.set(rule, policy);
  return policy;
}

/** A string of a structured field (RFC 9651). Names are ours, and nobody outside can write a second field into one. */
const quoted = (name: string) => `"${name.replaceAll(/[^ -~]/g, "?").replaceAll(/["\\]/g, "\\$&")}"`;
