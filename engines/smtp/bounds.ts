/** The engine's bounds; units last. */

/** Lines to the server that one process holds. */
export const LINES_MAX = 4;
/** Letters over one line before it is made anew. */
export const LETTERS_PER_LINE_MAX = 100;
/** A line that nobody uses is closed after this. */
export const IDLE_MS_MAX = 30_000;
/** Letters that wait for a line; one more is put off by its sender. */
export const WAITING_MAX = 500;
/** A letter's whole way, waiting for a line included. Below every lease of a job that sends. */
export const SEND_MS_MAX = 40_000;
export const CONNECT_MS_MAX = 10_000;
export const GREETING_MS_MAX = 10_000;
/** Silence in the middle of a talk. */
export const SILENCE_MS_MAX = 20_000;
/** One answer of the server. */
export const REPLY_BYTES_MAX = 64 * 1024;
/** Keys that a process knows it has sent. */
export const KEYS_KNOWN_MAX = 10_000;
/** Letters in a row that did not reach the server, after which it is left alone for 5 to 10 s, twice as long each time up to a minute or two. */
export const FAILURES_MAX = 3;
export const AWAY_MS_MIN = 5_000;
export const AWAY_MS_MAX = 60_000;
