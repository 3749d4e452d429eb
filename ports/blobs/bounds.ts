/** A name's length in characters (all ASCII); far below S3's 1,024 bytes. */
export const NAME_CHARS_MAX = 512;
/** 96 + the 150 that the file engine adds stay below the 255 bytes of a file name. */
export const NAME_SEGMENT_CHARS_MAX = 96;
export const NAME_SEGMENTS_MAX = 12;
export const MEDIA_TYPE_CHARS_MAX = 80;
export const LIST_NAMES_MAX = 1_000;
export const PARTS_MAX = 10_000;
/** S3's bound for one PUT. */
export const PART_BYTES_MAX = 5 * 1024 ** 3;
/** Of one upload, on their way to the file engine. A browser sends four; a program on a fast line sends more. */
export const PARTS_RECEIVED_AT_ONCE_MAX = 64;
export const DOWNLOAD_AS_CHARS_MAX = 150;
/** Part uploads are refused below this much free disk, so that the database beside them still can write. */
export const FREE_BYTES_MIN = 256 * 1024 ** 2;
/** How long a public name may be kept by any cache. */
export const PUBLIC_MAX_AGE_S = 31_536_000;
