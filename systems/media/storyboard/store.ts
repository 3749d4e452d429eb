import type { UploadId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface StoryboardRow {
  video_id: VideoId;
  upload_id: UploadId;
  folder: string;
  grid_columns: number;
  grid_rows: number;
  tile_width: number;
  tile_height: number;
  interval_ms: number;
  tiles: number;
  bytes: number;
  made_at: Date;
}

export async function storyboardsOf(q: Query, video_ids: VideoId[]): Promise<Map<VideoId, StoryboardRow>> {
  if (video_ids.length === 0) return new Map();
  const rows = await q<
    StoryboardRow[]
  >`SELECT video_id, upload_id, folder, grid_columns, grid_rows, tile_width, tile_height,
      interval_ms, tiles, bytes::float8 AS bytes, made_at
    FROM media_storyboards WHERE video_id = ANY(${q.array(video_ids, "BIGINT")})`;
  return new Map(rows.map((row) => [row.video_id, row]));
}

/** The caller holds the video. */
export async function putStoryboard(q: Query, row: StoryboardRow): Promise<void> {
  await q`INSERT INTO media_storyboards (video_id, upload_id, folder, grid_columns, grid_rows, tile_width, tile_height, interval_ms,
      tiles, bytes, made_at)
    VALUES (${row.video_id}, ${row.upload_id}, ${row.folder}, ${row.grid_columns}, ${row.grid_rows}, ${row.tile_width},
      ${row.tile_height}, ${row.interval_ms}, ${row.tiles}, ${row.bytes}, ${row.made_at})
    ON CONFLICT (video_id) DO UPDATE SET upload_id = excluded.upload_id, folder = excluded.folder,
      grid_columns = excluded.grid_columns, grid_rows = excluded.grid_rows, tile_width = excluded.tile_width,
      tile_height = excluded.tile_height, interval_ms = excluded.interval_ms, tiles = excluded.tiles, bytes = excluded.bytes,
      made_at = excluded.made_at`;
}

export const sheetsOf = (row: Pick<StoryboardRow, "tiles" | "grid_columns" | "grid_rows">): number =>
  Math.ceil(row.tiles / (row.grid_columns * row.grid_rows));

export const sheetFile = (folder: string, sheet: number | string): string => `${folder}${sheet}.jpg`;
export const tilesFile = (folder: string): string => `${folder}tiles.vtt`;

export const storyboardFiles = (row: StoryboardRow): string[] => [
  tilesFile(row.folder),
  ...Array.from({ length: sheetsOf(row) }, (_, sheet) => sheetFile(row.folder, sheet)),
];
