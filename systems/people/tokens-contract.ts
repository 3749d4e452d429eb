import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { SCOPES } from "#kernel/viewer.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { account, tag } from "./base-contract.ts";
import * as b from "./bounds.ts";

export const zToken = z
  .object({
    id: zIdOut<"token">(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    /** A program of others holds it, and it is good at that program's door alone. */
    program: z.boolean(),
    created_at: zTime,
    last_used_at: zTime.nullable(),
    expires_at: zTime.nullable(),
  })
  .meta({ id: "Token" });
export type Token = z.output<typeof zToken>;

const zScopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);

export const tokensRoutes = {
  createToken: defineRoute({
    method: "POST",
    path: "/v1/tokens",
    tag,
    summary: "Make a personal access token; its secret is shown this once",
    access: { who: "signed_in", scope: "account" },
    body: z.strictObject({
      name: zText(b.TOKEN_NAME_CHARS_MAX, 1),
      scopes: zScopes,
      /** Null never expires. */
      expires_in_d: z.number().int().min(1).max(b.TOKEN_EXPIRY_D_MAX).nullable().default(90),
    }),
    answers: { 201: zToken.extend({ secret: z.string() }) },
    problems: ["people.session_needed", "people.too_many"],
  }),
  listTokens: defineRoute({
    method: "GET",
    path: "/v1/tokens",
    tag,
    summary: "My personal access tokens",
    access: account,
    answers: { 200: z.object({ items: z.array(zToken) }) },
  }),
  revokeToken: defineRoute({
    method: "DELETE",
    path: "/v1/tokens/{id}",
    tag,
    summary: "Revoke a token",
    access: account,
    params: z.object({ id: zId<"token">() }),
    answers: { 204: null },
    problems: ["token.not_found"],
  }),
  tokenKeys: defineRoute({
    method: "POST",
    path: "/v1/tokens/{id}/s3_credentials",
    tag,
    summary: "This token as a pair of keys, for programs that speak S3; revoking the token ends them",
    access: { who: "signed_in", scope: "account" },
    params: z.object({ id: zId<"token">() }),
    answers: {
      200: z.object({
        access_key_id: z.string(),
        secret_access_key: z.string(),
        /** Below the house's address; the bucket is `uploads`, in path style. Any region will do. */
        endpoint_path: z.string(),
        region: z.string(),
      }),
    },
    problems: ["token.not_found", "people.session_needed"],
  }),
} as const;
