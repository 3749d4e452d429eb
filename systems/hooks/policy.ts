import type { HouseRole, SpaceRole } from "#kernel/viewer.ts";

/** What the rules know of who asks. Pure; denied by default. */
export interface Asker {
  house_role: HouseRole;
  /** In the space to which the thing belongs; null outside, and of what belongs to the house. */
  space_role: SpaceRole | null;
  suspended: boolean;
  bot: boolean;
}

/** Programs are let in and looked after by a space's owner and admins; those of the whole house by the house's admins. */
export function mayManage(asker: Asker, home: "house" | "space"): boolean {
  if (asker.suspended || asker.bot) return false;
  return home === "house" ? asker.house_role === "admin" : asker.space_role === "owner" || asker.space_role === "admin";
}
