import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import type { Feed } from "../index.ts";
import { type Timelines, timelinesRoutes as r } from "./contract.ts";
import type { TimelineChoice } from "./live.ts";

export function serveTimelines(api: Api, { ground, choices, explain }: Feed["rooms"]): void {
  async function body(): Promise<Timelines> {
    const { chosen, numbers, graph, steps, costs, advice, stats } = await explain();
    const { changed_at, changed_by } = chosen;
    const by = changed_by === null ? null : ((await ground.people.cards([changed_by])).get(changed_by) ?? null);
    const { followers_p50, followers_p90, followers_p99 } = graph;
    return {
      strategy: chosen.strategy,
      push_followers_max: chosen.push_followers_max,
      changed_at: changed_at === null ? null : rfc3339(changed_at),
      changed_by: by,
      by_config: chosen.by_config,
      numbers: { ...numbers, followers_p50, followers_p90, followers_p99 },
      steps,
      costs,
      advice,
      ...stats,
    };
  }
  const choose = async (viewer: SignedIn, choice: TimelineChoice | null) => {
    await choices.choose(choice, viewer.person_id);
    return { status: 200 as const, body: await body() };
  };

  api.serve(r.getTimelines, async () => ({ status: 200, body: await body() }));
  api.serve(r.setTimelines, ({ viewer, body: choice }) => choose(viewer, choice));
  api.serve(r.resetTimelines, ({ viewer }) => choose(viewer, null));
}
