/** Every bound of media that is the same in all houses. Those that an owner may set stand in `MediaLimits` (index.ts). */

const KIB = 1024;
const MIB = 1024 * KIB;

/** S3 takes no part under 5 MiB but the last; a lost part of 64 MiB is the most that a bad line has to send again. */
export const PART_BYTES_MIN = 8 * MIB;
export const PART_BYTES_MAX = 64 * MIB;
/** S3's own bound; ours is reached first: `UPLOAD_BYTES_CEILING` / `PART_BYTES_MAX`. */
export const PARTS_MAX = 10_000;
/** A file is cut into about so many parts where the bounds above allow it. */
export const PARTS_AIM = 1_000;
/** URLs signed by one call; a client asks again as it goes. */
export const PARTS_SIGNED_MAX = 1_000;
/** The most that a house may be set to accept: what the largest parts can carry. */
export const UPLOAD_BYTES_CEILING = PART_BYTES_MAX * PARTS_MAX;
export const UPLOADS_OPEN_MAX = 50;
/** A part's URL: long enough for 64 MiB on a slow line, short enough to be worthless tomorrow. */
export const PART_URL_MS = 60 * 60 * 1000;

export const FILENAME_CHARS_MAX = 255;
export const MEDIA_TYPE_CHARS_MAX = 127;
export const ETAG_CHARS_MAX = 130;
export const TITLE_CHARS_MAX = 120;
export const DESCRIPTION_CHARS_MAX = 5_000;
export const ALT_CHARS_MAX = 1_000;
export const PLACEHOLDER_CHARS_MAX = 4_096;
export const FAILURE_CHARS_MAX = 500;
export const CODECS_CHARS_MAX = 100;
export const RENDITIONS_MAX = 8;
export const VARIANTS_MAX = 8;
export const VIEW_SESSION_CHARS_MAX = 64;
/** The longest video: also the largest resume position. */
export const VIDEO_MS_CEILING = 24 * 60 * 60 * 1000;
/** Cards hydrated by one call: a page of posts with ten images each. */
export const CARDS_MAX = 2_000;
export const POST_IMAGES_MAX = 10;

/** How long `POST /v1/images` waits for its variants before it answers 202 instead of 201. */
export const IMAGE_WAIT_MS_MAX = 4_000;
/** The same for `POST /v1/sounds`: a minute of sound is made in a fraction of it. */
export const SOUND_WAIT_MS_MAX = 4_000;

/** Signed URLs end on a grid, so that a page sees the same URL for a while and a browser keeps what it has. */
export const URL_GRID_MS = 60 * 60 * 1000;
/** Beyond the length of the video itself: time to open the page, pause and come back. */
export const URL_MARGIN_MS = 2 * 60 * 60 * 1000;

/** A second view by the same viewer inside this counts as the same one. */
export const VIEW_AGAIN_MS = 30 * 60 * 1000;
export const VIEWS_KEPT_MS = 7 * 24 * 60 * 60 * 1000;
export const VIEWS_COUNTED_EVERY_MS = 10_000;

/** What no row knows is an orphan only after so long: whoever made it may be about to write its row. */
export const ORPHAN_AGE_MS = 60 * 60 * 1000;
export const COLLECT_EVERY_MS = 15 * 60 * 1000;
export const EXPIRE_EVERY_MS = 10 * 60 * 1000;
/** Pictures and sounds that nothing shows. */
export const IMAGE_UNUSED_MS = 24 * 60 * 60 * 1000;

