import { rfc3339 } from "#kernel/time.ts";
import type { Api } from "#ports/http/index.ts";

import { type ListedNeeds, listedVideos } from "../listed.ts";
import { historyRoutes as r } from "./contract.ts";
import type { History } from "./index.ts";

/** Before `/v1/videos/{video_id}`: the first route that fits a path answers. */
export function serveHistory(api: Api, needs: ListedNeeds & { history: History }): void {
  const { history } = needs;
  const settings = (paused_at: Date | null) => ({
    status: 200 as const,
    body: { paused: paused_at !== null, paused_at: paused_at && rfc3339(paused_at) },
  });

  api.serve(r.listHistory, async ({ viewer, query }) => {
    const { items, next_cursor } = await history.list(viewer, query);
    const videos = await listedVideos(
      viewer,
      items.map((item) => item.video_id),
      needs,
    );
    const watched = items.flatMap(({ video_id, position_ms, at }) => {
      const video = videos.get(video_id);
      return video ? [{ video, position_ms, at: rfc3339(at) }] : [];
    });
    return { status: 200, body: { items: watched, next_cursor } };
  });
  api.serve(r.clearHistory, async ({ viewer }) => {
    await history.clear(viewer.person_id);
    return { status: 204 };
  });
  api.serve(r.getHistorySettings, async ({ viewer }) => settings(await history.pausedAt(viewer.person_id)));
  api.serve(r.putHistorySettings, async ({ viewer, body }) =>
    settings(await history.setPaused(viewer.person_id, body.paused)),
  );
  api.serve(r.forgetWatched, async ({ viewer, params }) => {
    await history.forget(viewer.person_id, params.video_id);
    return { status: 204 };
  });
  api.serve(r.continueWatching, async ({ viewer, query }) => {
    const offers = await history.goingOn(viewer, query.limit);
    const videos = await listedVideos(
      viewer,
      offers.map((offer) => offer.video_id),
      needs,
    );
    const items = offers.flatMap(({ video_id, because, collection, at }) => {
      const video = videos.get(video_id);
      return video ? [{ video, because, collection, at: rfc3339(at) }] : [];
    });
    return { status: 200, body: { items } };
  });
}
