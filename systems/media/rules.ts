import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SignedIn, SpaceRole, Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import { type Decision, may, NO_RELATIONS, NO_SPACES, type Relations } from "#systems/people/index.ts";

/** What media must know of people and spaces to apply the house's one rule; both fit as they are. */
export interface PeopleFacts {
  cards(ids: PersonId[]): Promise<ReadonlyMap<PersonId, PersonCard>>;
  relations(person_id: PersonId): Promise<Relations>;
  /** Who signs with a key that was made of a token. */
  keyHolder(access_key_id: string): Promise<{ viewer: SignedIn; secret: string } | null>;
}
export interface SpaceFacts {
  cards(ids: SpaceId[]): Promise<ReadonlyMap<SpaceId, SpaceCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
  /** Bytes that may stand in a space; null for one that is not there. */
  storageMax(id: SpaceId): Promise<number | null>;
}

export interface Ruled {
  kind: "video" | "image" | "collection";
  owner_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
}

export interface Rules {
  decide(viewer: Viewer, action: "read" | "edit" | "delete", thing: Ruled): Promise<Decision>;
  /** Those of many things that this viewer may read, in their order; what is asked of people and spaces is asked once for all. */
  readable<T extends Omit<Ruled, "kind">>(viewer: Viewer, kind: Ruled["kind"], things: readonly T[]): Promise<T[]>;
  isMember(person_id: PersonId, space_id: SpaceId): Promise<boolean>;
}

export function createRules({ people, spaces }: { people: PeopleFacts; spaces: SpaceFacts }): Rules {
  return {
    async decide(viewer, action, { kind, owner_id, audience, space_id }) {
      const known = viewer.kind === "person";
      const [relations, memberships, owners, cards] = await Promise.all([
        known ? people.relations(viewer.person_id) : NO_RELATIONS,
        known ? spaces.membershipsOf(viewer.person_id) : NO_SPACES,
        people.cards([owner_id]),
        space_id === null ? null : spaces.cards([space_id]),
      ]);
      const owner = owners.get(owner_id);
      const space = space_id === null ? undefined : cards?.get(space_id);
      return may({ viewer, relations, spaces: memberships }, action, {
        kind,
        owner_id,
        audience,
        space_id,
        // A space that has gone keeps what stood in it to itself.
        ...(space_id === null ? {} : { space_visibility: space?.visibility ?? "private" }),
        owner_suspended: owner?.suspended ?? true,
        owner_private: owner?.private ?? true,
      });
    },
    async readable(viewer, kind, things) {
      if (things.length === 0) return [];
      const known = viewer.kind === "person";
      const space_ids = new Set(things.flatMap(({ space_id }) => (space_id === null ? [] : [space_id])));
      const [relations, memberships, owners, cards] = await Promise.all([
        known ? people.relations(viewer.person_id) : NO_RELATIONS,
        known ? spaces.membershipsOf(viewer.person_id) : NO_SPACES,
        inParts([...new Set(things.map(({ owner_id }) => owner_id))], (ids) => people.cards(ids)),
        inParts([...space_ids], (ids) => spaces.cards(ids)),
      ]);
      const facts = { viewer, relations, spaces: memberships };
      return things.filter(({ owner_id, audience, space_id }) => {
        const visibility = space_id === null ? null : (cards.get(space_id)?.visibility ?? "private");
        return may(facts, "read", {
          kind,
          owner_id,
          audience,
          space_id,
          ...(visibility === null ? {} : { space_visibility: visibility }),
          owner_suspended: owners.get(owner_id)?.suspended ?? true,
          owner_private: owners.get(owner_id)?.private ?? true,
        }).ok;
      });
    },
    async isMember(person_id, space_id) {
      return (await spaces.membershipsOf(person_id)).has(space_id);
    },
  };
}

/** People and spaces give so many cards to one call. */
const CARDS_AT_ONCE = 1_000;

async function inParts<I, C>(ids: I[], cards: (ids: I[]) => Promise<ReadonlyMap<I, C>>): Promise<Map<I, C>> {
  const all = new Map<I, C>();
  for (let i = 0; i < ids.length; i += CARDS_AT_ONCE)
    for (const [id, card] of await cards(ids.slice(i, i + CARDS_AT_ONCE))) all.set(id, card);
  return all;
}