/** A transcode needs its source once more in renditions, at the worst. */
export const VIDEO_SPACE_FACTOR = 2;
export const IMAGE_SPACE_FACTOR = 2;
export const SOUND_SPACE_FACTOR = 2;
/** Left free for the database and the logs, whatever is uploaded. */
export const FREE_BYTES_RESERVE = 512 * MIB;
/** A place that was left because more people may see the thing now: addresses of it were given out until a moment ago. */
export const MOVED_KEPT_MS = 3 * 60 * 60 * 1000;
/** A maker says so often that it lives; after three times as long its segments are another's. */
export const LEASE_MS = 9_000;
/** What is on its way to the store has so long to arrive. */
export const STORING_MS = 30_000;
export const FAILED_CHARS_MAX = 500;
/** Tries to make one segment, and the pauses behind each; after the last one it is left alone for a while. */
export const MAKE_TRIES_MAX = 3;
export const MAKE_PAUSES_MS = [500, 2_000, 5 * 60_000] as const;
/** Requests that wait for segments, in this process: each is an open connection and little else. */
export const MAKE_WAITERS_MAX = 2_000;
/** Different segments that wait for a core; at half a second each, two cores get through in the time below. */
export const MAKE_QUEUE_MAX = 32;
/** A player gives up soon after, and asks again. Servers in front cut a silent connection after 10 s. */
export const MAKE_WAIT_MS_MAX = 8_000;
/** How often a node looks whether another has stored what it waits for. */
export const MAKE_LOOK_MS = 60;
/** Who waits for what a fill is about to make begins by himself after so long: a fill yields to everybody. */
export const FILL_PATIENCE_MS = 1_500;
/** A source that was fetched from a store elsewhere stays on the disk for so long after its last use, and so many of them. */
export const SOURCE_KEPT_MS = 5 * 60_000;
export const SOURCES_KEPT_MAX = 4;
export const SOURCES_LOOK_MS = 60_000;
/** The beginning that is made at once: what a player fetches before it plays. */
export const AHEAD_SEGMENTS = 2;
/** A fill decodes so many segments in one run: what a seek and a start cost is spread over a minute and more of film. */
export const FILL_SEGMENTS = 20;
/** Sound costs a hundredth of its length: ten minutes of it in one run. */
export const FILL_SOUND_SEGMENTS = 150;
/** After so long a fill lets others go before it goes on. */
export const FILL_RUN_MS = 60_000;
/** The beginning that has to be there before a video is begun with less than its whole file: what is made ahead at once. */
export const EARLY_S = 9;

/** Work that nobody waits for is put off for so long at most while somebody waits. */
export const QUIET_MS_MAX = 5_000;

/** How long one may wait for news of a video; below the 30 s after which lines in between are cut. */
export const NEWS_WAIT_MS_MAX = 25_000;
/** One query for all who wait in a process. */
export const NEWS_LOOK_MS = 100;
export const NEWS_WAITERS_MAX = 5_000;
/** A page waits for what its owner uploads; a person has a few pages open. */
export const NEWS_WAITERS_OF_ONE_MAX = 12;

/** Scheduled jobs look at so many names of the store at once. */
export const COLLECT_NAMES_MAX = 1_000;

/** Who writes an upload in order holds it for so long and says so again in time; a process that died lets go by itself. */
export const WRITER_LEASE_MS = 6_000;
export const WRITER_RENEW_MS = 2_000;
/** A body from which nothing came for so long has ended; what came of it is kept. */
export const BODY_STALL_MS_MAX = 60_000;
/** Somebody who comes back need not wait for the line that broke: a body silent for so long is cut for them. */
export const BODY_SILENT_MS = 2_000;

/** Signed addresses hold for as long as the film lasts and some hours; no narrowing matters for longer. */
export const NARROWINGS_KEPT_MS = 3 * 24 * 60 * 60 * 1000;
/** Hashes of people and credentials in memory; about 150 bytes each. */
export const HOLDERS_KEPT_MAX = 50_000;
/** Read again for its SHA-256 while its sender waits: 2 s on a disk of today. */
export const SHA256_BYTES_MAX = 1024 * MIB;

export const SOURCE_URL_CHARS_MAX = 2_048;
/** One fetch from an address: 10 GiB at 4 Mbit/s take six hours. */
export const IMPORT_MS_MAX = 6 * 60 * 60 * 1000;

/** How late a node may hear that something was taken out of sight, should the log be away. */
export const WITHDRAWN_KNOWN_MS = 1_000;
/** Films and pictures that are being watched on one node, and of which it knows that. */
export const WITHDRAWN_KEPT_MAX = 20_000;
