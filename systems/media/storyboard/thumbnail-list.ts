import { timeOf } from "../captions/write.ts";
import type { StoryboardPlan } from "../encode/storyboard.ts";

/** A storyboard as WebVTT: for each stretch of time a sheet, named relative to the list, and the piece of it to show. */
export function thumbnailList(plan: StoryboardPlan, duration_ms: number): string {
  const { columns, rows, tile_width, tile_height, interval_ms, count } = plan;
  const cues = Array.from({ length: count }, (_, n) => {
    const start_ms = n * interval_ms;
    const end_ms = n === count - 1 ? Math.max(duration_ms, start_ms + 1) : start_ms + interval_ms;
    const on_sheet = n % (columns * rows);
    const left = (on_sheet % columns) * tile_width;
    const top = Math.floor(on_sheet / columns) * tile_height;
    const sheet = Math.floor(n / (columns * rows));
    return `${timeOf(start_ms)} --> ${timeOf(end_ms)}\n${sheet}.jpg#xywh=${left},${top},${tile_width},${tile_height}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}
