import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { zPost } from "../posts/contract.ts";
import { BUCKETS, ITEMS_DEFAULT, ITEMS_MAX, LINK_SUBJECT_CHARS_MAX, WHY_CHARS_MAX } from "./bounds.ts";

const zWindow = z.enum(["hour", "day"]);
const zPeople = z.int().meta({ description: "About how many people acted in the window; each counts once" });
const zSparkline = z.array(z.int()).meta({ description: `People per ${BUCKETS}th of the window, the oldest first` });

export const zTrendingHashtag = z
  .object({ tag: z.string(), people: zPeople, sparkline: zSparkline })
  .meta({ id: "TrendingHashtag" });
export type TrendingHashtag = z.output<typeof zTrendingHashtag>;

export const zTrendingLink = z
  .object({
    url: z.string(),
    host: z.string(),
    title: z.string().nullable(),
    people: zPeople,
    sparkline: zSparkline,
    /** The newest post that has it and that you may read. */
    post_id: zIdOut<"post">(),
  })
  .meta({ id: "TrendingLink" });
export type TrendingLink = z.output<typeof zTrendingLink>;

export const zBarKind = z.enum(["hashtag", "link", "host", "post"]);
export const zTrendingBar = z
  .object({
    id: zIdOut<"bar">(),
    kind: zBarKind,
    subject: z.string(),
    why: z.string(),
    barred_by: zPersonCard.nullable(),
    barred_at: zTime,
    lifted_by: zPersonCard.nullable(),
    lifted_at: zTime.nullable(),
  })
  .meta({ id: "TrendingBar" });
export type TrendingBar = z.output<typeof zTrendingBar>;

const tag = "feed";
const query = z.strictObject({
  space_id: zId<"space">().optional(),
  window: zWindow.default("day"),
  limit: z.coerce.number().int().min(1).max(ITEMS_MAX).default(ITEMS_DEFAULT),
});
const access = { who: "anyone", scope: "read" } as const;
const moderator = { who: "moderator", scope: "write" } as const;
const problems = ["space.not_found"];

export const trendingRoutes = {
  trendingPosts: defineRoute({
    method: "GET",
    path: "/v1/trending/posts",
    priority: "spare",
    summary: "Posts that most people react to right now, in the house or in a space",
    tag,
    access,
    query,
    answers: { 200: zPage(z.object({ post: zPost, people: zPeople })) },
    problems,
    cost_tokens: 2,
  }),
  trendingVideos: defineRoute({
    method: "GET",
    path: "/v1/trending/videos",
    priority: "spare",
    summary: "Posts with a video that most people react to right now",
    tag,
    access,
    query,
    answers: { 200: zPage(z.object({ post: zPost, people: zPeople })) },
    problems,
    cost_tokens: 2,
  }),
  trendingHashtags: defineRoute({
    method: "GET",
    path: "/v1/trending/hashtags",
    priority: "spare",
    summary: "Hashtags that most people use or react to right now",
    tag,
    access,
    query,
    answers: { 200: zPage(zTrendingHashtag) },
    problems,
    cost_tokens: 2,
  }),
  trendingLinks: defineRoute({
    method: "GET",
    path: "/v1/trending/links",
    priority: "spare",
    summary: "Addresses that most people post or react to right now",
    tag,
    access,
    query,
    answers: { 200: zPage(zTrendingLink) },
    problems,
    cost_tokens: 2,
  }),
  listTrendingBars: defineRoute({
    method: "GET",
    path: "/v1/trending/bars",
    summary: "What moderators keep out of trending, and kept out once; newest first",
    tag,
    access: { who: "moderator", scope: "read" },
    query: zPageQuery,
    answers: { 200: zPage(zTrendingBar) },
    problems: ["cursor.invalid"],
  }),
  barTrending: defineRoute({
    method: "POST",
    path: "/v1/trending/bars",
    summary: "Keep a hashtag, an address, a whole host or a post out of trending; again changes nothing",
    tag,
    access: moderator,
    body: z.strictObject({
      kind: zBarKind,
      subject: zText(LINK_SUBJECT_CHARS_MAX, 1),
      why: zText(WHY_CHARS_MAX, 1),
    }),
    answers: { 201: zTrendingBar },
    problems: ["trending.bad_subject"],
  }),
  liftTrendingBar: defineRoute({
    method: "DELETE",
    path: "/v1/trending/bars/{id}",
    summary: "Let it trend again. That it was barred, by whom and why, stays on record",
    tag,
    access: moderator,
    params: z.strictObject({ id: zId<"bar">() }),
    answers: { 204: null },
    problems: ["trending_bar.not_found"],
  }),
} as const;
