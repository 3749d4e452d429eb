import type { ImageId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { HELD } from "./store.ts";

/** What single things take, by the same sum as everything else: for who asks whether they fit somewhere. */

/** Everything of one video. */
export async function bytesOfVideo(q: Query, id: VideoId): Promise<number> {
  const [row] = await q<{ bytes: number }[]>`
    SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM (${q.unsafe(HELD)}) held WHERE video_id = ${id}`;
  return row?.bytes ?? 0;
}

export async function bytesOfImages(q: Query, ids: ImageId[]): Promise<number> {
  const [row] = await q<{ bytes: number }[]>`
    SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM media_images WHERE id = ANY(${q.array(ids, "BIGINT")}) AND deleted_at IS NULL`;
  return row?.bytes ?? 0;
}
