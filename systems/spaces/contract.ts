import { z } from "zod";

import { SPACE_VISIBILITIES, zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { SPACE_ROLES } from "#kernel/viewer.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";

export { zSpaceCard, type SpaceCard } from "#kernel/cards.ts";
export { SPACE_ROLES, type SpaceRole } from "#kernel/viewer.ts";

export const JOIN_POLICIES = ["open", "invitation"] as const;
export const WHO_MAY_POST = ["members", "moderators"] as const;
export const TIERS = ["free", "pro", "enterprise"] as const;

export const SLUG_PATTERN = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

export const zSlug = z
  .string()
  .min(b.SLUG_CHARS_MIN)
  .max(b.SLUG_CHARS_MAX)
  .transform((text) => text.toLowerCase())
  .refine((text) => SLUG_PATTERN.test(text), "has letters, digits and single hyphens and begins with a letter")
  .meta({ type: "string", pattern: "^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", example: "weavers" });

const zHandle = z
  .string()
  .max(30)
  .transform((text) => text.toLowerCase())
  .meta({ type: "string", example: "astrid" });
const zRole = z.enum(SPACE_ROLES);
const zInvitationSecret = z.string().min(1).max(b.INVITATION_CHARS_MAX);

/** What holds between the caller and the space. */
export const zMembership = z.object({
  /** Null for who is not a member. */
  role: zRole.nullable(),
  may_post: z.boolean(),
  may_manage: z.boolean(),
});

export const zSpace = zSpaceCard
  .extend({
    description: z.string(),
    join_policy: z.enum(JOIN_POLICIES),
    who_may_post: z.enum(WHO_MAY_POST),
    tier: z.enum(TIERS),
    members: z.number(),
    members_max: z.number(),
    created_at: zTime,
    membership: zMembership,
  })
  .meta({ id: "Space" });

export const zSpaceListed = zSpaceCard
  .extend({ description: z.string(), join_policy: z.enum(JOIN_POLICIES), members: z.number(), role: zRole.nullable() })
  .meta({ id: "SpaceListed" });

export const zMember = z.object({ person: zPersonCard, role: zRole, joined_at: zTime }).meta({ id: "SpaceMember" });

export const zBan = z
  .object({ person: zPersonCard, reason: z.string(), banned_at: zTime, banned_by: zPersonCard.nullable() })
  .meta({ id: "SpaceBan" });

export const zSpaceInvitation = z
  .object({
    id: zIdOut<"space_invitation">(),
    uses: z.number(),
    uses_max: z.number(),
    created_by: zPersonCard.nullable(),
    created_at: zTime,
    expires_at: zTime,
    revoked_at: zTime.nullable(),
  })
  .meta({ id: "SpaceInvitation" });

const bySlug = z.object({ slug: zSlug });
const byMember = z.object({ slug: zSlug, handle: zHandle });
const tag = "spaces";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const anyone = { who: "anyone", scope: "read" } as const;

export const spacesRoutes = {
  createSpace: defineRoute({
    method: "POST",
    path: "/v1/spaces",
    tag,
    summary: "Open a space; its creator owns it",
    access: write,
    body: z.strictObject({
      name: zText(b.NAME_CHARS_MAX, 1),
      slug: zSlug,
      description: zText(b.DESCRIPTION_CHARS_MAX).default(""),
      visibility: z.enum(SPACE_VISIBILITIES).default("public"),
      join_policy: z.enum(JOIN_POLICIES).default("open"),
      who_may_post: z.enum(WHO_MAY_POST).default("members"),
    }),
    answers: { 201: zSpace },
    problems: ["spaces.slug_taken", "spaces.slug_reserved", "spaces.too_many"],
  }),
  listSpaces: defineRoute({
    method: "GET",
    path: "/v1/spaces",
    tag,
    summary: "Spaces that the caller may see, the newest first; `q` finds by name",
    access: anyone,
    query: zPageQuery.extend({ q: z.string().max(b.SEARCH_CHARS_MAX).optional() }),
    answers: { 200: zPage(zSpaceListed) },
  }),
  mySpaces: defineRoute({
    method: "GET",
    path: "/v1/spaces/mine",
    tag,
    summary: "Spaces of which I am a member, the latest joined first",
    access: read,
    query: zPageQuery,
    answers: { 200: zPage(zSpaceListed) },
  }),
  lookUpSpaceInvitation: defineRoute({
    method: "POST",
    path: "/v1/spaces/invitations/lookup",
    tag,
    summary: "Which space does this invitation open",
    access: anyone,
    body: z.strictObject({ invitation: zInvitationSecret }),
    answers: { 200: z.object({ space: zSpaceCard, expires_at: zTime }) },
    problems: ["spaces.invitation_invalid"],
  }),
  space: defineRoute({
    method: "GET",
    path: "/v1/spaces/{slug}",
    tag,
    summary: "A space",
    access: anyone,
    params: bySlug,
    answers: { 200: zSpace },
    problems: ["space.not_found"],
  }),
  editSpace: defineRoute({
    method: "PATCH",
    path: "/v1/spaces/{slug}",
    tag,
    summary: "Change a space's settings",
    access: write,
    params: bySlug,
    body: z.strictObject({
      name: zText(b.NAME_CHARS_MAX, 1).optional(),
      slug: zSlug.optional(),
      description: zText(b.DESCRIPTION_CHARS_MAX).optional(),
      visibility: z.enum(SPACE_VISIBILITIES).optional(),
      join_policy: z.enum(JOIN_POLICIES).optional(),
      who_may_post: z.enum(WHO_MAY_POST).optional(),
    }),
    answers: { 200: zSpace },
    problems: ["space.not_found", "spaces.role_needed", "spaces.slug_taken", "spaces.slug_reserved"],
  }),
  deleteSpace: defineRoute({
    method: "DELETE",
    path: "/v1/spaces/{slug}",
    tag,
    summary: "Close a space for good",
    access: write,
    params: bySlug,
    answers: { 204: null },
    problems: ["space.not_found", "spaces.role_needed"],
  }),

  joinSpace: defineRoute({
    method: "PUT",
    path: "/v1/spaces/{slug}/membership",
    tag,
    summary: "Join",
    access: write,
    params: bySlug,
    body: z.strictObject({ invitation: zInvitationSecret.optional() }).optional(),
    answers: { 200: zSpace },
    problems: [
      "space.not_found",
      "spaces.invitation_needed",
      "spaces.invitation_invalid",
      "spaces.banned",
      "spaces.full",
      "spaces.too_many",
    ],
  }),
  leaveSpace: defineRoute({
    method: "DELETE",
    path: "/v1/spaces/{slug}/membership",
    tag,
    summary: "Leave",
    access: write,
    params: bySlug,
    answers: { 204: null },
    problems: ["space.not_found", "spaces.owner_stays"],
  }),
  listMembers: defineRoute({
    method: "GET",
    path: "/v1/spaces/{slug}/members",
    tag,
    summary: "Members, the latest joined first",
    access: anyone,
    params: bySlug,
    query: zPageQuery,
    answers: { 200: zPage(zMember) },
    problems: ["space.not_found"],
  }),
  /** Giving `owner` hands the space over: the one who gives becomes an admin. */
  setMemberRole: defineRoute({
    method: "PUT",
    path: "/v1/spaces/{slug}/members/{handle}",
    tag,
    summary: "Give a member a role",
    access: write,
    params: byMember,
    body: z.strictObject({ role: zRole }),
    answers: { 204: null },
    problems: ["space.not_found", "space_member.not_found", "spaces.role_needed", "spaces.owner_stays"],
  }),
  removeMember: defineRoute({
    method: "DELETE",
    path: "/v1/spaces/{slug}/members/{handle}",
    tag,
    summary: "Remove a member, who may come back",
    access: write,
    params: byMember,
    answers: { 204: null },
    problems: ["space.not_found", "space_member.not_found", "spaces.role_needed"],
  }),
  listBans: defineRoute({
    method: "GET",
    path: "/v1/spaces/{slug}/bans",
    tag,
    summary: "Who may not come back, the latest first",
    access: read,
    params: bySlug,
    query: zPageQuery,
    answers: { 200: zPage(zBan) },
    problems: ["space.not_found", "spaces.role_needed"],
  }),
  ban: defineRoute({
    method: "PUT",
    path: "/v1/spaces/{slug}/bans/{handle}",
    tag,
    summary: "Remove somebody for good",
    access: write,
    params: byMember,
    body: z.strictObject({ reason: zText(b.REASON_CHARS_MAX).default("") }),
    answers: { 204: null },
    problems: ["space.not_found", "person.not_found", "spaces.role_needed"],
  }),
  unban: defineRoute({
    method: "DELETE",
    path: "/v1/spaces/{slug}/bans/{handle}",
    tag,
    summary: "Let somebody come back",
    access: write,
    params: byMember,
    answers: { 204: null },
    problems: ["space.not_found", "person.not_found", "spaces.role_needed"],
  }),

  createSpaceInvitation: defineRoute({
    method: "POST",
    path: "/v1/spaces/{slug}/invitations",
    tag,
    summary: "Invite to a space; the secret is shown this once",
    access: write,
    params: bySlug,
    body: z.strictObject({
      uses_max: z.number().int().min(1).max(b.INVITATION_USES_MAX).default(1),
      expires_in_h: z.number().int().min(1).max(b.INVITATION_EXPIRY_H_MAX).default(b.INVITATION_EXPIRY_H_DEFAULT),
    }),
    answers: { 201: zSpaceInvitation.extend({ secret: z.string() }) },
    problems: ["space.not_found", "spaces.role_needed", "spaces.too_many"],
  }),
  listSpaceInvitations: defineRoute({
    method: "GET",
    path: "/v1/spaces/{slug}/invitations",
    tag,
    summary: "A space's invitations, the latest first",
    access: read,
    params: bySlug,
    query: zPageQuery,
    answers: { 200: zPage(zSpaceInvitation) },
    problems: ["space.not_found", "spaces.role_needed"],
  }),
  revokeSpaceInvitation: defineRoute({
    method: "DELETE",
    path: "/v1/spaces/{slug}/invitations/{id}",
    tag,
    summary: "Take an invitation back",
    access: write,
    params: z.object({ slug: zSlug, id: zId<"space_invitation">() }),
    answers: { 204: null },
    problems: ["space.not_found", "space_invitation.not_found", "spaces.role_needed"],
  }),
} as const;

export type Space = z.output<typeof zSpace>;
export type SpaceListed = z.output<typeof zSpaceListed>;
export type SpaceMember = z.output<typeof zMember>;
export type SpaceBan = z.output<typeof zBan>;
export type SpaceInvitation = z.output<typeof zSpaceInvitation>;
