import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zAudience, zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { CONTENT_WARNING_CHARS_MAX, POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "../bounds.ts";
import { POLL_OPEN_S_MAX, POLL_OPEN_S_MIN, POLL_OPTION_CHARS_MAX, POLL_OPTIONS_MAX } from "../polls/bounds.ts";

export * from "./bounds.ts";

/** A post that is being written: nothing of it has to be whole yet. */
export const zDraftContent = z
  .strictObject({
    text: zText(POST_TEXT_CHARS_MAX).default(""),
    audience: zAudience.default("public"),
    space_id: zId<"space">().nullable().default(null),
    video_id: zId<"video">().nullable().default(null),
    image_ids: z.array(zId<"image">()).max(POST_IMAGES_MAX).default([]),
    content_warning: zText(CONTENT_WARNING_CHARS_MAX).nullable().default(null),
    sensitive: z.boolean().default(false),
    quote_id: zId<"post">().nullable().default(null),
    poll: z
      .strictObject({
        options: z.array(zText(POLL_OPTION_CHARS_MAX)).max(POLL_OPTIONS_MAX),
        multiple: z.boolean().default(false),
        hides_results: z.boolean().default(false),
        open_s: z.int().min(POLL_OPEN_S_MIN).max(POLL_OPEN_S_MAX),
      })
      .nullable()
      .default(null),
  })
  .meta({ id: "DraftContent" });
export type DraftContent = z.output<typeof zDraftContent>;

export const zDraft = z
  .object({
    id: zIdOut<"draft">(),
    /** Send it as `If-Match: "1"` to lose to nobody unseen; without it the newest wins. */
    version: z.int(),
    content: zDraftContent,
    /** It was to be published by itself, and this is why it could not be. */
    failed: z.object({ code: z.string(), detail: z.string() }).nullable(),
    created_at: zTime,
    updated_at: zTime,
  })
  .meta({ id: "Draft" });
export type Draft = z.output<typeof zDraft>;

const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";
const params = z.strictObject({ id: zId<"draft">() });

export const listDrafts = defineRoute({
  method: "GET",
  path: "/v1/drafts",
  summary: "What you are writing, on all your devices, latest first",
  tag,
  access: read,
  query: zPageQuery,
  answers: { 200: zPage(zDraft) },
  problems: ["cursor.invalid"],
});

export const createDraft = defineRoute({
  method: "POST",
  path: "/v1/drafts",
  summary: "Keep what you are writing; at most 100 at a time",
  tag,
  access: write,
  body: zDraftContent,
  answers: { 201: zDraft },
  problems: ["draft.too_many", "post.media_not_usable"],
});

export const getDraft = defineRoute({
  method: "GET",
  path: "/v1/drafts/{id}",
  summary: "Read a draft of yours. Its ETag is its version",
  tag,
  access: read,
  params,
  answers: { 200: zDraft },
  problems: ["draft.not_found"],
});

export const saveDraft = defineRoute({
  method: "PUT",
  path: "/v1/drafts/{id}",
  summary: "Keep what you wrote since. Honours If-Match",
  tag,
  access: write,
  params,
  body: zDraftContent,
  answers: { 200: zDraft },
  problems: ["draft.not_found", "draft.changed", "post.media_not_usable"],
});

export const deleteDraft = defineRoute({
  method: "DELETE",
  path: "/v1/drafts/{id}",
  summary: "Throw a draft away",
  tag,
  access: write,
  params,
  answers: { 204: null },
  problems: ["draft.not_found"],
});

export const draftsRoutes = { listDrafts, createDraft, getDraft, saveDraft, deleteDraft } as const;
