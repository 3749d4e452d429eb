import { DAY_MS, HOUR_MS } from "#kernel/time.ts";

/** A walk through the store. At 1,000 names a page, a million blobs take minutes. */
export const WALK_EVERY_MS = DAY_MS;
export const WALK_NAMES_AT_ONCE = 1_000;
export const WALK_RUN_MS = HOUR_MS;
export const WALKS_KEPT = 2;

/** The largest of somebody's videos, shown with their storage. */
export const LARGEST_SHOWN_MAX = 50;
