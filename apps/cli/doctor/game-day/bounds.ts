/** How long a fault lasts where nothing is said. */
export const FAULT_S = 10;
export const FAULT_S_MIN = 1;
export const FAULT_S_MAX = 60;
/** What is normal is measured for so long before each drill. */
export const BASELINE_MS = 5_000;
/** The first answers fill caches; they are not counted. */
export const WARM_UP_MS = 1_000;
/** A request that takes longer is told as slow. */
export const SLOW_MS = 1_000;
/** Longer than the house's own deadline of 10 s, so that its word for it is heard. */
export const ANSWER_MS_MAX = 15_000;
export const HEAL_MS_MAX = 60_000;
/** For acknowledged writes to be looked up, and those without an answer to be sent again. */
export const SETTLE_MS_MAX = 45_000;
/** Renewed six times in that. Whoever dies leaves a house that is whole again after it. */
export const HOLD_S = 30;
export const RENEW_MS = 5_000;
/** Requests of one kind under way; what would come on top counts as unanswered. */
export const UNDER_WAY_MAX = 200;
/** So long the house has at least to say what is the matter, also where the fault is shorter. */
export const TELL_MS_MAX = 3_000;
/** How far the clock is set off. */
export const STEP_MS = 600_000;
/** Everything of a storm: connections, and requests a second over all of them. */
export const STORM_CLIENTS = 32;
export const STORM_GUESTS = 4;
export const STORM_GAP_MS = 80;
export const STORM_RETRY_GAP_MS = 20;
/** Of a file that takes the room on disk: so much more than what brings the house to its reserve. */
export const BALLAST_MARGIN_BYTES = 256 * 2 ** 20;
/** Never taken, whatever the house's reserve is. */
export const FREE_BYTES_LEFT_MIN = 256 * 2 ** 20;
