import { HOUR_MS, MINUTE_MS } from "#kernel/time.ts";

/** The jobs' desk: its bounds; units last. */

/**
 * So long may the oldest of a class that is due wait in health, where the house is not told otherwise. Interactive work begins
 * in milliseconds; two minutes are somebody who has given up. Batch work may lie behind a few long films, and tidying may wait
 * for the night.
 */
export const WAIT_MS_MAX = { interactive: 2 * MINUTE_MS, batch: HOUR_MS, maintenance: 6 * HOUR_MS };

/** The page's chart: the last hour, minute by minute. */
export const FLOW_MINUTES = 60;
/** Dead jobs that are read to be grouped, the newest first; the counts beside them are of all. */
export const DEAD_GROUPED_MAX = 2_000;
/** Groups of one answer, the newest first. */
export const DEAD_GROUPS_MAX = 100;
/** Dead jobs of one kind that one call puts back; what is left is told, and asked for by the next call. */
export const REPLAY_JOBS_MAX = 500;
/** Names of a payload's fields that are shown; a payload has 8 KiB at most. */
export const PAYLOAD_FIELDS_MAX = 40;
export const FIELD_NAME_CHARS_MAX = 40;
export const REASON_SHOWN_CHARS_MAX = 500;
/** A page of the port's list, where many are read. */
export const PAGE_JOBS = 200;

/** Jobs that one call looks at for those that are sought; what it found till then it tells, and where to go on. */
export const SEEK_JOBS_MAX = 2_000;
/** Jobs that are counted before something is done about all of them; of more it says so. */
export const COUNT_JOBS_MAX = 5_000;
/** Jobs that one call of a bulk act changes: one transaction. */
export const ACT_JOBS_MAX = 100;
/** Of each state, the newest, when they are told by whom they are for; and how many that are done. */
export const TENANT_JOBS_MAX = 1_000;
export const TENANT_DONE_JOBS = 200;
export const TENANTS_MAX = 50;
