import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { admin, byHandle, moderator, tag, zRole } from "./base-contract.ts";
import * as b from "./bounds.ts";

const zReason = zText(b.REASON_CHARS_MAX, 1);

export const zAdminPerson = zPersonCard
  .extend({
    role: zRole,
    created_at: zTime,
    last_seen_at: zTime.nullable(),
    suspended_reason: z.string().nullable(),
    suspended_at: zTime.nullable(),
    suspended_until: zTime.nullable(),
  })
  .meta({ id: "AdminPerson" });
export type AdminPerson = z.output<typeof zAdminPerson>;

export const officesRoutes = {
  adminListPeople: defineRoute({
    method: "GET",
    path: "/v1/admin/people",
    tag,
    summary: "Everybody, the newest first",
    access: moderator,
    query: zPageQuery.extend({
      q: z.string().max(b.SEARCH_CHARS_MAX).optional(),
      state: z.enum(["all", "suspended"]).default("all"),
    }),
    answers: { 200: zPage(zAdminPerson) },
  }),
  setRole: defineRoute({
    method: "PUT",
    path: "/v1/people/{handle}/role",
    tag,
    summary: "Give a house role",
    access: admin,
    params: byHandle,
    body: z.strictObject({ role: zRole }),
    answers: { 204: null },
    problems: ["person.not_found", "people.last_admin", "people.bot"],
  }),
  suspend: defineRoute({
    method: "PUT",
    path: "/v1/people/{handle}/suspension",
    tag,
    summary: "Suspend: they may only read and export what is theirs, and others no longer see them",
    access: moderator,
    params: byHandle,
    body: z.strictObject({ reason: zReason }),
    answers: { 204: null },
    problems: ["person.not_found", "people.role_too_high", "people.yourself"],
  }),
  reinstate: defineRoute({
    method: "DELETE",
    path: "/v1/people/{handle}/suspension",
    tag,
    summary: "Reinstate",
    access: moderator,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.role_too_high", "people.yourself"],
  }),
} as const;
