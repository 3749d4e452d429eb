import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId } from "#kernel/wire.ts";

import { SEEN_MS_PER_REPORT_MAX, SEEN_POSTS_PER_REPORT_MAX } from "./bounds.ts";

export { SEEN_POSTS_PER_REPORT_MAX } from "./bounds.ts";

export const zSeenIn = z.strictObject({
  items: z
    .array(z.strictObject({ post_id: zId<"post">(), ms: z.int().min(0).max(SEEN_MS_PER_REPORT_MAX) }))
    .min(1)
    .max(SEEN_POSTS_PER_REPORT_MAX),
});
export type SeenIn = z.input<typeof zSeenIn>;

export const zSeenMemory = z
  .object({
    /** False: nothing of what you see is kept, and it counts for no view. */
    keeps: z.boolean(),
    /** How many posts are remembered now, and how many and for how long at most. */
    posts: z.number(),
    posts_max: z.number(),
    days_max: z.number(),
  })
  .meta({ id: "SeenMemory" });
export type SeenMemory = z.output<typeof zSeenMemory>;

const tag = "feed";
const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;

export const reportViews = defineRoute({
  method: "POST",
  path: "/v1/posts/views",
  priority: "spare",
  summary: "Tell which posts were on the screen and for how long; what is not for you is passed over",
  tag,
  access: write,
  body: zSeenIn,
  answers: { 200: z.object({ keeps: z.boolean() }) },
});

export const getSeenMemory = defineRoute({
  method: "GET",
  path: "/v1/feeds/seen",
  summary: "What is remembered of the posts that you saw",
  tag,
  access: { ...own, suspended_too: true },
  answers: { 200: zSeenMemory },
});

export const setSeenMemory = defineRoute({
  method: "PUT",
  path: "/v1/feeds/seen",
  summary: "Whether it is remembered which posts you saw; switching it off forgets all of it",
  tag,
  access: write,
  body: z.strictObject({ keeps: z.boolean() }),
  answers: { 200: zSeenMemory },
});

export const forgetSeen = defineRoute({
  method: "DELETE",
  path: "/v1/feeds/seen",
  summary: "Forget which posts you saw",
  tag,
  access: write,
  answers: { 204: null },
});

export const seenRoutes = { reportViews, getSeenMemory, setSeenMemory, forgetSeen } as const;
