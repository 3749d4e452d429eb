import type { PersonId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";

import { FREE_BYTES_RESERVE } from "./bounds.ts";
import type { MediaKind } from "./contract.ts";
import { SOUND_DURATION_MS_MAX, STALL_MS_MAX } from "./encode/bounds.ts";

/** What the owner of a house may set. */
export interface MediaLimits {
  video_bytes_max: number;
  image_bytes_max: number;
  sound_bytes_max: number;
  /** Sound alone; 15 minutes at the most. */
  sound_ms_max: number;
  /** Sources, renditions and pictures of one person together. */
  person_bytes_max: number;
  /** Somebody's own room where it is smaller: who is new here, while many come at once. Null for all of it. */
  person_room: (person_id: PersonId) => Promise<number | null>;
  /**
   * Asked before an upload begins, at whatever door: who is new here, while many come at once, begins so many an hour.
   * @throws Problem 429. @returns how to take it back, where the upload did not begin after all; null where it was not counted
   */
  begin_upload: (person_id: PersonId) => Promise<(() => Promise<void>) | null>;
  /** An upload that nobody goes on with is freed after so long; asking for part URLs begins it anew. */
  upload_kept_ms: number;
  free_bytes_reserve: number;
  /** An encode that makes no progress for so long hangs: it is ended, and tried again. */
  stall_ms_max: number;
  /** Rungs up to this shorter side are made for every video; larger ones when it is watched, or asked for them. */
  eager_side_px_max: number;
  /** Views in a week from which on a video's upper rungs are made ahead of time. */
  hot_views: number;
  /** Views in a week from which on a video gets rungs in AV1 beside the others; null or 0: none does. */
  av1_views_min: number | null;
  /** A video that nobody watched for so long gives its upper rungs back, one after the other. */
  cold_after_ms: number;
  /** With less free than this, what was watched longest ago gives way. */
  pressure_free_bytes: number;
}

const GIB = 1024 ** 3;

export const DEFAULT_MEDIA_LIMITS: MediaLimits = {
  video_bytes_max: 10 * GIB,
  image_bytes_max: 50_000_000,
  // 15 minutes of stereo at 48 kHz in 16 bits are 173 MB.
  sound_bytes_max: 200_000_000,
  sound_ms_max: SOUND_DURATION_MS_MAX,
  person_bytes_max: 50 * GIB,
  person_room: async () => null,
  begin_upload: async () => null,
  upload_kept_ms: 7 * DAY_MS,
  free_bytes_reserve: FREE_BYTES_RESERVE,
  stall_ms_max: STALL_MS_MAX,
  eager_side_px_max: 480,
  hot_views: 3,
  av1_views_min: 500,
  cold_after_ms: 30 * DAY_MS,
  pressure_free_bytes: 2 * FREE_BYTES_RESERVE,
};

/** Bytes that one file of a kind may have. */
export const bytesMaxOf = (kind: MediaKind, limits: MediaLimits): number =>
  ({ video: limits.video_bytes_max, image: limits.image_bytes_max, sound: limits.sound_bytes_max })[kind];

/** Bytes that this person may hold. It may look at the database, so it is asked before a transaction and never within one. */
export const roomOf = async (
  limits: Pick<MediaLimits, "person_bytes_max" | "person_room">,
  person_id: PersonId,
): Promise<number> =>
  Math.min(limits.person_bytes_max, (await limits.person_room(person_id)) ?? Number.POSITIVE_INFINITY);
