import type { PersonId, PostId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import type { Timeline } from "../timelines/timeline.ts";
import type { Trending } from "../trending/watch.ts";

/** What For you stands on: the feed's ground, its timeline, and who has seen what. */
export interface ForYouGround extends Pick<
  Ground,
  "sql" | "log" | "jobs" | "clock" | "ids" | "people" | "spaces" | "media"
> {
  timeline: Timeline;
  seenOf: SeenOf;
  trending: Pick<Trending, "posts">;
  /** How long somebody who waits waits for a list; without it `COMPUTE_MS_MAX`. */
  for_you_wait_ms?: number;
}

/** Of these posts, those that this person has seen. */
export type SeenOf = (
  db: Query,
  person_id: PersonId,
  post_ids: readonly PostId[],
) => Promise<{ has(id: PostId): boolean }>;

/** How far somebody came in a film. */
export interface Watched {
  video_id: VideoId;
  /** 0…1 of its length. */
  share: number;
  at: Date;
}
