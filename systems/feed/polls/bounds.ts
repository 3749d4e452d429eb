export const POLL_OPTIONS_MIN = 2;
export const POLL_OPTIONS_MAX = 8;
export const POLL_OPTION_CHARS_MAX = 100;
export const POLL_OPEN_S_MIN = 5 * 60;
export const POLL_OPEN_S_MAX = 30 * 86_400;
/** Voters that one event tells of a poll's end: 22 bytes each, within the log's 16 KiB. */
export const POLL_VOTERS_PER_EVENT_MAX = 400;
/** Votes that one statement sums, or throws away of an edition that has passed; more wait for the next. */
export const BALLOTS_PER_STEP_MAX = 5_000;
