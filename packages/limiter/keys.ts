import { createHash } from "node:crypto";

import type { LimitClaim, LimitRule } from "../../ports/limiter/index.ts";
import { KEY_LENGTH_MAX, NAME_LENGTH_MAX } from "./bounds.ts";

/** Whose tokens are taken, under which rules: `{ address: "192.0.2.7", person: "42" }`. What is null or left out does not count. */
export type Keys<Name extends string> = { [name in Name]?: string | number | null | undefined };

type Unnamed<Rule> = Rule extends LimitRule ? Omit<Rule, "name"> : never;
/** A rule without its name: that is what it stands under. */
export type Rule = Unnamed<LimitRule>;

/** @throws RangeError for a name that cannot be one */
export function named(rules: Record<string, Rule>): Map<string, LimitRule> {
  const all = new Map<string, LimitRule>();
  for (const [name, rule] of Object.entries(rules)) {
    if (name.length === 0 || name.length > NAME_LENGTH_MAX)
      throw new RangeError(`A rule's name has 1…${NAME_LENGTH_MAX} characters.`);
    all.set(name, { ...rule, name });
  }
  if (all.size === 0) throw new RangeError("A limiter has at least one rule.");
  return all;
}

/** @throws RangeError for a name without a rule */
export function claimsOf(rules: Map<string, LimitRule>, keys: Keys<string>, cost_tokens: number): LimitClaim[] {
  const claims: LimitClaim[] = [];
  for (const name of Object.keys(keys)) {
    const rule = rules.get(name);
    if (!rule) throw new RangeError(`There is no rule ${name}; there are ${[...rules.keys()].join(", ")}.`);
    const key = keys[name];
    if (key === null || key === undefined) continue;
    const text = String(key);
    claims.push({ key: `${name}:${text.length > KEY_LENGTH_MAX ? digest(text) : text}`, rule, cost_tokens });
  }
  return claims;
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url");
