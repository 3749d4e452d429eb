import type { UploadId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { CaptionsKind } from "./contract.ts";

export interface CaptionsRow {
  video_id: VideoId;
  language: string;
  kind: CaptionsKind;
  label: string;
  is_default: boolean;
  origin: "owner" | "file";
  cue_count: number;
  file: string;
  published_file: string | null;
  changed_at: Date;
}

const COLUMNS = "video_id, language, kind, label, is_default, origin, cue_count, file, published_file, changed_at";

/** Of many videos at once, without their texts; by language. */
export async function captionsOf(q: Query, video_ids: VideoId[]): Promise<Map<VideoId, CaptionsRow[]>> {
  const found = new Map<VideoId, CaptionsRow[]>(video_ids.map((id) => [id, []]));
  if (video_ids.length === 0) return found;
  const rows = await q<CaptionsRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_captions
    WHERE video_id = ANY(${q.array(video_ids, "BIGINT")}) ORDER BY video_id, language`;
  for (const row of rows) found.get(row.video_id)?.push(row);
  return found;
}

export async function findCaptions(
  q: Query,
  video_id: VideoId,
  language: string,
): Promise<(CaptionsRow & { content: string }) | null> {
  const [row] = await q<(CaptionsRow & { content: string })[]>`SELECT ${q.unsafe(COLUMNS)}, content FROM media_captions
    WHERE video_id = ${video_id} AND language = ${language}`;
  return row ?? null;
}

/** The caller holds the video. What is published stays until the new text is. */
export async function putCaptions(
  q: Query,
  row: Omit<CaptionsRow, "published_file"> & { content: string },
): Promise<void> {
  if (row.is_default)
    await q`UPDATE media_captions SET is_default = false WHERE video_id = ${row.video_id} AND is_default`;
  await q`INSERT INTO media_captions (video_id, language, kind, label, is_default, origin, content, cue_count, file, changed_at)
    VALUES (${row.video_id}, ${row.language}, ${row.kind}, ${row.label}, ${row.is_default}, ${row.origin}, ${row.content},
      ${row.cue_count}, ${row.file}, ${row.changed_at})
    ON CONFLICT (video_id, language) DO UPDATE SET kind = excluded.kind, label = excluded.label, is_default = excluded.is_default,
      origin = excluded.origin, content = excluded.content, cue_count = excluded.cue_count, file = excluded.file,
      changed_at = excluded.changed_at`;
}

export async function setPublished(q: Query, video_id: VideoId, language: string, file: string): Promise<void> {
  await q`UPDATE media_captions SET published_file = ${file}
    WHERE video_id = ${video_id} AND language = ${language} AND file = ${file}`;
}

/** @returns the name under which it was there, or undefined where there was none */
export async function deleteCaptions(
  q: Query,
  video_id: VideoId,
  language: string,
): Promise<{ published_file: string | null } | undefined> {
  const [gone] = await q<{ published_file: string | null }[]>`DELETE FROM media_captions
    WHERE video_id = ${video_id} AND language = ${language} RETURNING published_file`;
  return gone;
}

/** The source whose texts were read, if any were. */
export async function readUpload(q: Query, video_id: VideoId): Promise<UploadId | null> {
  const [row] = await q<
    { upload_id: UploadId }[]
  >`SELECT upload_id FROM media_sources_read WHERE video_id = ${video_id}`;
  return row?.upload_id ?? null;
}

export async function markRead(q: Query, video_id: VideoId, upload_id: UploadId, at: Date): Promise<void> {
  await q`INSERT INTO media_sources_read (video_id, upload_id, at) VALUES (${video_id}, ${upload_id}, ${at})
    ON CONFLICT (video_id) DO UPDATE SET upload_id = excluded.upload_id, at = excluded.at`;
}

/** With their texts: for a film that is cut, or made of a part of this one. */
export async function contentsOf(q: Query, video_id: VideoId): Promise<(CaptionsRow & { content: string })[]> {
  return q<(CaptionsRow & { content: string })[]>`SELECT ${q.unsafe(COLUMNS)}, content FROM media_captions
    WHERE video_id = ${video_id} ORDER BY language`;
}

/** The film lies elsewhere now, and none of its texts beside it. */
export async function unpublish(q: Query, video_id: VideoId): Promise<void> {
  await q`UPDATE media_captions SET published_file = NULL WHERE video_id = ${video_id}`;
}

export async function forgetAll(q: Query, video_id: VideoId): Promise<void> {
  await q`DELETE FROM media_captions WHERE video_id = ${video_id}`;
}
