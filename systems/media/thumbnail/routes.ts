import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { PresentNeeds } from "../captions/present.ts";
import type { VideoDoor } from "../captions/routes.ts";
import { addressesOf } from "../places.ts";
import type { Storyboard } from "../storyboard/contract.ts";
import { presentStoryboard } from "../storyboard/present.ts";
import { storyboardsOf } from "../storyboard/store.ts";
import { posterFile } from "../videos/present.ts";
import { CANDIDATES_MAX, type ThumbnailCandidate, thumbnailRoutes as r } from "./contract.ts";
import { chooseThumbnail } from "./index.ts";

export function serveThumbnails(
  api: Api,
  needs: PresentNeeds & { sql: Sql; jobs: Jobs; clock: Clock; door: VideoDoor },
): void {
  const { sql, door } = needs;
  api.serve(r.listThumbnails, async ({ viewer, params }) => {
    const video = await door.own(viewer, params.video_id);
    const row = (await storyboardsOf(sql.pool, [video.id])).get(video.id);
    const items =
      row && row.upload_id === video.upload_id
        ? candidatesOf(presentStoryboard(video, row, needs), video.duration_ms ?? 0)
        : [];
    return { status: 200, body: { items } };
  });
  api.serve(r.putThumbnail, async ({ viewer, params, body, signal }) => {
    const { id } = await door.own(viewer, params.video_id);
    const done = await chooseThumbnail(needs, id, body, signal);
    const video = await door.own(viewer, id);
    const { url } = addressesOf(video.place, video.duration_ms ?? 0, needs);
    const answer = { poster_url: video.poster_bytes === null ? null : url(posterFile(video)) };
    return done ? { status: 200, body: answer } : { status: 202, body: answer };
  });
}

/** Evenly spread over the film. Pure. */
export function candidatesOf(storyboard: Storyboard, duration_ms: number): ThumbnailCandidate[] {
  const { columns, rows, tile_width: width, tile_height: height, interval_ms, count } = storyboard;
  const wanted = Math.min(CANDIDATES_MAX, count);
  return Array.from({ length: wanted }, (_, i) => {
    const tile = Math.floor(((i + 0.5) * count) / wanted);
    const on_sheet = tile % (columns * rows);
    return {
      // The middle of its stretch, which is what its picture is nearest to.
      at_ms: Math.max(0, Math.min(duration_ms - 1, Math.round((tile + 0.5) * interval_ms))),
      sheet_url: storyboard.url_template.replace("{sheet}", String(Math.floor(tile / (columns * rows)))),
      x: (on_sheet % columns) * width,
      y: Math.floor(on_sheet / columns) * height,
      width,
      height,
    };
  });
}
