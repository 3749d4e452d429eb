/** Of one person; a post that could not be published is kept beyond it. */
export const DRAFTS_MAX = 100;
export const SCHEDULED_MAX = 100;
export const SCHEDULE_AHEAD_MS_MIN = 60_000;
export const SCHEDULE_AHEAD_MS_MAX = 366 * 86_400_000;
/** Jobs wait in the queue for what is due within this; the rest waits as rows, and a look each hour plans it. */
export const PLAN_AHEAD_MS = 48 * 3_600_000;
export const PLAN_EVERY_MS = 3_600_000;
export const PLAN_ROWS_MAX = 500;
