import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import type { ImageId, PersonId, SpaceId, UploadId, VideoId } from "#kernel/ids.ts";
import { zAudience, zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import {
  ALT_CHARS_MAX,
  DESCRIPTION_CHARS_MAX,
  ETAG_CHARS_MAX,
  FILENAME_CHARS_MAX,
  MEDIA_TYPE_CHARS_MAX,
  NEWS_WAIT_MS_MAX,
  PARTS_MAX,
  PARTS_SIGNED_MAX,
  TITLE_CHARS_MAX,
  UPLOAD_BYTES_CEILING,
  VIDEO_MS_CEILING,
} from "./bounds.ts";
import { captionsRoutes, zCaptions } from "./captions/contract.ts";
import { chaptersRoutes, zChapter } from "./chapters/contract.ts";
import { collectionRoutes } from "./collections/contract.ts";
import { editRoutes } from "./edits/contract.ts";
import { historyRoutes } from "./history/contract.ts";
import { importRoutes } from "./imports/contract.ts";
import { playbackRoutes, zSession } from "./playback/contract.ts";
import { sharingChanges, sharingFields, sharingRoutes } from "./sharing/contract.ts";
import { soundRoutes } from "./sounds/contract.ts";
import { storageRoutes } from "./storage/contract.ts";
import { zStoryboard } from "./storyboard/contract.ts";
import { thumbnailRoutes } from "./thumbnail/contract.ts";

/** What a client may send, by kind. Anything else is refused before its first byte; the probe then looks at the truth. */
export const VIDEO_TYPES = [
  "video/mp4",
  "video/quicktime",
  "video/webm",
  "video/x-matroska",
  "video/x-msvideo",
  "video/mpeg",
  "video/mp2t",
  "video/3gpp",
  "video/ogg",
] as const;
export const IMAGE_TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"] as const;

export const VIDEO_STATUSES = ["processing", "ready", "failed"] as const;
export type VideoStatus = (typeof VIDEO_STATUSES)[number];
export type MediaKind = "video" | "image" | "sound";

export { ALT_CHARS_MAX } from "./bounds.ts";
export { importUpload } from "./imports/contract.ts";

// ---- uploads

export const zFailure = z.object({
  /** Stable: `video.not_media`, `video.codec_refused`, `media.no_space`, … */
  code: z.string(),
  /** A sentence for the owner: what is wrong and what to do. */
  detail: z.string(),
  /** True where `retry` may help. */
  can_retry: z.boolean(),
});
export type Failure = z.output<typeof zFailure>;

const zPart = z.object({ part_number: z.int(), size_bytes: z.number(), etag: z.string() });

export const zUpload = z
  .object({
    id: zIdOut<"upload">(),
    kind: z.enum(["video", "image", "sound"]),
    filename: z.string(),
    media_type: z.string(),
    size_bytes: z.number(),
    /** All parts but the last have this size. */
    part_size_bytes: z.number(),
    part_count: z.int(),
    /** `open` takes bytes; `importing` is fetched by us; `complete` can be made into a video, a picture or a sound. */
    status: z.enum(["open", "importing", "complete", "failed"]),
    /** How it comes: parts to signed addresses, tus, S3's own protocol, or fetched from an address. */
    door: z.enum(["parts", "tus", "s3", "import"]),
    /** Of what comes in order: what is stored and acknowledged. With `parts`, look at these. */
    received_bytes: z.number(),
    source_url: z.string().nullable(),
    /** Why it failed, or why it did not become a video by itself. */
    failure: zFailure.optional(),
    /** What arrived so far, by number; a client that comes back sends only the rest. Empty when it is complete. */
    parts: z.array(zPart),
    expires_at: zTime,
    created_at: zTime,
  })
  .meta({ id: "Upload" });
export type Upload = z.output<typeof zUpload>;

const zUploadParams = z.strictObject({ upload_id: zId<"upload">() });
const zVideoParams = z.strictObject({ video_id: zId<"video">() });
const zImageParams = z.strictObject({ image_id: zId<"image">() });

const zEtag = z
  .string()
  .min(1)
  .max(ETAG_CHARS_MAX)
  .regex(/^(?:W\/)?"?[\x21\x23-\x7e]+"?$/, "is not an ETag");
const zPartNumber = z.int().min(1).max(PARTS_MAX);

const write = { who: "signed_in", scope: "write" } as const;
const read = { who: "signed_in", scope: "read", suspended_too: true } as const;

export const createUpload = defineRoute({
  method: "POST",
  path: "/v1/uploads",
  summary: "Begin an upload",
  tag: "media",
  access: write,
  cost_tokens: 5,
  body: z.strictObject({
    filename: zText(FILENAME_CHARS_MAX, 1),
    size_bytes: z.int().min(0).max(UPLOAD_BYTES_CEILING),
    media_type: z.string().min(3).max(MEDIA_TYPE_CHARS_MAX),
  }),
  answers: {
    201: z.object({ id: zIdOut<"upload">(), part_size_bytes: z.number(), part_count: z.int(), expires_at: zTime }),
  },
  problems: [
    "upload.empty",
    "upload.too_large",
    "upload.type_refused",
    "upload.no_space",
    "upload.quota_exceeded",
    "upload.too_many_open",
    "media.no_ffmpeg",
  ],
});

export const listUploads = defineRoute({
  method: "GET",
  path: "/v1/uploads",
  summary: "My uploads that are not finished yet, newest first",
  tag: "media",
  access: read,
  query: zPageQuery,
  answers: { 200: zPage(zUpload.omit({ parts: true })) },
});

export const getUpload = defineRoute({
  method: "GET",
  path: "/v1/uploads/{upload_id}",
  summary: "An upload and the parts that arrived",
  tag: "media",
  access: read,
  params: zUploadParams,
  answers: { 200: zUpload },
  problems: ["upload.not_found"],
});

export const signParts = defineRoute({
  method: "POST",
  path: "/v1/uploads/{upload_id}/parts",
  summary: "URLs to PUT parts to; ask again for a part as often as needed",
  tag: "media",
  access: write,
  params: zUploadParams,
  body: z.strictObject({ part_numbers: z.array(zPartNumber).min(1).max(PARTS_SIGNED_MAX) }),
  answers: {
    200: z.object({
      parts: z.array(z.object({ part_number: z.int(), url: z.string(), size_bytes: z.number() })),
      expires_at: zTime,
    }),
  },
  problems: ["upload.not_found", "upload.closed", "upload.other_door", "upload.part_unknown"],
});

export const completeUpload = defineRoute({
  method: "POST",
  path: "/v1/uploads/{upload_id}/complete",
  summary: "All parts are there; the same call twice is harmless",
  tag: "media",
  access: write,
  params: zUploadParams,
  body: z.strictObject({
    parts: z
      .array(z.strictObject({ part_number: zPartNumber, etag: zEtag }))
      .min(1)
      .max(PARTS_MAX),
    /** Of the whole file, in hex, where it has 1 GiB at most; parts may carry their own on their way. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
  }),
  body_bytes_max: 2 * 1024 * 1024,
  /** Parts that came twice are copied into their place, 4 GB of 10 at the worst; who is told 503 completes again. */
  deadline_ms: 120_000,
  answers: { 202: z.object({ id: zIdOut<"upload">(), status: z.literal("complete") }) },
  problems: [
    "upload.not_found",
    "upload.part_missing",
    "upload.part_unknown",
    "upload.part_mismatch",
    "upload.size_mismatch",
    "upload.checksum_mismatch",
    "upload.checksum_too_large",
    "upload.other_door",
  ],
});

export const abortUpload = defineRoute({
  method: "DELETE",
  path: "/v1/uploads/{upload_id}",
  summary: "Give an upload up and free its space",
  tag: "media",
  access: write,
  params: zUploadParams,
  answers: { 204: null },
  problems: ["upload.not_found", "upload.in_use"],
});

// ---- videos

export const zRendition = z.object({
  /** Its short side, as in `480p`. */
  rung: z.string(),
  /** `copy`: cut from the source as it is, at once when it is asked for; `encode`: made of it. */
  kind: z.enum(["encode", "copy"]),
  width: z.int(),
  height: z.int(),
  bitrate_bps: z.int(),
  codecs: z.string(),
  /** 0…1 of its segments are stored. What is not is made when it is asked for. */
  progress: z.number(),
});
export type Rendition = z.output<typeof zRendition>;

export const zVideo = z
  .object({
    id: zIdOut<"video">(),
    owner_id: zIdOut<"person">(),
    /** Who made it. */
    owner: zPersonCard,
    title: z.string(),
    description: z.string(),
    audience: zAudience,
    space_id: zIdOut<"space">().nullable(),
    status: z.enum(VIDEO_STATUSES),
    /** Its file is still being uploaded; it plays as far as that has come, and 503 `video.not_there_yet` says where it has not. */
    arriving: z.boolean(),
    /** 0…1 over what is made for every video: sounds and small rungs. The larger ones are made when they are watched. */
    progress: z.number(),
    /** Present when `status` is `failed`; only its owner sees it. */
    failure: zFailure.optional(),
    duration_ms: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    /** There as soon as it is known what the film is; what is not made yet is made when it is asked for. Signed URLs end; ask again after `urls_until`. */
    hls_url: z.string().nullable(),
    /** The same segments for players of DASH. */
    dash_url: z.string().nullable(),
    poster_url: z.string().nullable(),
    /** A `data:` URL of a few hundred bytes to show until the poster is there. */
    placeholder: z.string().nullable(),
    /** Until when the URLs above work. */
    urls_until: zTime,
    renditions: z.array(zRendition),
    captions: z.array(zCaptions),
    /** Its own, or those that its description lists. */
    chapters: z.array(zChapter),
    /** WebVTT for a `<track kind="chapters">`, where it has its own. */
    chapters_url: z.string().nullable(),
    /** Small pictures to show while somebody looks for a moment; null until they are made. */
    storyboard: zStoryboard.nullable(),
    ...sharingFields,
    view_count: z.int(),
    /** Where this viewer stopped; null for who has not begun or is not signed in. */
    position_ms: z.int().nullable(),
    /** True for who may change and delete it. */
    may_edit: z.boolean(),
    created_at: zTime,
    ready_at: zTime.nullable(),
    /** Another number whenever something about it or its making has changed; for `unless`. */
    version: z.int(),
  })
  .meta({ id: "Video" });
export type Video = z.output<typeof zVideo>;

export const createVideo = defineRoute({
  method: "POST",
  path: "/v1/videos",
  summary: "Make a video of an upload",
  tag: "media",
  access: write,
  cost_tokens: 5,
  body: z.strictObject({
    upload_id: zId<"upload">(),
    title: zText(TITLE_CHARS_MAX, 1),
    description: zText(DESCRIPTION_CHARS_MAX).default(""),
    audience: zAudience,
    /** Needed with the audience `space`. */
    space_id: zId<"space">().optional(),
    /** Also of an upload that still runs, when its first and last parts are there: it plays as far as the file has come. */
    early: z.boolean().default(false),
  }),
  answers: { 202: z.object({ id: zIdOut<"video">(), status: z.enum(VIDEO_STATUSES) }) },
  problems: [
    "upload.not_found",
    "upload.not_complete",
    "upload.too_early",
    "upload.in_use",
    "upload.wrong_kind",
    "video.space_required",
    "media.no_ffmpeg",
  ],
});

export const listVideos = defineRoute({
  method: "GET",
  path: "/v1/videos",
  summary: "My videos, newest first",
  tag: "media",
  access: read,
  query: zPageQuery.extend({
    mine: z.enum(["", "1", "true"]).optional(),
    status: z.enum(VIDEO_STATUSES).optional(),
    audience: zAudience.optional(),
    /** In the title, whatever the case. */
    q: zText(TITLE_CHARS_MAX).optional(),
  }),
  answers: { 200: zPage(zVideo) },
});

export const getVideo = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}",
  waits: true,
  summary: "A video: how far it is, and how to play it; with `wait_ms` and `unless`, as soon as there is news of it",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params: zVideoParams,
  query: z.strictObject({
    /** How long to wait while its version is `unless`; ms. */
    wait_ms: z.coerce.number().int().min(0).max(NEWS_WAIT_MS_MAX).default(0),
    unless: z.coerce.number().int().min(0).optional(),
  }),
  // The whole wait, and the answer.
  deadline_ms: NEWS_WAIT_MS_MAX + 5_000,
  answers: { 200: zVideo },
  problems: ["video.not_found", "video.too_many_waits"],
});

