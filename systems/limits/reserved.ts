import type { Viewer } from "#kernel/viewer.ts";

import { type CompiledRule, type Draw, keyOf } from "./rule-set-book.ts";
import { limitRuleOf } from "./rule-set.ts";
import { type SetRule, zSetRule } from "./rules-contract.ts";

/**
 * What no rule set touches: the way in, and the way back. Whoever publishes a set that refuses everybody can still sign in
 * and publish another; and a flood of anything else at an address closes the way in to nobody behind it.
 */
export interface Reserved {
  rules: readonly SetRule[];
  /** Ways in, as `METHOD /path`. */
  sign_in: readonly string[];
  /** Whether a route is the desk's own, where only admins have business. */
  isDesk(route: string): boolean;
  /** Null where the rule set decides. */
  draw(route: string, viewer: Viewer, address: string): Draw | null;
}

const DESK = /^\S+ \/v1\/admin\/limits(?:\/|$)/;

/**
 * @param sign_in the routes by which people sign in, as `METHOD /path`
 * @param page what the page asks for before it can show the desk, as `METHOD /path`; of admins only
 */
export function createReserved(sign_in: readonly string[], page: readonly string[]): Reserved {
  const compiled = (rule: SetRule): CompiledRule => {
    const limit = limitRuleOf(rule, rule.limit);
    return { rule, limitFor: () => limit };
  };
  const signIn = compiled(
    zSetRule.parse({
      id: "sign-in",
      level: "address",
      summary: "Signing in, whatever else comes from the address. Guesses at passwords are counted beside it.",
      routes: [...sign_in],
      limit: { kind: "bucket", burst_tokens: 3_000, tokens_per_s: 300 },
    }),
  );
  const desk = compiled(
    zSetRule.parse({
      id: "limits-desk",
      level: "person",
      summary:
        "What admins do to the limits themselves, and the page on which they do it, so that a set which refuses everybody can be taken back.",
      routes: ["* /v1/admin/limits/*", ...page],
      counts: "requests",
      limit: { kind: "bucket", burst_tokens: 200, tokens_per_s: 20 },
    }),
  );
  const ways = new Set(sign_in);
  const paths = new Set(page);
  const drawOf = (of: CompiledRule, subject: string): Draw => ({
    key: keyOf(of.rule, subject),
    rule: of.limitFor(null),
    cost_tokens: 1,
    of,
    subject,
  });
  return {
    rules: [signIn.rule, desk.rule],
    sign_in,
    isDesk: (route) => DESK.test(route),
    draw(route, viewer, address) {
      // By address also for who is signed in already: this is where passwords are guessed.
      if (ways.has(route)) return drawOf(signIn, address);
      if (viewer.kind === "person" && viewer.role === "admin" && (DESK.test(route) || paths.has(route)))
        return drawOf(desk, viewer.person_id);
      return null;
    },
  };
}
