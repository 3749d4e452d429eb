/** The feed's bounds; units last. The page imports them through the contract, so that it refuses what the house would. */
export const POST_TEXT_CHARS_MAX = 5_000;
export const POST_IMAGES_MAX = 10;
export const CONTENT_WARNING_CHARS_MAX = 200;
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

/** Likes that share a transaction, of those that come at once: about 10 ms. What comes alone goes at once. */
export const LIKES_PER_BATCH_MAX = 500;
/** Transactions of likes under way at once: while one waits for a lock, and so takes longer than any batch does, another goes on. */
export const LIKE_BATCHES_MAX = 2;
export const LIKES_BESIDE_AFTER_MS = 50;
/** About a second's worth; whoever comes then is told to come back (503 `feed.busy`). */
export const LIKES_WAITING_MAX = 20_000;

export const COMMENT_EDITS_MAX = 50;

/** What goes in one transaction when an account was deleted: comments, likes, reposts, bookmarks. About 0.1 s. */
export const FORGET_ROWS_PER_PORTION_MAX = 50;
/** Longer than any request: what was under way when the account was deleted has ended, and is met by the job too. */
export const FORGET_DELAY_MS = 60_000;

/** Memory of the author rings. 64 MiB hold about 275,000 people with their 24 newest entries: 8 bytes each and 49 a person. */
export const RINGS_BYTES_MAX = 64 * 1024 * 1024;
/** Newest entries kept of one person; below them the database answers. 8 bytes each. */
export const RING_ENTRIES_MAX = 256;
/** Entries that one load of missing rings brings: 200 people get 48 each, 5,000 get 4. */
export const RING_LOAD_ENTRIES_MAX = 20_000;
export const REPOSTS_CACHED_MAX = 100_000;
/** Who passed a post on, for pages further down: the newest of each post, and of all posts together. */
export const PASSERS_KNOWN_MAX = 64;
export const PASSERS_CACHED_MAX = 100_000;
export const PASSERS_CACHED_BYTES_MAX = 16 * 1024 * 1024;

/** `hybrid`: people with more followers are pulled at each read instead of being put into so many lists. */
export const PUSH_FOLLOWERS_MAX = 10_000;
export const PUSH_FOLLOWERS_BOUND = 100_000_000;
/** Memory of push lists: 64 MiB hold about 9,000 active viewers of 200 followees. */
export const LISTS_BYTES_MAX = 64 * 1024 * 1024;
/** Ids kept of one home; when full, the oldest go and the database answers below. 8 bytes each. */
export const LIST_ENTRIES_MAX = 800;
/** A list that is shared with other nodes is made anew after three days, read or not. */
export const LIST_SHARED_MS_MAX = 3 * 24 * 3_600_000;
/** A list that nobody read for three days is not pushed to any more. */
export const LIST_IDLE_MS_MAX = 3 * 24 * 3_600_000;

/** Posts as text, about 1.5 KB each. */
export const POSTS_CACHED_MAX = 200_000;
export const POSTS_CACHED_BYTES_MAX = 128 * 1024 * 1024;
/** Posts being read at once, of all pages together; whoever would need more is told to come back (503 `cache.busy`). */
export const POST_LOADS_MAX = 20_000;
/** What a lost invalidation could do ends after this. */
export const POST_CACHED_MS = 5 * 60_000;

/** Cards of films and pictures, about 1 KB each. */
export const MEDIA_CARDS_CACHED_MAX = 20_000;
export const MEDIA_CARDS_PER_CALL_MAX = 200;
export const MEDIA_CARD_CACHED_MS = 20_000;

/** What is remembered of likes, reposts and bookmarks: per viewer, and of all viewers together (about 70 bytes each). */
export const OVERLAY_VIEWER_POSTS_MAX = 2_000;
export const OVERLAY_POSTS_MAX = 500_000;
