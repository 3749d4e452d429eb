/** Of a rule, as it stands in headers. */
export const NAME_LENGTH_MAX = 64;
/** A longer key counts by its digest: whoever sends one of 10 kB has it counted all the same. */
export const KEY_LENGTH_MAX = 160;
/** Keys that one process keeps account of, about 250 bytes each. */
export const KEYS_MAX = 100_000;
/** A command to Redis that took so long is given up; a request waits much less (`answer_ms_max`). */
export const COMMAND_MS_MAX = 250;
/** A connection that is being made when the limits begin is waited for by `ready`, and by no request. */
export const CONNECT_MS_MAX = 2_000;
/** A node that has not been heard of for so long is not counted any more. */
export const NODE_MS_MAX = 5_000;
