import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";

import * as b from "./bounds.ts";
import { desk } from "./desk-contract.ts";
import { zAlgorithm } from "./rules-contract.ts";

/** Limits of others, counted by the house: the caller says the rule with each claim. */

const zName = z
  .string()
  .max(b.CHECK_NAMESPACE_CHARS_MAX)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, "has small letters, digits, dots, hyphens and underscores");

const zClaim = z.strictObject({
  /** Within the namespace. Nobody else's keys are reached by any name. */
  key: z
    .string()
    .min(1)
    .max(b.CHECK_KEY_CHARS_MAX)
    .regex(/^[\x21-\x7e]+$/, "has visible ASCII characters"),
  limit: zAlgorithm,
  /** Whole tokens; 0 only asks, however often. Of slots 1. */
  cost_tokens: z.number().int().min(0).max(b.TOKENS_MAX).default(1),
});
const claims = z.array(zClaim).min(1).max(b.CHECK_CLAIMS_MAX);
const zHoldId = z
  .string()
  .max(64)
  .regex(/^[\w.-]+$/);

export const zCheckItem = z.discriminatedUnion("do", [
  /** All of the claims or none. */
  z.strictObject({
    do: z.literal("take"),
    claims,
    /** Waits are booked: whoever is granted one has their place. */
    patience_ms: z.number().int().min(0).max(b.PATIENCE_MS_MAX).default(0),
  }),
  /** What was taken and turned out not to count. */
  z.strictObject({ do: z.literal("give_back"), claims }),
  /** Takes without asking, down to a debt of what the limit holds: a deed that costs afterwards. Not of slots. */
  z.strictObject({ do: z.literal("penalise"), claims }),
  /** The slots of a `take`, with its claims on slots. More than once is no harm. */
  z.strictObject({ do: z.literal("release"), hold: zHoldId, claims }),
  z.strictObject({ do: z.literal("renew"), hold: zHoldId, claims }),
]);
export type CheckItem = z.output<typeof zCheckItem>;

export const zCheckAnswer = z
  .object({
    /** Of a `take`: whether it was granted. Of a `renew`: whether it was still held. Of the others always true. */
    allowed: z.boolean(),
    /** The key of the claim that must wait longest, or of the one that is nearest to its end; null where nothing was asked. */
    key: z.string().nullable(),
    remaining_tokens: z.number(),
    /** Granted for so many ms from now; 0 without patience. */
    wait_ms: z.number(),
    /** ms until the same would be granted; 0 when it was. */
    retry_after_ms: z.number(),
    reset_after_ms: z.number(),
    /** To release or renew slots by. */
    hold: z.string().nullable(),
  })
  .meta({ id: "LimitCheck" });
export type CheckAnswer = z.output<typeof zCheckAnswer>;

export const check = defineRoute({
  method: "POST",
  path: "/v1/limits/check",
  tag: desk.tag,
  summary: "Count for others: limits of one's own, by keys of one's own, many in one call",
  access: { who: "signed_in", scope: "limits" },
  body: z.strictObject({ namespace: zName.default("main"), items: z.array(zCheckItem).min(1).max(b.CHECK_ITEMS_MAX) }),
  body_bytes_max: 256 * 1024,
  /** In the order of the items, each decided by itself. */
  answers: { 200: z.object({ items: z.array(zCheckAnswer) }) },
  problems: ["limits.check_rule", "limits.too_many_keys", "limit.exceeded"],
});

export const checkRoutes = { check } as const;
