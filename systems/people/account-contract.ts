import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zTime } from "#kernel/wire.ts";

import { account, admin, byHandle, PASSWORD_PROBLEMS, tag, zNewPassword, zPassword, zSecret } from "./base-contract.ts";

export const accountRoutes = {
  changePassword: defineRoute({
    method: "PUT",
    path: "/v1/people/me/password",
    tag,
    summary: "Change my password; my other sessions end",
    access: account,
    body: z.strictObject({ current_password: zPassword, new_password: zNewPassword }),
    answers: { 204: null },
    problems: ["people.wrong_password", "people.session_needed", ...PASSWORD_PROBLEMS, "people.busy", "limit.exceeded"],
    cost_tokens: 10,
  }),
  deleteMe: defineRoute({
    method: "POST",
    path: "/v1/people/me/deletion",
    tag,
    summary: "Delete my account, for good",
    access: account,
    body: z.strictObject({ password: zPassword }),
    answers: { 204: null },
    problems: ["people.wrong_password", "people.session_needed", "people.last_admin", "people.busy", "limit.exceeded"],
    cost_tokens: 10,
  }),
  createResetLink: defineRoute({
    method: "POST",
    path: "/v1/people/{handle}/reset-link",
    tag,
    summary: "Make a one-time link with which they set a new password",
    access: admin,
    params: byHandle,
    answers: { 201: z.object({ secret: z.string(), expires_at: zTime }) },
    problems: ["people.bot", "person.not_found", "people.session_needed"],
  }),
  resetPassword: defineRoute({
    method: "POST",
    path: "/v1/password-resets",
    tag,
    priority: "critical",
    summary: "Set a new password with a reset link; every session and token ends",
    access: { who: "anyone", scope: "account" },
    body: z.strictObject({ secret: zSecret, new_password: zNewPassword }),
    answers: { 204: null },
    problems: ["people.reset_invalid", ...PASSWORD_PROBLEMS, "people.busy", "limit.exceeded"],
    cost_tokens: 10,
  }),
} as const;
