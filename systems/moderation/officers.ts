import { forbidden } from "#kernel/errors.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "./ground.ts";
import { maySee, type Officer, type Owner, type Power, powerOver } from "./policy.ts";

/** The facts that `policy.ts` asks for, at this moment. */
export interface Officers {
  /** With offices as they are in the database, both people locked until `tx` ends, so that of two who act on each other one is late. */
  power(tx: Query, viewer: SignedIn, person_id: PersonId, space_id: SpaceId | null): Promise<Power | null>;
  /** Which of these the viewer may look into. */
  seen<T extends { person_id: PersonId; space_id: SpaceId | null }>(
    viewer: SignedIn,
    things: readonly T[],
  ): Promise<T[]>;
  powerNow(viewer: SignedIn, thing: { person_id: PersonId; space_id: SpaceId | null }): Promise<Power | null>;
  /** Those who could decide instead of this one. */
  others(db: Query, but: PersonId, person_id: PersonId): Promise<number>;
  /** @throws Problem 403 `moderation.not_yours` for who moderates neither the house nor this space */
  mustModerate(viewer: SignedIn, space_id: SpaceId | undefined): Promise<void>;
}

export const notYours = () =>
  forbidden("This is for the moderators of the house, and of the space where it stands.", "moderation.not_yours");

export function createOfficers({ sql, people, spaces }: Pick<Ground, "sql" | "people" | "spaces">): Officers {
  const roleIn = async (person_id: PersonId, space_id: SpaceId | null) =>
    space_id === null ? null : ((await spaces.membershipsOf(person_id)).get(space_id) ?? null);

  const officerOf = async (viewer: SignedIn, space_id: SpaceId | null): Promise<Officer> => ({
    person_id: viewer.person_id,
    house: viewer.role,
    suspended: viewer.suspended,
    space: await roleIn(viewer.person_id, space_id),
  });

  async function facts(viewer: SignedIn, things: readonly { person_id: PersonId; space_id: SpaceId | null }[]) {
    const roles = await people.discipline.roles(sql.pool, [...new Set(things.map((thing) => thing.person_id))]);
    return Promise.all(
      things.map(async ({ person_id, space_id }): Promise<[Officer, Owner, boolean]> => [
        await officerOf(viewer, space_id),
        { person_id, house: roles.get(person_id) ?? "member", space: await roleIn(person_id, space_id) },
        space_id !== null,
      ]),
    );
  }

  return {
    async power(tx, viewer, person_id, space_id) {
      const standing = await people.discipline.lock(tx, [viewer.person_id, person_id]);
      const me = standing.get(viewer.person_id);
      if (!me) return null;
      const [mine, theirs] = [await roleIn(viewer.person_id, space_id), await roleIn(person_id, space_id)];
      return powerOver(
        { person_id: viewer.person_id, house: me.role, suspended: me.suspended, space: mine },
        { person_id, house: standing.get(person_id)?.role ?? "member", space: theirs },
        space_id !== null,
      );
    },
    async seen(viewer, things) {
      if (things.length === 0) return [];
      const all = await facts(viewer, things);
      return things.filter((_, i) => maySee(...all[i]!));
    },
    async powerNow(viewer, thing) {
      const [one] = await facts(viewer, [thing]);
      return powerOver(...one!);
    },
    async others(db, but, person_id) {
      const officers = await people.discipline.officers(db);
      const owner = (await people.discipline.roles(db, [person_id])).get(person_id) ?? "member";
      return officers.filter(
        ({ id, role }) =>
          id !== but &&
          powerOver(
            { person_id: id, house: role, suspended: false, space: null },
            { person_id, house: owner, space: null },
            false,
          ),
      ).length;
    },
    async mustModerate(viewer, space_id) {
      if (viewer.suspended) throw notYours();
      if (viewer.role !== "member") return;
      const role = space_id === undefined ? null : await roleIn(viewer.person_id, space_id);
      if (role === null || role === "member") throw notYours();
    },
  };
}
