import type { LimitClaim, LimitRule } from "#ports/limiter/index.ts";

import { RULES_PER_REQUEST_MAX } from "./bounds.ts";
import { appliesTo, canaryPlace, limitRuleOf, scaled } from "./rule-set.ts";
import type { Grant, RuleSet, SetRule } from "./rules-contract.ts";

/** What must be known of a request to say what it draws from. */
export interface Asking {
  /** `METHOD /path` with the path's braces. */
  route: string;
  cost_tokens: number;
  /** Of whoever comes without a good credential; null for those who have one. An IPv6 network of /64 is one. */
  address: string | null;
  person_id: string | null;
  token_id: string | null;
  /** The space in whose rooms it is, as far as that is known. */
  space: { id: string; is_member: boolean } | null;
  /** Null: tier free. */
  person_grant: Grant | null;
  space_grant: Grant | null;
  /** The call of a route by a door, which has drawn one token by itself from what is for all routes. */
  is_inner?: boolean;
}

export interface CompiledRule {
  rule: SetRule;
  /** The limiter's rule for this tier; always the same object for the same. */
  limitFor(grant: Grant | null): LimitRule;
}

/** One claim, with whose it is. */
export interface Draw extends LimitClaim {
  of: CompiledRule;
  /** A person's, token's or space's id, an address, a route; `all` under a global rule. */
  subject: string;
}

export interface Draws {
  /** Decided together, all or nothing. */
  holds: Draw[];
  /** Asked in a call of their own, which refuses nobody. */
  shadows: Draw[];
}

export interface CompiledSet {
  rules: readonly CompiledRule[];
  /** Whether any request may wait. */
  is_patient: boolean;
  /** Whether the space of a request for this route matters at all. */
  wantsSpace(route: string): boolean;
  draw(asking: Asking): Draws;
}

/** Custom tiers of one rule that are kept; more of them are made anew. */
const CUSTOM_KEPT_MAX = 1_000;
const ROUTES_KEPT_MAX = 2_000;
const NONE: Draw[] = [];

/** A rule set that `readRuleSet` found no trouble in, ready to be asked some hundred thousand times a second. Pure. */
export function compileRuleSet(set: RuleSet): CompiledSet {
  const rules = set.rules.map(compileRule);
  const byRoute = new Map<string, { rules: CompiledRule[]; wants_space: boolean }>();

  function found(route: string) {
    let known = byRoute.get(route);
    if (known) return known;
    // A set says no more for any route that it was published with; a route that came later must not break what is asked of it.
    const mine = rules.filter(({ rule }) => appliesTo(rule, route)).slice(0, RULES_PER_REQUEST_MAX);
    known = { rules: mine, wants_space: mine.some(({ rule }) => rule.level === "space") };
    // Routes come from the house's own list; the bound is there in case that somebody hands over what is none.
    if (byRoute.size >= ROUTES_KEPT_MAX) byRoute.clear();
    byRoute.set(route, known);
    return known;
  }

  return {
    rules,
    is_patient: rules.some(({ rule }) => rule.patience_ms > 0),
    wantsSpace: (route) => found(route).wants_space,
    draw(asking) {
      const mine = found(asking.route).rules;
      const holds: Draw[] = [];
      let shadows = NONE;
      for (let i = 0; i < mine.length; i++) {
        const of = mine[i]!;
        const { rule } = of;
        const subject = subjectOf(rule.level, asking);
        if (subject === null) continue;
        const cost_tokens = costOf(rule, asking);
        if (cost_tokens === 0 && asking.is_inner) continue;
        const limit = of.limitFor(rule.level === "space" ? asking.space_grant : asking.person_grant);
        const draw: Draw = { key: keyOf(rule, subject), rule: limit, cost_tokens, of, subject };
        if (holdsFor(rule, subject)) holds.push(draw);
        else if (shadows === NONE) shadows = [draw];
        else shadows.push(draw);
      }
      return { holds, shadows };
    },
  };
}

function compileRule(rule: SetRule): CompiledRule {
  const free = limitRuleOf(rule, rule.limit);
  const pro = rule.tiers.pro ? limitRuleOf(rule, rule.tiers.pro) : free;
  const enterprise = rule.tiers.enterprise ? limitRuleOf(rule, rule.tiers.enterprise) : free;
  const custom = new Map<number, LimitRule>();
  const isTiered = rule.level === "person" || rule.level === "token" || rule.level === "space";
  return {
    rule,
    limitFor(grant) {
      if (grant === null || !isTiered) return free;
      switch (grant.tier) {
        case "free":
          return free;
        case "pro":
          return pro;
        case "enterprise":
          return enterprise;
        case "custom": {
          const percent = grant.percent ?? 100;
          let limit = custom.get(percent);
          if (limit) return limit;
          limit = limitRuleOf(rule, scaled(rule.limit, percent));
          if (custom.size >= CUSTOM_KEPT_MAX) custom.clear();
          custom.set(percent, limit);
          return limit;
        }
      }
    },
  };
}

/** With the level: under a rule that comes to count by another one, person 7 and space 7 are not the same. */
export const keyOf = ({ id, level }: Pick<SetRule, "id" | "level">, subject: string): string =>
  `book/${id}/${level}/${subject}`;

/** For how long a request that draws these may wait. */
export function patienceOf(draws: readonly Draw[]): number {
  let most = 0;
  for (let i = 0; i < draws.length; i++) most = Math.max(most, draws[i]!.of.rule.patience_ms);
  return most;
}

const holdsFor = ({ mode, id, canary_percent }: SetRule, subject: string): boolean =>
  mode === "on" || (mode === "canary" && canaryPlace(id, subject) < (canary_percent ?? 0));

/** Null: the rule has nobody to count here. */
function subjectOf(level: SetRule["level"], asking: Asking): string | null {
  switch (level) {
    case "person":
      return asking.person_id;
    case "token":
      return asking.token_id;
    case "space":
      // Guests together never use up what members have.
      return asking.space && (asking.space.is_member ? asking.space.id : `${asking.space.id}/guests`);
    case "address":
      return asking.address;
    case "route":
      return asking.route;
    case "global":
      return "all";
  }
}

function costOf(rule: SetRule, { cost_tokens, is_inner }: Asking): number {
  // What is for all routes was drawn from when the door was asked.
  const is_drawn = is_inner === true && rule.routes.length === 0;
  if (rule.limit.kind === "slots" || rule.counts === "requests") return is_drawn ? 0 : 1;
  return is_drawn ? Math.max(0, cost_tokens - 1) : cost_tokens;
}
