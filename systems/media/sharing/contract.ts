import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zTime } from "#kernel/wire.ts";

/** Who may fetch the file that was sent; its owner always may. */
export const DOWNLOADS = ["nobody", "viewers"] as const;
/** Where the player may stand; only what everyone may see stands anywhere but here. */
export const EMBEDDINGS = ["nobody", "anywhere"] as const;

export const EMBED_PX_MAX = 8_192;
const ADDRESS_CHARS_MAX = 2_000;

/** What a video's answer says of sharing it. */
export const sharingFields = {
  downloads: z.enum(DOWNLOADS),
  /** True for who may fetch the file that was sent (`GET …/download`). */
  can_download: z.boolean(),
  embedding: z.enum(EMBEDDINGS),
  /** The player's own page, below the house, for a frame on another site; null where it may not stand. */
  embed_url: z.string().nullable(),
} as const;

/** What its owner may change of it. */
export const sharingChanges = {
  downloads: z.enum(DOWNLOADS).optional(),
  embedding: z.enum(EMBEDDINGS).optional(),
} as const;

export const downloadVideo = defineRoute({
  method: "GET",
  path: "/v1/videos/{video_id}/download",
  summary:
    "An address of the file that was sent, where its owner allows it; with `redirect=1` the answer is a 302 to it",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  cost_tokens: 5,
  params: z.strictObject({ video_id: zId<"video">() }),
  query: z.strictObject({ redirect: z.enum(["", "1", "true"]).optional() }),
  answers: {
    200: z.object({
      url: z.string(),
      filename: z.string(),
      size_bytes: z.number(),
      /** Until when the address works; a download that has begun goes on. */
      until: zTime,
    }),
    302: null,
  },
  problems: ["upload.not_complete", "video.not_found", "video.no_downloads", "media.source_gone"],
});

const zPx = z.coerce.number().int().min(1).max(EMBED_PX_MAX).optional();

export const zOembed = z.object({
  version: z.literal("1.0"),
  type: z.literal("video"),
  title: z.string(),
  author_name: z.string(),
  author_url: z.string(),
  provider_name: z.string(),
  provider_url: z.string(),
  cache_age: z.int(),
  html: z.string(),
  width: z.int(),
  height: z.int(),
  thumbnail_url: z.string().optional(),
  thumbnail_width: z.int().optional(),
  thumbnail_height: z.int().optional(),
});

export const oembed = defineRoute({
  method: "GET",
  path: "/v1/oembed",
  summary: "oEmbed 1.0: what another site needs to show a public video of this house, by the address of its page",
  tag: "media",
  access: { who: "anyone", scope: "read" },
  cost_tokens: 2,
  // Askers add parameters of their own; what is not known is passed over.
  query: z.object({
    url: z.string().min(1).max(ADDRESS_CHARS_MAX),
    format: z.enum(["json", "xml"]).default("json"),
    maxwidth: zPx,
    maxheight: zPx,
  }),
  answers: { 200: zOembed },
  problems: ["oembed.address", "oembed.format", "video.not_found"],
});

export const sharingRoutes = { downloadVideo, oembed };
