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

/** What one connection may do. */
export const STREAMS_PER_CONNECTION_MAX = 500;
export const CONNECTIONS_PER_PERSON_MAX = 20;
/** A school or an office comes from one address. */
export const CONNECTIONS_PER_ADDRESS_MAX = 1_000;
export const CONNECTIONS_MAX = 50_000;
/** Who has not said who they are by then is closed with 4001. */
export const IDENTIFY_MS_MAX = 10 * SECOND_MS;
/** Frames that wait for their turn, because of those before them or because too many were said a second; then 4029. */
export const INBOX_FRAMES_MAX = 64;
export const FRAMES_RULE = { name: "line", burst_tokens: 300, tokens_per_s: 60 };
/** Mays that are asked at once for one frame or one recheck. */
export const ASKED_AT_ONCE_MAX = 20;

/** And of all lines of a node together, so that a storm of returns waits for its turn and breaks nothing below. */
export const ASKED_AT_ONCE_OF_ALL_MAX = 64;

/** A line that is silent for so long is asked for a sign of life by the client; twice that, and it is dead. */
export const HEARTBEAT_MS = 25 * SECOND_MS;
/** Sessions that end by themselves, and rechecks that were lost with the bus. */
export const SWEEP_MS = 60 * SECOND_MS;
export const RECHECK_REPEAT_MS = [1 * SECOND_MS, 5 * SECOND_MS] as const;
/** A credential that was revoked moments ago is not let in by a memory that has not heard of it. */
export const REVOKED_KEPT_MS = 2 * MINUTE_MS;
/** The same of a person, who may be let in again soon. */
export const ENDED_KEPT_MS = 5 * SECOND_MS;

/** A read cursor and an ack of one stream reach their system this often. */
export const CURSOR_EVERY_MS = 1 * SECOND_MS;
export const EPHEMERAL_EVERY_MS = 150;
/** Different things that may wait for the next of these moments, by stream; the oldest goes. */
export const EPHEMERAL_WAITING_MAX = 500;
export const MOVE_MS_MAX = 5 * SECOND_MS;

/** A reader who does not read: first what may be lost is dropped, then pushing stops, then the line is closed with 4008. */
export const DROP_EPHEMERAL_BYTES = 64 * 1024;
/** The kernel holds megabytes below this; with 128 KiB a tenth of stalled readers costs a house less than a fifth of its memory. */
export const LAG_BYTES = 128 * 1024;
export const CLOSE_BYTES = 1024 * 1024;
export const STALLED_MS_MAX = 30 * SECOND_MS;
export const STALL_LOOK_MS = 1 * SECOND_MS;

/** Of each stream that somebody listens to here, this much is kept at hand for those who come back. */
export const RECENT_ITEMS_MAX = 200;
export const RECENT_BYTES_MAX = 256 * 1024;
/** Of all streams together; beyond it nothing more is kept than what is just being told. */
export const RECENT_BYTES_OF_ALL_MAX = 64 * 1024 * 1024;
/** What one frame of items or one page carries; at least one item. In characters, of which few take more than a byte. */
export const FRAME_ITEMS_BYTES_MAX = 96 * 1024;
/** Items that came before one that is missing. Beyond it they are read again. */
export const AHEAD_ITEMS_MAX = 500;
/** What was only overtaken comes by itself; then the gap is read. */
export const GAP_WAIT_MS = 20;
export const HEADS_EVERY_MS = 5 * SECOND_MS;
export const HEADS_PER_READ_MAX = 1_000;

/** How presence is told between nodes. */
export const HERE_EVERY_MS = 30 * SECOND_MS;
export const HERE_SOON_MS = 300;
export const HERE_KEPT_MS = 75 * SECOND_MS;
export const HERE_PEOPLE_PER_MESSAGE_MAX = 1_000;
/** Without another sign from the device it is idle. */
export const ACTIVE_MS_MAX = 5 * MINUTE_MS;
