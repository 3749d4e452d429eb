const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

/** "Today", "Yesterday", then the day; by the viewer's own calendar. */
export function dayName(at: string, now_ms: number): string {
  const date = new Date(at);
  const now = new Date(now_ms);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  if (date >= midnight) return "Today";
  midnight.setDate(midnight.getDate() - 1);
  if (date >= midnight) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(date);
}
