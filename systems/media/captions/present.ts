import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { addressesOf } from "../places.ts";
import type { VideoRow } from "../videos/store.ts";
import type { Captions } from "./contract.ts";
import type { CaptionsRow } from "./store.ts";

export interface PresentNeeds {
  blobs: Blobs;
  clock: Clock;
}

export function presentCaptions(
  video: Pick<VideoRow, "place" | "duration_ms">,
  row: CaptionsRow,
  needs: PresentNeeds,
): Captions {
  const { url } = addressesOf(video.place, video.duration_ms ?? 0, needs);
  return {
    language: row.language,
    label: row.label,
    kind: row.kind,
    is_default: row.is_default,
    origin: row.origin,
    cue_count: row.cue_count,
    url: row.published_file === null ? null : url(row.published_file),
    changed_at: rfc3339(row.changed_at),
  };
}