export const patchVideo = defineRoute({
  method: "PATCH",
  path: "/v1/videos/{video_id}",
  summary: "Change a video's words or who may see it",
  tag: "media",
  access: write,
  params: zVideoParams,
  body: z
    .strictObject({
      title: zText(TITLE_CHARS_MAX, 1).optional(),
      description: zText(DESCRIPTION_CHARS_MAX).optional(),
      audience: zAudience.optional(),
      space_id: zId<"space">().optional(),
      ...sharingChanges,
    })
    .refine((change) => Object.keys(change).length > 0, "has nothing to change"),
  answers: { 200: zVideo },
  problems: [
    "video.not_found",
    "video.not_yours",
    "video.space_required",
    "video.not_member",
    "video.in_post",
    "video.hidden",
  ],
});

export const deleteVideo = defineRoute({
  method: "DELETE",
  path: "/v1/videos/{video_id}",
  summary: "Delete a video, its source and everything made of it",
  tag: "media",
  access: write,
  params: zVideoParams,
  answers: { 204: null },
  problems: ["video.not_found", "video.not_yours"],
});

export const retryVideo = defineRoute({
  method: "POST",
  path: "/v1/videos/{video_id}/retry",
  summary: "Try a failed video again from what is already made",
  tag: "media",
  access: write,
  cost_tokens: 5,
  params: zVideoParams,
  answers: { 202: z.object({ id: zIdOut<"video">(), status: z.enum(VIDEO_STATUSES) }) },
  problems: ["video.not_found", "video.not_yours", "video.not_failed", "video.cannot_retry", "media.no_ffmpeg"],
});

