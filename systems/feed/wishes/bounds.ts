export const MUTED_WORDS_MAX = 200;
export const MUTED_PHRASE_CHARS_MAX = 100;
export const MUTE_EXPIRY_D_MAX = 366;

/** What is remembered of readers' wishes: most have none, and cost an entry of 100 bytes. */
export const WISHES_CACHED_MAX = 100_000;
export const WISHES_CACHED_BYTES_MAX = 32 * 1024 * 1024;
/** What a lost event could do ends after this. */
export const WISHES_CACHED_MS = 5 * 60_000;
