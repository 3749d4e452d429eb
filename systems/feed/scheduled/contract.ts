import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { zPostAsked } from "../posts/asked-contract.ts";
import { zPost } from "../posts/contract.ts";

export const zScheduled = z
  .object({
    id: zIdOut<"scheduled">(),
    version: z.int(),
    post: zPostAsked,
    publish_at: zTime,
    created_at: zTime,
    updated_at: zTime,
  })
  .meta({ id: "ScheduledPost" });
export type ScheduledPost = z.output<typeof zScheduled>;

const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";
const params = z.strictObject({ id: zId<"scheduled">() });
const zPublishAt = z.iso.datetime({ offset: true });
const refusals = [
  "post.empty",
  "post.video_and_images",
  "post.poll_and_media",
  "post.space_required",
  "post.space_unwanted",
  "post.not_a_member",
  "post.media_not_usable",
  "post.quote_not_found",
  "post.may_not_quote",
  "scheduled.too_soon",
  "scheduled.too_late",
] as const;

export const listScheduled = defineRoute({
  method: "GET",
  path: "/v1/scheduled",
  summary: "Your posts that will be published by themselves, the soonest first",
  tag,
  access: read,
  query: zPageQuery,
  answers: { 200: zPage(zScheduled) },
  problems: ["cursor.invalid"],
});

export const schedulePost = defineRoute({
  method: "POST",
  path: "/v1/scheduled",
  summary: "Have a post published later, up to a year ahead; at most 100 at a time",
  tag,
  access: write,
  body: z.strictObject({ post: zPostAsked, publish_at: zPublishAt, draft_id: zId<"draft">().nullish() }),
  answers: { 201: zScheduled },
  problems: [...refusals, "scheduled.too_many"],
  cost_tokens: 2,
});

export const getScheduled = defineRoute({
  method: "GET",
  path: "/v1/scheduled/{id}",
  summary: "Read a scheduled post of yours. Its ETag is its version",
  tag,
  access: read,
  params,
  answers: { 200: zScheduled },
  problems: ["scheduled.not_found"],
});

export const editScheduled = defineRoute({
  method: "PATCH",
  path: "/v1/scheduled/{id}",
  summary: "Change a scheduled post, or when it is published. Honours If-Match",
  tag,
  access: write,
  params,
  body: z
    .strictObject({ post: zPostAsked.optional(), publish_at: zPublishAt.optional() })
    .refine(({ post, publish_at }) => post !== undefined || publish_at !== undefined, "names nothing to change"),
  answers: { 200: zScheduled },
  problems: [...refusals, "scheduled.not_found", "scheduled.changed"],
  cost_tokens: 2,
});

export const cancelScheduled = defineRoute({
  method: "DELETE",
  path: "/v1/scheduled/{id}",
  summary: "Have it not published. It is kept as a draft under the same id",
  tag,
  access: write,
  params,
  answers: { 204: null },
  problems: ["scheduled.not_found"],
});

export const publishScheduled = defineRoute({
  method: "POST",
  path: "/v1/scheduled/{id}/publish",
  summary: "Publish it now",
  tag,
  access: write,
  params,
  answers: { 201: zPost },
  problems: [...refusals, "scheduled.not_found"],
  cost_tokens: 2,
});

export const scheduledRoutes = {
  listScheduled,
  schedulePost,
  getScheduled,
  editScheduled,
  cancelScheduled,
  publishScheduled,
} as const;
