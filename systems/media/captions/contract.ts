import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zText, zTime } from "#kernel/wire.ts";

import { VIDEO_MS_CEILING } from "../bounds.ts";
import {
  CAPTIONS_BODY_BYTES_MAX,
  CAPTIONS_BYTES_MAX,
  CUE_CHARS_MAX,
  CUE_SETTINGS_CHARS_MAX,
  CUES_MAX,
  LABEL_CHARS_MAX,
  LANGUAGE_CHARS_MAX,
} from "./bounds.ts";

export const CAPTIONS_KINDS = ["captions", "subtitles"] as const;
export type CaptionsKind = (typeof CAPTIONS_KINDS)[number];

export const zCaptions = z
  .object({
    /** BCP 47, in its canonical form: `sv`, `pt-BR`. */
    language: z.string(),
    label: z.string(),
    /** `captions` say all that is heard; `subtitles` what is spoken. */
    kind: z.enum(CAPTIONS_KINDS),
    is_default: z.boolean(),
    /** Its owner wrote them, or they came with the file. */
    origin: z.enum(["owner", "file"]),
    cue_count: z.int(),
    /** WebVTT, for a `<track>`; null for the moment until it is there. */
    url: z.string().nullable(),
    changed_at: zTime,
  })
  .meta({ id: "Captions" });
export type Captions = z.output<typeof zCaptions>;

export const zCue = z.strictObject({
  start_ms: z.int().min(0).max(VIDEO_MS_CEILING),
  end_ms: z.int().min(0).max(VIDEO_MS_CEILING),
  /** With WebVTT's tags (`<i>`, `<v Mary>`); whatever else looks like a tag is shown as text. */
  text: z.string().max(CUE_CHARS_MAX),
  /** WebVTT's cue settings: `line:0 align:start`. */
  settings: z.string().max(CUE_SETTINGS_CHARS_MAX).default(""),
});

const params = z.strictObject({ video_id: zId<"video">() });
const one = z.strictObject({ video_id: zId<"video">(), language: z.string().min(2).max(LANGUAGE_CHARS_MAX) });

export const listCaptions = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/captions",
  summary: "A video's captions and subtitles, by language",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params,
  answers: { 200: z.object({ items: z.array(zCaptions) }) },
  problems: ["video.not_found"],
});

export const zCaptionsText = zCaptions.extend({
  /** The whole as WebVTT. */
  text: z.string(),
  cues: z.array(zCue),
  /** Send it as `If-Match` with a change, so that two who edit at once do not write over one another. */
  etag: z.string(),
});

export const getCaptions = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/captions/{language}",
  summary: "The captions of one language, as text and as cues",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params: one,
  answers: { 200: zCaptionsText },
  problems: ["video.not_found", "captions.not_found", "captions.language_unknown"],
});

export const putCaptions = defineRoute({
  method: "PUT",
  path: "/v1/videos/{video_id}/captions/{language}",
  summary: "Write the captions of one language, as a WebVTT or SubRip file or as cues, or change what is said of them",
  tag: "media",
  access: { who: "signed_in", scope: "write" },
  cost_tokens: 3,
  params: one,
  body: z
    .strictObject({
      /** A whole WebVTT or SubRip file. */
      text: z.string().max(CAPTIONS_BYTES_MAX).optional(),
      cues: z.array(zCue).min(1).max(CUES_MAX).optional(),
      /** The language's own name where nothing is said. */
      label: zText(LABEL_CHARS_MAX, 1).optional(),
      kind: z.enum(CAPTIONS_KINDS).optional(),
      /** Shown without being asked for; at most one language is. */
      is_default: z.boolean().optional(),
    })
    .refine((body) => Object.keys(body).length > 0, "has nothing to change")
    .refine((body) => body.text === undefined || body.cues === undefined, "has both a text and cues; send one"),
  body_bytes_max: CAPTIONS_BODY_BYTES_MAX,
  answers: { 200: zCaptions, 201: zCaptions },
  problems: [
    "video.not_found",
    "video.not_yours",
    "captions.broken",
    "captions.too_large",
    "captions.too_many",
    "captions.empty",
    "captions.changed",
    "captions.language_unknown",
  ],
});

export const deleteCaptions = defineRoute({
  method: "DELETE",
  path: "/v1/videos/{video_id}/captions/{language}",
  summary: "Take a language's captions away",
  tag: "media",
  access: { who: "signed_in", scope: "write" },
  params: one,
  answers: { 204: null },
  problems: ["video.not_found", "video.not_yours", "captions.not_found", "captions.language_unknown"],
});

export const captionsRoutes = { listCaptions, getCaptions, putCaptions, deleteCaptions };
