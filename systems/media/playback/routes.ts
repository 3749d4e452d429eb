import { forbidden, Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey, type Api } from "#ports/http/index.ts";
import { createLocalLimiter, type LimitRule } from "#ports/limiter/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { ListedVideo } from "../collections/contract.ts";
import type { VideoRow } from "../videos/store.ts";
import { houseQuality, ownAnalytics, videoAnalytics } from "./analytics.ts";
import { ADDRESSES_HELD_MAX, BEACONS_BURST, BEACONS_PER_S } from "./bounds.ts";
import { playbackRoutes as r } from "./contract.ts";
import type { Tells } from "./tell.ts";

const BEACONS: LimitRule = { name: "beacons", burst_tokens: BEACONS_BURST, tokens_per_s: BEACONS_PER_S };

export interface PlaybackNeeds {
  sql: Sql;
  clock: Clock;
  tells: Tells;
  /** @throws Problem 404 */
  readable(viewer: Viewer, id: VideoId): Promise<VideoRow>;
  /** One's own, as lists show them. */
  listed(viewer: Viewer, ids: readonly VideoId[]): Promise<ReadonlyMap<VideoId, ListedVideo>>;
}

export function servePlayback(api: Api, { sql, clock, tells, readable, listed }: PlaybackNeeds): void {
  const limiter = createLocalLimiter({ clock, keys_max: ADDRESSES_HELD_MAX });

  api.serve(r.postBeacon, async ({ viewer, params, body, address, header }) => {
    // Before the database is asked anything.
    const key = `beacons:${addressKey(address)}`;
    const taken = limiter.takeNow([{ key, rule: BEACONS, cost_tokens: 1 }]);
    if (!taken.allowed) {
      throw new Problem(429, "limit.exceeded", "Too many players tell from this address. Tell it again in a while.", {
        retry_after_s: Math.ceil(taken.retry_after_ms / 1000),
      });
    }
    await tells.beacon(await readable(viewer, params.video_id), { viewer, address, header }, body);
    return { status: 204 };
  });

  api.serve(r.getVideoAnalytics, async ({ viewer, params, query }) => {
    const video = await readable(viewer, params.video_id);
    const officer = viewer.role !== "member" && !viewer.suspended;
    if (video.owner_id !== viewer.person_id && !officer)
      throw forbidden("How a video is watched is for its owner.", "video.not_yours");
    return { status: 200, body: await videoAnalytics(sql.pool, video, query.days, clock.now()) };
  });

  api.serve(r.getMyAnalytics, async ({ viewer, query }) => {
    const { most_watched, ...own } = await ownAnalytics(sql.pool, viewer.person_id, query.days, clock.now());
    const shown = await listed(
      viewer,
      most_watched.map(({ id }) => id),
    );
    return {
      status: 200,
      body: {
        ...own,
        most_watched: most_watched.flatMap(({ id, ...sums }) => {
          const video = shown.get(id);
          return video ? [{ video, ...sums }] : [];
        }),
      },
    };
  });

  api.serve(r.getHouseQuality, async ({ query }) => ({
    status: 200,
    body: await houseQuality(sql.pool, query.days, clock.now()),
  }));
}
