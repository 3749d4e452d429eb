import type { VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** What is made of a video, rung by rung and segment by segment. A row of `media_segments` says that its blob is whole. */
export interface RungRow {
  video_id: VideoId;
  rung: string;
  kind: "video" | "audio";
  position: number;
  width: number | null;
  height: number | null;
  bitrate_bps: number;
  codecs: string;
  segment_count: number;
  segments_done: number;
  bytes: number;
  complete_at: Date | null;
}

export interface SegmentRow {
  k: number;
  bytes: number;
  duration_ms: number;
}

const COLUMNS = `video_id, rung, kind, position, width, height, bitrate_bps, codecs, segment_count, segments_done,
  bytes::float8 AS bytes, complete_at`;

export async function insertRung(
  q: Query,
  row: Omit<RungRow, "segments_done" | "bytes" | "complete_at">,
): Promise<void> {
  await q`INSERT INTO media_rungs (video_id, rung, kind, position, width, height, bitrate_bps, codecs, segment_count)
    VALUES (${row.video_id}, ${row.rung}, ${row.kind}, ${row.position}, ${row.width}, ${row.height}, ${row.bitrate_bps}, ${row.codecs},
      ${row.segment_count}) ON CONFLICT DO NOTHING`;
}

/** Of many videos at once; the lowest rung first, the sound last. */
export async function rungsOf(q: Query, video_ids: VideoId[]): Promise<Map<VideoId, RungRow[]>> {
  const rungs = new Map<VideoId, RungRow[]>(video_ids.map((id) => [id, []]));
  if (video_ids.length === 0) return rungs;
  const rows = await q<RungRow[]>`SELECT ${q.unsafe(COLUMNS)} FROM media_rungs
    WHERE video_id = ANY(${q.array(video_ids, "BIGINT")}) ORDER BY video_id, position`;
  for (const row of rows) rungs.get(row.video_id)?.push(row);
  return rungs;
}

export async function segmentsOf(q: Query, video_id: VideoId, rung: string): Promise<SegmentRow[]> {
  return q<SegmentRow[]>`SELECT k, bytes::float8 AS bytes, duration_ms FROM media_segments
    WHERE video_id = ${video_id} AND rung = ${rung} ORDER BY k`;
}

/** @returns false when the segment was committed before: a second encode of it changes nothing */
export async function insertSegment(q: Query, video_id: VideoId, rung: string, segment: SegmentRow): Promise<boolean> {
  const done = await q`INSERT INTO media_segments (video_id, rung, k, bytes, duration_ms)
    VALUES (${video_id}, ${rung}, ${segment.k}, ${segment.bytes}, ${segment.duration_ms}) ON CONFLICT DO NOTHING`;
  if (done.count === 0) return false;
  await q`UPDATE media_rungs SET segments_done = segments_done + 1, bytes = bytes + ${segment.bytes}
    WHERE video_id = ${video_id} AND rung = ${rung}`;
  return true;
}

/** The real numbers are known once the rung is made. */
export async function markRungComplete(
  q: Query,
  video_id: VideoId,
  rung: string,
  made: { segment_count: number; bitrate_bps: number; at: Date },
): Promise<void> {
  await q`UPDATE media_rungs SET complete_at = ${made.at}, segment_count = ${made.segment_count}, bitrate_bps = ${made.bitrate_bps}
    WHERE video_id = ${video_id} AND rung = ${rung} AND complete_at IS NULL`;
}

export async function deleteRungs(q: Query, video_id: VideoId, rungs: string[]): Promise<void> {
  await q`DELETE FROM media_rungs WHERE video_id = ${video_id} AND rung = ANY(${q.array(rungs, "TEXT")})`;
}
