import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText } from "#kernel/wire.ts";

import { admin, anyone, tag } from "../base-contract.ts";
import * as b from "../bounds.ts";

export const zRule = z
  .object({ id: zIdOut<"rule">(), title: z.string(), text: z.string(), retired: z.boolean() })
  .meta({ id: "HouseRule" });
export type Rule = z.output<typeof zRule>;

export const listRules = defineRoute({
  method: "GET",
  path: "/v1/house/rules",
  tag,
  summary: "The rules of this house",
  access: anyone,
  answers: { 200: z.object({ items: z.array(zRule) }) },
});
const ruleBody = z.strictObject({
  title: zText(b.RULE_TITLE_CHARS_MAX, 1),
  text: zText(b.RULE_TEXT_CHARS_MAX),
  place: z.number().int().min(0).max(1_000).default(500),
});
export const createRule = defineRoute({
  method: "POST",
  path: "/v1/admin/house-rules",
  tag,
  summary: "Add a rule",
  access: admin,
  body: ruleBody,
  answers: { 201: zRule },
  problems: ["moderation.too_many_rules"],
});
export const editRule = defineRoute({
  method: "PUT",
  path: "/v1/admin/house-rules/{id}",
  tag,
  summary: "Write a rule anew, or bring it back",
  access: admin,
  params: z.strictObject({ id: zId<"rule">() }),
  body: ruleBody,
  answers: { 200: zRule },
  problems: ["rule.not_found", "moderation.too_many_rules"],
});
export const retireRule = defineRoute({
  method: "DELETE",
  path: "/v1/admin/house-rules/{id}",
  tag,
  summary: "Retire a rule: nothing new is reported under it",
  access: admin,
  params: z.strictObject({ id: zId<"rule">() }),
  answers: { 204: null },
  problems: ["rule.not_found", "moderation.last_rule"],
});

export const rulesRoutes = { listRules, createRule, editRule, retireRule } as const;
