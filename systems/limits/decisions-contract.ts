import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";
import { desk } from "./desk-contract.ts";

const sums = {
  allowed: z.number(),
  refused: z.number(),
  /** Of rules that are only tried. */
  would_allow: z.number(),
  would_refuse: z.number(),
};

export const zRuleDecisions = z
  .object({
    rule_id: z.string(),
    ...sums,
    /** The oldest first; minutes in which it decided nothing are left out. */
    minutes: z.array(z.object({ minute: zTime, ...sums })),
    /** Whom it refused most in these hours. */
    top: z.array(
      z.object({
        /** `person`, `space`, or what stands in `label`. */
        person: zPersonCard.nullable(),
        space: zSpaceCard.nullable(),
        /** An address is a hash, the same for as long as the house keeps its secret. */
        label: z.string(),
        refused: z.number(),
        would_refuse: z.number(),
      }),
    ),
  })
  .meta({ id: "LimitRuleDecisions" });
export type RuleDecisions = z.output<typeof zRuleDecisions>;

export const decisions = defineRoute({
  method: "GET",
  path: "/v1/admin/limits/decisions",
  ...desk,
  summary: "What each rule decided, of all nodes; those of other nodes come within 5 seconds",
  query: z.strictObject({
    minutes: z.coerce.number().int().min(1).max(b.DECISIONS_MINUTES_MAX).default(15),
  }),
  answers: { 200: z.object({ at: zTime, minutes: z.number(), items: z.array(zRuleDecisions) }) },
});

export const decisionRoutes = { decisions } as const;
