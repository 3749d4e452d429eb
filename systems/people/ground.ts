import type { Avatar } from "#kernel/cards.ts";
import type { Id, Ids, PersonId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { Memory } from "./memory.ts";
import type { Passwords } from "./passwords.ts";
import type { Throttle } from "./throttle.ts";

/** Where avatars come from; the media system gives it, and people never ask where a picture lies. */
export interface Pictures {
  /** Square variants of about 96 and 384 px; null when there is no such image or it is not this person's. */
  avatarOf(person_id: PersonId, image_id: Id<"image">): Promise<Avatar | null>;
}

/** What the capabilities of this system stand on. Each takes the part of it that it needs. */
export interface Ground {
  sql: Sql;
  log: Log;
  clock: Clock;
  ids: Ids;
  memory: Memory;
  passwords: Passwords;
  throttle: Throttle;
  pictures: Pictures;
}
