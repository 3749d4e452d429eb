import { MINUTE_MS } from "#kernel/time.ts";

/** A film that becomes much watched waits for this, and then for all else that is to be made. */
export const OFFER_EVERY_MS = 10 * MINUTE_MS;
/** The most watched; the others' turn comes when those are whole. */
export const OFFERED_AT_ONCE = 100;
export const TRIES_MAX = 3;
export const BECAUSE_CHARS_MAX = 500;
