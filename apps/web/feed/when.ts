/** Moments as people choose them: in their own time zone, by the minute. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The house takes what is at least a minute ahead; choosing takes a moment too. */
export const AHEAD_MS_MIN = 2 * MINUTE_MS;
export const AHEAD_MS_MAX = 365 * DAY_MS;

const two = (n: number) => String(n).padStart(2, "0");

/** As `<input type="datetime-local">` has it. */
export function localValue(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Null for what is no moment. */
export function momentOf(value: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value)) return null;
  const ms = new Date(value).getTime();
  return Number.isFinite(ms) ? ms : null;
}

/** What is wrong with a moment, in words; null when nothing is. */
export function whenProblem(value: string, now_ms: number): string | null {
  const ms = momentOf(value);
  if (ms === null) return "Choose a day and a time.";
  if (ms - now_ms < MINUTE_MS) return "Choose a moment that is still to come.";
  return ms - now_ms > AHEAD_MS_MAX ? "Choose a moment within a year." : null;
}

/** A few that people mean often, the nearest first. */
export function presets(now_ms: number): { label: string; at_ms: number }[] {
  const at = (days: number, hour: number) => {
    const day = new Date(now_ms);
    return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, hour).getTime();
  };
  const toMonday = (8 - new Date(now_ms).getDay()) % 7 || 7;
  return [
    { label: "In an hour", at_ms: Math.ceil((now_ms + 60 * MINUTE_MS) / (5 * MINUTE_MS)) * 5 * MINUTE_MS },
    { label: "This evening", at_ms: at(0, 19) },
    { label: "Tomorrow morning", at_ms: at(1, 9) },
    { label: "Monday morning", at_ms: at(toMonday, 9) },
  ]
    .filter(({ at_ms }) => at_ms - now_ms >= 30 * MINUTE_MS)
    .filter(({ at_ms }, i, all) => all.findIndex((other) => other.at_ms === at_ms) === i);
}

/** How long a poll goes on, for a choice among some. */
export const POLL_TIMES: readonly { label: string; open_s: number }[] = [
  { label: "5 minutes", open_s: 300 },
  { label: "30 minutes", open_s: 1_800 },
  { label: "1 hour", open_s: 3_600 },
  { label: "6 hours", open_s: 21_600 },
  { label: "1 day", open_s: 86_400 },
  { label: "3 days", open_s: 259_200 },
  { label: "1 week", open_s: 604_800 },
  { label: "30 days", open_s: 2_592_000 },
];

/** "2 d left", "5 min left", "seconds left". */
export function leftOf(ends_ms: number, now_ms: number): string {
  const left = ends_ms - now_ms;
  if (left < MINUTE_MS) return "seconds left";
  if (left < 60 * MINUTE_MS) return `${Math.floor(left / MINUTE_MS)} min left`;
  return left < 2 * DAY_MS ? `${Math.floor(left / (60 * MINUTE_MS))} h left` : `${Math.floor(left / DAY_MS)} d left`;
}
