import type { HouseRole, SignedIn } from "#kernel/viewer.ts";

import { HOUSE_ROLES } from "./base-contract.ts";

/** Rules of the house's own offices; `may.ts` has those of everything that people make. */

const RANK: Record<HouseRole, number> = { admin: 2, moderator: 1, member: 0 };

/** Admins may act on anybody, moderators on members; that it is not themselves is checked before. */
export const mayDiscipline = (viewer: SignedIn, target: HouseRole): boolean =>
  viewer.role === "admin" || RANK[viewer.role] > RANK[target];

/** Nobody hands out more than they hold, and moderators hand out membership alone. */
export const mayInviteAs = (viewer: Pick<SignedIn, "role">, role: HouseRole): boolean =>
  viewer.role === "admin" || (viewer.role === "moderator" && role === "member");

/** Invitations end when their giver may not give such any more: an admin's that make admins, when they are a moderator. */
export const keptInvitations = (role: HouseRole): HouseRole[] =>
  HOUSE_ROLES.filter((given) => mayInviteAs({ role }, given));
