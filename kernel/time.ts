export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The last moment of the year 9999: the latest that RFC 3339 can write. A cursor that names a later one is not ours. */
export const MOMENT_MS_MAX = 253_402_300_799_999;

/** RFC 3339 in UTC with milliseconds, the only form of a time on the wire. */
export const rfc3339 = (at: Date | number): string => new Date(at).toISOString();
