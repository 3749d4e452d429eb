import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole, Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";

/**
 * May this viewer do this to that? The one answer for every system: facts in, a decision with its reason out, no I/O.
 * Denied by default: what no line below allows is refused.
 */
export function may(facts: ViewerFacts, action: Action, resource: Resource): Decision {
  const { viewer } = facts;
  if (resource.deleted === true) return NO.deleted;
  if (action === "read") return mayRead(standing(facts), resource);
  if (viewer.kind === "nobody") return NO.signed_out;
  if (viewer.suspended) return NO.viewer_suspended;
  switch (action) {
    case "edit":
      if (viewer.person_id !== resource.owner_id) return NO.not_own;
      return isOutside(facts, resource) ? NO.not_member : YES.own;
    case "delete":
      return mayDelete(facts, resource);
    case "bookmark":
      return mayRead(facts, resource);
    case "like":
    case "comment":
      return isOutside(facts, resource) ? NO.not_member : mayRead(facts, resource);
    case "repost":
      return mayRepost(facts, resource);
    case "follow":
    case "mention":
      return mayReach(facts, resource);
    case "post_in_space":
      return mayPostIn(facts, resource);
    case "moderate_space":
      return holds(facts, resource, "moderator") ? YES.space_moderator : NO.not_space_moderator;
    case "manage_space":
      return holds(facts, resource, "admin") ? YES.space_admin : NO.not_space_admin;
    case "own_space":
      return holds(facts, resource, "owner") ? YES.space_owner : NO.not_space_owner;
    default:
      return NO.unknown_action;
  }
}

