import { DAY_MS, HOUR_MS, MINUTE_MS } from "#kernel/time.ts";

/** Moderation's bounds; units last. */
export const RULES_MAX = 50;
export const RULE_TITLE_CHARS_MAX = 80;
export const RULE_TEXT_CHARS_MAX = 600;

export const REPORT_WORDS_CHARS_MAX = 1_000;
/** Of one reporter, waiting for an answer; a person who needs more talks to a moderator. */
export const REPORTS_OPEN_MAX = 30;
/** Kept with one case; the queue shows the newest. Further ones count, and are told of the outcome like the rest. */
export const REPORTS_SHOWN_MAX = 100;
export const SNAPSHOTS_PER_CASE_MAX = 20;
/** After the case was closed: as long as somebody may ask about it, and no longer. */
export const SNAPSHOT_KEPT_MS = 180 * DAY_MS;
export const RETENTION_EVERY_MS = DAY_MS;
export const ERASED_AT_ONCE_MAX = 500;
/** The first so many are told by a notification; everybody finds what came of it among their reports. */
export const REPORTERS_TOLD_MAX = 1_000;

/** A moderator who does not come back gives a case up after this. */
export const CLAIM_MS_MAX = 30 * MINUTE_MS;
export const NOTE_CHARS_MAX = 2_000;
export const NOTES_PER_CASE_MAX = 100;
export const ACTS_SHOWN_MAX = 50;

export const ACT_WORDS_CHARS_MAX = 1_000;
export const WARNING_CHARS_MAX = 200;
/** A suspension that shall end by itself ends within a year; a longer one has no end. */
export const ENDS_IN_H_MAX = 24 * 366;
/** How late an end may be. */
export const ENDS_EVERY_MS = MINUTE_MS;
export const ENDS_AT_ONCE_MAX = 100;

export const APPEAL_WORDS_CHARS_MAX = 2_000;
export const APPEAL_MS_MAX = 30 * DAY_MS;
export const ANSWER_CHARS_MAX = 1_000;

export const AUDIT_EXPORT_ROWS_MAX = 5_000;
/** Rows that one look at the chain reads in one go. */
export const AUDIT_CHECK_ROWS = 2_000;

/** Reads of one page of the queue, before a thin page is handed out. */
export const QUEUE_READS_MAX = 6;
export const SUMMARY_CACHED_MS = MINUTE_MS;
export const SUMMARY_WINDOW_MS = 30 * DAY_MS;
export const SHIELD_MINUTES_KEPT_MS = 2 * HOUR_MS;
