/** Entries that a catch-up looks through, the newest first: 2,000 take about 10 ms. Whoever was away longer misses the oldest. */
export const CATCH_UP_ENTRIES_MAX = 2_000;
/** What it shows of them. */
export const CATCH_UP_POSTS_MAX = 60;
/** Nobody catches up on more than this. */
export const CATCH_UP_D_MAX = 7;
/** The order of one catch-up stands for so long, so that its pages fit together. */
export const CATCH_UP_CACHED_MS = 10 * 60_000;
export const CATCH_UPS_CACHED_MAX = 5_000;
/** 25 KB for a full one. */
export const CATCH_UPS_CACHED_BYTES_MAX = 32 * 1024 * 1024;

/** Whoever writes no more than so much in so many days stands in the slow lane. */
export const SLOW_POSTS_MAX = 4;
export const SLOW_WINDOW_D = 30;
/** Who is slow is counted anew so often. */
export const SLOW_COUNTED_MS = 60_000;
