import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { JobClass } from "./contract.ts";

export interface DeskNeeds {
  sql: Sql;
  clock: Clock;
  jobs: Pick<
    Jobs,
    | "cancel"
    | "counts"
    | "flow"
    | "inspect"
    | "list"
    | "payloadOf"
    | "replay"
    | "replayAll"
    | "retryNow"
    | "runNow"
    | "schedules"
  >;
  /** Tenants are people or spaces; both are named where they are still here, and found by what people call them. */
  people: {
    cards(ids: Iterable<PersonId>): Promise<Map<PersonId, PersonCard>>;
    byHandle(handle: string): Promise<{ id: PersonId } | null>;
  };
  spaces: {
    cards(ids: Iterable<SpaceId>): Promise<Map<SpaceId, SpaceCard>>;
    find(slug_or_id: string): Promise<{ id: SpaceId } | null>;
  };
  /** How long the oldest of a class may wait in health; `WAIT_MS_MAX` where nothing is said. */
  wait_ms_max?: Readonly<Record<JobClass, number>>;
  /** The house's log of what was done in its name. */
  audit: { append(tx: Query, entry: { by: PersonId | null; what: string; detail: JsonObject }): Promise<void> };
}