export const getPosition = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/position",
  summary: "Where I stopped",
  tag: "media",
  access: read,
  params: zVideoParams,
  answers: { 200: z.object({ position_ms: z.int().nullable(), at: zTime.nullable() }) },
  problems: ["video.not_found"],
});

export const putPosition = defineRoute({
  method: "PUT",
  path: "/v1/videos/{video_id}/position",
  summary: "Remember where I stopped; nothing is kept while my history is paused",
  tag: "media",
  access: write,
  params: zVideoParams,
  /** At most 30 a second from one person; a page tells it every few seconds. */
  cost_tokens: 5,
  body: z.strictObject({
    position_ms: z.int().min(0).max(VIDEO_MS_CEILING),
    /** The playlist that it is watched from, so that what comes next is offered. */
    collection_id: zId<"collection">().optional(),
  }),
  answers: { 204: null },
  problems: ["video.not_found"],
});

export const countView = defineRoute({
  method: "POST",
  path: "/v1/videos/{video_id}/views",
  priority: "spare",
  summary: "How long I have watched by now, for clients without beacons: tell when it begins and when it is enough",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params: zVideoParams,
  body: z.strictObject({
    /** A random name, made once per playing. */
    session: zSession,
    /** In this session so far; without it, that it was enough. Counted as far as the time since the first call allows. */
    watched_ms: z.int().min(0).max(VIDEO_MS_CEILING).optional(),
  }),
  answers: { 204: null },
  problems: ["video.not_found"],
});

