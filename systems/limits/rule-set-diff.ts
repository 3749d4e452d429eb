import type { RuleSet, SetRule } from "./rules-contract.ts";
import type { Difference } from "./sets-contract.ts";

/** What became of each rule from one set to another, in the order of the newer set; what is gone comes last. Pure. */
export function diffRuleSets(before: RuleSet, after: RuleSet): Difference[] {
  const old = new Map(before.rules.map((rule, i) => [rule.id, { rule, place: i }]));
  const kept = after.rules.filter(({ id }) => old.has(id));
  // A rule was moved where those that both sets have stand in another order.
  const order = before.rules.filter(({ id }) => kept.some((rule) => rule.id === id)).map(({ id }) => id);
  const found: Difference[] = [];
  for (const rule of after.rules) {
    const was = old.get(rule.id);
    if (!was) {
      found.push({ rule_id: rule.id, what: "added", fields: fieldsOf(null, rule) });
      continue;
    }
    const fields = fieldsOf(was.rule, rule);
    if (fields.length > 0) found.push({ rule_id: rule.id, what: "changed", fields });
    else if (order.indexOf(rule.id) !== kept.indexOf(rule)) found.push({ rule_id: rule.id, what: "moved", fields: [] });
  }
  const ids = new Set(after.rules.map(({ id }) => id));
  for (const rule of before.rules)
    if (!ids.has(rule.id)) found.push({ rule_id: rule.id, what: "removed", fields: fieldsOf(rule, null) });
  return found;
}

function fieldsOf(before: SetRule | null, after: SetRule | null): Difference["fields"] {
  const names = Object.keys(after ?? before ?? {}) as (keyof SetRule)[];
  return names
    .filter((name) => name !== "id")
    .map((field) => ({ field, before: textOf(before?.[field]), after: textOf(after?.[field]) }))
    .filter(({ before: one, after: other }) => one !== other);
}

/** Fields in one order, whoever wrote them. */
const textOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(inOrder(value)));

const inOrder = (value: unknown): unknown =>
  value === null || typeof value !== "object"
    ? value
    : Array.isArray(value)
      ? value.map(inOrder)
      : Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, inner]) => [name, inOrder(inner)]),
        );
