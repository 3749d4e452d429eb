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

/** For how long a rule may have a request wait at the door; and how many wait there at once, beyond which nobody does. */
export const RULE_PATIENCE_MS_MAX = 2_000;
export const WAITING_AT_ONCE_MAX = 500;

/** Of what `free` allows; a custom tier. */
export const CUSTOM_PERCENT_MIN = 1;
export const CUSTOM_PERCENT_MAX = 100_000;

export const DRAFTS_MAX = 20;
/** Published sets that are kept to go back to; older ones go. */
export const PUBLISHED_KEPT_MAX = 200;
/** People and spaces with another tier than free; each node knows all of them, about 150 bytes each. */
export const TIERS_MAX = 20_000;
export const TIER_SEARCH_CHARS_MAX = 64;

/** Counts in this process go to the database so often. */
export const FLUSH_MS = 5_000;
/** Refused keys of which a process keeps account between two of those, and how many of each rule it hands over. */
export const REFUSED_KEYS_MAX = 2_000;
export const REFUSED_KEYS_PER_RULE_MAX = 50;
export const DECISIONS_KEPT_MS = 24 * 3_600_000;
export const DECISIONS_MINUTES_MAX = 24 * 60;
export const TOP_KEYS_SHOWN_MAX = 10;
/** Of one person or space: rules and hours, the latest first. */
export const REFUSALS_SHOWN_MAX = 100;
/** Tried rules that are being asked at once; what comes beyond is not tried. */
export const SHADOWS_AT_ONCE_MAX = 1_000;

/** Spaces by name that this process knows, and for how long. */
export const SPACES_KNOWN_MAX = 5_000;
export const SPACES_KNOWN_MS = 30_000;
/** That are looked up at once; a request that comes beyond is counted without its space. */
export const SPACE_LOOKUPS_AT_ONCE_MAX = 16;

/** `POST /v1/limits/check`. */
export const CHECK_ITEMS_MAX = 100;
export const CHECK_CLAIMS_MAX = 8;
export const CHECK_NAMESPACE_CHARS_MAX = 40;
export const CHECK_KEY_CHARS_MAX = 120;
/** Windows and holds of others' limits are short: each key is memory of ours for as long. */
export const CHECK_WINDOW_MS_MAX = 86_400_000;
export const CHECK_LOG_TOKENS_MAX = 1_000;
export const CHECK_SLOTS_MAX = 1_000;
/**
 * A log and slots keep each grant: so many of them are as large as a key of another kind, and so many take as long as another item. A key
 * and an item count by the most that they may keep.
 */
export const CHECK_GRANTS_PER_KEY = 16;
export const CHECK_GRANTS_PER_ITEM = 100;
/** Keys of one person within an hour, on one node. */
export const CHECK_KEYS_PER_PERSON_MAX = 10_000;
/** People whose keys this process keeps account of. */
export const CHECK_PEOPLE_MAX = 1_000;
