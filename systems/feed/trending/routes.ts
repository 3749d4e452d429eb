import { notFound } from "#kernel/errors.ts";
import type { SpaceId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import { feedRoutes as r } from "../contract.ts";
import type { Rooms } from "../index.ts";
import { rulesFor } from "../reading/rules.ts";
import { bar, bars, lift } from "./bars.ts";
import type { TrendWindow } from "./board.ts";
import { createTrendingReader, type TrendsAsked } from "./read.ts";

export function serveTrending(api: Api, { ground, reader, trending }: Rooms): void {
  const trends = createTrendingReader({ db: ground.sql.pool, reader, trending });

  /** @throws Problem 404 `space.not_found` where the space is not there for this viewer */
  async function place(
    viewer: Viewer,
    query: { space_id?: SpaceId | undefined; window: TrendWindow; limit: number },
  ): Promise<TrendsAsked> {
    const { window, limit } = query;
    if (query.space_id === undefined) return { space_id: null, window, limit };
    const space = await ground.spaces.find(query.space_id);
    if (!space || !(await rulesFor(viewer, ground)).space(space)) throw notFound("space");
    return { space_id: space.id, window, limit };
  }
  /** All that there is at once: what is at the top now is not what was there a page ago. */
  const whole = <T>(items: T[]) => ({ status: 200 as const, body: { items, next_cursor: null } });

  api.serve(r.trendingPosts, async ({ viewer, query, signal }) =>
    whole(await trends.posts(viewer, "posts", await place(viewer, query), signal)),
  );
  api.serve(r.trendingVideos, async ({ viewer, query, signal }) =>
    whole(await trends.posts(viewer, "videos", await place(viewer, query), signal)),
  );
  api.serve(r.trendingHashtags, async ({ viewer, query, signal }) =>
    whole(await trends.hashtags(viewer, await place(viewer, query), signal)),
  );
  api.serve(r.trendingLinks, async ({ viewer, query, signal }) =>
    whole(await trends.links(viewer, await place(viewer, query), signal)),
  );
  api.serve(r.listTrendingBars, async ({ query }) => ({ status: 200, body: await bars(ground, query) }));
  api.serve(r.barTrending, async ({ viewer, body }) => ({ status: 201, body: await bar(ground, viewer, body) }));
  api.serve(r.liftTrendingBar, async ({ viewer, params }) => {
    await lift(ground, viewer, params.id);
    return { status: 204 };
  });
}
