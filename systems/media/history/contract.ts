import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { zListedVideo } from "../collections/contract.ts";
import { CONTINUE_SHOWN_MAX } from "./bounds.ts";

const read = { who: "signed_in", scope: "read", suspended_too: true } as const;
const write = { who: "signed_in", scope: "write" } as const;

export const zWatched = z.object({ video: zListedVideo, position_ms: z.int(), at: zTime }).meta({ id: "WatchedVideo" });
export type Watched = z.output<typeof zWatched>;

export const zGoingOn = z
  .object({
    video: zListedVideo,
    /** `unfinished`: begun and not ended. `next`: comes after one that has ended in the playlist that it was watched from. */
    because: z.enum(["unfinished", "next"]),
    /** The playlist that it is watched from. */
    collection: z.object({ id: zIdOut<"collection">(), title: z.string() }).nullable(),
    at: zTime,
  })
  .meta({ id: "ContinueWatching" });
export type GoingOn = z.output<typeof zGoingOn>;

export const zHistorySettings = z.object({
  /** While true nothing of what I watch is kept. */
  paused: z.boolean(),
  paused_at: zTime.nullable(),
});
export type HistorySettings = z.output<typeof zHistorySettings>;

export const listHistory = defineRoute({
  method: "GET",
  path: "/v1/videos/history",
  summary: "What I watched, the latest first: what I may still see of it",
  tag: "media",
  access: read,
  query: zPageQuery,
  answers: { 200: zPage(zWatched) },
});

export const clearHistory = defineRoute({
  method: "DELETE",
  path: "/v1/videos/history",
  summary: "Forget all that I watched, and where I stopped",
  tag: "media",
  access: write,
  answers: { 204: null },
});

export const forgetWatched = defineRoute({
  method: "DELETE",
  path: "/v1/videos/history/{video_id}",
  summary: "Forget that I watched this film, and where I stopped",
  tag: "media",
  access: write,
  params: z.strictObject({ video_id: zId<"video">() }),
  answers: { 204: null },
});

export const continueWatching = defineRoute({
  method: "GET",
  path: "/v1/videos/continue",
  summary: "Films that I began and did not end, and what comes next in the playlists that I watch; the latest first",
  tag: "media",
  access: read,
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(CONTINUE_SHOWN_MAX).default(12),
  }),
  answers: { 200: z.object({ items: z.array(zGoingOn) }) },
});

export const getHistorySettings = defineRoute({
  method: "GET",
  path: "/v1/videos/history/settings",
  summary: "Whether my history is paused",
  tag: "media",
  access: read,
  answers: { 200: zHistorySettings },
});

export const putHistorySettings = defineRoute({
  method: "PUT",
  path: "/v1/videos/history/settings",
  summary: "Pause my history, or go on with it; what it has stays until I clear it",
  tag: "media",
  access: write,
  body: z.strictObject({ paused: z.boolean() }),
  answers: { 200: zHistorySettings },
});

/** Paths that `/v1/videos/{video_id}` would take for an id: served before it. */
export const historyRoutes = {
  listHistory,
  clearHistory,
  forgetWatched,
  continueWatching,
  getHistorySettings,
  putHistorySettings,
};
