/** Chat's bounds; units last. */

export const MESSAGE_CHARS_MAX = 8_000;
export const MESSAGE_IMAGES_MAX = 10;
export const MESSAGE_MENTIONS_MAX = 50;
export const MESSAGE_EDITS_MAX = 100;
/** Different ones under one message; people under one of them are not bounded but by the channel. */
export const MESSAGE_EMOJI_MAX = 20;
export const EMOJI_CHARS_MAX = 32;
/** Names shown under a reaction. */
export const REACTION_NAMES_MAX = 10;
export const CID_CHARS_MAX = 64;
/** Beginning of a message that another one answers. */
export const EXCERPT_CHARS_MAX = 200;

export const CHANNEL_NAME_CHARS_MAX = 80;
export const CHANNEL_TOPIC_CHARS_MAX = 250;
export const GROUP_MEMBERS_MAX = 50;
export const CHANNELS_PER_PERSON_MAX = 500;
export const CHANNELS_PER_SPACE_MAX = 500;
export const SLOW_MODE_S_MAX = 21_600;
export const RETENTION_DAYS_MAX = 3_650;
export const PINS_PER_CHANNEL_MAX = 100;
/** People put into a channel by one call. */
export const ADDED_PER_CALL_MAX = 50;

/** Unread messages that are counted; beyond it the page says "99+". */
export const UNREAD_COUNTED_MAX = 100;
/** Up to so many members a receipt has names; above it is a number. */
export const RECEIPT_NAMES_MEMBERS_MAX = 100;
/** What arrived is written for all of a node together: so soon after the first, and then so often. */
export const DELIVERED_SOON_MS = 250;
export const DELIVERED_GAP_MS = 2_000;
/** Cursors that wait to be written; beyond it an arrival is not told, and the next one is. */
export const DELIVERED_WAITING_MAX = 10_000;
/** Cursors that a node remembers to have written. */
export const DELIVERED_KNOWN_MAX = 50_000;
/** In a channel with more than so many members, who does not look at it hears of new messages by coalesced bumps only. */
export const BIG_CHANNEL_MEMBERS_MIN = 1_000;
export const BUMP_GAP_MS = 2_000;

export const DRAFTS_PER_PERSON_MAX = 200;
export const SCHEDULED_PER_PERSON_MAX = 50;
export const SCHEDULE_AHEAD_MS_MAX = 366 * 24 * 3_600_000;
/** Nearer to its time a scheduled message is not changed any more: it may be on its way. */
export const SCHEDULED_CHANGE_MS_MIN = 5_000;

export const SEARCH_CHARS_MAX = 200;
export const SEARCH_WORDS_MAX = 10;
/** Channels that one search looks into. */
export const SEARCH_CHANNELS_MAX = 2_000;

export const STATUS_CHARS_MAX = 100;
export const PRESENCE_ASKED_MAX = 100;

/** People told by one event of the log. */
export const TOLD_PER_EVENT_MAX = 200;
/** Rows that one transaction of a background job takes. */
export const ROWS_PER_PORTION_MAX = 500;
/** Messages that an export reads at once. */
export const EXPORT_PAGE_MAX = 500;
