/** A page is read no further than this, and not beyond its head. */
export const PAGE_READ_BYTES_MAX = 768 * 1024;
/** What says that it is larger is not begun. */
export const PAGE_BYTES_MAX = 16 * 1024 * 1024;
export const PAGE_MS_MAX = 10_000;
export const PICTURE_BYTES_MAX = 8 * 1024 * 1024;
export const PICTURE_MS_MAX = 15_000;
export const LINK_TITLE_CHARS_MAX = 200;
export const LINK_DESCRIPTION_CHARS_MAX = 500;
export const LINK_SITE_CHARS_MAX = 100;
/** Who names an address later than this after the last look has it looked at again. */
export const READY_FRESH_MS = 7 * 86_400_000;
/** The same where there was nothing to show. */
export const NONE_FRESH_MS = 6 * 3_600_000;
/** Between two looks at pages of one host, of the whole house. */
export const HOST_GAP_MS = 1_000;
export const LOOK_TRIES_MAX = 4;
/** Posts that hear at once of a card that came; others show it when their memory ends, in minutes. */
export const POSTS_TOLD_MAX = 200;
/** Cards that no post shows and nobody asked for are thrown away after this. */
export const UNUSED_KEPT_MS = 30 * 86_400_000;
export const LINKS_PER_SWEEP_MAX = 200;
