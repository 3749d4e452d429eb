import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { moderator, tag, zRole, zSecret } from "./base-contract.ts";
import * as b from "./bounds.ts";

export const zInvitation = z
  .object({
    id: zIdOut<"invitation">(),
    note: z.string(),
    role: zRole,
    uses: z.number(),
    uses_max: z.number(),
    created_by: zPersonCard.nullable(),
    created_at: zTime,
    expires_at: zTime,
    revoked_at: zTime.nullable(),
  })
  .meta({ id: "Invitation" });
export type Invitation = z.output<typeof zInvitation>;

export const invitationsRoutes = {
  createInvitation: defineRoute({
    method: "POST",
    path: "/v1/invitations",
    tag,
    summary: "Invite people to the house; the secret is shown this once",
    access: moderator,
    body: z.strictObject({
      note: zText(b.INVITATION_NOTE_CHARS_MAX).default(""),
      role: zRole.default("member"),
      uses_max: z.number().int().min(1).max(b.INVITATION_USES_MAX).default(1),
      expires_in_h: z.number().int().min(1).max(b.INVITATION_EXPIRY_H_MAX).default(b.INVITATION_EXPIRY_H_DEFAULT),
    }),
    answers: { 201: zInvitation.extend({ secret: z.string() }) },
    problems: ["people.role_too_high", "people.too_many"],
  }),
  listInvitations: defineRoute({
    method: "GET",
    path: "/v1/invitations",
    tag,
    summary: "Invitations, the latest first",
    access: moderator,
    query: zPageQuery,
    answers: { 200: zPage(zInvitation) },
  }),
  revokeInvitation: defineRoute({
    method: "DELETE",
    path: "/v1/invitations/{id}",
    tag,
    summary: "Take an invitation back",
    access: moderator,
    params: z.object({ id: zId<"invitation">() }),
    answers: { 204: null },
    problems: ["invitation.not_found"],
  }),
  lookUpInvitation: defineRoute({
    method: "POST",
    path: "/v1/invitations/lookup",
    tag,
    summary: "Is this invitation good, and from whom is it",
    access: { who: "anyone", scope: "read" },
    body: z.strictObject({ invitation: zSecret }),
    answers: { 200: z.object({ role: zRole, expires_at: zTime, created_by: zPersonCard.nullable() }) },
    problems: ["people.invitation_invalid", "limit.exceeded"],
  }),
} as const;
