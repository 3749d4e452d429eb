import type { PresentNeeds } from "../captions/present.ts";
import { addressesOf } from "../places.ts";
import type { VideoRow } from "../videos/store.ts";
import type { Storyboard } from "./contract.ts";
import { type StoryboardRow, tilesFile } from "./store.ts";

export function presentStoryboard(
  video: Pick<VideoRow, "place" | "duration_ms">,
  row: StoryboardRow,
  needs: PresentNeeds,
): Storyboard {
  const { url } = addressesOf(video.place, video.duration_ms ?? 0, needs);
  const webvtt_url = url(tilesFile(row.folder));
  return {
    url_template: webvtt_url.replace("tiles.vtt", "{sheet}.jpg"),
    webvtt_url,
    columns: row.grid_columns,
    rows: row.grid_rows,
    tile_width: row.tile_width,
    tile_height: row.tile_height,
    interval_ms: row.interval_ms,
    count: row.tiles,
  };
}
