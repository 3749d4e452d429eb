import type { PersonId, UploadId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** Bytes that were promised of a part; 0 for one that was not. */
export async function promised(q: Query, id: UploadId, part_number: number): Promise<number> {
  const [row] = await q<{ size_bytes: number }[]>`SELECT size_bytes::float8 AS size_bytes FROM media_upload_parts
    WHERE upload_id = ${id} AND part_number = ${part_number}`;
  return row?.size_bytes ?? 0;
}

export async function setPromised(
  q: Query,
  id: UploadId,
  part_number: number,
  size_bytes: number,
  more_bytes: number,
): Promise<void> {
  await q`INSERT INTO media_upload_parts (upload_id, part_number, size_bytes) VALUES (${id}, ${part_number}, ${size_bytes})
    ON CONFLICT (upload_id, part_number) DO UPDATE SET size_bytes = excluded.size_bytes`;
  await q`UPDATE media_uploads SET size_bytes = size_bytes + ${more_bytes} WHERE id = ${id}`;
}

export interface KeyedUpload {
  id: UploadId;
  media_type: string;
  told: Record<string, string | null> | null;
  video_id: VideoId | null;
}

/** The newest whole upload that was sent under a key. */
export async function newestOfKey(q: Query, owner_id: PersonId, key: string): Promise<KeyedUpload | null> {
  const [row] = await q<KeyedUpload[]>`SELECT u.id, u.media_type, u.told, v.id AS video_id
    FROM media_uploads u LEFT JOIN media_videos v ON v.upload_id = u.id AND v.deleted_at IS NULL
    WHERE u.owner_id = ${owner_id} AND u.object_key = ${key} AND u.state = 'complete' ORDER BY u.id DESC LIMIT 1`;
  return row ?? null;
}
