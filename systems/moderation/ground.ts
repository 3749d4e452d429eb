import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { Ids, PersonId, SpaceId } from "#kernel/ids.ts";
import type { SignedIn, SpaceRole } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { Done, FeedModeration } from "#systems/feed/index.ts";
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
  video: ModeratedVideos;
  audit: Audit;
}

export interface ModeratedPeople extends Pick<People, "cards" | "byHandle" | "relationsOf"> {
  discipline: Discipline;
}

export interface ModeratedSpaces {
  cards(ids: Iterable<SpaceId>): Promise<Map<SpaceId, SpaceCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
}

/** What media give for films that stand by themselves. */
export interface ModeratedVideos {
  subject(db: Query, id: string): Promise<VideoSubject | null>;
  /** @throws Problem 404 `video.not_found` */
  mustRead(viewer: SignedIn, id: string): Promise<void>;
  hide(tx: Query, id: string, by: PersonId): Promise<Done>;
  show(tx: Query, id: string, by: PersonId): Promise<Done>;
}

export interface VideoSubject {
  owner_id: PersonId;
  space_id: SpaceId | null;
  title: string;
  description: string;
  audience: string;
  created_at: Date;
  is_hidden: boolean;
}

export type { PersonCard };
