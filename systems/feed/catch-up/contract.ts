import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { zPost } from "../posts/contract.ts";

export * from "./bounds.ts";

export const CATCH_UP_RANGES = ["left", "day", "three_days", "week"] as const;
export type CatchUpRange = (typeof CATCH_UP_RANGES)[number];

/** Why a post is here, in numbers and in a sentence. */
export const zCatchUpReason = z
  .object({
    sentence: z.string(),
    /** Likes, reposts and comments. */
    reactions: z.number(),
    /** People who saw it. */
    views: z.number(),
    /** Of those whom you follow, in this time. */
    passed_on_by: z.number(),
  })
  .meta({ id: "CatchUpReason" });
export const zCaughtPost = zPost.extend({ reason: zCatchUpReason }).meta({ id: "CaughtPost" });
export type CaughtPost = z.output<typeof zCaughtPost>;

const own = { who: "signed_in", scope: "read" } as const;
const tag = "feed";

export const catchUp = defineRoute({
  method: "GET",
  path: "/v1/feeds/catch-up",
  summary: "The best of your home since you left it, or of a time that you choose, with the reason of each",
  tag,
  access: own,
  query: zPageQuery.extend({
    /** `left`: since your reading position; a day where there is none, a week at most. */
    range: z.enum(CATCH_UP_RANGES).default("left"),
  }),
  answers: {
    200: zPage(zCaughtPost).extend({
      since: zTime,
      /** To be put as the reading position by whoever has caught up; null where there was nothing. */
      newest_entry_id: zIdOut<"entry" | "post">().nullable(),
      /** Posts that were looked through. */
      candidates: z.number(),
    }),
  },
  problems: ["cursor.invalid"],
  cost_tokens: 3,
});

export const slowLane = defineRoute({
  method: "GET",
  path: "/v1/feeds/slow-lane",
  summary: "The latest of people you follow who seldom write: at most four posts in thirty days",
  tag,
  access: own,
  query: zPageQuery,
  answers: { 200: zPage(zPost) },
  problems: ["cursor.invalid"],
});

export const catchUpRoutes = { catchUp, slowLane } as const;
