import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zPage, zPageQuery, zText } from "#kernel/wire.ts";

import { zAct, zAppeal } from "../acts/contract.ts";
import { byAct, mine, read, tag, write } from "../base-contract.ts";
import * as b from "../bounds.ts";

export const zWaitingAppeal = z
  .object({ act: zAct, appeal: zAppeal, may_decide: z.boolean() })
  .meta({ id: "WaitingAppeal" });

export const appeal = defineRoute({
  method: "POST",
  path: "/v1/moderation/acts/{id}/appeal",
  tag,
  summary: "Ask for somebody else to look at it again: once, within 30 days",
  access: mine,
  params: byAct,
  body: z.strictObject({ words: zText(b.APPEAL_WORDS_CHARS_MAX, 1) }),
  answers: { 201: zAct },
  problems: ["act.not_found", "moderation.appealed", "moderation.too_late", "moderation.undone"],
  cost_tokens: 5,
});
export const listAppeals = defineRoute({
  method: "GET",
  path: "/v1/moderation/appeals",
  tag,
  summary: "Appeals that wait, the longest first",
  access: read,
  query: zPageQuery.extend({ space_id: zId<"space">().optional() }),
  answers: { 200: zPage(zWaitingAppeal) },
  problems: ["moderation.not_yours", "cursor.invalid"],
});
export const decideAppeal = defineRoute({
  method: "PUT",
  path: "/v1/moderation/acts/{id}/appeal/decision",
  tag,
  summary: "Decide an appeal: let it stand, or take it back",
  access: write,
  params: byAct,
  body: z.strictObject({ decision: z.enum(["upheld", "overturned"]), answer: zText(b.ANSWER_CHARS_MAX).default("") }),
  answers: { 200: zAct },
  problems: ["act.not_found", "moderation.not_yours", "moderation.another_must", "moderation.decided"],
});

export const appealsRoutes = { appeal, listAppeals, decideAppeal } as const;
