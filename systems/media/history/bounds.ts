/** Films that a person's history goes back to; older ones are trimmed by a job, about once an hour. */
export const HISTORY_MAX = 1_000;
export const HISTORY_TRIMMED_EVERY_MS = 60 * 60 * 1000;
/** Shorter films are seen again from their beginning. */
export const CONTINUE_MS_MIN = 60_000;
/** Who saw less has not begun; who saw more has seen it. Shares of the whole. */
export const BEGUN_SHARE = 0.02;
export const ENDED_SHARE = 0.95;
/** "Continue watching" looks back at so many of the last films. */
export const CONTINUE_LOOKED_AT_MAX = 100;
export const CONTINUE_SHOWN_MAX = 24;
/** Of them at most so many playlists whose next film is offered: each is read whole. */
export const CONTINUE_COLLECTIONS_MAX = 8;
