import type { SpaceCard } from "#kernel/cards.ts";
import type { Ids, PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { FeedModeration } from "#systems/feed/index.ts";
import type { MediaModeration } from "#systems/media/index.ts";
import type { Discipline, People } from "#systems/people/index.ts";

import type { Audit } from "./audit/audit.ts";

/** What the capabilities of this system stand on; each takes the part that it needs. */
export interface Ground {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  people: ModeratedPeople;
  spaces: ModeratedSpaces;
  feed: FeedModeration;
  video: MediaModeration;
  audit: Audit;
}

export interface ModeratedPeople extends Pick<People, "cards" | "byHandle" | "relationsOf"> {
  discipline: Discipline;
}

export interface ModeratedSpaces {
  cards(ids: Iterable<SpaceId>): Promise<Map<SpaceId, SpaceCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
  rolesIn(db: Query, pairs: readonly { space_id: SpaceId; person_id: PersonId }[]): Promise<(SpaceRole | null)[]>;
  stands(db: Query, id: SpaceId): Promise<boolean>;
}
