import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { zPost } from "../posts/contract.ts";

/** Names as they stand in features.ts, model.ts and rank.ts, which the page does not load; a test holds them together. */
export const FOR_YOU_SOURCES = ["network", "friends_liked", "alike", "trending", "new_voice", "latest"] as const;
export const FOR_YOU_OUTCOMES = ["like", "reply", "repost", "share", "watch", "hide", "report"] as const;

const zSource = z.enum(FOR_YOU_SOURCES);
const zOutcome = z.enum(FOR_YOU_OUTCOMES);
const zWeights = z.record(z.string(), z.number());

export const zForYouWhy = z
  .object({
    /** The strongest reason, in a sentence. */
    because: z.string(),
    post_id: zIdOut<"post">(),
    /** All that found it; the first is the one that counts. */
    sources: z.array(z.object({ source: zSource, sentence: z.string() })),
    /** True where chance put it here, and not its score: one place in ten. */
    by_chance: z.boolean(),
    place: z.int(),
    list: z.object({ made_at: zTime, seed: z.number() }),
    /** Version 0 is set by hand; others were trained in this house, from what it has. */
    model: z.object({ version: z.int(), made_at: zTime.nullable() }),
    /** What a post with nothing special gets; `base` and all contributions of features add up to `value`. In likes. */
    base: z.number(),
    features: z.array(
      z.object({
        feature: z.string(),
        /** 0 … 1. */
        value: z.number(),
        /** Log-odds that it adds to each outcome where it is 1. */
        weights: zWeights,
        contribution: z.number(),
        sentence: z.string(),
      }),
    ),
    /** What may become of it: the value is the sum of each outcome's worth times its probability. */
    outcomes: z.array(
      z.object({ outcome: zOutcome, worth: z.number(), probability: z.number(), contribution: z.number() }),
    ),
    value: z.number(),
    /** What the value is multiplied with, where the author stands in the list already; `score` is the product. */
    author_turn: z.object({ posts_before: z.int(), factor: z.number() }),
    score: z.number(),
  })
  .meta({ id: "ForYouWhy" });
export type ForYouWhy = z.output<typeof zForYouWhy>;

export const zForYouSettings = z
  .object({
    on: z.boolean(),
    /** False where an admin switched it off for the whole house; then `on` changes nothing. */
    house_on: z.boolean(),
    switched_at: zTime.nullable(),
    /** True while there is nothing to go by: they follow nobody and liked nothing. */
    cold: z.boolean(),
  })
  .meta({ id: "ForYouSettings" });
export type ForYouSettings = z.output<typeof zForYouSettings>;

export const zForYouLess = z
  .object({
    kind: z.enum(["post", "author"]),
    /** Of the post or the author. */
    id: z.string(),
    author: zPersonCard.nullable(),
    at: zTime,
  })
  .meta({ id: "ForYouLess" });
export type ForYouLess = z.output<typeof zForYouLess>;

export const zForYouModel = z
  .object({
    version: z.int(),
    made_at: zTime.nullable(),
    weights: z.array(z.object({ outcome: zOutcome, worth: z.number(), bias: z.number(), weights: zWeights })),
    /** How it was found to be better than what was in place; null for version 0. */
    report: z
      .object({
        examples: z.int(),
        people: z.int(),
        outcomes: z.array(
          z.object({
            outcome: zOutcome,
            positives: z.int(),
            log_loss: z.number(),
            log_loss_in_place: z.number(),
            log_loss_base_rate: z.number(),
            taken: z.boolean(),
          }),
        ),
      })
      .nullable(),
  })
  .meta({ id: "ForYouModel" });

const tag = "feed";
const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;

export const forYouFeed = defineRoute({
  method: "GET",
  path: "/v1/feeds/for-you",
  summary: "What may be worth your time, chosen in this house from what you and those you follow did",
  tag,
  access: own,
  query: zPageQuery,
  answers: { 200: zPage(zPost) },
  problems: ["cursor.invalid", "for_you.off", "for_you.house_off"],
  cost_tokens: 2,
});

export const forYouWhy = defineRoute({
  method: "GET",
  path: "/v1/feeds/for-you/{id}/why",
  summary: "Why a post stands in your For you: every term of its score",
  tag,
  access: own,
  params: z.strictObject({ id: zId<"post">() }),
  answers: { 200: zForYouWhy },
  problems: ["post.not_found", "for_you.not_listed", "for_you.off", "for_you.house_off"],
});

export const forYouSettings = defineRoute({
  method: "GET",
  path: "/v1/feeds/for-you/settings",
  summary: "Whether For you is on for you",
  tag,
  access: own,
  answers: { 200: zForYouSettings },
});

export const setForYouSettings = defineRoute({
  method: "PUT",
  path: "/v1/feeds/for-you/settings",
  summary: "Switch For you on or off. Off, nothing is kept or learned of you for it",
  tag,
  access: write,
  body: z.strictObject({ on: z.boolean() }),
  answers: { 200: zForYouSettings },
});

export const lessForYou = defineRoute({
  method: "POST",
  path: "/v1/feeds/for-you/less",
  summary: "Less like this: of one post, or of all by its author",
  tag,
  access: write,
  body: z.strictObject({ post_id: zId<"post">(), kind: z.enum(["post", "author"]) }),
  answers: { 201: zForYouLess },
  problems: ["post.not_found", "for_you.own_post"],
});

export const undoLessForYou = defineRoute({
  method: "DELETE",
  path: "/v1/feeds/for-you/less/{kind}/{id}",
  summary: "Undo a Less like this",
  tag,
  access: write,
  params: z.strictObject({ kind: z.enum(["post", "author"]), id: zId<"post" | "person">() }),
  answers: { 204: null },
});

export const listLessForYou = defineRoute({
  method: "GET",
  path: "/v1/feeds/for-you/less",
  summary: "What you asked to see less of, latest first",
  tag,
  access: own,
  query: zPageQuery,
  answers: { 200: zPage(zForYouLess) },
  problems: ["cursor.invalid"],
});

export const forYouModel = defineRoute({
  method: "GET",
  path: "/v1/feeds/for-you/model",
  summary: "The weights that For you is made with, and how they were found",
  tag,
  access: own,
  answers: { 200: zForYouModel },
});

export const setForYouHouse = defineRoute({
  method: "PUT",
  path: "/v1/admin/for-you",
  summary: "Switch For you on or off for the whole house",
  tag,
  access: { who: "admin", scope: "people:admin" },
  body: z.strictObject({ on: z.boolean() }),
  answers: { 200: z.object({ on: z.boolean() }) },
});

export const forYouRoutes = {
  forYouFeed,
  forYouWhy,
  forYouSettings,
  setForYouSettings,
  lessForYou,
  undoLessForYou,
  listLessForYou,
  forYouModel,
  setForYouHouse,
} as const;
