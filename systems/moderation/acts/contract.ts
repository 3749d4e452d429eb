import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { ACT_KINDS, byAct, mine, SUBJECT_KINDS, tag, write, zRuleName, zSnapshot, zSubject } from "../base-contract.ts";
import * as b from "../bounds.ts";

export const zAppeal = z
  .object({
    id: zIdOut<"appeal">(),
    words: z.string(),
    at: zTime,
    decision: z.enum(["upheld", "overturned"]).nullable(),
    decided_at: zTime.nullable(),
    answer: z.string(),
  })
  .meta({ id: "Appeal" });
export type Appeal = z.output<typeof zAppeal>;

export const zAct = z
  .object({
    id: zIdOut<"act">(),
    case_id: zIdOut<"case">().nullable(),
    kind: z.enum(ACT_KINDS),
    subject: zSubject,
    person: zPersonCard.nullable(),
    space: zSpaceCard.nullable(),
    /** Who acted; null for the house itself, and for the person concerned, who is not told. */
    by: zPersonCard.nullable(),
    at: zTime,
    rule: zRuleName.nullable(),
    words: z.string(),
    ends_at: zTime.nullable(),
    undone: z.object({ at: zTime, by: zPersonCard.nullable(), words: z.string() }).nullable(),
    acknowledged_at: zTime.nullable(),
    appeal: zAppeal.nullable(),
    /** Until when the person concerned may appeal; null when they have, or it is too late, or nothing stands. */
    appeal_until: zTime.nullable(),
    /** What it was done to, as it stood then. */
    snapshot: zSnapshot.nullable(),
  })
  .meta({ id: "Act" });
export type Act = z.output<typeof zAct>;

export const myActs = defineRoute({
  method: "GET",
  path: "/v1/moderation/acts/mine",
  tag,
  summary: "What moderators did to you and yours, the latest first",
  access: mine,
  query: zPageQuery.extend({
    /** Only warnings that you have not acknowledged. */
    unread: z.enum(["true"]).optional(),
    subject_kind: z.enum(SUBJECT_KINDS).optional(),
    subject_id: zId<"subject">().optional(),
  }),
  answers: { 200: zPage(zAct) },
  problems: ["cursor.invalid"],
});
export const acknowledge = defineRoute({
  method: "PUT",
  path: "/v1/moderation/acts/{id}/acknowledgement",
  tag,
  summary: "Say that you have read a warning",
  access: mine,
  params: byAct,
  answers: { 204: null },
  problems: ["act.not_found"],
});
export const undo = defineRoute({
  method: "POST",
  path: "/v1/moderation/acts/{id}/reversal",
  tag,
  summary: "Take back what moderators did",
  access: write,
  params: byAct,
  body: z.strictObject({ words: zText(b.ACT_WORDS_CHARS_MAX).default("") }),
  answers: { 200: zAct },
  problems: ["act.not_found", "moderation.not_yours", "moderation.undone"],
});

export const actsRoutes = { myActs, acknowledge, undo } as const;
