import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";
import { desk, zReason } from "./desk-contract.ts";
import { TIERS } from "./rules-contract.ts";

export const TIER_KINDS = ["person", "space"] as const;
export type TierKind = (typeof TIER_KINDS)[number];

export const zTierRow = z
  .object({
    kind: z.enum(TIER_KINDS),
    subject_id: z.string(),
    /** Null for who is not there any more, and for the other kind. */
    person: zPersonCard.nullable(),
    space: zSpaceCard.nullable(),
    tier: z.enum(TIERS),
    percent: z.number().nullable(),
    note: z.string(),
    by: zPersonCard.nullable(),
    at: zTime.nullable(),
  })
  .meta({ id: "LimitTier" });
export type TierRow = z.output<typeof zTierRow>;

/** One rule in one hour of the last 24. */
export const zRefusal = z
  .object({
    rule_id: z.string(),
    /** Of a person the name of the token, of a space `members` or `guests`; empty where it was whatever they did. */
    whose: z.string(),
    hour: zTime,
    refused: z.number(),
    /** Of rules that are only tried. */
    would_refuse: z.number(),
  })
  .meta({ id: "LimitRefusal" });
export type Refusal = z.output<typeof zRefusal>;

/** A person by handle or id, a space by slug or id. */
const bySubject = z.strictObject({ kind: z.enum(TIER_KINDS), name: z.string().min(1).max(b.TIER_SEARCH_CHARS_MAX) });

export const listTiers = defineRoute({
  method: "GET",
  path: "/v1/admin/limits/tiers",
  ...desk,
  summary: "People and spaces with another tier than free, the latest given first",
  query: zPageQuery,
  answers: { 200: zPage(zTierRow) },
});
export const getTier = defineRoute({
  method: "GET",
  path: "/v1/admin/limits/tiers/{kind}/{name}",
  ...desk,
  summary:
    "The tier of a person or space, what it was before (at most 50 changes), and which rules refused them in the last 24 hours",
  params: bySubject,
  answers: { 200: z.object({ now: zTierRow, changes: z.array(zTierRow), refusals: z.array(zRefusal) }) },
  problems: ["person.not_found", "space.not_found"],
});
export const giveTier = defineRoute({
  method: "PUT",
  path: "/v1/admin/limits/tiers/{kind}/{name}",
  ...desk,
  summary: "Give a tier; `custom` is so many percent of what free allows",
  params: bySubject,
  body: z
    .strictObject({
      tier: z.enum(TIERS),
      percent: z.number().int().min(b.CUSTOM_PERCENT_MIN).max(b.CUSTOM_PERCENT_MAX).nullable().default(null),
      note: zReason,
    })
    .refine(({ tier, percent }) => (tier === "custom") === (percent !== null), {
      message: "goes with the tier custom, and with no other",
      path: ["percent"],
    }),
  answers: { 200: zTierRow },
  problems: ["person.not_found", "space.not_found", "limits.too_many_tiers"],
});

export const tierRoutes = { listTiers, getTier, giveTier } as const;
