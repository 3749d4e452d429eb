import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Resource } from "#systems/people/index.ts";

/** Rules between members of one space; what anybody may do with a space at all is `may` in people. Pure. */

const RANK: Record<SpaceRole, number> = { owner: 3, admin: 2, moderator: 1, member: 0 };

export const atLeast = (held: SpaceRole | null, needed: SpaceRole): boolean =>
  held !== null && RANK[held] >= RANK[needed];

/** Moderators and above act on those below them, and on who is no member. */
export const mayRemove = (actor: SpaceRole | null, target: SpaceRole | null): boolean =>
  atLeast(actor, "moderator") && RANK[actor!] > (target === null ? -1 : RANK[target]);

/**
 * Owners give any role to others, their own included, which hands the space over. Admins make and unmake moderators.
 * Anybody but the owner may step down.
 */
export function mayGive(
  actor: { id: PersonId; role: SpaceRole | null },
  target: { id: PersonId; role: SpaceRole },
  given: SpaceRole,
): boolean {
  if (actor.id === target.id) return actor.role !== "owner" && RANK[given] <= RANK[target.role];
  if (actor.role === "owner") return true;
  return actor.role === "admin" && RANK[target.role] < RANK.admin && RANK[given] < RANK.admin;
}

/** What `may` must know of a space. A private one is for its members, its name too. */
export const spaceResource = (space: {
  id: SpaceId;
  owner_id: PersonId;
  visibility: "public" | "private";
  who_may_post: "members" | "moderators";
}): Resource => ({
  kind: "space",
  owner_id: space.owner_id,
  audience: space.visibility === "public" ? "public" : "space",
  space_id: space.id,
  space_visibility: space.visibility,
  who_may_post: space.who_may_post,
});

/** A private space cannot be seen, so nobody walks in: it takes an invitation whatever its join policy says. */
export const needsInvitation = (space: {
  visibility: "public" | "private";
  join_policy: "open" | "invitation";
}): boolean => space.join_policy === "invitation" || space.visibility === "private";

const RESERVED = new Set(
  "mine new all invitations invitation create settings admin house official support help api me".split(" "),
);
export const isReservedSlug = (slug: string): boolean => RESERVED.has(slug) || slug.startsWith("gone-");
