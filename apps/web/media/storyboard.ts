/** Small pictures of a film, many to a sheet: what stands at a place is seen before anybody goes there. */
export interface Storyboard {
  /** One address per sheet, in order. */
  urls: readonly string[];
  columns: number;
  rows: number;
  tile_width: number;
  tile_height: number;
  interval_ms: number;
  /** Pictures in all sheets. */
  count: number;
}

/** Where a picture lies, in pixels of its sheet. */
export interface Tile {
  url: string;
  x: number;
  y: number;
}

/** The picture at a place. @returns null where the storyboard has none */
export function tileAt(
  { urls, columns, rows, tile_width, tile_height, interval_ms, count }: Storyboard,
  at_ms: number,
) {
  const index = Math.min(count - 1, Math.max(0, Math.floor(at_ms / interval_ms)));
  const per = columns * rows;
  const url = urls[Math.floor(index / per)];
  if (url === undefined || !(per > 0) || index < 0) return null;
  const within = index % per;
  return { url, x: (within % columns) * tile_width, y: Math.floor(within / columns) * tile_height } satisfies Tile;
}
