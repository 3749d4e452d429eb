import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";
import { desk, zReason } from "./desk-contract.ts";
import { zAlgorithm, zRuleSet } from "./rules-contract.ts";

/** 0 is the house's own set. */
export const zVersion = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,9})$/, "is not a version")
  .meta({ type: "string", pattern: "^(?:0|[1-9][0-9]{0,9})$", example: "7" });
const zRevision = z.number().int().min(1);
const byVersion = z.strictObject({ version: zVersion });

export const zSetCard = z
  .object({
    version: z.string(),
    state: z.enum(["own", "draft", "published", "in_force"]),
    note: z.string(),
    /** What it was begun from. */
    based_on: z.string().nullable(),
    revision: z.number(),
    rules: z.number(),
    made_by: zPersonCard.nullable(),
    made_at: zTime.nullable(),
    changed_by: zPersonCard.nullable(),
    changed_at: zTime.nullable(),
    published_at: zTime.nullable(),
  })
  .meta({ id: "LimitSetCard" });
export type SetCard = z.output<typeof zSetCard>;
export const zSetWhole = zSetCard.extend({ set: zRuleSet }).meta({ id: "LimitSet" });
export type SetWhole = z.output<typeof zSetWhole>;

export const zPublishing = z
  .object({ version: z.string(), by: zPersonCard.nullable(), at: zTime, note: z.string() })
  .meta({ id: "LimitPublishing" });
export type Publishing = z.output<typeof zPublishing>;

/** What always holds beside any rule set. */
export const zReserved = z.object({
  id: z.string(),
  summary: z.string(),
  level: z.string(),
  routes: z.array(z.string()),
  limit: zAlgorithm,
});

export const zInForce = z
  .object({
    /** What was published last. */
    version: z.string(),
    set: zRuleSet,
    /** The latest first; at most 20. */
    publishings: z.array(zPublishing),
    /** The version that the node which answers holds by; another one for as long as it has not heard, or cannot read it. */
    node_version: z.string(),
    /** Why it holds by another; null when all is well. */
    trouble: z.string().nullable(),
    reserved: z.array(zReserved),
    /** Routes that no rule set touches, as `METHOD /path`: the ways in, and this desk. */
    apart: z.array(z.string()),
    /** Routes that a rule may name. */
    routes: z.array(z.string()),
    /** What a request for a route takes where it is not one token. */
    costs: z.record(z.string(), z.number()),
  })
  .meta({ id: "LimitsInForce" });
export type LimitsInForce = z.output<typeof zInForce>;

/** What became of a rule from one set to another. */
export const zDifference = z.object({
  rule_id: z.string(),
  what: z.enum(["added", "removed", "changed", "moved"]),
  /** Of a changed rule: which field, and its JSON before and after. */
  fields: z.array(z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
});
export type Difference = z.output<typeof zDifference>;

const problems = [
  "limits.set_not_found",
  "limits.set_published",
  "limits.set_changed",
  "limits.set_broken",
  "limits.set_too_large",
] as const;

export const inForce = defineRoute({
  method: "GET",
  path: "/v1/admin/limits",
  ...desk,
  summary: "The rule set in force, and who published it when and why",
  answers: { 200: zInForce },
});
export const listSets = defineRoute({
  method: "GET",
  path: "/v1/admin/limits/versions",
  ...desk,
  summary: "Rule sets, drafts and published ones, the latest first",
  query: zPageQuery,
  answers: { 200: zPage(zSetCard) },
});
export const getSet = defineRoute({
  method: "GET",
  path: "/v1/admin/limits/versions/{version}",
  ...desk,
  summary: "One rule set, whole",
  params: byVersion,
  answers: { 200: zSetWhole },
  problems: ["limits.set_not_found"],
});
/** A rule set is looked at by hand, so that what is wrong is said in words, all of it, with where it stands. */
const zSetAsSent = z.looseObject({ rules: z.array(z.unknown()).max(b.RULES_PER_SET_MAX * 2) });
export const createSet = defineRoute({
  method: "POST",
  path: "/v1/admin/limits/versions",
  ...desk,
  summary: "Make a draft. A set that cannot be meant is refused with all that is wrong in it",
  body: z.strictObject({ set: zSetAsSent, note: zReason, based_on: zVersion.default("0") }),
  body_bytes_max: b.SET_BYTES_MAX,
  answers: { 201: zSetWhole },
  problems: ["limits.set_broken", "limits.set_too_large", "limits.too_many_drafts"],
});
export const changeSet = defineRoute({
  method: "PUT",
  path: "/v1/admin/limits/versions/{version}",
  ...desk,
  summary: "Change a draft; `revision` is the one that was read, so that nobody overwrites another's change",
  params: byVersion,
  body: z.strictObject({ set: zSetAsSent, note: zReason, revision: zRevision }),
  body_bytes_max: b.SET_BYTES_MAX,
  answers: { 200: zSetWhole },
  problems,
});
export const discardSet = defineRoute({
  method: "DELETE",
  path: "/v1/admin/limits/versions/{version}",
  ...desk,
  summary: "Throw a draft away",
  params: byVersion,
  answers: { 204: null },
  problems: ["limits.set_not_found", "limits.set_published"],
});
export const publishSet = defineRoute({
  method: "POST",
  path: "/v1/admin/limits/versions/{version}/publish",
  ...desk,
  summary: "Let a set come into force on all nodes; an old one too, which rolls back, and 0 for the house's own",
  params: byVersion,
  /** `instead_of`: the version that is in force as far as the caller knows. `revision`: the one of a draft that they looked at. */
  body: z.strictObject({ note: zReason, instead_of: zVersion, revision: zRevision.optional() }),
  answers: { 200: zInForce },
  problems,
});
export const diffSets = defineRoute({
  method: "GET",
  path: "/v1/admin/limits/diff",
  ...desk,
  summary: "What is different from one rule set to another",
  query: z.strictObject({ from: zVersion, to: zVersion }),
  /** `revision`: of the one to which it was compared, as it stood then. */
  answers: { 200: z.object({ items: z.array(zDifference), revision: z.number() }) },
  problems: ["limits.set_not_found"],
});

export const setRoutes = {
  inForce,
  listSets,
  getSet,
  createSet,
  changeSet,
  discardSet,
  publishSet,
  diffSets,
} as const;
