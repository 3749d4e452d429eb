import { DAY_MS, HOUR_MS } from "#kernel/time.ts";

/** Who watched for so long, or this share of what is shorter, has seen it. */
export const VIEW_WATCHED_MS = 10_000;
export const VIEW_WATCHED_SHARE = 0.3;

/** The fastest that a page plays. Nobody watches more than the time since their first word allows. */
export const PLAY_RATE_MAX = 2;
/** What the first word of a session may claim already: it is on its way for a while. */
export const CREDIT_SLACK_MS = 1_000;

/** `navigator.sendBeacon` promises 64 KiB for all of a page together; a beacon of ten seconds has about 300 bytes. */
export const BEACON_BYTES_MAX = 4_096;
/** One every ten seconds for a day, and some that come when a page is hidden. */
export const BEACON_SEQ_MAX = 9_999;
/** A tab in the background tells once a minute, at twice the speed. More than that is cut. */
export const BEACON_PLAYED_MS_MAX = 120_000;
export const BEACON_STALL_MS_MAX = 120_000;
export const BEACON_COUNT_MAX = 1_000;
export const STARTUP_MS_MAX = 600_000;
export const BEACON_RANGES_MAX = 100;
export const BEACON_RUNGS_MAX = 12;
export const BEACON_ERRORS_MAX = 8;
export const NAME_CHARS_MAX = 48;
/** A player that talks faster than this is not listened to: so many at once, and one more per so many ms. */
export const BEACONS_AT_ONCE_MAX = 12;
export const BEACON_EVERY_MS_MIN = 2_000;

/** An address may say so much: a classroom of 200 players behind it. Beyond that 429. */
export const BEACONS_BURST = 600;
export const BEACONS_PER_S = 20;
export const ADDRESSES_HELD_MAX = 10_000;
/** Playings of one video from one address and hour; what comes beyond is not counted. */
export const SESSIONS_PER_ADDRESS_MAX = 20;

export const RETENTION_BUCKETS = 100;
/** Names of errors and rungs that one day keeps apart; the rest is `other`. */
export const NAMES_KEPT_MAX = 32;

/** Beacons waiting to be written; beyond that 503. At 1 KiB each. */
export const BEACONS_WAITING_MAX = 10_000;
export const BEACONS_WRITTEN_AT_ONCE = 500;
export const BEACONS_FOLDED_AT_ONCE = 2_000;

export const SESSIONS_KEPT_MS = 2 * DAY_MS;
export const DAY_VIEWERS_KEPT_MS = 7 * DAY_MS;
/** Older days are summed into one number. */
export const DAYS_KEPT = 400;
export const ANALYTICS_DAYS_MAX = DAYS_KEPT;
/** Films that an owner's own numbers name. */
export const MOST_WATCHED_MAX = 20;
export const VIEWS_RECOUNTED_EVERY_MS = HOUR_MS;
/** Days whose views are all still there as rows. */
export const DAYS_RECOUNTED = 6;
