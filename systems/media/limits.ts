import { DAY_MS } from "#kernel/time.ts";

import { FREE_BYTES_RESERVE } from "./bounds.ts";

/** What the owner of a house may set. */
export interface MediaLimits {
  video_bytes_max: number;
  image_bytes_max: number;
  /** Sources, renditions and pictures of one person together. */
  person_bytes_max: number;
  /** An upload that nobody goes on with is freed after so long; asking for part URLs begins it anew. */
  upload_kept_ms: number;
  free_bytes_reserve: number;
  /** Rungs up to this shorter side are made for every video; larger ones when it is watched, or asked for them. */
  eager_side_px_max: number;
}

const GIB = 1024 ** 3;

export const DEFAULT_MEDIA_LIMITS: MediaLimits = {
  video_bytes_max: 10 * GIB,
  image_bytes_max: 50_000_000,
  person_bytes_max: 50 * GIB,
  upload_kept_ms: 7 * DAY_MS,
  free_bytes_reserve: FREE_BYTES_RESERVE,
  eager_side_px_max: 480,
};
