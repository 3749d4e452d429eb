import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "#kernel/time.ts";

/** Of programs outside; units last. */

export const NAME_CHARS_MAX = 60;
export const ABOUT_CHARS_MAX = 500;
export const BOTS_PER_HOME_MAX = 100;
export const INCOMING_PER_SPACE_MAX = 100;
export const OUTGOING_PER_SPACE_MAX = 50;
export const COMMANDS_PER_HOME_MAX = 100;
export const CHANNELS_PER_HOOK_MAX = 20;
export const TOKEN_EXPIRY_D_MAX = 3_650;

/** What one sender may post at once, and over time. */
export const INCOMING_BODY_BYTES_MAX = 64 * 1_024;
export const INCOMING_BODY_MS_MAX = 10 * SECOND_MS;
export const GUISE_NAME_CHARS_MAX = 80;
export const INCOMING_RULE = { name: "hook", burst_tokens: 30, tokens_per_s: 1 };
/** Messages that a bot sends, over all its tokens. */
export const BOT_RULE = { name: "bot", burst_tokens: 60, tokens_per_s: 5 };
export const IDEMPOTENCY_KEY_CHARS_MAX = 200;
export const REASON_CHARS_MAX = 300;
/** When a hook was used is written down no more often. */
export const USED_TOUCH_MS = MINUTE_MS;

export const URL_CHARS_MAX = 2_048;
/** For one delivery, from the first byte sent to the last that is read. */
export const DELIVERY_MS_MAX = 10 * SECOND_MS;
export const DELIVERY_ANSWER_BYTES_MAX = 1_024;
/** One address is asked so many times at once, over all nodes. */
export const DELIVERIES_AT_ONCE_MAX = 4;
/** Beyond so many that wait, an address is told of nothing further until it takes some. */
export const DELIVERIES_WAITING_MAX = 1_000;
export const DELIVERIES_KEPT_MS = 7 * DAY_MS;
/** Waits between tries: about a day in all, each give or take a quarter. */
export const RETRY_WAITS_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  8 * HOUR_MS,
] as const;
/**
 * While a host does not answer anybody, what is for it is put off without being sent: by a quarter of its age, so that a thousand
 * that wait are few to look at. What is a day old is a try again, that fails.
 */
export const PUT_OFF_MS_MIN = 5 * SECOND_MS;
export const PUT_OFF_SHARE = 0.25;
export const PUT_OFF_MS_MAX = DAY_MS;
export const RETRY_AFTER_MS_MAX = 4 * HOUR_MS;
/** An address that took nothing for so long is told of nothing more. */
export const FAILING_MS_MAX = 3 * DAY_MS;
/** The secret before the last one still signs for so long. */
export const SECRET_OVERLAP_MS = DAY_MS;

export const COMMAND_TEXT_CHARS_MAX = 4_000;
export const COMMAND_MS_MAX = 3 * SECOND_MS;
export const COMMAND_ANSWER_BYTES_MAX = 64 * 1_024;
export const ANSWER_USES_MAX = 5;
export const ANSWER_MS_MAX = 30 * MINUTE_MS;
export const REMIND_MS_MAX = 365 * DAY_MS;

export const ROWS_PER_PORTION_MAX = 500;
/** As a message of chat. */
export const MESSAGE_CHARS_MAX = 8_000;
