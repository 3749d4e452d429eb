import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId } from "#kernel/wire.ts";

import { VIDEO_MS_CEILING } from "../bounds.ts";

/** Moments that are offered to choose among. */
export const CANDIDATES_MAX = 12;

const params = z.strictObject({ video_id: zId<"video">() });
const write = { who: "signed_in", scope: "write" } as const;

export const zCandidate = z.object({
  at_ms: z.int(),
  /** A sheet of the storyboard, and the piece of it that shows this moment. */
  sheet_url: z.string(),
  x: z.int(),
  y: z.int(),
  width: z.int(),
  height: z.int(),
});
export type ThumbnailCandidate = z.output<typeof zCandidate>;

export const listThumbnails = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/thumbnails",
  summary: "Moments of a video that could stand for it; empty until its storyboard is made",
  tag: "media",
  access: write,
  params,
  answers: { 200: z.object({ items: z.array(zCandidate) }) },
  problems: ["video.not_found", "video.not_yours"],
});

const zPosterUrl = z.object({ poster_url: z.string().nullable() });

export const putThumbnail = defineRoute({
  method: "PUT",
  path: "/v1/videos/{video_id}/thumbnail",
  summary:
    "Choose what stands for a video: a moment of it, a picture of mine, or what the house finds; 202 while it is being made",
  tag: "media",
  access: write,
  cost_tokens: 5,
  params,
  body: z.union([
    z.strictObject({ at_ms: z.int().min(0).max(VIDEO_MS_CEILING) }),
    z.strictObject({ image_id: zId<"image">() }),
    z.strictObject({ automatic: z.literal(true) }),
  ]),
  answers: { 200: zPosterUrl, 202: zPosterUrl },
  problems: [
    "video.not_found",
    "video.not_yours",
    "image.not_found",
    "thumbnail.not_ready",
    "thumbnail.no_picture",
    "thumbnail.beyond",
    "media.source_gone",
  ],
});

export const thumbnailRoutes = { listThumbnails, putThumbnail };
