import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import type { Id } from "#kernel/ids.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { TITLE_CHARS_MAX, VIDEO_MS_CEILING } from "../bounds.ts";

/** A film that is cut, or gets another file. */
export type EditId = Id<"edit">;

export const EDIT_STATUSES = ["cutting", "preparing", "done", "failed"] as const;
export type EditStatus = (typeof EDIT_STATUSES)[number];

/** Shorter than a second is a slip of the hand. */
export const TRIM_MS_MIN = 1_000;

export const zEdit = z
  .object({
    id: zIdOut<"edit">(),
    video_id: zIdOut<"video">(),
    kind: z.enum(["trim", "replace"]),
    save_as: z.enum(["replace", "new"]),
    /** `cutting`, then `preparing` beside what is shown, then `done`: the two have changed places, or the new film is begun. */
    status: z.enum(EDIT_STATUSES),
    /** 0…1 of what has to be made before they change places. */
    progress: z.number(),
    /** Of a trim: what was asked. */
    asked: z.object({ start_ms: z.int(), end_ms: z.int() }).nullable(),
    /** Of a trim: what it really is. Null until it is cut. */
    cut: z.object({ start_ms: z.int(), end_ms: z.int() }).nullable(),
    /** The film that "save as new" made. */
    new_video_id: zIdOut<"video">().nullable(),
    /** Why it failed; what was shown before is shown on. */
    failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
    created_at: zTime,
    ended_at: zTime.nullable(),
  })
  .meta({ id: "VideoEdit" });
export type Edit = z.output<typeof zEdit>;

const write = { who: "signed_in", scope: "write" } as const;
const read = { who: "signed_in", scope: "read", suspended_too: true } as const;
const zVideoParams = z.strictObject({ video_id: zId<"video">() });
const zEditParams = z.strictObject({ video_id: zId<"video">(), edit_id: zId<"edit">() });
const OWN = ["video.not_found", "video.not_yours"] as const;

export const trimVideo = defineRoute({
  method: "POST",
  path: "/v1/videos/{video_id}/trim",
  summary:
    "Keep a part of a film without making it anew; as the same film or as a new one, which only you see at first",
  tag: "media",
  access: write,
  cost_tokens: 20,
  params: zVideoParams,
  body: z.strictObject({
    start_ms: z.int().min(0).max(VIDEO_MS_CEILING),
    end_ms: z.int().min(0).max(VIDEO_MS_CEILING),
    save_as: z.enum(["replace", "new"]),
    /** Of the new film; else it has the title of the old one. */
    title: zText(TITLE_CHARS_MAX, 1).optional(),
    /** Captions and chapters go along, moved by what was cut off. */
    keep_texts: z.boolean().default(true),
  }),
  answers: { 202: zEdit },
  problems: [...OWN, "edit.open", "edit.too_short", "video.not_made", "video.no_source", "media.no_ffmpeg"],
});

export const replaceVideo = defineRoute({
  method: "POST",
  path: "/v1/videos/{video_id}/replace",
  summary: "Show another file at the same address. The old one is shown until the new one can be played",
  tag: "media",
  access: write,
  cost_tokens: 5,
  params: zVideoParams,
  body: z.strictObject({
    upload_id: zId<"upload">(),
    /** False throws captions and chapters away; those in the new file are read then. */
    keep_texts: z.boolean().default(true),
  }),
  answers: { 202: zEdit },
  problems: [
    ...OWN,
    "edit.open",
    "upload.not_found",
    "upload.not_complete",
    "upload.in_use",
    "upload.wrong_kind",
    "media.no_ffmpeg",
  ],
});

export const listEdits = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/edits",
  summary: "What was done to the file of my film: the last twenty, the latest first",
  tag: "media",
  access: read,
  params: zVideoParams,
  answers: { 200: z.object({ items: z.array(zEdit) }) },
  problems: OWN,
});

export const cancelEdit = defineRoute({
  method: "DELETE",
  path: "/v1/videos/{video_id}/edits/{edit_id}",
  summary: "Give up an edit that is under way; the film stays as it is",
  tag: "media",
  access: write,
  params: zEditParams,
  answers: { 204: null },
  problems: [...OWN, "edit.not_found", "edit.ended"],
});

export const getKeyFrames = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/key_frames",
  summary: "Where my film can be cut without hiding anything: its key frames near a moment",
  tag: "media",
  access: read,
  cost_tokens: 5,
  deadline_ms: 30_000,
  params: zVideoParams,
  query: z.strictObject({ around_ms: z.coerce.number().int().min(0).max(VIDEO_MS_CEILING) }),
  answers: {
    200: z.object({
      items: z.array(z.object({ at_ms: z.int() })),
      /** True where a trim begins at the very frame that is asked for; else it begins at the key frame before it. */
      exact: z.boolean(),
    }),
  },
  problems: [...OWN, "video.not_made", "video.no_source", "media.no_ffmpeg", "video.broken"],
});

export const editRoutes = { trimVideo, replaceVideo, listEdits, cancelEdit, getKeyFrames };
