import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { PresentNeeds } from "../captions/present.ts";
import type { VideoDoor } from "../captions/routes.ts";
import type { Tell } from "../events.ts";
import { chaptersRoutes as r } from "./contract.ts";
import { setChapters } from "./index.ts";
import { presentChapters } from "./present.ts";
import { chaptersOf } from "./store.ts";

export function serveChapters(
  api: Api,
  needs: PresentNeeds & { sql: Sql; jobs: Jobs; clock: Clock; tell: Tell; door: VideoDoor },
): void {
  const { sql, door } = needs;
  api.serve(r.getChapters, async ({ viewer, params }) => {
    const video = await door.readable(viewer, params.video_id);
    const row = (await chaptersOf(sql.pool, [video.id])).get(video.id);
    return { status: 200, body: presentChapters(video, row, needs) };
  });
  api.serve(r.putChapters, async ({ viewer, params, body }) => {
    const video = await door.own(viewer, params.video_id);
    const row = await setChapters(needs, video.id, body.items);
    return { status: 200, body: presentChapters(video, row, needs) };
  });
}
