import { createHash } from "node:crypto";

import type { VideoId } from "#kernel/ids.ts";
import type { JobRun } from "#ports/jobs/index.ts";

import { forgetLater } from "../captions/index.ts";
import { posterFile } from "../videos/present.ts";
import { findVideo, lockVideo, setPoster, type VideoRow } from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";

export interface Poster {
  bytes: Uint8Array;
  media_type: "image/jpeg" | "image/webp";
  placeholder: string | null;
}

/**
 * Puts a poster under a name that says what is in it, then makes it the video's, if it still should be. The one before goes
 * after a while: pages that are open show it.
 */
export async function keepPoster(
  id: VideoId,
  { bytes, media_type, placeholder }: Poster,
  is_wanted: (now: VideoRow) => boolean,
  run: JobRun,
  { sql, jobs, blobs, tell }: Pick<WorkNeeds, "sql" | "jobs" | "blobs" | "tell">,
): Promise<void> {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const file = `poster-${hash}.${media_type === "image/jpeg" ? "jpg" : "webp"}`;
  for (;;) {
    run.signal.throwIfAborted();
    const place = (await findVideo(sql.pool, id))?.place;
    if (place === undefined) return;
    await blobs.put(place + file, bytes, { media_type });
    const kept = await run.fenced(async (tx) => {
      const now = await lockVideo(tx, id);
      if (!now || now.status === "failed" || !is_wanted(now)) return "unwanted" as const;
      // It moved meanwhile: the copy may or may not have had the poster in it.
      if (now.place !== place) return "moved" as const;
      const before = now.poster_bytes === null ? file : posterFile(now);
      await setPoster(tx, id, { file, bytes: bytes.length, placeholder });
      if (before !== file) await forgetLater(tx, jobs, id, [before]);
      await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: id, owner_id: now.owner_id } });
      return "kept" as const;
    });
    if (kept === "kept") return;
    // The same picture may be the video's already.
    const now = await findVideo(sql.pool, id);
    if (!now || now.place !== place || posterFile(now) !== file) await blobs.delete([place + file]);
    if (kept === "unwanted") return;
  }
}
