import type { Route } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import type { Viewer } from "#kernel/viewer.ts";
import { type LimitClaim, type LimitDecision, type Limiter, type LimitRule, quotaOf } from "#ports/limiter/index.ts";

/** Buckets that every request draws from. A page load is about 10 requests, so these stop floods and not people. */
export interface HttpLimits {
  address: LimitRule;
  person: LimitRule;
  token: LimitRule;
}

export const DEFAULT_LIMITS: HttpLimits = {
  address: { name: "address", burst_tokens: 3_000, tokens_per_s: 300 },
  person: { name: "person", burst_tokens: 1_500, tokens_per_s: 150 },
  token: { name: "token", burst_tokens: 1_500, tokens_per_s: 150 },
};

/** An IPv6 caller owns at least a /64, so that is what is counted. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const [head = "", tail] = address.split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right]
    .slice(0, 4)
    .map((g) => g.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

/**
 * @param present for protocols that have headers of their own for it
 * @returns headers that tell the caller where it stands. @throws Problem 429 `limit.exceeded`
 */
export async function takeLimits(
  limiter: Limiter,
  limits: HttpLimits,
  route: Pick<Route, "cost_tokens">,
  viewer: Viewer,
  address: string,
  present: (decision: LimitDecision) => Record<string, string> = limitHeaders,
): Promise<Record<string, string>> {
  const cost_tokens = route.cost_tokens ?? 1;
  const claims: LimitClaim[] = [{ key: `address:${addressKey(address)}`, rule: limits.address, cost_tokens }];
  if (viewer.kind === "person") {
    claims.push({ key: `person:${viewer.person_id}`, rule: limits.person, cost_tokens });
    if (viewer.credential.kind === "token")
      claims.push({ key: `token:${viewer.credential.id}`, rule: limits.token, cost_tokens });
  }
  const decision = await limiter.take(claims);
  const headers = present(decision);
  if (decision.allowed) return headers;
  throw new Problem(
    429,
    "limit.exceeded",
    `Too many requests: the limit "${decision.rule.name}" is used up. Try again a little later.`,
    {
      retry_after_s: Math.ceil(decision.retry_after_ms / 1000),
      headers,
      violated_policies: [decision.rule.name],
    },
  );
}

/** IETF draft-ietf-httpapi-ratelimit-headers-10 as structured fields: the policy, what is left of it, and when all is there again. */
function limitHeaders({ rule, remaining_tokens, reset_after_ms }: LimitDecision): Record<string, string> {
  const { tokens, window_ms } = quotaOf(rule);
  const name = quoted(rule.name);
  const window = window_ms === null ? ';qu="concurrent-requests"' : `;w=${Math.ceil(window_ms / 1_000)}`;
  const reset_s = Math.ceil(reset_after_ms / 1_000);
  return {
    "ratelimit-policy": `${name};q=${tokens}${window}`,
    ratelimit: `${name};r=${remaining_tokens};t=${reset_s}`,
    "x-ratelimit-limit": String(tokens),
    "x-ratelimit-remaining": String(remaining_tokens),
    "x-ratelimit-reset": String(reset_s),
  };
}

/** A string of a structured field (RFC 9651). Names are ours, and nobody outside can write a second field into one. */
const quoted = (name: string) => `"${name.replaceAll(/[^ -~]/g, "?").replaceAll(/["\\]/g, "\\$&")}"`;
