import type { VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Chapter } from "./contract.ts";

export interface ChaptersRow {
  video_id: VideoId;
  origin: "owner" | "file";
  items: Chapter[];
  file: string;
  published_file: string | null;
  changed_at: Date;
}

export async function chaptersOf(q: Query, video_ids: VideoId[]): Promise<Map<VideoId, ChaptersRow>> {
  if (video_ids.length === 0) return new Map();
  const rows = await q<
    ChaptersRow[]
  >`SELECT video_id, origin, items, file, published_file, changed_at FROM media_chapters
    WHERE video_id = ANY(${q.array(video_ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.video_id, row]));
}

/** The caller holds the video. */
export async function putChapters(q: Query, row: Omit<ChaptersRow, "published_file">): Promise<void> {
  await q`INSERT INTO media_chapters (video_id, origin, items, file, changed_at)
    VALUES (${row.video_id}, ${row.origin}, ${JSON.stringify(row.items)}::text::jsonb, ${row.file}, ${row.changed_at})
    ON CONFLICT (video_id) DO UPDATE SET origin = excluded.origin, items = excluded.items, file = excluded.file,
      changed_at = excluded.changed_at`;
}

export async function setPublished(q: Query, video_id: VideoId, file: string): Promise<void> {
  await q`UPDATE media_chapters SET published_file = ${file} WHERE video_id = ${video_id} AND file = ${file}`;
}

/** The film lies elsewhere now, and they not beside it. */
export async function unpublish(q: Query, video_id: VideoId): Promise<void> {
  await q`UPDATE media_chapters SET published_file = NULL WHERE video_id = ${video_id}`;
}

export async function forget(q: Query, video_id: VideoId): Promise<void> {
  await q`DELETE FROM media_chapters WHERE video_id = ${video_id}`;
}
