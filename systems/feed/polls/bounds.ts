export {
  POLL_OPEN_S_MAX,
  POLL_OPEN_S_MIN,
  POLL_OPTION_CHARS_MAX,
  POLL_OPTIONS_MAX,
  POLL_OPTIONS_MIN,
} from "#kernel/polls.ts";
/** Voters that one event tells of a poll's end: 22 bytes each, within the log's 16 KiB. */
export const POLL_VOTERS_PER_EVENT_MAX = 400;
/** Votes that one statement sums, or throws away of an edition that has passed; more wait for the next. */
export const BALLOTS_PER_STEP_MAX = 5_000;
