import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { HouseRole, Scope } from "#kernel/viewer.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { StoredEvent } from "#ports/log/index.ts";

import * as b from "./bounds.ts";
import type { PeopleEvent } from "./events.ts";
import type { Relations } from "./may.ts";
import type { CredentialRow, StateRow } from "./store/credentials.ts";

export interface KnownCard {
  card: PersonCard;
  role: HouseRole;
}

/** A credential as this node knows it; `last_used_ms` moves on before the row does. */
export interface KnownCredential extends Pick<CredentialRow, "id" | "person_id"> {
  kind: "session" | "token";
  /** Null for a session, which holds every scope. */
  scopes: Scope[] | null;
  program: boolean;
  last_used_ms: number;
  expires_ms: number;
}

/**
 * What this process remembers of people, and the one place that forgets. A change here forgets at once, by a direct call
 * after its commit; a change on another node forgets when its event arrives, and a TTL bounds what a lost event can do.
 */
export interface Memory {
  credentials: Cache<KnownCredential>;
  states: Cache<StateRow>;
  cards: Cache<KnownCard>;
  relations: Cache<Relations>;
  /** Goes up with every forgotten card, so that a batch read begun before a change never fills the cache after it. */
  cardsForgotten(): number;
  forgetCredentials(hashes: string[]): void;
  forgetPerson(id: PersonId): void;
  forgetRelations(...ids: PersonId[]): void;
  onEvents(batch: StoredEvent[]): void;
}

export function createMemory(caches: Caches): Memory {
  const credentials = caches.create<KnownCredential>({
    name: "people.credentials",
    version: 1,
    entries_max: b.AUTH_CACHE_ENTRIES_MAX,
    ttl_ms: b.AUTH_CACHE_TTL_MS,
    negative_ttl_ms: b.AUTH_NEGATIVE_TTL_MS,
  });
  const states = caches.create<StateRow>({
    name: "people.states",
    version: 1,
    entries_max: b.AUTH_CACHE_ENTRIES_MAX,
    ttl_ms: b.AUTH_CACHE_TTL_MS,
    negative_ttl_ms: b.AUTH_NEGATIVE_TTL_MS,
  });
  const cards = caches.create<KnownCard>({
    name: "people.cards",
    version: 1,
    entries_max: b.CARD_CACHE_ENTRIES_MAX,
    ttl_ms: b.CARD_CACHE_TTL_MS,
  });
  const relations = caches.create<Relations>({
    name: "people.relations",
    version: 1,
    entries_max: b.AUTH_CACHE_ENTRIES_MAX,
    bytes_max: b.RELATIONS_CACHE_BYTES_MAX,
    size_of: bytesOf,
    ttl_ms: b.RELATIONS_CACHE_TTL_MS,
  });
  let forgotten = 0;
  const forgetPerson = (id: PersonId) => {
    forgotten++;
    states.delete(id);
    cards.delete(id);
  };
  const forgetRelations = (...ids: PersonId[]) => ids.forEach((id) => relations.delete(id));
  const forgetCredentials = (hashes: string[]) => hashes.forEach((hash) => credentials.delete(hash));

  return {
    credentials,
    states,
    cards,
    relations,
    cardsForgotten: () => forgotten,
    forgetCredentials,
    forgetPerson,
    forgetRelations,
    onEvents(batch) {
      for (const stored of batch) {
        const event = stored as unknown as PeopleEvent;
        switch (event.type) {
          case "people.profile_changed":
          case "people.privacy_changed":
          case "people.suspended":
          case "people.reinstated":
          case "people.limited":
          case "people.unlimited":
          case "people.role_changed":
            forgetPerson(event.data.person_id);
            break;
          case "people.deleted":
            forgetPerson(event.data.person_id);
            forgetRelations(event.data.person_id);
            break;
          case "people.session_revoked":
            forgetCredentials(event.data.credentials.map((c) => c.hash));
            break;
          case "people.followed":
          case "people.unfollowed":
            forgetRelations(event.data.follower_id);
            break;
          case "people.blocked":
          case "people.unblocked":
            forgetRelations(event.data.blocker_id, event.data.blocked_id);
            break;
          case "people.muted":
          case "people.unmuted":
            forgetRelations(event.data.muter_id);
            break;
          case "people.person_created":
          case "people.follow_requested":
          case "people.follow_request_ended":
          case "people.house_changed":
          case "people.reset_link_made":
          case "people.office_offered":
            break;
        }
      }
    },
  };
}

/** An id in a set: about 40 bytes of string and 40 of slot. */
const ID_BYTES = 80;
const bytesOf = (r: Relations) => 400 + ID_BYTES * (r.follows.size + r.blocks.size + r.blocked_by.size + r.mutes.size);
