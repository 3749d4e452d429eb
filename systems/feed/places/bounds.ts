export const DEVICE_CHARS_MAX = 60;
/** A device that was away tells afterwards how long ago its owner read. */
export const READ_AGO_MS_MAX = 7 * 24 * 3_600_000;
/** News are counted up to here; this many means "99 and more". */
export const NEWS_COUNT_MAX = 100;
/** Faces beside the count. */
export const NEWS_PEOPLE_MAX = 3;
