/** The inbox's bounds; units last. */

/** Newest items kept of one person; older ones go with the daily trim. */
export const INBOX_ITEMS_MAX = 5_000;
export const ITEM_KEPT_MS = 180 * 24 * 3_600_000;
/** Names shown of a group; the rest are "and N others". */
export const GROUP_ACTORS_SHOWN_MAX = 3;
/** Newest items of a group that are looked at for somebody who may be shown. */
export const GROUP_ITEMS_LOOKED_MAX = 8;
/** Unread groups that are counted; beyond it the badge says "50+". */
export const UNREAD_COUNTED_MAX = 50;
/** Beginning of a post or comment in an inbox. */
export const EXCERPT_CHARS_MAX = 200;
/** Reads of one page before a thin one is handed out, whatever the rules drop. */
export const PAGE_READS_MAX = 4;
/** Told arrivals that one event of the log carries: about 50 bytes each. */
export const ARRIVALS_PER_EVENT_MAX = 200;
/** Rows that one transaction of a clearing job takes. */
export const CLEAR_ROWS_PER_PORTION_MAX = 500;
/** Longer than any request: what was under way when somebody left has ended. */
export const FORGET_DELAY_MS = 60_000;
