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
/** Signatures that were right, per process; about 300 bytes each. */
export const SIGNATURES_KEPT_MAX = 10_000;
/** Blobs of which headers and paths are known, per process; about 3 KB each. */
export const SERVED_KNOWN_MAX = 5_000;
/** Bytes that are held for those that are asked for most, per process: about a hundred segments, or all lists. */
export const SERVED_HELD_BYTES_MAX = 64 * 1024 ** 2;
/** What was not asked for in so long makes room for anything. */
export const SERVED_FRESH_MS = 60_000;
/** Blobs up to this are kept at the first request, */
export const SERVED_AT_ONCE_BYTES_MAX = 64 * 1024;
/** up to this at the second: a fresh segment is asked for by everybody who watches. Larger ones go from the file to the socket by the kernel. */
export const SERVED_IN_MEMORY_BYTES_MAX = 1024 ** 2;
/** Lists up to this are compressed, once: 1 MB takes about 15 ms, and a film of a day has such a list. */
export const COMPRESSED_BYTES_MAX = 1024 ** 2;
/** Signatures bound to a holder, per process; about 250 bytes each. */
export const BOUND_KEPT_MAX = 20_000;
/** An edge asks again after so long; a takedown and a revocation reach it in this and the moment of asking. */
export const ALLOWED_S = 1;
/** An edge that cannot reach the house goes on serving what is public for so long, */
export const ALLOWED_AWAY_PUBLIC_S = 24 * 3600;
/** and what is signed for so long, and never beyond its signature. */
export const ALLOWED_AWAY_SIGNED_S = 300;
