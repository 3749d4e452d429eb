import type { PersonCard } from "#kernel/cards.ts";
import type { CommentId, PersonId, PostId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Relations } from "#systems/people/index.ts";

/** What the inbox takes of other systems: these few functions and no more, by shape. */
export interface NotifyPeople {
  cards(ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, PersonCard>>;
  relations(person_id: PersonId): Promise<Relations>;
}

/** A post as far as an inbox shows it; feed's own fits. */
export interface ReadPost {
  id: PostId;
  author: PersonCard;
  text: string;
  video: object | null;
  images: readonly object[];
}

export interface NotifyFeed {
  /** Of these, what this viewer may read now; the rest is missing. */
  posts(viewer: Viewer, ids: readonly PostId[]): Promise<ReadonlyMap<PostId, ReadPost>>;
  /** The words of these comments; what was deleted is missing. Says nothing of whether their post may be read. */
  commentTexts(ids: readonly CommentId[]): Promise<ReadonlyMap<CommentId, string>>;
}

export interface Ground {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  people: NotifyPeople;
  feed: NotifyFeed;
}
