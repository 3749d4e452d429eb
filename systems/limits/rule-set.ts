import { type LimitRule, termsOf } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import { type Algorithm, type RuleSet, type SetRule, zRuleSet } from "./rules-contract.ts";

/** What is wrong with a rule set, and where. */
export interface SetTrouble {
  /** A JSON pointer into the set: `/rules/3/limit`. */
  pointer: string;
  detail: string;
}

/** Names of what no rule set can take away (`reserved.ts`). */
export const RESERVED_IDS: readonly string[] = ["sign-in", "limits-desk"];
const TIERED = new Set(["person", "token", "space"]);
const TROUBLES_SHOWN_MAX = 20;

/**
 * Reads what may be a rule set. @param routes those of the house, as `METHOD /path`; where nothing is said, patterns are only looked
 * at for their form
 */
export function readRuleSet(
  value: unknown,
  routes?: readonly string[],
): { set: RuleSet; troubles: [] } | { set: null; troubles: SetTrouble[] } {
  const parsed = zRuleSet.safeParse(value);
  const troubles: SetTrouble[] = parsed.success
    ? troublesOf(parsed.data, routes)
    : parsed.error.issues.map(({ path, message }) => ({
        pointer: path.map((part) => `/${String(part)}`).join(""),
        detail: message,
      }));
  if (troubles.length > 0 || !parsed.success) return { set: null, troubles: troubles.slice(0, TROUBLES_SHOWN_MAX) };
  return { set: parsed.data, troubles: [] };
}

function troublesOf({ rules }: RuleSet, routes?: readonly string[]): SetTrouble[] {
  const troubles: SetTrouble[] = [];
  const seen = new Map<string, number>();
  const asked_routes = routes?.map(partsOf);
  for (const [i, rule] of rules.entries()) {
    const say = (field: string, detail: string) => troubles.push({ pointer: `/rules/${i}/${field}`, detail });
    const twin = seen.get(rule.id);
    if (twin !== undefined) say("id", `"${rule.id}" is the name of rule ${twin + 1} too. Each rule needs its own.`);
    if (RESERVED_IDS.includes(rule.id)) say("id", `"${rule.id}" is the name of a limit of the house's own.`);
    seen.set(rule.id, i);
    troublesOfRule(rule, asked_routes, say);
  }
  const hold = rules.map(applying);
  for (const [i, asked] of (asked_routes ?? []).entries()) {
    const found = hold.filter((holds) => holds(asked)).length;
    if (found <= b.RULES_PER_REQUEST_MAX) continue;
    const detail = `${found} rules hold for ${routes![i]}; one request draws from ${b.RULES_PER_REQUEST_MAX} at most. Join some of them.`;
    troubles.push({ pointer: "/rules", detail });
    break;
  }
  return troubles;
}

function troublesOfRule(
  rule: SetRule,
  routes: readonly RouteParts[] | undefined,
  say: (field: string, detail: string) => void,
): void {
  if (rule.mode === "canary" && rule.canary_percent === null)
    say("canary_percent", "A canary needs to know for how many percent of its keys it holds, 1 to 99.");
  if (rule.mode !== "canary" && rule.canary_percent !== null)
    say("canary_percent", `Only a canary has a percent; this rule's mode is "${rule.mode}".`);
  if (rule.mode === "canary" && rule.level === "global")
    say("mode", "All the house is one key under a global rule, so there is no part of it to try it on. Use shadow.");
  if (!TIERED.has(rule.level) && Object.keys(rule.tiers).length > 0)
    say("tiers", `Only people, their tokens and spaces have tiers; this rule counts by ${rule.level}.`);
  if (rule.patience_ms > 0 && algorithmsOf(rule).some(([, { kind }]) => kind === "slots"))
    say("patience_ms", "Nobody waits for a slot, which may be held for long. Let it be 0.");
  for (const [field, algorithm] of algorithmsOf(rule)) {
    try {
      termsOf(limitRuleOf(rule, algorithm));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      say(field, error.message);
    }
  }
  for (const list of ["routes", "except"] as const)
    for (const [at, pattern] of rule[list].entries())
      if (routes && !routes.some(matching(pattern)))
        say(`${list}/${at}`, `"${pattern}" is no route of this house. See /docs for those that there are.`);
}

