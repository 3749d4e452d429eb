import type { Ids } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { ExactSums } from "./counts/exact.ts";
import type { FeedEvent } from "./events.ts";
import type { FeedMedia, FeedPeople, FeedSpaces, LinkNeeds } from "./needs.ts";
import type { Likes } from "./reactions/likes.ts";

/** What the feed's writing capabilities stand on. */
export interface Ground {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  people: FeedPeople;
  spaces: FeedSpaces;
  media: FeedMedia;
  links?: LinkNeeds | undefined;
  likes: Likes;
  exactSums: ExactSums;
  /** Who may write at this moment; everybody where nothing is said. @throws Problem 429 */
  admit?(viewer: SignedIn): Promise<void>;
  /** Right after the commit: this process's caches know at once; other nodes hear it from the log, and so do we, again. */
  happened(event: FeedEvent): void;
}
