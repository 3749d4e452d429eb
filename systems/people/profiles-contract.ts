import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zText, zTime } from "#kernel/wire.ts";

import { byHandle, read, tag, write, zDisplayName, zMe, zRole } from "./base-contract.ts";
import * as b from "./bounds.ts";

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

export const zPersonListed = zPersonCard.extend({ you_follow: z.boolean() }).meta({ id: "PersonListed" });

export type Person = z.output<typeof zPerson>;
export type Relation = z.output<typeof zRelation>;
export type PersonListed = z.output<typeof zPersonListed>;

export const profilesRoutes = {
  me: defineRoute({
    method: "GET",
    path: "/v1/people/me",
    tag,
    summary: "Who am I",
    access: { ...read, suspended_too: true, bots: true },
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
} as const;
