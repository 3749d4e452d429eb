import type { PersonId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { BECAUSE_CHARS_MAX } from "./bounds.ts";

export interface Offer {
  id: VideoId;
  owner_id: PersonId;
  source: string;
  views_recent: number;
  /** Of an earlier offer. */
  job_id: string | null;
}

/** Ready ones with so many views that lack AV1, the most watched first; not those whose own rungs are being made, nor those given up. */
export async function wantingAv1(
  q: Query,
  asked: { recent_since: string; views_min: number; limit: number },
): Promise<Offer[]> {
  return q<Offer[]>`
    WITH recent AS (
      SELECT video_id, sum(views) AS views FROM media_video_days WHERE day >= ${asked.recent_since}::date
      GROUP BY video_id HAVING sum(views) >= ${asked.views_min}
    )
    SELECT v.id, v.owner_id, v.ladder ->> 'source' AS source, r.views::float8 AS views_recent, a.job_id
    FROM recent r JOIN media_videos v ON v.id = r.video_id
      LEFT JOIN media_av1 a ON a.video_id = v.id AND a.source = v.ladder ->> 'source'
    WHERE v.status = 'ready' AND v.deleted_at IS NULL AND v.upload_id IS NOT NULL AND v.ladder IS NOT NULL AND v.job_id IS NULL
      AND (a.video_id IS NULL OR a.given_up_at IS NULL AND EXISTS (
        SELECT FROM media_rungs x WHERE x.video_id = v.id AND x.codecs LIKE 'av01.%' AND x.complete_at IS NULL))
    ORDER BY r.views DESC, v.id DESC LIMIT ${asked.limit}`;
}

export async function noteOffer(q: Query, { id, source, views_recent }: Offer, at: Date): Promise<void> {
  await q`INSERT INTO media_av1 AS a (video_id, source, offered_at, views_recent)
    SELECT v.id, ${source}, ${at}, ${views_recent} FROM media_videos v WHERE v.id = ${id} AND v.deleted_at IS NULL FOR KEY SHARE
    ON CONFLICT (video_id) DO UPDATE SET source = excluded.source, offered_at = excluded.offered_at,
      views_recent = excluded.views_recent, given_up_at = NULL, given_up_because = NULL`;
}

export async function setJob(q: Query, id: VideoId, job_id: string): Promise<void> {
  await q`UPDATE media_av1 SET job_id = ${job_id} WHERE video_id = ${id}`;
}

/** It is not offered again, until it has another source. */
export async function noteGivenUp(q: Query, id: VideoId, because: string, at: Date): Promise<void> {
  await q`UPDATE media_av1 SET given_up_at = ${at}, given_up_because = ${because.slice(0, BECAUSE_CHARS_MAX)}
    WHERE video_id = ${id} AND given_up_at IS NULL`;
}
