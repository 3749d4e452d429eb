import type { PersonCard } from "#kernel/cards.ts";
import type { Ids, PersonId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Relations } from "#systems/people/index.ts";

import type { Memory } from "./memory.ts";

/** What spaces take of people. */
export interface SpacesPeople {
  cards(ids: Iterable<PersonId>): Promise<Map<PersonId, PersonCard>>;
  byHandle(handle: string): Promise<PersonCard | null>;
  relationsOf(viewer: Viewer): Promise<Relations>;
}

/** What the capabilities of this system stand on. Each takes the part of it that it needs. */
export interface Ground {
  sql: Sql;
  log: Log;
  clock: Clock;
  ids: Ids;
  people: SpacesPeople;
  memory: Memory;
}
