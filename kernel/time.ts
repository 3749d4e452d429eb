export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** RFC 3339 in UTC with milliseconds, the only form of a time on the wire. */
export const rfc3339 = (at: Date | number): string => new Date(at).toISOString();
