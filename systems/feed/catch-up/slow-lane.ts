import { idAtMs, isId, type PersonId } from "#kernel/ids.ts";

import type { ReadingGround } from "../reading/ground.ts";
import type { Rules } from "../reading/rules.ts";
import { homeActors, type Skeleton } from "../reading/skeleton.ts";
import { homeEntry } from "../timelines/timeline.ts";
import { SLOW_COUNTED_MS, SLOW_POSTS_MAX, SLOW_WINDOW_D } from "./bounds.ts";
import { quietAmong } from "./store.ts";

const DAY_MS = 24 * 3_600_000;

interface Quiet {
  people: readonly PersonId[];
  counted_ms: number;
}

/**
 * People among the followed who seldom write, so that they do not drown. Who is one is counted once a minute at most, and
 * anew when the viewer follows or leaves somebody; it goes with the array of whom they follow.
 */
export function createSlowLane({ sql, clock, timeline }: Pick<ReadingGround, "sql" | "clock" | "timeline">): {
  skeletonFor(viewer_id: PersonId): (rules: Rules) => Skeleton;
} {
  const known = new WeakMap<readonly PersonId[], Quiet>();

  async function quietOf(viewer_id: PersonId, actors: readonly PersonId[]): Promise<readonly PersonId[]> {
    const now = clock.now();
    const before = known.get(actors);
    if (before && now - before.counted_ms < SLOW_COUNTED_MS) return before.people;
    const others = actors.filter((id) => id !== viewer_id);
    const since = idAtMs(now - SLOW_WINDOW_D * DAY_MS);
    const people = others.length === 0 ? [] : await quietAmong(sql.pool, others, since, SLOW_POSTS_MAX);
    known.set(actors, { people, counted_ms: now });
    return people;
  }

  return {
    skeletonFor: (viewer_id) => (rules) => ({
      name: "slow-lane",
      isKey: isId,
      has_entries: true,
      // What they pass on is not theirs.
      passes: () => false,
      async read(after, listed_max) {
        const people = await quietOf(viewer_id, homeActors(viewer_id, rules));
        return (await timeline.read(people, after, listed_max)).map(homeEntry);
      },
    }),
  };
}
