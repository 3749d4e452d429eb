import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { SCOPES } from "#kernel/viewer.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";

export { zPersonCard, type PersonCard } from "#kernel/cards.ts";
export { BIO_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, LINKS_MAX, PASSWORD_CHARS_MIN } from "./bounds.ts";

export const HOUSE_ROLES = ["admin", "moderator", "member"] as const;
export const SIGNUP_MODES = ["open", "invitation", "closed"] as const;
export type SignupMode = (typeof SIGNUP_MODES)[number];

/** Letters, digits and underscores of ASCII: nothing in a handle can look like something else. Case does not count. */
export const HANDLE_PATTERN = /^[a-z][a-z0-9_]{1,29}$/;

export const zHandle = z
  .string()
  .max(b.HANDLE_CHARS_MAX)
  .transform((text) => text.toLowerCase())
  .refine((text) => HANDLE_PATTERN.test(text), "has 2 to 30 letters, digits and underscores and begins with a letter")
  .meta({ type: "string", pattern: "^[A-Za-z][A-Za-z0-9_]{1,29}$", example: "astrid" });

export const zNewPassword = z.string().min(b.PASSWORD_CHARS_MIN).max(b.PASSWORD_CHARS_MAX);
/** A password that is only compared may be as short as the caller likes: it is wrong, not malformed. */
const zPassword = z.string().max(b.PASSWORD_CHARS_MAX);
const zSecret = z.string().min(1).max(b.SECRET_CHARS_MAX);
const zDisplayName = zText(b.DISPLAY_NAME_CHARS_MAX, 1);
const zReason = zText(b.REASON_CHARS_MAX, 1);
const zRole = z.enum(HOUSE_ROLES);
const zScopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);