export const ACTIONS = [
  "read",
  "like",
  "comment",
  "repost",
  "bookmark",
  "edit",
  "delete",
  "follow",
  "mention",
  "post_in_space",
  "moderate_space",
  "manage_space",
  "own_space",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Ids on both sides of the viewer. `people.relations` gives them; `NO_RELATIONS` is for nobody. */
export interface Relations {
  follows: ReadonlySet<PersonId>;
  blocks: ReadonlySet<PersonId>;
  blocked_by: ReadonlySet<PersonId>;
  mutes: ReadonlySet<PersonId>;
}

export interface ViewerFacts {
  viewer: Viewer;
  relations: Relations;
  /** Of the viewer. `spaces.membershipsOf` gives them. */
  spaces: ReadonlyMap<SpaceId, SpaceRole>;
}

/** What the rules must know of a thing. A person is its own owner; a space is owned by whom its row says. */
export interface Resource {
  kind: "person" | "space" | "post" | "comment" | "video" | "image" | "collection";
  owner_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
  /** Of `space_id`. What stands in a private space is for its members, whatever its audience says. */
  space_visibility?: "public" | "private";
  /** For `post_in_space`; members where nothing is said. */
  who_may_post?: "members" | "moderators";
  deleted?: boolean;
  /** Taken out of sight by moderators, who still see it, as its owner does. */
  hidden?: boolean;
  owner_suspended?: boolean;
  /** Of what people make: its owner shows it to whom they let follow them, also where it says that it is public. */
  owner_private?: boolean;
}

export interface Decision {
  readonly ok: boolean;
  readonly because: Because;
}

/** `code` is stable; `sentence` is what the page prints under "why can I see this?". */
export interface Because {
  readonly code: string;
  readonly sentence: string;
}

const NONE: ReadonlySet<PersonId> = new Set();
export const NO_RELATIONS: Relations = { follows: NONE, blocks: NONE, blocked_by: NONE, mutes: NONE };
export const NO_SPACES: ReadonlyMap<SpaceId, SpaceRole> = new Map();

/** A suspended person reads what is theirs and what any stranger may: no membership and no follow opens a door. */
function standing(facts: ViewerFacts): ViewerFacts {
  const { viewer, relations } = facts;
  if (viewer.kind === "nobody" || !viewer.suspended) return facts;
  return { viewer, relations: { ...relations, follows: NONE }, spaces: NO_SPACES };
}

function mayRead({ viewer, relations, spaces }: ViewerFacts, resource: Resource): Decision {
  const { owner_id, space_id, audience } = resource;
  if (viewer.kind === "person" && viewer.person_id === owner_id) return YES.own;
  if (
    resource.hidden === true &&
    !isHouseModerator(viewer) &&
    !holds({ viewer, relations, spaces }, resource, "moderator")
  )
    return NO.hidden;
  // A space is not its owner: who runs it may change, and a block between two members closes it to neither.
  if (resource.kind !== "space") {
    if (relations.blocked_by.has(owner_id)) return NO.blocked_by_owner;
    // A profile stays readable to who blocks it: there the block is seen and undone.
    if (relations.blocks.has(owner_id) && resource.kind !== "person") return NO.you_block_owner;
    if (resource.owner_suspended === true && !isHouseModerator(viewer)) return NO.owner_suspended;
  }
  if (space_id !== null && resource.space_visibility === "private" && !spaces.has(space_id)) return NO.not_member;
  switch (audience) {
    case "public":
      if (resource.owner_private !== true) return YES.public;
      if (relations.follows.has(owner_id)) return YES.you_follow;
      return space_id !== null && spaces.has(space_id) ? YES.member : NO.private_account;
    case "followers":
      return relations.follows.has(owner_id) ? YES.you_follow : NO.not_follower;
    case "space":
      return space_id !== null && spaces.has(space_id) ? YES.member : NO.not_member;
    case "private":
      return NO.private;
    default:
      return NO.unknown_audience;
  }
}

function mayDelete(facts: ViewerFacts, resource: Resource): Decision {
  const { viewer } = facts;
  if (viewer.kind === "person" && viewer.person_id === resource.owner_id) return YES.own;
  if (resource.kind === "person" || resource.kind === "space") return NO.not_own;
  if (resource.audience === "private") return NO.private;
  if (holds(facts, resource, "moderator")) return YES.space_moderator;
  // Nobody gets out of the house's rules by blocking its moderators: this does not ask whether they may read.
  return isHouseModerator(viewer) ? YES.house_moderator : NO.not_own;
}

/** A repost shows the thing to the reposter's followers, so only what everyone may read can be passed on. */
function mayRepost(facts: ViewerFacts, resource: Resource): Decision {
  const read = mayRead(facts, resource);
  if (!read.ok) return read;
  if (resource.hidden === true) return NO.hidden;
  const { audience, space_visibility, owner_private } = resource;
  return audience === "public" && space_visibility !== "private" && owner_private !== true ? YES.public : NO.not_public;
}

function mayReach({ viewer, relations }: ViewerFacts, resource: Resource): Decision {
  if (viewer.kind !== "person" || viewer.person_id === resource.owner_id) return NO.yourself;
  if (relations.blocked_by.has(resource.owner_id)) return NO.blocked_by_owner;
  if (relations.blocks.has(resource.owner_id)) return NO.you_block_owner;
  return resource.owner_suspended === true ? NO.owner_suspended : YES.public;
}

function mayPostIn(facts: ViewerFacts, resource: Resource): Decision {
  if (resource.space_id === null || !facts.spaces.has(resource.space_id)) return NO.not_member;
  if (resource.who_may_post !== "moderators") return YES.member;
  return holds(facts, resource, "moderator") ? YES.space_moderator : NO.not_space_moderator;
}

/** Who left a space, or was put out of it, still reads and deletes what they wrote there, but takes no part any more. */
const isOutside = ({ spaces }: ViewerFacts, { space_id, audience, space_visibility }: Resource): boolean =>
  space_id !== null && (audience === "space" || space_visibility === "private") && !spaces.has(space_id);

const RANK: Record<SpaceRole, number> = { owner: 3, admin: 2, moderator: 1, member: 0 };

/** True when the viewer's role in the resource's space is this one or higher. */
function holds({ spaces }: ViewerFacts, { space_id }: Resource, role: SpaceRole): boolean {
  const held = space_id === null ? undefined : spaces.get(space_id);
  return held !== undefined && RANK[held] >= RANK[role];
}

const isHouseModerator = (viewer: Viewer) => viewer.kind === "person" && !viewer.suspended && viewer.role !== "member";

/** Decisions are made once and shared: a feed asks this for every item of every page. */
const decisions = <K extends string>(ok: boolean, sentences: Record<K, string>): Record<K, Decision> =>
  Object.fromEntries(
    Object.entries<string>(sentences).map(([code, sentence]) => [
      code,
      Object.freeze({ ok, because: Object.freeze({ code, sentence }) }),
    ]),
  ) as Record<K, Decision>;

const YES = decisions(true, {
  own: "It is yours.",
  public: "It is public.",
  you_follow: "It is for followers, and you follow its author.",
  member: "You are a member of its space.",
  space_moderator: "You moderate its space.",
  space_admin: "You manage this space.",
  space_owner: "You own this space.",
  house_moderator: "You moderate this house.",
});

const NO = decisions(false, {
  deleted: "It was deleted.",
  hidden: "Moderators have hidden it.",
  signed_out: "Sign in first.",
  viewer_suspended: "Your account is suspended.",
  owner_suspended: "Its owner is suspended.",
  blocked_by_owner: "Its owner has blocked you.",
  you_block_owner: "You block its owner.",
  not_follower: "It is for its author's followers.",
  not_member: "It is for the members of its space.",
  private: "It is private.",
  private_account: "Its owner shows it to whom they let follow them.",
  not_public: "Only what is public can be passed on.",
  not_own: "It is not yours.",
  yourself: "That is you.",
  not_space_moderator: "Only the space's moderators may do this.",
  not_space_admin: "Only the space's admins may do this.",
  not_space_owner: "Only the space's owner may do this.",
  unknown_action: "There is no such action.",
  unknown_audience: "Its audience is unknown.",
});
