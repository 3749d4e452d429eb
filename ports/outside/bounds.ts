export const URL_CHARS_MAX = 2_048;
export const REDIRECTS_MAX = 5;
/** From the first byte sent to the answer's head, for each hop. */
export const HEAD_MS_MAX = 15_000;
/** A body from which nothing comes for so long is cut. */
export const STALL_MS_MAX = 30_000;
/** Addresses of one name that are tried. */
export const ADDRESSES_TRIED_MAX = 4;
