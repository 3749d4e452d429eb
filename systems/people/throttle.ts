import { Problem } from "#kernel/errors.ts";
import { addressKey } from "#ports/http/index.ts";
import type { LimitClaim, Limiter, LimitRule } from "#ports/limiter/index.ts";

/**
 * Guessing is slow from one address, from many addresses against one person, and from one address against many. A person
 * who mistypes meets none of these; sessions that exist are never touched by them.
 */
export interface PeopleLimits {
  /** One address and one handle. */
  sign_in_pair: LimitRule;
  /** All tries against one handle; NIST 800-63B asks for at most 100 in a row. */
  sign_in_handle: LimitRule;
  /** All tries from one address: a school or an office behind one router still gets in. */
  sign_in_address: LimitRule;
  sign_up_address: LimitRule;
  /** Secrets of links; 256 bits cannot be guessed, so this only bounds the work. */
  link_address: LimitRule;
}

export const PEOPLE_LIMITS: PeopleLimits = {
  sign_in_pair: { name: "sign-in", burst_tokens: 20, tokens_per_s: 0.1 },
  sign_in_handle: { name: "sign-in-person", burst_tokens: 100, tokens_per_s: 0.2 },
  sign_in_address: { name: "sign-in-address", burst_tokens: 600, tokens_per_s: 5 },
  sign_up_address: { name: "sign-up", burst_tokens: 600, tokens_per_s: 1 },
  link_address: { name: "link", burst_tokens: 60, tokens_per_s: 0.5 },
};

export interface Throttle {
  /** @throws Problem 429 `limit.exceeded` */
  signIn(handle: string, address: string): Promise<void>;
  /** The password was right, so this was no guess: what counts guesses at this handle gets its try back. */
  signedIn(handle: string, address: string): Promise<void>;
  signUp(address: string): Promise<void>;
  link(address: string): Promise<void>;
  passkey(address: string): Promise<void>;
}

export function createThrottle(limiter: Limiter, limits: PeopleLimits): Throttle {
  const take = async (claims: LimitClaim[]) => {
    const decision = await limiter.take(claims);
    if (decision.allowed) return;
    throw new Problem(
      429,
      "limit.exceeded",
      `Too many tries: the limit "${decision.rule.name}" is used up. Try again a little later.`,
      {
        retry_after_s: Math.ceil(decision.retry_after_ms / 1000),
      },
    );
  };
  const claim = (key: string, rule: LimitRule): LimitClaim => ({
    key: `people:${rule.name}:${key}`,
    rule,
    cost_tokens: 1,
  });
  const guesses = (handle: string, address: string): LimitClaim[] => [
    claim(`${handle}:${addressKey(address)}`, limits.sign_in_pair),
    claim(handle, limits.sign_in_handle),
  ];
  return {
    signIn: (handle, address) =>
      take([...guesses(handle, address), claim(addressKey(address), limits.sign_in_address)]),
    signedIn: (handle, address) => limiter.giveBack(guesses(handle, address)),
    signUp: (address) => take([claim(addressKey(address), limits.sign_up_address)]),
    passkey: (address) => take([claim(addressKey(address), limits.sign_in_address)]),
    link: (address) => take([claim(addressKey(address), limits.link_address)]),
  };
}
