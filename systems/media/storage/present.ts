import { rfc3339 } from "#kernel/time.ts";

import type { VideoClass } from "./contract.ts";
import type { ClassRow } from "./store.ts";

/** How a video is kept, for whoever may know. */
export const presentClass = (row: ClassRow): VideoClass => ({
  class: row.class,
  since: rfc3339(row.since),
  because: row.because,
  decided_by: row.decided_by,
  views_recent: row.views_recent,
  last_watched_at: row.last_watched_at && rfc3339(row.last_watched_at),
  evicted: row.evicted_at && { at: rfc3339(row.evicted_at), rungs: row.evicted_rungs, bytes: row.evicted_bytes },
});
