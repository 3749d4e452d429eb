import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { account, tag, zPassword } from "./base-contract.ts";
import * as b from "./bounds.ts";
import { zSignedIn } from "./sessions-contract.ts";

export const zPasskey = z
  .object({ id: zIdOut<"passkey">(), name: z.string(), created_at: zTime, last_used_at: zTime.nullable() })
  .meta({ id: "Passkey" });

/** Base64url, as WebAuthn's JSON has it. */
const zBytes = (chars_max: number) =>
  z
    .string()
    .max(chars_max)
    .regex(/^[A-Za-z0-9_-]*$/);
const zExtensions = z.record(z.string().max(64), z.unknown());
const zAttachment = z
  .enum(["platform", "cross-platform"])
  .nullable()
  .optional()
  .transform((a) => a ?? undefined);

/** What a browser's `navigator.credentials.create` answers. */
const zRegistration = z.strictObject({
  id: zBytes(1_400),
  rawId: zBytes(1_400),
  type: z.literal("public-key"),
  response: z.strictObject({
    clientDataJSON: zBytes(4_096),
    attestationObject: zBytes(32_768),
    authenticatorData: zBytes(8_192).optional(),
    transports: z
      .array(z.enum(["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"]))
      .max(10)
      .optional(),
    publicKeyAlgorithm: z.number().int().optional(),
    publicKey: zBytes(8_192).optional(),
  }),
  authenticatorAttachment: zAttachment,
  clientExtensionResults: zExtensions.default({}),
});

/** What a browser's `navigator.credentials.get` answers. */
const zAssertion = z.strictObject({
  id: zBytes(1_400).min(1),
  rawId: zBytes(1_400),
  type: z.literal("public-key"),
  response: z.strictObject({
    clientDataJSON: zBytes(4_096),
    authenticatorData: zBytes(8_192),
    signature: zBytes(4_096),
    userHandle: zBytes(128)
      .nullable()
      .optional()
      .transform((h) => h ?? undefined),
  }),
  authenticatorAttachment: zAttachment,
  clientExtensionResults: zExtensions.default({}),
});

/** WebAuthn's options as JSON; hand them to the browser as they are. */
const zPasskeyOptions = z.looseObject({ challenge: z.string() });
export type Passkey = z.output<typeof zPasskey>;

export const passkeysRoutes = {
  passkeyRegistration: defineRoute({
    method: "POST",
    path: "/v1/passkeys/registration",
    tag,
    summary: "Begin to add a passkey",
    access: { who: "signed_in", scope: "account" },
    body: z.strictObject({ password: zPassword }),
    answers: { 200: zPasskeyOptions },
    problems: ["people.wrong_password", "people.session_needed", "people.busy", "limit.exceeded"],
    cost_tokens: 10,
  }),
  registerPasskey: defineRoute({
    method: "POST",
    path: "/v1/passkeys",
    tag,
    summary: "Add a passkey with the browser's answer",
    access: { who: "signed_in", scope: "account" },
    body: z.strictObject({ name: zText(b.PASSKEY_NAME_CHARS_MAX, 1), response: zRegistration }),
    answers: { 201: zPasskey },
    problems: ["people.passkey_invalid", "people.session_needed", "people.too_many"],
  }),
  listPasskeys: defineRoute({
    method: "GET",
    path: "/v1/passkeys",
    tag,
    summary: "My passkeys",
    access: account,
    answers: { 200: z.object({ items: z.array(zPasskey) }) },
  }),
  removePasskey: defineRoute({
    method: "DELETE",
    path: "/v1/passkeys/{id}",
    tag,
    summary: "Remove a passkey",
    access: account,
    params: z.object({ id: zId<"passkey">() }),
    answers: { 204: null },
    problems: ["passkey.not_found", "people.session_needed"],
  }),
  passkeyChallenge: defineRoute({
    method: "POST",
    path: "/v1/sessions/passkey/challenge",
    tag,
    priority: "critical",
    summary: "Begin to sign in with a passkey",
    access: { who: "anyone", scope: "account" },
    answers: { 200: zPasskeyOptions },
    problems: ["limit.exceeded"],
  }),
  passkeySignIn: defineRoute({
    method: "POST",
    path: "/v1/sessions/passkey",
    tag,
    priority: "critical",
    summary: "Sign in with a passkey's answer",
    access: { who: "anyone", scope: "account" },
    body: z.strictObject({ response: zAssertion }),
    answers: { 201: zSignedIn },
    problems: ["people.passkey_invalid", "limit.exceeded"],
    cost_tokens: 10,
  }),
} as const;
