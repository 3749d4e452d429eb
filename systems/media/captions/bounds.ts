/** Of the file as it is sent and as it is kept. A film of two hours that is talked through has about 100 KiB. */
export const CAPTIONS_BYTES_MAX = 1024 * 1024;
/** JSON may write a character with six. */
export const CAPTIONS_BODY_BYTES_MAX = 4 * CAPTIONS_BYTES_MAX;
/** Languages of one video. */
export const CAPTIONS_MAX = 50;
export const CUES_MAX = 10_000;
export const CUE_CHARS_MAX = 2_000;
export const CUE_LINES_MAX = 12;
export const CUE_SETTINGS_CHARS_MAX = 200;
/** Tags inside tags. */
export const CUE_TAGS_DEEP_MAX = 16;
export const CUE_TAG_CHARS_MAX = 200;
export const LABEL_CHARS_MAX = 80;
export const LANGUAGE_CHARS_MAX = 35;
