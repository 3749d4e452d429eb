import type { JobClass } from "./index.ts";

/** Payloads and cursors are small ids, not content. As JSON text. */
export const PAYLOAD_BYTES_MAX = 8_192;
export const KIND_CHARS_MAX = 64;
export const TENANT_CHARS_MAX = 64;
export const UNIQUE_KEY_CHARS_MAX = 200;
export const REASON_CHARS_MAX = 2_000;
export const PRIORITY_MAX = 100;
/** One step of priority is worth so much waiting: a job of priority 0 overtakes newer ones of priority 5 after 5 minutes. */
export const PRIORITY_STEP_S = 60;

/** Handlers at once on one node, where nothing is said. Most of them wait for other processes. */
export const WORKERS_DEFAULT = 8;
/** So many of the workers never take batch or maintenance work: a quarter, at least one where there are two. */
export const reservedWorkers = (workers: number): number => (workers < 2 ? 0 : Math.ceil(workers / 4));
/** Of the `hands` that a class has on a node, so many are never one tenant's: a quarter, at least one where there are two. */
export const spareHands = (hands: number): number => (hands < 2 ? 0 : Math.max(1, Math.floor(hands / 4)));
/** Shares of the workers' time while every class has work. Each gets at least its share: maintenance a twelfth. */
export const WEIGHTS: Record<JobClass, number> = { interactive: 8, batch: 3, maintenance: 1 };
/** Jobs of one tenant and kind that may be ready or running at once, where the kind says nothing. */
export const LANE_JOBS_MAX = 16;

/** How often a node looks by itself; also how long a job can sit in a lane that a race left closed. One query. */
export const POLL_MS = 3_000;
/** A due time that has come is looked at no more often than this, whatever the queue says. */
export const SWEEP_MS_MIN = 20;
/** A look at the queue from its beginning may take one part in so many of a node's time; see claims.ts. */
export const FULL_LOOK_SHARE = 10;
export const FULL_LOOK_MS_MIN = 5;
/** Leases are renewed at a third of their length; this is how often a node that runs something checks. */
export const BEAT_MS = 250;
export const PROGRESS_MS = 1_000;
/** What a handler gets to end in after its signal fired. Later it is left alone, and its worker takes the next job. */
export const GRACE_MS = 5_000;
export const BACKOFF = { base_ms: 1_000, delay_ms_max: 15 * 60_000 };
/** A dependency that says when to come back is heeded so far. */
export const WISH_MS_MAX = 6 * 3_600_000;
/** What was not sent is put off without a try: a second at least and a tenth of the job's age, so that old ones are rarely in the way, for a day. */
export const PUT_OFF_MS_MIN = 1_000;
export const PUT_OFF_SHARE = 0.1;
export const PUT_OFF_AGE_MS_MAX = 24 * 3_600_000;
/** Tries to write down how an attempt ended; after them its lease runs out and it is tried again. */
export const SETTLE_TRIES_MAX = 5;

/** How long the records of ended jobs stay. */
export const KEEP_ENDED_MS = 24 * 3_600_000;
export const KEEP_DEAD_MS = 30 * 86_400_000;
/** A slot of the queue that has grown so far is left for an empty one: some 8,000 row versions to walk over at worst. */
export const SLOT_BYTES_MAX = 1 << 20;
/** So few living rows are moved out of a slot to free it. */
export const SLOT_MOVE_ROWS_MAX = 500;
/** The queue is tidied after so many ended jobs, and otherwise this often. */
export const KEEP_JOBS = 500;
export const KEEP_LOOK_MS = 5 * 60_000;
/** Asking again for what another node held a moment ago, and after an error: uniform in [0, so many). */
export const CONTENDED_MS_MAX = 8;
export const ERROR_MS_MAX = 1_000;

/** A page of jobs, where nothing is said and at most. */
export const LIST_JOBS_DEFAULT = 50;
export const LIST_JOBS_MAX = 200;
/** So many records are looked at for one page; one that found less says where to go on. */
export const LIST_LOOK_ROWS_MAX = 20_000;
/** What `flow` tells of, and how long a minute's sums are kept. */
export const FLOW_MINUTES = 60;
export const KEEP_MINUTES = 120;
/** How often a node adds up what happened; what a killed one had not added yet is missing from the sums. */
export const TALLY_MS = 1_000;
/** Dead jobs that one `replayAll` puts back. */
export const REPLAY_JOBS_MAX = 1_000;

/** Jobs that one statement claims or ends. */
export const CLAIM_JOBS_MAX = 512;
export const FINISH_JOBS_MAX = 512;
/** Jobs in one call of `handleMany`. */
export const MANY_JOBS_MAX = 512;
/** So many at least are claimed as a group that has one lease; fewer have a lease each. At most 1,024, for which tokens are numbered. */
export const LEASE_JOBS_MIN = 64;
/** So few that are done together are written down one by one; more share a row of `jobs_done`. */
export const FINISH_FEW = 8;
/** Handlers that have ended and are not written down yet; beyond it no new one begins. */
export const WRITING_JOBS_MAX = 1_024;
/** While jobs are short a node claims ahead of its workers what they will have begun in so many ms. */
export const AHEAD_MS = 25;
/** Of one tenant less, for what is in hand goes before what others enqueue now; and no more than a lane lets out. */
export const AHEAD_TENANT_MS = 2;
/** What was claimed ahead and has not begun after so long is given back: its workers are busy with something longer. */
export const AHEAD_BACK_MS = 250;
/** Kinds with a shorter lease are not claimed ahead. */
export const AHEAD_LEASE_MS_MIN = 3_000;

/** Lanes that one statement looks into, and that wait for one; the next sweep looks into all. */
export const LOOK_LANES_MAX = 1_000;

/** See `budget.ts`: of the first tries in the last minute, and what is always allowed in a minute. */
export const RETRY_WINDOW_MS = 60_000;
export const RETRY_BUDGET = { part: 0.2, per_minute_min: 60, wait_ms_max: 6 * 3_600_000 };

/** While several classes have work, a claim brings so many of one at most, and an eighth of what there is room for. */
export const TURN_JOBS_MAX = 32;

export const CRON_CHARS_MAX = 100;
/** The unique key of what runs by the clock (sql/0004_cron.sql), so that a run by hand and one by the clock never stand beside each other. */
export const CLOCK_KEY = "every";
