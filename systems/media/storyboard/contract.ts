import { z } from "zod";

/**
 * Small pictures of the whole length, many on one sheet. The picture of moment `t` has the number
 * `min(count − 1, ⌊t / interval_ms⌋)`: sheet `⌊n / (columns × rows)⌋`, then by rows.
 */
export const zStoryboard = z
  .object({
    /** Put the sheet's number, from 0, for `{sheet}`. */
    url_template: z.string(),
    /** The same as WebVTT (`label=thumbnails`), for players that read it. */
    webvtt_url: z.string(),
    columns: z.int(),
    rows: z.int(),
    tile_width: z.int(),
    tile_height: z.int(),
    interval_ms: z.int(),
    count: z.int(),
  })
  .meta({ id: "Storyboard" });
export type Storyboard = z.output<typeof zStoryboard>;
