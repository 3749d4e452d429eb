/** How many wait for somebody, on a badge: the house counts to a hundred. Null where nothing does. */
export function deskWords({ cases, appeals }: { cases: number; appeals: number }): string | null {
  const count = cases + appeals;
  if (count === 0) return null;
  return cases >= 100 || appeals >= 100 || count > 99 ? "99+" : String(count);
}
