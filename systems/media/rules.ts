import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole, Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import { type Decision, may, NO_RELATIONS, NO_SPACES, type Relations } from "#systems/people/index.ts";

/** What media must know of people and spaces to apply the house's one rule; both fit as they are. */
export interface PeopleFacts {
  cards(ids: PersonId[]): Promise<ReadonlyMap<PersonId, PersonCard>>;
  relations(person_id: PersonId): Promise<Relations>;
}
export interface SpaceFacts {
  cards(ids: SpaceId[]): Promise<ReadonlyMap<SpaceId, SpaceCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
}

export interface Ruled {
  kind: "video" | "image";
  owner_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
}

export interface Rules {
  decide(viewer: Viewer, action: "read" | "edit" | "delete", thing: Ruled): Promise<Decision>;
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
      });
    },
    async isMember(person_id, space_id) {
      return (await spaces.membershipsOf(person_id)).has(space_id);
    },
  };
}
