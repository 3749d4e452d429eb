export const LIMIT_KEY_LENGTH_MAX = 256;
export const LIMIT_CLAIMS_MAX = 16;
export const LIMIT_BURST_TOKENS_MAX = 1_000_000_000;
/** The longest window, 31 days; tokens × window stays below 2⁵², so that every product is a whole number that a double holds. */
export const LIMIT_WINDOW_MS_MAX = 31 * 86_400_000;
export const LIMIT_PRODUCT_MAX = 2 ** 52;
/** A log keeps each grant of its window: 16 bytes each. */
export const LIMIT_LOG_TOKENS_MAX = 10_000;
export const LIMIT_SLICES_MAX = 100;
/** Of so few tokens a counter that is told no slices keeps each grant, which takes little more than slices would, and is exact. */
export const LIMIT_COUNTER_EXACT_TOKENS_MAX = 128;
/** The first of them that divides the window. */
export const LIMIT_SLICES_DEFAULTS = [60, 50, 20, 10, 1] as const;
export const LIMIT_SLOTS_MAX = 10_000;
export const LIMIT_HOLD_MS_MAX = 3_600_000;
/** The longest wait that can be booked ahead. A clock that is further back than this was set back. */
export const LIMIT_WAIT_MS_MAX = 5_000;
