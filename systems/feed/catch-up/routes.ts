import type { Api } from "#ports/http/index.ts";

import type { ReadingGround } from "../reading/ground.ts";
import { catchUpRoutes as r } from "./contract.ts";
import { createSlowLane } from "./slow-lane.ts";

export function serveCatchUp(api: Api, ground: ReadingGround): void {
  const { catchUp } = ground;
  const slow = createSlowLane(ground);
  api.serve(r.catchUp, async ({ viewer, query, signal }) => ({
    status: 200,
    json: await catchUp.page(viewer, query.range, query, signal),
  }));
  api.serve(r.slowLane, async ({ viewer, query, signal }) => ({
    status: 200,
    json: await ground.reader.list(viewer, slow.skeletonFor(viewer.person_id), query, "timeline", signal),
  }));
}
