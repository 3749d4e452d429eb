import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zTime } from "#kernel/wire.ts";

import {
  account,
  PASSWORD_PROBLEMS,
  tag,
  zDisplayName,
  zHandle,
  zMe,
  zNewPassword,
  zPassword,
  zSecret,
} from "./base-contract.ts";

export const zSession = z
  .object({
    id: zIdOut<"session">(),
    current: z.boolean(),
    user_agent: z.string(),
    address: z.string(),
    created_at: zTime,
    last_used_at: zTime,
    expires_at: zTime,
  })
  .meta({ id: "Session" });
export type Session = z.output<typeof zSession>;

export const zSignedIn = z.object({ token: z.string(), expires_at: zTime, person: zMe });

export const sessionsRoutes = {
  /** Answers the new person and sets the session cookie, so that a browser is signed in; a program signs in next. */
  signUp: defineRoute({
    method: "POST",
    path: "/v1/people",
    tag,
    summary: "Sign up",
    access: { who: "anyone", scope: "account" },
    body: z.strictObject({
      handle: zHandle,
      password: zNewPassword,
      display_name: zDisplayName,
      invitation: zSecret.optional(),
      setup_token: zSecret.optional(),
    }),
    answers: { 201: zMe },
    problems: [
      "people.handle_taken",
      "people.handle_reserved",
      ...PASSWORD_PROBLEMS,
      "people.sign_up_closed",
      "people.invitation_needed",
      "people.invitation_invalid",
      "people.setup_invalid",
      "people.busy",
      "limit.exceeded",
      "shield.sign_up",
    ],
    cost_tokens: 10,
  }),
  signIn: defineRoute({
    method: "POST",
    path: "/v1/sessions",
    tag,
    priority: "critical",
    summary: "Sign in",
    access: { who: "anyone", scope: "account" },
    body: z.strictObject({ handle: z.string().min(1).max(64), password: zPassword }),
    answers: { 201: zSignedIn },
    problems: ["people.wrong_password", "people.busy", "limit.exceeded"],
    cost_tokens: 10,
  }),
  signOut: defineRoute({
    method: "DELETE",
    path: "/v1/sessions/current",
    tag,
    priority: "critical",
    summary: "Sign out: revoke the credential that calls",
    access: { ...account, scope: "read" },
    answers: { 204: null },
  }),
  listSessions: defineRoute({
    method: "GET",
    path: "/v1/sessions",
    tag,
    summary: "My sessions, the latest used first",
    access: account,
    answers: { 200: z.object({ items: z.array(zSession) }) },
  }),
  revokeSession: defineRoute({
    method: "DELETE",
    path: "/v1/sessions/{id}",
    tag,
    summary: "End one of my sessions",
    access: account,
    params: z.object({ id: zId<"session">() }),
    answers: { 204: null },
    problems: ["session.not_found"],
  }),
  revokeOtherSessions: defineRoute({
    method: "DELETE",
    path: "/v1/sessions",
    tag,
    summary: "End all of my sessions but this one",
    access: account,
    answers: { 204: null },
  }),
} as const;
