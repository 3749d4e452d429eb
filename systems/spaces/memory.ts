import type { SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { StoredEvent } from "#ports/log/index.ts";

import * as b from "./bounds.ts";
import type { SpacesEvent } from "./events.ts";

export type Memberships = ReadonlyMap<SpaceId, SpaceRole>;

/** What this process remembers of spaces. Forgotten at once after a change here, by its event after one elsewhere. */
export interface Memory {
  cards: Cache<SpaceCard>;
  memberships: Cache<Memberships>;
  /** Goes up with every forgotten card, so that a batch read begun before a change never fills the cache after it. */
  cardsForgotten(): number;
  forgetSpace(id: SpaceId): void;
  forgetMember(id: PersonId): void;
  /** A space is gone: anyone may have been in it, and that is rare enough to forget everyone's. */
  forgetAllMembers(): void;
  onEvents(batch: StoredEvent[]): void;
}

export function createMemory(caches: Caches): Memory {
  const cards = caches.create<SpaceCard>({
    name: "spaces.cards",
    version: 1,
    entries_max: b.CARD_CACHE_ENTRIES_MAX,
    ttl_ms: b.CARD_CACHE_TTL_MS,
  });
  const memberships = caches.create<Memberships>({
    name: "spaces.memberships",
    version: 1,
    entries_max: b.MEMBERSHIPS_CACHE_ENTRIES_MAX,
    bytes_max: b.MEMBERSHIPS_CACHE_BYTES_MAX,
    size_of: (memberships) => 200 + 100 * memberships.size,
    ttl_ms: b.MEMBERSHIPS_CACHE_TTL_MS,
  });
  let forgotten = 0;
  const memory: Memory = {
    cards,
    memberships,
    cardsForgotten: () => forgotten,
    forgetSpace(id) {
      forgotten++;
      cards.delete(id);
    },
    forgetMember: (id) => memberships.delete(id),
    forgetAllMembers: () => memberships.clear(),
    onEvents(batch) {
      for (const stored of batch) {
        const event = stored as unknown as SpacesEvent;
        switch (event.type) {
          case "spaces.space_changed":
            memory.forgetSpace(event.data.space_id);
            break;
          case "spaces.space_deleted":
            memory.forgetSpace(event.data.space_id);
            memory.forgetAllMembers();
            break;
          case "spaces.joined":
          case "spaces.left":
          case "spaces.role_changed":
            memory.forgetMember(event.data.person_id);
            break;
          case "spaces.space_created":
          case "spaces.banned":
          case "spaces.unbanned":
            break;
        }
      }
    },
  };
  return memory;
}
