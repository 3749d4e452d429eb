/** The share of those who voted, whole; null while results are hidden. Of several choices each is a share of the people. */
export function percentOf(votes: number | null, voters: number | null): number | null {
  if (votes === null || voters === null) return null;
  return voters === 0 ? 0 : Math.min(100, Math.round((votes / voters) * 100));
}
