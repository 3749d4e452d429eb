/** What the house said of a draft, at the rules where it is. */
export interface Troubles {
  /** By the rule's place, then by field. */
  rules: ReadonlyMap<number, Readonly<Record<string, string>>>;
  /** Of no rule alone; null when there is nothing. */
  whole: string | null;
}

export function troublesByRule(errors: readonly { pointer: string; detail: string }[]): Troubles {
  const rules = new Map<number, Record<string, string>>();
  let whole: string | null = null;
  for (const { pointer, detail } of errors) {
    const [, place, field = "id"] = /^\/body\/set\/rules\/(\d+)(?:\/(.+))?$/.exec(pointer) ?? [];
    if (place === undefined) {
      whole ??= detail;
      continue;
    }
    const of = rules.get(Number(place)) ?? {};
    // Of a number within a limit it is said at the limit.
    of[field.replace(/^(limit|tiers\/\w+)\/.*$/, "$1")] ??= detail;
    rules.set(Number(place), of);
  }
  return { rules, whole };
}
