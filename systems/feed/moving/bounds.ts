/** Bounds of what comes from other houses and goes there; units last. */

/** Rows that one step of an export reads: the next attempt goes on behind the last whole step. */
export const EXPORT_ROWS_PER_STEP_MAX = 500;
/** Of each kind: posts, comments, likes … What is beyond is named in the archive as left out. */
export const EXPORT_ROWS_MAX = 200_000;
export const EXPORT_FILES_MAX = 20_000;
/** Pictures and films in one archive; what does not fit is listed in it by name. */
export const EXPORT_FILES_BYTES_MAX = 20 * 1024 ** 3;
/** How long an archive can be fetched. */
export const EXPORT_KEPT_MS = 24 * 3_600_000;
export const EXPORTS_LISTED_MAX = 10;
export const EXPORT_RUN_MS_MAX = 3 * 3_600_000;

export const CSV_CHARS_MAX = 1_000_000;
/** As many as anybody may follow. */
export const CSV_LINES_MAX = 10_000;
export const ARCHIVE_BYTES_MAX = 4 * 1024 ** 3;
export const ARCHIVE_PART_BYTES = 32 * 1024 ** 2;
/** How long the addresses for an archive's parts are good, and how long one that never came is waited for. */
export const ARCHIVE_WAIT_MS = 6 * 3_600_000;
export const ARCHIVE_ENTRIES_MAX = 100_000;
/** All that an archive says it holds, unpacked; more is a bomb or another house's backup. */
export const ARCHIVE_UNPACKED_BYTES_MAX = 40 * 1024 ** 3;
/** The list of posts, unpacked: about 30,000 of them. */
export const OUTBOX_BYTES_MAX = 64 * 1024 ** 2;
export const IMPORT_POSTS_MAX = 50_000;
/** One picture or film of an archive. */
export const IMPORT_FILE_BYTES_MAX = 1024 ** 3;
export const IMPORT_RUN_MS_MAX = 6 * 3_600_000;
export const IMPORTS_LISTED_MAX = 20;
export const UNDO_POSTS_PER_STEP_MAX = 50;
export const FILENAME_CHARS_MAX = 200;
export const SUBJECT_CHARS_MAX = 300;
export const SWEEP_EVERY_MS = 3_600_000;
