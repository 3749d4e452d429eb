import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";

/** A person's own clock. Time zones come from the runtime's own table (IANA); nothing here knows an offset. */

const formats = new Map<string, Intl.DateTimeFormat>();
const FORMATS_KEPT_MAX = 600;

/** There are some 600 zones, and a format costs 50 µs to make. */
function formatOf(time_zone: string): Intl.DateTimeFormat {
  let format = formats.get(time_zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: time_zone,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    if (formats.size >= FORMATS_KEPT_MAX) formats.clear();
    formats.set(time_zone, format);
  }
  return format;
}

/** A zone by its name ("Europe/Stockholm"); offsets are none, for they know no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What a wall clock there shows at a moment, as if it were UTC: for sums only. */
function wallMs(at_ms: number, time_zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(time_zone).formatToParts(at_ms)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at_ms % 1_000) + 1_000) % 1_000);
}

/** Minutes since midnight there. */
export const minuteOfDay = (at_ms: number, time_zone: string): number =>
  Math.floor((((wallMs(at_ms, time_zone) % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);

/**
 * The moment at which a wall clock there shows this. Where it shows it twice, the first; where it never does (clocks go
 * forward over it), as much later as the clocks went: what RFC 5545 and Temporal's `compatible` do.
 */
function momentOf(wall_ms: number, time_zone: string): number {
  const offset = (at_ms: number) => wallMs(at_ms, time_zone) - at_ms;
  const [before, after] = [offset(wall_ms - DAY_MS), offset(wall_ms + DAY_MS)];
  const fits = [wall_ms - before, wall_ms - after].filter((at_ms) => wallMs(at_ms, time_zone) === wall_ms);
  return fits.length > 0 ? Math.min(...fits) : wall_ms - before;
}

/** The next moment after this one at which a clock there shows so many minutes; on a weekday (1 is Monday) where one is named. */
export function nextAt(after_ms: number, time_zone: string, minute: number, weekday: number | null = null): number {
  const midnight = Math.floor(wallMs(after_ms, time_zone) / DAY_MS) * DAY_MS;
  for (let day = 0; day <= 8; day++) {
    const wall = midnight + day * DAY_MS + minute * MINUTE_MS;
    // 1970-01-01 was a Thursday.
    if (weekday !== null && ((Math.floor(wall / DAY_MS) + 3) % 7) + 1 !== weekday) continue;
    const at_ms = momentOf(wall, time_zone);
    if (at_ms > after_ms) return at_ms;
  }
  throw new RangeError(`no ${minute} in ${time_zone} within nine days`);
}

export interface QuietHours {
  from_min: number;
  to_min: number;
}

/** When the quiet that reigns at this moment ends; null where none does. */
export function quietUntil(at_ms: number, time_zone: string, quiet: QuietHours | null): number | null {
  if (!quiet) return null;
  const { from_min, to_min } = quiet;
  const minute = minuteOfDay(at_ms, time_zone);
  const reigns = from_min < to_min ? minute >= from_min && minute < to_min : minute >= from_min || minute < to_min;
  return reigns ? nextAt(at_ms, time_zone, to_min) : null;
}
