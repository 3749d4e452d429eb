/** The jobs' desk: its bounds; units last. */

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
/** Jobs that one call puts back; a page of the port's list when the dead are read. */
export const DEAD_PAGE_JOBS = 200;