export const zLink = z.strictObject({
  label: zText(b.LINK_LABEL_CHARS_MAX, 0).default(""),
  url: z
    .string()
    .max(b.LINK_CHARS_MAX)
    .refine((text) => /^https?:\/\/[^\s<>"']+$/i.test(text) && URL.canParse(text), "is not an http or https address"),
});

/** What holds between the caller and this person. Null for nobody and for oneself. */
export const zRelation = z.object({
  you_follow: z.boolean(),
  follows_you: z.boolean(),
  you_block: z.boolean(),
  you_mute: z.boolean(),
  /** You asked to follow them, and they have not answered. */
  you_requested: z.boolean(),
  requests_you: z.boolean(),
});

export const zPerson = zPersonCard
  .extend({
    bio: z.string(),
    links: z.array(z.object({ label: z.string(), url: z.string() })),
    role: zRole,
    followers: z.number(),
    following: z.number(),
    created_at: zTime,
    relation: zRelation.nullable(),
  })
  .meta({ id: "Person" });

export const zMe = zPersonCard
  .extend({
    bio: z.string(),
    links: z.array(z.object({ label: z.string(), url: z.string() })),
    avatar_image_id: zIdOut<"image">().nullable(),
    role: zRole,
    followers: z.number(),
    following: z.number(),
    created_at: zTime,
    suspended_reason: z.string().nullable(),
    suspended_until: zTime.nullable(),
    credential: z.enum(["session", "token"]),
    scopes: z.array(z.enum(SCOPES)),
  })
  .meta({ id: "Me" });

export const zPersonListed = zPersonCard.extend({ you_follow: z.boolean() }).meta({ id: "PersonListed" });

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

export const zToken = z
  .object({
    id: zIdOut<"token">(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    created_at: zTime,
    last_used_at: zTime.nullable(),
    expires_at: zTime.nullable(),
  })
  .meta({ id: "Token" });

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

export const zHouse = z
  .object({
    name: z.string(),
    sign_up: z.enum(SIGNUP_MODES),
    /** True until the first admin exists: then the page shows the set-up screen to who has the one-time link. */
    needs_setup: z.boolean(),
    /** What is degraded and what that means, in words for people. */
    notes: z.array(z.object({ code: z.string(), detail: z.string() })),
  })
  .meta({ id: "House" });

export const zSettings = z.object({ name: z.string(), sign_up: z.enum(SIGNUP_MODES) }).meta({ id: "HouseSettings" });

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

const zSignedIn = z.object({ token: z.string(), expires_at: zTime, person: zMe });
const byHandle = z.object({ handle: zHandle });
const tag = "people";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
/** Credentials and the account itself: a suspended person still gets at these, to look, to sign out and to leave. */
const account = { who: "signed_in", scope: "account", suspended_too: true } as const;
const admin = { who: "admin", scope: "people:admin" } as const;
const moderator = { who: "moderator", scope: "people:admin" } as const;
const PASSWORD_PROBLEMS = ["people.password_common", "people.password_like_handle"] as const;

export const peopleRoutes = {
  house: defineRoute({
    method: "GET",
    path: "/v1/house",
    tag,
    summary: "What anyone may know of this house",
    access: { who: "anyone", scope: "read" },
    answers: { 200: zHouse },
  }),

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

  me: defineRoute({
    method: "GET",
    path: "/v1/people/me",
    tag,
    summary: "Who am I",
    access: { ...read, suspended_too: true },
    answers: { 200: zMe },
  }),
  editMe: defineRoute({
    method: "PATCH",
    path: "/v1/people/me",
    tag,
    summary: "Edit my profile",
    access: write,
    body: z.strictObject({
      display_name: zDisplayName.optional(),
      bio: zText(b.BIO_CHARS_MAX).optional(),
      links: z.array(zLink).max(b.LINKS_MAX).optional(),
      avatar_image_id: zId<"image">().nullable().optional(),
      /** From public to private nothing else changes; from private to public all who wait are let in. */
      private: z.boolean().optional(),
    }),
    answers: { 200: zMe },
    problems: ["image.not_found"],
  }),
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
  listBlocks: defineRoute({
    method: "GET",
    path: "/v1/people/me/blocks",
    tag,
    summary: "Whom I block, the latest first",
    access: { ...read, suspended_too: true },
    query: zPageQuery,
    answers: { 200: zPage(zPersonCard) },
  }),
  listMutes: defineRoute({
    method: "GET",
    path: "/v1/people/me/mutes",
    tag,
    summary: "Whom I mute, the latest first",
    access: { ...read, suspended_too: true },
    query: zPageQuery,
    answers: { 200: zPage(zPersonCard) },
  }),

  /** For mentions and pickers: the best few, not a list to page through. Those whom the caller follows come first. */
  suggestPeople: defineRoute({
    method: "GET",
    path: "/v1/people",
    tag,
    summary: "People whose handle or name begins with this",
    access: read,
    query: z.strictObject({
      q: z.string().min(1).max(b.SEARCH_CHARS_MAX),
      limit: z.coerce.number().int().min(1).max(b.SUGGESTIONS_MAX).default(8),
    }),
    answers: { 200: z.object({ items: z.array(zPersonListed) }) },
  }),
  person: defineRoute({
    method: "GET",
    path: "/v1/people/{handle}",
    tag,
    summary: "A person's profile",
    access: { who: "anyone", scope: "read" },
    params: byHandle,
    answers: { 200: zPerson },
    problems: ["person.not_found"],
  }),
  listFollowers: defineRoute({
    method: "GET",
    path: "/v1/people/{handle}/followers",
    tag,
    summary: "Who follows them, the latest first",
    access: { who: "anyone", scope: "read" },
    params: byHandle,
    query: zPageQuery,
    answers: { 200: zPage(zPersonListed) },
    problems: ["person.not_found"],
  }),
  listFollowing: defineRoute({
    method: "GET",
    path: "/v1/people/{handle}/following",
    tag,
    summary: "Whom they follow, the latest first",
    access: { who: "anyone", scope: "read" },
    params: byHandle,
    query: zPageQuery,
    answers: { 200: zPage(zPersonListed) },
    problems: ["person.not_found"],
  }),

  follow: defineRoute({
    method: "PUT",
    path: "/v1/people/{handle}/follow",
    tag,
    summary: "Follow; where they are private, ask to",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself", "people.blocked", "people.too_many", "people.too_many_ask"],
  }),
  unfollow: defineRoute({
    method: "DELETE",
    path: "/v1/people/{handle}/follow",
    tag,
    summary: "Unfollow",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself"],
  }),
  listFollowRequests: defineRoute({
    method: "GET",
    path: "/v1/people/me/follow-requests",
    tag,
    summary: "Who asks to follow me, the latest first",
    access: read,
    query: zPageQuery,
    answers: { 200: zPage(zPersonCard) },
  }),
  acceptFollower: defineRoute({
    method: "PUT",
    path: "/v1/people/{handle}/follower",
    tag,
    summary: "Let somebody follow me who asked to",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself", "people.not_asked"],
  }),
  removeFollower: defineRoute({
    method: "DELETE",
    path: "/v1/people/{handle}/follower",
    tag,
    summary: "Refuse a request, or end somebody's follow of me; they are not told",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself"],
  }),
  block: defineRoute({
    method: "PUT",
    path: "/v1/people/{handle}/block",
    tag,
    summary: "Block; follows in both directions end",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself", "people.too_many"],
  }),
  unblock: defineRoute({
    method: "DELETE",
    path: "/v1/people/{handle}/block",
    tag,
    summary: "Unblock",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself"],
  }),
  mute: defineRoute({
    method: "PUT",
    path: "/v1/people/{handle}/mute",
    tag,
    summary: "Mute: their posts leave my feeds, and they do not learn of it",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself", "people.too_many"],
  }),
  unmute: defineRoute({
    method: "DELETE",
    path: "/v1/people/{handle}/mute",
    tag,
    summary: "Unmute",
    access: write,
    params: byHandle,
    answers: { 204: null },
    problems: ["person.not_found", "people.yourself"],
  }),

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
    summary: "Begin to sign in with a passkey",
    access: { who: "anyone", scope: "account" },
    answers: { 200: zPasskeyOptions },
    problems: ["limit.exceeded"],
  }),
  passkeySignIn: defineRoute({
    method: "POST",
    path: "/v1/sessions/passkey",
    tag,
    summary: "Sign in with a passkey's answer",
    access: { who: "anyone", scope: "account" },
    body: z.strictObject({ response: zAssertion }),
    answers: { 201: zSignedIn },
    problems: ["people.passkey_invalid", "limit.exceeded"],
    cost_tokens: 10,
  }),

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

  createResetLink: defineRoute({
    method: "POST",
    path: "/v1/people/{handle}/reset-link",
    tag,
    summary: "Make a one-time link with which they set a new password",
    access: admin,
    params: byHandle,
    answers: { 201: z.object({ secret: z.string(), expires_at: zTime }) },
    problems: ["person.not_found", "people.session_needed"],
  }),
  resetPassword: defineRoute({
    method: "POST",
    path: "/v1/password-resets",
    tag,
    summary: "Set a new password with a reset link; every session and token ends",
    access: { who: "anyone", scope: "account" },
    body: z.strictObject({ secret: zSecret, new_password: zNewPassword }),
    answers: { 204: null },
    problems: ["people.reset_invalid", ...PASSWORD_PROBLEMS, "people.busy", "limit.exceeded"],
    cost_tokens: 10,
  }),

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
    problems: ["person.not_found", "people.last_admin"],
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
  settings: defineRoute({
    method: "GET",
    path: "/v1/admin/settings",
    tag,
    summary: "The house's settings",
    access: admin,
    answers: { 200: zSettings },
  }),
  editSettings: defineRoute({
    method: "PATCH",
    path: "/v1/admin/settings",
    tag,
    summary: "Change the house's settings",
    access: admin,
    body: z.strictObject({
      name: zText(b.HOUSE_NAME_CHARS_MAX, 1).optional(),
      sign_up: z.enum(SIGNUP_MODES).optional(),
    }),
    answers: { 200: zSettings },
  }),
} as const;

export type Person = z.output<typeof zPerson>;
export type Me = z.output<typeof zMe>;
export type Relation = z.output<typeof zRelation>;
export type PersonListed = z.output<typeof zPersonListed>;
export type Session = z.output<typeof zSession>;
export type Token = z.output<typeof zToken>;
export type Passkey = z.output<typeof zPasskey>;
export type Invitation = z.output<typeof zInvitation>;
export type AdminPerson = z.output<typeof zAdminPerson>;
export type House = z.output<typeof zHouse>;
export type HouseSettings = z.output<typeof zSettings>;
