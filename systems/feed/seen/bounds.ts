/** On screen for this long, a post was seen. */
export const SEEN_MS_MIN = 1_000;
export const SEEN_POSTS_PER_REPORT_MAX = 100;
/** What one report can say of one post; a window that is left open says no more. */
export const SEEN_MS_PER_REPORT_MAX = 10 * 60_000;

/** Posts that are remembered of one person: the newest; below 6,000 nobody trims, so that it is done once in a thousand posts. */
export const SEEN_POSTS_MAX = 5_000;
export const SEEN_POSTS_UNTRIMMED_MAX = 6_000;
export const SEEN_DAYS_MAX = 60;
export const SEEN_TRIMMED_EVERY_MS = 24 * 3_600_000;
/** People whose rows one look of that job finds; each is a short transaction of its own. */
export const SEEN_PEOPLE_PER_LOOK_MAX = 200;
/** Of who deletes their account: rows in one transaction, about 20 ms. */
export const SEEN_ROWS_PER_PORTION_MAX = 1_000;
