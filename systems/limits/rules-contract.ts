import { z } from "zod";

import * as b from "./bounds.ts";

/** What a rule set looks like. Numbers that fit each other are looked at in `rule-set.ts`, which says what is wrong in words. */

export const TIERS = ["free", "pro", "enterprise", "custom"] as const;
export type Tier = (typeof TIERS)[number];
/**
 * Whose tokens a rule counts. `person`: all that somebody does, by whatever credential. `token`: one of their tokens. `space`: what
 * members do in a space together, and apart from them all others there. `address`: whoever comes without a good credential, an
 * IPv6 network of /64 as one. `route`: everybody together, each route by itself. `global`: everybody together.
 */
export const LEVELS = ["person", "token", "space", "address", "route", "global"] as const;
export type Level = (typeof LEVELS)[number];
/** `on` holds. `shadow` counts whom it would refuse, and refuses nobody. `canary` holds for a percent of its keys, and is a shadow for the others. */
export const MODES = ["on", "shadow", "canary"] as const;
export type Mode = (typeof MODES)[number];
/** While the nodes' common memory is away. */
export const WHEN_AWAY = ["open", "closed", "share"] as const;

const zTokens = z.number().int().min(1).max(b.TOKENS_MAX);
const zWindowMs = z.number().int().min(1).max(b.WINDOW_MS_MAX);
const zBucket = z.strictObject({
  kind: z.literal("bucket"),
  burst_tokens: zTokens,
  tokens_per_s: z.number().min(0.001).max(b.TOKENS_MAX),
});
const zGcra = z.strictObject({
  kind: z.literal("gcra"),
  tokens: zTokens,
  window_ms: zWindowMs,
  burst_tokens: zTokens,
});
const zFixed = z.strictObject({ kind: z.literal("fixed"), tokens: zTokens, window_ms: zWindowMs });
const zLog = z.strictObject({
  kind: z.literal("log"),
  tokens: z.number().int().min(1).max(b.LOG_TOKENS_MAX),
  window_ms: zWindowMs,
});
const zCounter = z.strictObject({
  kind: z.literal("counter"),
  tokens: zTokens,
  window_ms: zWindowMs,
  slices: z.number().int().min(1).max(b.SLICES_MAX).optional(),
});
/** At most so many at the same time; given back when the answer begins, or after `hold_ms`. */
const zSlots = z.strictObject({
  kind: z.literal("slots"),
  slots: z.number().int().min(1).max(b.SLOTS_MAX),
  hold_ms: z.number().int().min(1).max(b.HOLD_MS_MAX),
});

/** The kinds of `ports/limiter`; their exact meaning is in its SPEC. */
export const zAlgorithm = z
  .discriminatedUnion("kind", [zBucket, zGcra, zFixed, zLog, zCounter, zSlots])
  .meta({ id: "LimitAlgorithm" });
export type Algorithm = z.output<typeof zAlgorithm>;

/** `POST /v1/posts`, `* /v1/spaces/*`: a method or `*`, and a route's path with its braces, or one that ends in `/*` for all below it. */
export const zRoutePattern = z
  .string()
  .max(b.ROUTE_CHARS_MAX)
  .regex(
    /^(?:\*|GET|POST|PUT|PATCH|DELETE) \/(?:[\w.{}-]+\/)*(?:[\w.{}-]*|\*)$/,
    "is a method or *, a space, and a path such as /v1/posts/{id} or /v1/posts/*",
  );

export const zSetRule = z
  .strictObject({
    /** Shows in headers and answers as the limit's name; what is counted under it goes on counting in later sets. */
    id: z
      .string()
      .max(b.RULE_ID_CHARS_MAX)
      .regex(/^[a-z][a-z0-9-]*$/, "has small letters, digits and hyphens, a letter first"),
    summary: z.string().max(b.SUMMARY_CHARS_MAX).default(""),
    level: z.enum(LEVELS),
    /** Empty: all routes. */
    routes: z.array(zRoutePattern).max(b.ROUTES_PER_RULE_MAX).default([]),
    except: z.array(zRoutePattern).max(b.ROUTES_PER_RULE_MAX).default([]),
    /** `cost`: a request takes what its route costs. `requests`: each takes one. Slots are always one. */
    counts: z.enum(["cost", "requests"]).default("cost"),
    /** For tier free, and wherever there is no tier. */
    limit: zAlgorithm,
    /** For people, their tokens, and spaces; who has a tier that is not named here has `limit`. */
    tiers: z.strictObject({ pro: zAlgorithm.optional(), enterprise: zAlgorithm.optional() }).default({}),
    when_away: z.enum(WHEN_AWAY).default("share"),
    /** A request that would pass within so long has its place, and waits for it at the door. Of several rules the most patient says. */
    patience_ms: z.number().int().min(0).max(b.RULE_PATIENCE_MS_MAX).default(0),
    mode: z.enum(MODES).default("on"),
    canary_percent: z.number().int().min(1).max(99).nullable().default(null),
  })
  .meta({ id: "LimitSetRule" });
export type SetRule = z.output<typeof zSetRule>;

export const zRuleSet = z
  .strictObject({ rules: z.array(zSetRule).max(b.RULES_PER_SET_MAX) })
  .meta({ id: "LimitRuleSet" });
export type RuleSet = z.output<typeof zRuleSet>;
export type RuleSetIn = z.input<typeof zRuleSet>;

/** What somebody was given: a tier, and for a custom one how much of `free` in percent. */
export const zGrant = z.strictObject({
  tier: z.enum(TIERS),
  percent: z.number().int().min(b.CUSTOM_PERCENT_MIN).max(b.CUSTOM_PERCENT_MAX).nullable(),
});
export type Grant = z.output<typeof zGrant>;
