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
  seen<T extends Thing>(viewer: SignedIn, things: readonly T[]): Promise<T[]>;
  /** In their order. */
  powersNow(viewer: SignedIn, things: readonly Thing[]): Promise<(Power | null)[]>;
  /** How many could decide instead of this one, about each of these people. */
  others(db: Query, but: PersonId, person_ids: readonly PersonId[]): Promise<Map<PersonId, number>>;
  /** The spaces that somebody moderates; null for all, and what stands in none. */
  rooms(viewer: SignedIn): Promise<SpaceId[] | null>;
  /** The same for a list, or the one space that was asked for. @throws as `mustModerate` for who moderates nothing of it */
  roomsAsked(viewer: SignedIn, space_id: SpaceId | undefined): Promise<SpaceId[] | null>;
  /** @throws Problem 403 `moderation.not_yours` for who moderates neither the house nor this space */
  mustModerate(viewer: SignedIn, space_id: SpaceId | undefined): Promise<void>;
}

export interface Thing {
  person_id: PersonId;
  space_id: SpaceId | null;
}

export const notYours = () =>
  forbidden("This is for the moderators of the house, and of the space where it stands.", "moderation.not_yours");

export function createOfficers({ sql, people, spaces }: Pick<Ground, "sql" | "people" | "spaces">): Officers {
  /** Both sides of each thing, in as many queries for a page as for one. */
  async function facts(db: Query, viewer: SignedIn, things: readonly Thing[]): Promise<[Officer, Owner, boolean][]> {
    const { person_id: me } = viewer;
    const pairs = things.flatMap(({ person_id, space_id }) =>
      space_id === null ? [] : [me, person_id].map((id) => ({ space_id, person_id: id })),
    );
    const [roles, held] = await Promise.all([
      people.discipline.roles(db, [...new Set(things.map((thing) => thing.person_id))]),
      spaces.rolesIn(db, pairs),
    ]);
    let next = 0;
    return things.map(({ person_id, space_id }) => {
      const [mine, theirs] = space_id === null ? [null, null] : [held[next++] ?? null, held[next++] ?? null];
      return [
        { person_id: me, house: viewer.role, suspended: viewer.suspended, space: mine },
        { person_id, house: roles.get(person_id) ?? "member", space: theirs },
        space_id !== null,
      ];
    });
  }

  async function rooms(viewer: SignedIn): Promise<SpaceId[] | null> {
    if (viewer.suspended) return [];
    if (viewer.role !== "member") return null;
    const memberships = await spaces.membershipsOf(viewer.person_id);
    return [...memberships].flatMap(([id, role]) => (role === "member" ? [] : [id]));
  }

  return {
    async power(tx, viewer, person_id, space_id) {
      const standing = await people.discipline.lock(tx, [viewer.person_id, person_id]);
      const me = standing.get(viewer.person_id);
      if (!me) return null;
      const now = { ...viewer, role: me.role, suspended: me.suspended };
      const [one] = await facts(tx, now, [{ person_id, space_id }]);
      return powerOver(...one!);
    },
    async seen(viewer, things) {
      if (things.length === 0) return [];
      const all = await facts(sql.pool, viewer, things);
      return things.filter((_, i) => maySee(...all[i]!));
    },
    async powersNow(viewer, things) {
      return (await facts(sql.pool, viewer, things)).map((one) => powerOver(...one));
    },
    async others(db, but, person_ids) {
      const [officers, roles] = [
        await people.discipline.officers(db),
        await people.discipline.roles(db, [...new Set(person_ids)]),
      ];
      const can = (officer: (typeof officers)[number], person_id: PersonId) =>
        officer.id !== but &&
        powerOver(
          { person_id: officer.id, house: officer.role, suspended: false, space: null },
          { person_id, house: roles.get(person_id) ?? "member", space: null },
          false,
        ) !== null;
      return new Map(person_ids.map((id) => [id, officers.filter((officer) => can(officer, id)).length]));
    },
    async mustModerate(viewer, space_id) {
      if (viewer.suspended) throw notYours();
      if (viewer.role !== "member") return;
      const [role] =
        space_id === undefined ? [null] : await spaces.rolesIn(sql.pool, [{ space_id, person_id: viewer.person_id }]);
      if (role === null || role === undefined || role === "member") throw notYours();
    },
    rooms,
    async roomsAsked(viewer, space_id) {
      const all = await rooms(viewer);
      if (all?.length === 0 || (space_id !== undefined && all?.includes(space_id) === false)) throw notYours();
      return space_id === undefined ? all : [space_id];
    },
  };
}
