/** The feed's bounds; units last. The page imports them through the contract, so that it refuses what the house would. */
export const POST_TEXT_CHARS_MAX = 5_000;
export const POST_IMAGES_MAX = 10;
export const POST_HASHTAGS_MAX = 20;
export const POST_MENTIONS_MAX = 20;
/** Versions kept of one post; further edits are refused, so that history is never silently lost. */
export const POST_EDITS_MAX = 100;

export const COMMENT_TEXT_CHARS_MAX = 2_000;
export const COMMENT_DEPTH_MAX = 8;
export const COMMENTS_PER_POST_MAX = 50_000;

/** How long a deleted post can be brought back; after that its media are freed. */
export const UNDO_MS_MAX = 10 * 60_000;

/** A short is ready, this long at most. */
export const SHORT_DURATION_MS_MAX = 90_000;
