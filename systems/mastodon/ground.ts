import type { Ids } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Feed } from "#systems/feed/index.ts";
import type { Media } from "#systems/media/index.ts";
import type { People } from "#systems/people/index.ts";

/** What this system stands on. */
export interface Ground {
  sql: Sql;
  log: Log;
  clock: Clock;
  ids: Ids;
  caches: Caches;
  limiter: Limiter;
  /** The house's own routes: what an endpoint does, it does by calling these for its caller. */
  api: Api;
  people: People;
  feed: Feed;
  media: Pick<Media, "addressesFor" | "imageCards" | "videoCards" | "receive">;
  /** The house's own version. */
  version: string;
}

/** The last hand on what leaves for somebody: addresses of media are bound to who got them. */
export const bound = (ground: Pick<Ground, "media">, viewer: SignedIn | null, text: string): string =>
  viewer ? ground.media.addressesFor(viewer)(text) : text;
