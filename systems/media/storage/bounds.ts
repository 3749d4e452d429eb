import { DAY_MS, HOUR_MS, MINUTE_MS } from "#kernel/time.ts";

/** A walk through the store. At 1,000 names a page, a million blobs take minutes. */
export const WALK_EVERY_MS = DAY_MS;
export const WALK_NAMES_AT_ONCE = 1_000;
export const WALK_RUN_MS = HOUR_MS;
export const WALKS_KEPT = 2;

/** The largest of somebody's videos, shown with their storage. */
export const LARGEST_SHOWN_MAX = 50;

/** Views of so many days decide whether a video is much watched. */
export const RECENT_DAYS = 7;
export const CLASSIFY_EVERY_MS = MINUTE_MS;
export const CLASSIFIED_AT_ONCE = 200;
export const EVICT_EVERY_MS = HOUR_MS;
export const RELIEVE_EVERY_MS = MINUTE_MS;
export const EVICTED_AT_ONCE = 100;
/** Nothing makes a segment while its blob is deleted; should the process die, others wait no longer than this. */
export const EVICT_LEASE_MS = 30_000;
/** Segments let go in one transaction: a rung of an hour and a half. */
export const EVICT_SEGMENTS_MAX = 1_500;
/** Below the bound it goes on until so much more is free, so that it does not begin again at once. */
export const RELIEF_SHARE = 1.1;
/** Who is watching now is never taken a rung from. */
export const WATCHED_JUST_NOW_MS = HOUR_MS;
/** A step of priority is so many times more views: the fill of what is watched a lot goes first. */
export const PRIORITY_BASE = 4;
export const PRIORITY_MAX = 8;
