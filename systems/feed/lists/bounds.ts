export const LISTS_MAX = 50;
export const LIST_PEOPLE_MAX = 500;
export const LIST_NAME_CHARS_MAX = 60;
/** Lists and folders that one person deleted and could still bring back; more than these, and the time to undo is over for all. */
export const DELETED_MAX = 50;
/** Lists as their readers need them, about 20 KB for a full one. */
export const LISTS_CACHED_MAX = 20_000;
export const LISTS_CACHED_BYTES_MAX = 32 * 1024 * 1024;
export const LIST_CACHED_MS = 5 * 60_000;
