import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { SCOPES } from "#kernel/viewer.ts";
import { zIdOut, zText, zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";

/** What the contracts of this system's capabilities have in common. */

export const HOUSE_ROLES = ["admin", "moderator", "member"] as const;

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
export const zPassword = z.string().max(b.PASSWORD_CHARS_MAX);
export const zSecret = z.string().min(1).max(b.SECRET_CHARS_MAX);
export const zDisplayName = zText(b.DISPLAY_NAME_CHARS_MAX, 1);
export const zRole = z.enum(HOUSE_ROLES);

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
export type Me = z.output<typeof zMe>;

export const byHandle = z.object({ handle: zHandle });
export const tag = "people";
export const read = { who: "signed_in", scope: "read" } as const;
export const write = { who: "signed_in", scope: "write" } as const;
/** Credentials and the account itself: a suspended person still gets at these, to look, to sign out and to leave. */
export const account = { who: "signed_in", scope: "account", suspended_too: true } as const;
export const admin = { who: "admin", scope: "people:admin" } as const;
export const moderator = { who: "moderator", scope: "people:admin" } as const;
export const PASSWORD_PROBLEMS = ["people.password_common", "people.password_like_handle"] as const;
