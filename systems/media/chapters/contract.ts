import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zText } from "#kernel/wire.ts";

import { VIDEO_MS_CEILING } from "../bounds.ts";

export const CHAPTERS_MAX = 100;
export const CHAPTER_TITLE_CHARS_MAX = 120;

export const zChapter = z.object({ at_ms: z.int(), title: z.string() });
export type Chapter = z.output<typeof zChapter>;

export const zChapters = z
  .object({
    items: z.array(zChapter),
    /** Who said so; null where nobody did. */
    origin: z.enum(["owner", "file"]).nullable(),
    /** What the lines of the description that begin with a time would make: an offer, not yet theirs. */
    suggested: z.array(zChapter),
    /** WebVTT for a `<track kind="chapters">`; null where there are none, or for the moment until it is there. */
    url: z.string().nullable(),
  })
  .meta({ id: "Chapters" });
export type Chapters = z.output<typeof zChapters>;

const params = z.strictObject({ video_id: zId<"video">() });

export const getChapters = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/chapters",
  summary: "A video's chapters, and those that its description suggests",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params,
  answers: { 200: zChapters },
  problems: ["video.not_found"],
});

export const putChapters = defineRoute({
  method: "PUT",
  path: "/v1/videos/{video_id}/chapters",
  summary: "Set a video's chapters; an empty list takes them away",
  tag: "media",
  access: { who: "signed_in", scope: "write" },
  params,
  body: z.strictObject({
    /** The first begins at 0, each after the one before, all within the film. */
    items: z
      .array(
        z.strictObject({
          at_ms: z.int().min(0).max(VIDEO_MS_CEILING),
          title: zText(CHAPTER_TITLE_CHARS_MAX, 1),
        }),
      )
      .max(CHAPTERS_MAX),
  }),
  answers: { 200: zChapters },
  problems: ["video.not_found", "video.not_yours", "chapters.order", "chapters.beyond"],
});

export const chaptersRoutes = { getChapters, putChapters };
