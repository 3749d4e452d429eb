import { notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { LIST_CACHED_MS, LISTS_CACHED_BYTES_MAX, LISTS_CACHED_MAX } from "./bounds.ts";
import { findList, type ListId } from "./store.ts";

/**
 * Lists as they are read: whose, and who is in them. The same array for as long as nothing changes, because timelines
 * remember what they found for it.
 */
export interface ListBook {
  /** @throws Problem 404 `list.not_found` for what is not there, or somebody else's; the two look the same */
  peopleIn(viewer_id: PersonId, id: ListId): Promise<readonly PersonId[]>;
  forget(id: string): void;
  forgetAll(): void;
}

interface Known {
  person_id: PersonId;
  people: readonly PersonId[];
}

const PERSON_BYTES = 40;

export function createListBook({ sql, caches }: { sql: Sql; caches: Caches }): ListBook {
  const cache: Cache<Known> = caches.create<Known>({
    name: "feed.lists",
    version: 1,
    entries_max: LISTS_CACHED_MAX,
    bytes_max: LISTS_CACHED_BYTES_MAX,
    size_of: ({ people }) => 200 + people.length * PERSON_BYTES,
    ttl_ms: LIST_CACHED_MS,
    // One that is restored must not be missing for a moment.
    negative_ttl_ms: 0,
  });
  return {
    async peopleIn(viewer_id, id) {
      const known = cache.peek(id) ?? (await cache.get(id, () => findList(sql.pool, id)));
      if (known?.person_id !== viewer_id) throw notFound("list");
      return known.people;
    },
    forget: (id) => cache.delete(id),
    forgetAll: () => cache.clear(),
  };
}
