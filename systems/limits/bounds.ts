/** Every bound of the system, unit last. What happens at each is a rule in SPEC.md with a test. */

export const RULES_PER_SET_MAX = 60;
export const ROUTES_PER_RULE_MAX = 50;
export const RULE_ID_CHARS_MAX = 40;
export const ROUTE_CHARS_MAX = 120;
export const SUMMARY_CHARS_MAX = 200;
export const NOTE_CHARS_MAX = 500;
/** Of a request, held and tried ones each: a decision takes at most 16 claims, and some stay free for what is reserved. */
export const RULES_PER_REQUEST_MAX = 12;
/** A rule set as JSON. */
export const SET_BYTES_MAX = 128 * 1024;

/** The same numbers as `ports/limiter/bounds.ts`; a test holds them together. */
export const TOKENS_MAX = 1_000_000_000;
export const WINDOW_MS_MAX = 31 * 86_400_000;
export const LOG_TOKENS_MAX = 10_000;
export const SLICES_MAX = 100;
export const SLOTS_MAX = 10_000;
export const HOLD_MS_MAX = 3_600_000;
export const PATIENCE_MS_MAX = 5_000;

/** Of what `free` allows; a custom tier. */
export const CUSTOM_PERCENT_MIN = 1;
export const CUSTOM_PERCENT_MAX = 100_000;

export const DRAFTS_MAX = 20;
/** Published sets that are kept to go back to; older ones go. */
export const PUBLISHED_KEPT_MAX = 200;
/** People and spaces with another tier than free; each node knows all of them, about 150 bytes each. */
export const TIERS_MAX = 20_000;
export const TIER_SEARCH_CHARS_MAX = 64;
