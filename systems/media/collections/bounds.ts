/** Films in one collection: few enough that who may see which is decided for all of them at once, in about a millisecond. */
export const ITEMS_MAX = 500;
/** Collections of one person. */
export const COLLECTIONS_MAX = 200;
/** Collections in one page of a list: each counts what its viewer may see. */
export const COLLECTIONS_PAGE_MAX = 50;
export const COLLECTION_TITLE_CHARS_MAX = 120;
export const COLLECTION_DESCRIPTION_CHARS_MAX = 2_000;
/** Digits behind the point of a position. Each move to the same spot adds one; beyond this all are numbered anew. */
export const POSITION_SCALE_MAX = 60;
