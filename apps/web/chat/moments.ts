/** How long something stands, as people say it; by the clock of who says it. */
const HOUR_MS = 3_600_000;

const dayAt = (now_ms: number, days: number, hour: number): number => {
  const day = new Date(now_ms);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, hour).getTime();
};

export const UNTIL = {
  always: { words: "I take it away", at: () => null },
  half_hour: { words: "Half an hour", at: (now_ms: number) => now_ms + HOUR_MS / 2 },
  hour: { words: "An hour", at: (now_ms: number) => now_ms + HOUR_MS },
  hours: { words: "Four hours", at: (now_ms: number) => now_ms + 4 * HOUR_MS },
  day: { words: "The end of the day", at: (now_ms: number) => dayAt(now_ms, 1, 0) },
  morning: { words: "Tomorrow at eight", at: (now_ms: number) => dayAt(now_ms, 1, 8) },
  // Sunday is the last day of a week.
  week: {
    words: "The end of the week",
    at: (now_ms: number) => dayAt(now_ms, 1 + ((7 - new Date(now_ms).getDay()) % 7), 0),
  },
} satisfies Record<string, { words: string; at: (now_ms: number) => number | null }>;

/** When it ends, as the house takes it; null for what one takes away by hand. */
export function ends(until: keyof typeof UNTIL, now_ms: number): string | null {
  const at = UNTIL[until].at(now_ms);
  return at === null ? null : new Date(at).toISOString();
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

/** "Today", "Yesterday", or the day; with its year where it is another. */
export function dayWords(at: string, now_ms: number): string {
  const [day, now] = [new Date(at), new Date(now_ms)];
  const days = Math.round((dayAt(now_ms, 0, 0) - dayAt(day.getTime(), 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (day.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(day);
}
