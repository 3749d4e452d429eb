import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zTime } from "#kernel/wire.ts";

export const SHIELD_KINDS = ["sign_up", "posting", "uploading"] as const;
export type ShieldKind = (typeof SHIELD_KINDS)[number];
export const SHIELD_STEP_MAX = 3;

export const zShield = z
  .object({
    kind: z.enum(SHIELD_KINDS),
    /** 0: nothing is tighter than usual. 3: the tightest. */
    step: z.number(),
    /** What holds at this step, in a sentence for everybody. */
    sentence: z.string(),
    since: zTime,
    /** Why it changed last. */
    because: z.string(),
    /** An admin holds it where it is. */
    held: z.boolean(),
    /** Events of the last ten minutes, as an hourly rate. */
    rate_per_h: z.number(),
    /** What is usual in this house, learned while nothing was wrong. */
    normal_per_h: z.number(),
    /** From which rate on it tightens by one step. */
    tightens_at_per_h: z.number(),
  })
  .meta({ id: "Shield" });
export type Shield = z.output<typeof zShield>;

const tag = "moderation";

export const listShields = defineRoute({
  method: "GET",
  path: "/v1/house/shields",
  tag,
  summary: "What this house has tightened at this moment, and why; for everybody",
  access: { who: "anyone", scope: "read" },
  answers: { 200: z.object({ items: z.array(zShield) }) },
});
export const holdShield = defineRoute({
  method: "PUT",
  path: "/v1/admin/shields/{kind}",
  tag,
  summary: "Hold a shield at a step, or with `step: null` let it move by itself again",
  access: { who: "admin", scope: "people:admin" },
  params: z.strictObject({ kind: z.enum(SHIELD_KINDS) }),
  body: z.strictObject({ step: z.number().int().min(0).max(SHIELD_STEP_MAX).nullable() }),
  answers: { 200: zShield },
});

export const shieldRoutes = { listShields, holdShield } as const;
