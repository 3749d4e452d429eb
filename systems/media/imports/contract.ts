import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zAudience, zId, zIdOut, zText } from "#kernel/wire.ts";

import { DESCRIPTION_CHARS_MAX, FILENAME_CHARS_MAX, SOURCE_URL_CHARS_MAX, TITLE_CHARS_MAX } from "../bounds.ts";

export const importUpload = defineRoute({
  method: "POST",
  path: "/v1/uploads/import",
  summary: "Fetch a file from an address; look at the upload to see how far it is, delete it to give it up",
  tag: "media",
  access: { who: "signed_in", scope: "write" },
  cost_tokens: 20,
  body: z.strictObject({
    url: z.string().min(1).max(SOURCE_URL_CHARS_MAX),
    /** The last word of the address where nothing is said. */
    filename: zText(FILENAME_CHARS_MAX, 1).optional(),
    /** With a title it becomes a video by itself. */
    title: zText(TITLE_CHARS_MAX, 1).optional(),
    description: zText(DESCRIPTION_CHARS_MAX).optional(),
    audience: zAudience.optional(),
    space_id: zId<"space">().optional(),
  }),
  answers: { 202: z.object({ id: zIdOut<"upload">(), status: z.literal("importing") }) },
  problems: [
    "outside.url_refused",
    "upload.type_refused",
    "upload.no_space",
    "upload.quota_exceeded",
    "upload.too_many_open",
    "video.space_required",
    "video.not_member",
    "media.no_ffmpeg",
  ],
});

export const importRoutes = { importUpload };
