/** The simulator's bounds; units last. It runs beside a house or in a browser's tab, so each has one. */

/** A line that is longer is left out and counted; nginx's own bound for a request line and its headers is 32 kB. */
export const LOG_LINE_CHARS_MAX = 32_768;
/** Of a request's path; what is longer is cut. */
export const LOG_PATH_CHARS_MAX = 1_024;
/** The last ms of the year 9999; what stands before 1970 or after it is no time of a request. */
export const LOG_AT_MS_MAX = 253_402_300_799_999;
/** Of a name that a log gives somebody. */
export const LOG_NAME_CHARS_MAX = 64;
/** Then it stops and says so: a day of 600 requests a second. */
export const LOG_LINES_MAX = 50_000_000;
/** After decompression, so that a small file cannot be an endless one. */
export const LOG_BYTES_MAX = 16 * 1024 ** 3;
/**
 * Held back to bring them into order. Servers write a line when a request ends, and some stamp it with when it began, so a line may
 * stand half as many places from where its time puts it.
 */
export const DISORDER_ENTRIES_MAX = 131_072;
/** Buckets of one rule set. */
export const SIMULATED_KEYS_MAX = 500_000;
/** Those who were refused are followed, so many of them exactly; beyond it the busiest, with a stated error. */
export const BUSIEST_FOLLOWED_MAX = 20_000;
/** And so many are told. */
export const BUSIEST_TOLD_MAX = 50;
export const ROUTES_TOLD_MAX = 200;
/** Points of the line over time; when there are more minutes, each point covers twice as many. */
export const TIMELINE_POINTS_MAX = 1_440;
/** Forms of paths that no route has; what comes beyond is one by its method. */
export const UNKNOWN_FORMS_MAX = 500;
/** Paths whose route is remembered. */
export const ROUTES_REMEMBERED_MAX = 10_000;
/** Progress is told after so many lines. */
export const PROGRESS_LINES = 20_000;