const algorithmsOf = (rule: SetRule): [field: string, algorithm: Algorithm][] => [
  ["limit", rule.limit],
  ...Object.entries(rule.tiers).flatMap(([tier, algorithm]): [string, Algorithm][] =>
    algorithm ? [[`tiers/${tier}`, algorithm]] : [],
  ),
];

/** The rule as the limiter knows it. A new object each time: the limiter knows a rule by its object, so keep it. */
export function limitRuleOf({ id, when_away }: Pick<SetRule, "id" | "when_away">, algorithm: Algorithm): LimitRule {
  const rule = { name: id, when_away, ...algorithm };
  // Slices that are not there are not the same as slices that are undefined.
  return rule as LimitRule;
}

/** So many percent of a limit: of what passes at once, and of what comes back. At least one token, at most what can be reckoned. */
export function scaled(algorithm: Algorithm, percent: number): Algorithm {
  const part = (tokens: number, max: number) => Math.min(max, Math.max(1, Math.floor((tokens * percent) / 100)));
  switch (algorithm.kind) {
    case "bucket":
      return {
        ...algorithm,
        burst_tokens: part(algorithm.burst_tokens, b.TOKENS_MAX),
        tokens_per_s: Math.min(
          b.TOKENS_MAX,
          Math.max(0.001, Math.round(algorithm.tokens_per_s * percent * 10) / 1_000),
        ),
      };
    case "gcra": {
      const tokens_max = Math.floor(2 ** 51 / algorithm.window_ms);
      return {
        ...algorithm,
        tokens: part(algorithm.tokens, Math.min(b.TOKENS_MAX, tokens_max)),
        burst_tokens: part(algorithm.burst_tokens, Math.min(b.TOKENS_MAX, tokens_max)),
      };
    }
    case "slots":
      return { ...algorithm, slots: part(algorithm.slots, b.SLOTS_MAX) };
    default: {
      const tokens_max = algorithm.kind === "log" ? b.LOG_TOKENS_MAX : Math.floor(2 ** 51 / algorithm.window_ms);
      return { ...algorithm, tokens: part(algorithm.tokens, Math.min(b.TOKENS_MAX, tokens_max)) };
    }
  }
}

/** `*` as its method is any (a door takes them all). */
interface RouteParts {
  method: string;
  path: string;
}

/** @param route `METHOD /path` with the path's braces */
function partsOf(route: string): RouteParts {
  const [method = "", path = ""] = route.split(" ", 2);
  return { method, path };
}

/** Each pattern is taken apart once: the largest set has 6,000 of them, and a house 500 routes. */
function matching(pattern: string): (asked: RouteParts) => boolean {
  const { method, path } = partsOf(pattern);
  const below = path.endsWith("/*") ? path.slice(0, -1) : null;
  return (asked) => {
    if (method !== "*" && asked.method !== "*" && method !== asked.method) return false;
    if (below === null) return path === asked.path;
    return asked.path.startsWith(below) || asked.path === below.slice(0, -1);
  };
}

/** @param route `METHOD /path` */
export const matches = (pattern: string, route: string): boolean => matching(pattern)(partsOf(route));

function applying({ routes, except }: Pick<SetRule, "routes" | "except">): (asked: RouteParts) => boolean {
  const [wanted, left_out] = [routes.map(matching), except.map(matching)];
  return (asked) =>
    (wanted.length === 0 || wanted.some((fits) => fits(asked))) && !left_out.some((fits) => fits(asked));
}

export const appliesTo = (rule: Pick<SetRule, "routes" | "except">, route: string): boolean =>
  applying(rule)(partsOf(route));

export { canaryPlace } from "./canary.ts";

export { DEFAULT_RULE_SET } from "./default-set.ts";
