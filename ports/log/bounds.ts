/** Events in one batch of a consumer or a tail, where nothing is said. */
export const BATCH_EVENTS_DEFAULT = 200;
export const BATCH_EVENTS_MAX = 1_000;
/** An event carries ids and small facts; whoever needs more reads the row. As JSON text. */
export const EVENT_BYTES_MAX = 16_384;
export const TOPIC_CHARS_MAX = 64;
export const KEY_CHARS_MAX = 200;
export const TYPE_CHARS_MAX = 100;
export const GROUP_CHARS_MAX = 64;

/** How often a node looks by itself, in case a wake-up died with the node that owed it. One query for all topics. */
export const POLL_MS = 3_000;
/** Committed events that wait behind an older running transaction are looked at again after 1, 2, 4 … ms, up to this. */
export const SETTLE_MS_MAX = 100;
/** Two looks of one tail, or of one group, lie so far apart at least while events keep coming; the first after a pause comes at once. */
export const TAIL_PACE_MS = 4;
export const GROUP_PACE_MS = 20;

/** Groups that handle a batch at the same time on one node: each holds a connection of the pool. */
export const HANDLERS_MAX = 4;
/** Tries of one event before it is parked. With the backoff below that takes about 6 s. Transient failures never count. */
export const EVENT_TRIES_MAX = 8;
export const RETRY_BASE_MS = 100;
export const RETRY_DELAY_MS_MAX = 30_000;
export const REASON_CHARS_MAX = 2_000;

/** Events stay at least this long, so that a new group or a rebuilt index can start from before now. */
export const KEEP_MS = 7 * 86_400_000;
/** `lags` counts no further: a group that is this far behind is "at least so many" behind. */
export const LAG_EVENTS_MAX = 10_000;
/** Emptying a slot needs a moment without readers; it gives up after this and tries at the next `trim`. */
export const TRIM_LOCK_MS_MAX = 50;
