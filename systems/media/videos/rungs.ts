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
  /** Made for every video, watched or not. */
  eager: boolean;
  segment_count: number;
  segments_done: number;
  bytes: number;
  complete_at: Date | null;
}

/** Made in the background for what is watched much, and in no list before it is whole. */
export const isAv1Rung = ({ codecs }: Pick<RungRow, "codecs">): boolean => codecs.startsWith("av01.");

export interface SegmentRow {
  k: number;
  bytes: number;
  duration_ms: number;
}

const COLUMNS = `video_id, rung, kind, position, width, height, bitrate_bps, codecs, eager, segment_count, segments_done,
  bytes::float8 AS bytes, complete_at`;

export async function insertRung(
  q: Query,
  row: Omit<RungRow, "segments_done" | "bytes" | "complete_at">,
): Promise<void> {
  await q`INSERT INTO media_rungs (video_id, rung, kind, position, width, height, bitrate_bps, codecs, eager, segment_count)
    VALUES (${row.video_id}, ${row.rung}, ${row.kind}, ${row.position}, ${row.width}, ${row.height}, ${row.bitrate_bps}, ${row.codecs},
      ${row.eager}, ${row.segment_count}) ON CONFLICT DO NOTHING`;
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

export async function hasSegment(q: Query, video_id: VideoId, rung: string, k: number): Promise<boolean> {
  const rows = await q`SELECT FROM media_segments WHERE video_id = ${video_id} AND rung = ${rung} AND k = ${k}`;
  return rows.length > 0;
}

/** Whether it was whole once, so that lists may have named it. */
export async function wasListed(q: Query, video_id: VideoId, rung: string): Promise<boolean> {
  const rows =
    await q`SELECT FROM media_rungs WHERE video_id = ${video_id} AND rung = ${rung} AND listed_at IS NOT NULL`;
  return rows.length > 0;
}

/** Its blob has gone. The rung is not whole any more. */
export async function deleteSegment(q: Query, video_id: VideoId, rung: string, k: number): Promise<void> {
  await q`WITH gone AS (
      DELETE FROM media_segments WHERE video_id = ${video_id} AND rung = ${rung} AND k = ${k} RETURNING bytes)
    UPDATE media_rungs r SET segments_done = segments_done - 1, bytes = r.bytes - gone.bytes, complete_at = NULL FROM gone
    WHERE r.video_id = ${video_id} AND r.rung = ${rung}`;
}

/** @returns the ETag of the track's init: this one where none was decided yet. Null where there is no such track */
export async function decideInit(q: Query, video_id: VideoId, rung: string, etag: string): Promise<string | null> {
  const [row] = await q<{ init_etag: string }[]>`UPDATE media_rungs SET init_etag = coalesce(init_etag, ${etag})
    WHERE video_id = ${video_id} AND rung = ${rung} RETURNING init_etag`;
  return row?.init_etag ?? null;
}

/** @returns whether this was the rung's last. One that was committed before changes nothing */
export async function insertSegment(
  q: Query,
  video_id: VideoId,
  rung: string,
  segment: SegmentRow,
  at: Date,
): Promise<{ whole: boolean }> {
  const done = await q`INSERT INTO media_segments (video_id, rung, k, bytes, duration_ms)
    VALUES (${video_id}, ${rung}, ${segment.k}, ${segment.bytes}, ${segment.duration_ms}) ON CONFLICT DO NOTHING`;
  if (done.count === 0) return { whole: false };
  const [row] = await q<{ whole: boolean }[]>`UPDATE media_rungs
    SET segments_done = segments_done + 1, bytes = bytes + ${segment.bytes},
      complete_at = CASE WHEN segments_done + 1 >= segment_count THEN ${at}::timestamptz END,
      listed_at = CASE WHEN segments_done + 1 >= segment_count THEN coalesce(listed_at, ${at}::timestamptz) ELSE listed_at END
    WHERE video_id = ${video_id} AND rung = ${rung} RETURNING complete_at IS NOT NULL AS whole`;
  // The real numbers are known once the rung is made.
  if (row?.whole)
    await q`UPDATE media_rungs SET bitrate_bps = (
        SELECT round(sum(bytes) * 8000.0 / sum(duration_ms)) FROM media_segments
        WHERE video_id = ${video_id} AND rung = ${rung})
      WHERE video_id = ${video_id} AND rung = ${rung}`;
  return { whole: row?.whole ?? false };
}

/** The first segments from `from` on that one of these rungs misses, in order. */
export async function missingSegments(
  q: Query,
  video_id: VideoId,
  asked: { rungs: string[]; from: number; limit: number },
): Promise<{ k: number; rungs: string[] }[]> {
  return q<{ k: number; rungs: string[] }[]>`SELECT s.k, array_agg(r.rung ORDER BY r.position) AS rungs
    FROM media_rungs r CROSS JOIN LATERAL generate_series(${asked.from}::int, r.segment_count - 1) s(k)
    WHERE r.video_id = ${video_id} AND r.rung = ANY(${q.array(asked.rungs, "TEXT")})
      AND NOT EXISTS (SELECT FROM media_segments m WHERE m.video_id = r.video_id AND m.rung = r.rung AND m.k = s.k)
    GROUP BY s.k ORDER BY s.k LIMIT ${asked.limit}`;
}

export async function deleteRungs(q: Query, video_id: VideoId, rungs: string[]): Promise<void> {
  await q`DELETE FROM media_rungs WHERE video_id = ${video_id} AND rung = ANY(${q.array(rungs, "TEXT")})`;
}

/** Upper rungs of which no segment is made or being made. Inits are made ahead of time and say nothing. */
export async function untouchedRungs(q: Query, video_id: VideoId): Promise<Set<string>> {
  const rows = await q<{ rung: string }[]>`SELECT rung FROM media_rungs r
    WHERE video_id = ${video_id} AND kind = 'video' AND NOT eager AND segments_done = 0
      AND NOT EXISTS (SELECT FROM media_making_leases l WHERE l.video_id = r.video_id AND l.rung = r.rung)`;
  return new Set(rows.map(({ rung }) => rung));
}

/** A rung is planned anew before a segment of it is made; it gets an init of its own. */
export async function planRungAnew(q: Query, video_id: VideoId, rung: string, bitrate_bps: number): Promise<void> {
  await q`UPDATE media_rungs SET bitrate_bps = ${bitrate_bps}, init_etag = NULL
    WHERE video_id = ${video_id} AND rung = ${rung}`;
}