// ---- images

export const zVariant = z.object({ url: z.string(), width: z.int(), height: z.int() });
export type Variant = z.output<typeof zVariant>;

export const zImage = z
  .object({
    id: zIdOut<"image">(),
    owner_id: zIdOut<"person">(),
    status: z.enum(VIDEO_STATUSES),
    failure: zFailure.optional(),
    alt: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    placeholder: z.string().nullable(),
    /** WebP, smallest first; empty until it is ready. */
    variants: z.array(zVariant),
    urls_until: zTime,
    created_at: zTime,
  })
  .meta({ id: "Image" });
export type Image = z.output<typeof zImage>;

export const createImage = defineRoute({
  method: "POST",
  path: "/v1/images",
  summary:
    "Make a picture of a completed upload; 201 when it is ready at once, as most are, 202 when it takes longer, 422 when it cannot be read",
  tag: "media",
  access: write,
  cost_tokens: 3,
  body: z.strictObject({ upload_id: zId<"upload">(), alt: zText(ALT_CHARS_MAX).default("") }),
  answers: { 201: zImage, 202: zImage },
  problems: [
    "upload.not_found",
    "upload.not_complete",
    "upload.in_use",
    "upload.wrong_kind",
    "image.not_image",
    "image.format_refused",
    "image.size_refused",
    "image.broken",
    "image.truncated",
    "image.empty",
    "image.too_heavy",
  ],
});

