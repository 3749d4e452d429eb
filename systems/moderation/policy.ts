import type { PersonId } from "#kernel/ids.ts";
import type { HouseRole, SpaceRole } from "#kernel/viewer.ts";

import type { ActKind, SubjectKind } from "./base-contract.ts";

/** Who may moderate what, pure: facts of the moment in, a decision out. */

/** Somebody who would act. `space` is their role in the space where the thing stands. */
export interface Officer {
  person_id: PersonId;
  house: HouseRole;
  space: SpaceRole | null;
  suspended: boolean;
}

/** Whose thing it is; who deleted their account has no office. */
export type Owner = Pick<Officer, "person_id" | "house" | "space">;

/** By whose power somebody acts: the house's, which reaches everywhere, or that of the space where the thing stands. */
export type Power = "house" | "space";

const HOUSE: Record<HouseRole, number> = { admin: 2, moderator: 1, member: 0 };
const SPACE: Record<SpaceRole, number> = { owner: 3, admin: 2, moderator: 1, member: 0 };

/** Nobody has power over themselves, nor over who holds the same office or a higher one. */
export function powerOver(officer: Officer, owner: Owner, in_space: boolean): Power | null {
  if (officer.suspended || officer.person_id === owner.person_id) return null;
  if (HOUSE[officer.house] > HOUSE[owner.house]) return "house";
  if (!in_space || officer.space === null || SPACE[officer.space] < SPACE.moderator) return null;
  return SPACE[officer.space] > (owner.space === null ? -1 : SPACE[owner.space]) ? "space" : null;
}

/**
 * Who is reported does not see it, and no equal does; but an admin sees what is said of another admin, whose office they
 * can take before they act.
 */
export const maySee = (officer: Officer, owner: Owner, in_space: boolean): boolean =>
  powerOver(officer, owner, in_space) !== null ||
  (!officer.suspended && officer.house === "admin" && officer.person_id !== owner.person_id);

const BY_SPACE: readonly ActKind[] = ["hide", "sensitive", "warn", "remove_from_space"];
const ON: Record<ActKind, readonly SubjectKind[]> = {
  hide: ["post", "comment", "video"],
  sensitive: ["post"],
  remove_from_space: ["post"],
  warn: ["post", "comment", "video", "person"],
  limit: ["post", "comment", "video", "person"],
  suspend: ["post", "comment", "video", "person"],
};

/** What can be done at all to a thing of this kind by this power. */
export const actsOn = (power: Power | null, kind: SubjectKind, in_space: boolean): ActKind[] =>
  power === null
    ? []
    : (Object.keys(ON) as ActKind[]).filter(
        (act) =>
          ON[act].includes(kind) &&
          (power === "house" || BY_SPACE.includes(act)) &&
          (act !== "remove_from_space" || in_space),
      );

/** The house undoes what it or a space did; a space undoes what it did. */
export const mayUndo = (power: Power | null, done_by: Power): boolean =>
  power === "house" || (power === "space" && done_by === "space");

/** An appeal is for somebody who did not act themselves, where there is such a person. */
export const mayDecide = (officer: PersonId, acted: PersonId | null, others: number): boolean =>
  officer !== acted || others === 0;
