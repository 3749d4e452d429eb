import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole, Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import { type Decision, may, NO_RELATIONS, NO_SPACES, type Relations } from "#systems/people/index.ts";

/** What media must know of people and spaces to apply the house's one rule; `people` and `spaces` have it. */
export interface Facts {
  relations(person_id: PersonId): Promise<Relations>;
  personCards(ids: PersonId[]): Promise<ReadonlyMap<PersonId, PersonCard>>;
  membershipsOf(person_id: PersonId): Promise<ReadonlyMap<SpaceId, SpaceRole>>;
  spaceCards(ids: SpaceId[]): Promise<ReadonlyMap<SpaceId, SpaceCard>>;
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

export function createRules(facts: Facts): Rules {
  return {
    async decide(viewer, action, { kind, owner_id, audience, space_id }) {
      const known = viewer.kind === "person";
      const [relations, spaces, owners, cards] = await Promise.all([
        known ? facts.relations(viewer.person_id) : NO_RELATIONS,
        known ? facts.membershipsOf(viewer.person_id) : NO_SPACES,
        facts.personCards([owner_id]),
        space_id === null ? null : facts.spaceCards([space_id]),
      ]);
      const owner = owners.get(owner_id);
      const space = space_id === null ? undefined : cards?.get(space_id);
      return may({ viewer, relations, spaces }, action, {
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
      return (await facts.membershipsOf(person_id)).has(space_id);
    },
  };
}
