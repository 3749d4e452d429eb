import { DAY_MS, MINUTE_MS, SECOND_MS } from "#kernel/time.ts";

/** What stands in a stream. Beyond it a caller of `append` has a bug: RangeError. */
export const APPEND_ITEMS_MAX = 500;
export const ITEM_DATA_BYTES_MAX = 16 * 1024;
export const KIND_CHARS_MAX = 40;
export const CID_CHARS_MAX = 64;
export const STREAM_CHARS_MAX = 97;

/**
 * Items are kept at least so long, and up to half as long again; whoever was away for longer takes the state anew from the
 * stream's system. A `cid` sent again within it is known.
 */
export const ITEMS_KEPT_MS = 30 * DAY_MS;
export const TRIM_EVERY_MS = 60 * MINUTE_MS;
export const TRIM_LOCK_MS_MAX = 2 * SECOND_MS;
