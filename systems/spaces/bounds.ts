/** Every bound of the system, unit last. What happens at each is a rule in SPEC.md with a test. */

export const SLUG_CHARS_MIN = 2;
export const SLUG_CHARS_MAX = 40;
export const NAME_CHARS_MAX = 60;
export const DESCRIPTION_CHARS_MAX = 1_000;
export const REASON_CHARS_MAX = 300;
export const SEARCH_CHARS_MAX = 60;

/** Spaces that one person may own; a flood of empty rooms helps nobody. */
export const SPACES_OWNED_MAX = 50;
/** A person's memberships live in memory whole. */
export const MEMBERSHIPS_PER_PERSON_MAX = 1_000;

/** Living invitations of one space. */
export const INVITATIONS_PER_SPACE_MAX = 200;
export const INVITATION_USES_MAX = 1_000;
export const INVITATION_EXPIRY_H_DEFAULT = 24 * 7;
export const INVITATION_EXPIRY_H_MAX = 24 * 90;
export const INVITATION_CHARS_MAX = 80;

/** What a tier allows; the row holds its own numbers, so one space can be given more. */
export const TIER_MEMBERS_MAX = { free: 1_000, pro: 20_000, enterprise: 1_000_000 } as const;
export const TIER_STORAGE_BYTES_MAX = { free: 10 * 2 ** 30, pro: 500 * 2 ** 30, enterprise: 10 * 2 ** 40 } as const;

export const CARD_CACHE_TTL_MS = 60_000;
export const CARD_CACHE_ENTRIES_MAX = 10_000;
export const MEMBERSHIPS_CACHE_TTL_MS = 60_000;
export const MEMBERSHIPS_CACHE_ENTRIES_MAX = 50_000;
/** About 100 bytes a membership. */
export const MEMBERSHIPS_CACHE_BYTES_MAX = 32 * 1024 * 1024;
export const CARDS_PER_CALL_MAX = 1_000;
