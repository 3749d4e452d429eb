import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";

const zAsked = {
  client_id: z.string().min(1).max(80),
  redirect_uri: z.string().min(1).max(2_000),
  response_type: z.string().max(20),
  scope: z.string().max(1_000).optional(),
  code_challenge: z.string().max(200).optional(),
  code_challenge_method: z.string().max(20).optional(),
};
/** A person's own answer: no token gives it, and another site's page cannot. */
const access = { who: "signed_in", scope: "account" } as const;
const problems = [
  "app.not_found",
  "people.session_needed",
  "mastodon.bad_redirect_uri",
  "mastodon.bad_response_type",
  "mastodon.bad_code_challenge",
  "mastodon.bad_scope",
] as const;

export const zConsent = z
  .object({
    app: z.object({ name: z.string(), website: z.string().nullable() }),
    /** Where the answer goes: a host, or an app's own scheme; empty where the code is shown to be copied. */
    to: z.string(),
    /** What it could do, in sentences, the most first. */
    may: z.array(z.string()),
  })
  .meta({ id: "AppConsent" });
export type Consent = z.output<typeof zConsent>;

export const appConsent = defineRoute({
  method: "GET",
  path: "/v1/apps/authorization",
  tag: "mastodon",
  summary: "What a program of others asks for, before you let it in",
  access,
  query: z.strictObject(zAsked),
  answers: { 200: zConsent },
  problems,
});

export const authorizeApp = defineRoute({
  method: "POST",
  path: "/v1/apps/authorization",
  tag: "mastodon",
  summary: "Let a program of others in, or not. The answer is where to go with it, or a code to copy",
  access,
  body: z.strictObject({ ...zAsked, state: z.string().max(1_000).optional(), allow: z.boolean() }),
  answers: { 200: z.object({ code: z.string().nullable(), redirect_to: z.string().nullable() }) },
  problems,
  cost_tokens: 5,
});

export const mastodonRoutes = { appConsent, authorizeApp } as const;
