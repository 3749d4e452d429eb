import type { PostId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** Living posts that show this video. */
export async function postsWithVideo(db: Query, video_id: VideoId): Promise<PostId[]> {
  const rows = (await db`SELECT id FROM feed_posts WHERE video_id = ${video_id} AND deleted_at IS NULL`) as {
    id: PostId;
  }[];
  return rows.map((row) => row.id);
}

/** Its place is fixed here, once: its time, moved back by `step_ms` for each short that its author gave in the `window_ms` before. */
export async function insertShort(
  db: Query,
  post_id: PostId,
  duration_ms: number,
  fair: { step_ms: number; window_ms: number },
  at: Date,
): Promise<void> {
  await db`
    INSERT INTO feed_shorts (post_id, author_id, duration_ms, rank_ms, at)
    SELECT p.id, p.author_id, ${duration_ms},
      (extract(epoch FROM p.created_at) * 1000)::bigint - ${fair.step_ms}::bigint * (
        SELECT count(*) FROM feed_shorts s JOIN feed_posts o ON o.id = s.post_id
        WHERE s.author_id = p.author_id AND s.post_id < p.id AND o.created_at > p.created_at - make_interval(secs => ${fair.window_ms / 1000})),
      ${at}
    FROM feed_posts p WHERE p.id = ${post_id} AND p.deleted_at IS NULL
    ON CONFLICT (post_id) DO NOTHING`;
}