export const getImage = defineRoute({
  method: "GET",
  path: "/v1/images/{image_id}",
  summary: "A picture and its sizes",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  params: zImageParams,
  answers: { 200: zImage },
  problems: ["image.not_found"],
});

export const patchImage = defineRoute({
  method: "PATCH",
  path: "/v1/images/{image_id}",
  summary: "Change what a picture says to those who do not see it",
  tag: "media",
  access: write,
  params: zImageParams,
  body: z.strictObject({ alt: zText(ALT_CHARS_MAX) }),
  answers: { 200: zImage },
  problems: ["image.not_found", "image.not_yours"],
});

export const deleteImage = defineRoute({
  method: "DELETE",
  path: "/v1/images/{image_id}",
  summary: "Delete a picture",
  tag: "media",
  access: write,
  params: zImageParams,
  answers: { 204: null },
  problems: ["image.not_found", "image.not_yours"],
});

// ---- what the house takes

export const getMediaLimits = defineRoute({
  method: "GET",
  path: "/v1/media/limits",
  summary: "What may be uploaded here, and how much of my room is used",
  tag: "media",
  access: read,
  /** One that I am in. */
  query: z.strictObject({ space_id: zId<"space">().optional() }),
  problems: ["space.not_found"],
  answers: {
    200: z.object({
      video: z.object({
        accepted: z.boolean(),
        /** Why not, for people; empty when accepted. */
        because: z.string(),
        bytes_max: z.number(),
        media_types: z.array(z.string()),
      }),
      image: z.object({
        accepted: z.boolean(),
        because: z.string(),
        bytes_max: z.number(),
        media_types: z.array(z.string()),
      }),
      sound: z.object({
        accepted: z.boolean(),
        because: z.string(),
        bytes_max: z.number(),
        duration_ms_max: z.number(),
        media_types: z.array(z.string()),
      }),
      used_bytes: z.number(),
      quota_bytes: z.number(),
      /** Of the space that was asked for: what stands in it counts for it, too. */
      space: z.object({ used_bytes: z.number(), quota_bytes: z.number() }).nullable(),
    }),
  },
});

export const mediaRoutes = {
  ...importRoutes,
  createUpload,
  listUploads,
  getUpload,
  signParts,
  completeUpload,
  abortUpload,
  createVideo,
  listVideos,
  getVideo,
  patchVideo,
  deleteVideo,
  retryVideo,
  getPosition,
  putPosition,
  countView,
  createImage,
  getImage,
  patchImage,
  deleteImage,
  getMediaLimits,
  ...soundRoutes,
  ...historyRoutes,
  ...collectionRoutes,
  ...editRoutes,
  ...playbackRoutes,
  ...storageRoutes,
  ...captionsRoutes,
  ...chaptersRoutes,
  ...thumbnailRoutes,
  ...sharingRoutes,
};

export * from "./captions/contract.ts";
export * from "./chapters/contract.ts";
export * from "./collections/contract.ts";
export * from "./edits/contract.ts";
export * from "./history/contract.ts";
export * from "./sharing/contract.ts";
export * from "./sounds/contract.ts";
export * from "./storyboard/contract.ts";
export * from "./thumbnail/contract.ts";

/** What the feed and the page show of a video within a post. */
export const zVideoCard = z
  .object({
    id: zIdOut<"video">(),
    title: z.string(),
    status: z.enum(VIDEO_STATUSES),
    progress: z.number(),
    duration_ms: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    hls_url: z.string().nullable(),
    poster_url: z.string().nullable(),
    placeholder: z.string().nullable(),
    view_count: z.int(),
  })
  .meta({ id: "VideoCard" });
export type VideoCard = z.output<typeof zVideoCard>;

/** What the feed and the page show of a picture within a post. */
export const zImageCard = z
  .object({
    id: zIdOut<"image">(),
    status: z.enum(VIDEO_STATUSES),
    alt: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    placeholder: z.string().nullable(),
    variants: z.array(zVariant),
  })
  .meta({ id: "ImageCard" });
export type ImageCard = z.output<typeof zImageCard>;

export * from "./playback/contract.ts";
export * from "./storage/contract.ts";
export type { ImageId, PersonId, SpaceId, UploadId, VideoId };
