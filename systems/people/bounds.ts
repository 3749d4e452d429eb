/** Every bound of the system, unit last. What happens at each is a rule in SPEC.md with a test. */

export const HANDLE_CHARS_MIN = 2;
export const HANDLE_CHARS_MAX = 30;
export const DISPLAY_NAME_CHARS_MAX = 60;
export const BIO_CHARS_MAX = 500;
export const LINKS_MAX = 5;
export const LINK_CHARS_MAX = 200;
export const LINK_LABEL_CHARS_MAX = 40;

/** NIST 800-63B: length is what counts. The upper end bounds what one hash may cost. */
export const PASSWORD_CHARS_MIN = 12;
export const PASSWORD_CHARS_MAX = 256;

/** Sliding: a session that nobody uses for so long is over. */
export const SESSION_IDLE_D = 30;
/** A stored `last_used_at` is at most so old while the session is in use: one write per session and 10 minutes. */
export const SESSION_TOUCH_MIN = 10;
/** The oldest gives way at the next sign-in. */
export const SESSIONS_PER_PERSON_MAX = 50;
export const USER_AGENT_CHARS_MAX = 256;

export const TOKENS_PER_PERSON_MAX = 50;
export const BOT_TOKENS_MAX = 10;
export const TOKEN_NAME_CHARS_MAX = 60;
export const TOKEN_EXPIRY_D_MAX = 366;

export const PASSKEYS_PER_PERSON_MAX = 20;
export const PASSKEY_NAME_CHARS_MAX = 60;
export const PASSKEY_CHALLENGE_S = 300;

export const INVITATION_USES_MAX = 1_000;
export const INVITATION_EXPIRY_H_DEFAULT = 24 * 7;
export const INVITATION_EXPIRY_H_MAX = 24 * 90;
export const INVITATION_NOTE_CHARS_MAX = 120;
/** Living invitations that one person may have given out. */
export const INVITATIONS_PER_PERSON_MAX = 200;
export const RESET_EXPIRY_H = 24;
/** Any of our secrets in a body: prefix and 43 characters of base64url. */
export const SECRET_CHARS_MAX = 80;

/** Relations live in memory per person, so each side of one person's is bounded. */
/** People who wait for one person's answer; the next one is told to come back. All of them are let in at once when the person is private no more. */
export const FOLLOW_REQUESTS_MAX = 1_000;
export const FOLLOWEES_MAX = 10_000;
export const BLOCKS_MAX = 10_000;
export const MUTES_MAX = 10_000;

export const REASON_CHARS_MAX = 300;
export const HOUSE_NAME_CHARS_MAX = 60;
export const SEARCH_CHARS_MAX = 60;
export const SUGGESTIONS_MAX = 20;

/** argon2id at 19 MiB and 2 passes (OWASP's floor) takes about 30 ms; two at once leave the other core to readers. */
export const PASSWORD_MEMORY_KIB = 19_456;
export const PASSWORD_PASSES = 2;
export const PASSWORD_HASHES_AT_ONCE_MAX = 2;
/** Who would wait behind more than these is told to come back (503): at 30 ms each the last one waits a second. */
export const PASSWORD_HASHES_WAITING_MAX = 64;

/** How long a node may believe in a session that another node revoked, should the log be away. The log tells in ms. */
export const AUTH_CACHE_TTL_MS = 30_000;
export const AUTH_CACHE_ENTRIES_MAX = 50_000;
/** Unknown secrets are remembered shortly, so that a flood of one bad token costs one query. */
export const AUTH_NEGATIVE_TTL_MS = 1_000;
export const CARD_CACHE_TTL_MS = 60_000;
export const CARD_CACHE_ENTRIES_MAX = 50_000;
export const RELATIONS_CACHE_TTL_MS = 60_000;
/** 8 bytes an id in strings of ~80: people who follow 200 cost about 20 KB; 64 MiB hold some 3,000 active ones. */
export const RELATIONS_CACHE_BYTES_MAX = 64 * 1024 * 1024;
export const CARDS_PER_CALL_MAX = 1_000;

/** Moderators and admins of one house that are looked at when somebody else must decide. */
export const OFFICERS_MAX = 1_000;
